"""Accuracy of the hybrid and the baselines on every real set, by one protocol, on the test part."""

from __future__ import annotations

import json
import sys

import numpy as np
import pandas as pd

from evaluation.comparison import Comparison
from evaluation.leakage import lint_split
from evaluation.run import HYBRID, compare, make_split
from hybrid_rec import HybridConfig, read_dataset
from hybrid_rec.errors import DataError
from hybrid_rec.progress import RichProgress
from tests.benchmarks import measure

SETS = {
    "yes_big": ("yes:{data}/yes_big", "continuation", None),
    "ml-latest-small": ("movielens:{data}/ml-latest-small", "continuation", None),
    "triplej": ("{data}/triplej/plays.parquet", "global-time", 60),
    "wfmu": ("{data}/wfmu/plays.parquet", "continuation", None),
    "classic_rock": ("{data}/classic_rock/plays.parquet", "continuation", None),
}
BASELINES = (
    "popularity", "item-knn", "playlist-knn", "ease", "implicit-als", "implicit-bm25",
    "notebook", "metadata",
)  # fmt: skip
METRICS = ("ndcg@500", "hit_rate@10", "recall@100", "recall@500")


def run(name: str) -> dict[str, object]:
    """One set, in this process."""
    spec, kind, max_length = SETS[name]
    playlists, catalog, _ = read_dataset(spec.format(data=measure.data_dir()))
    split = make_split(kind, playlists, catalog, seed=0, max_length=max_length)
    findings = lint_split(split)
    usable = [b for b in BASELINES if b != "ease" or int((~split.cold).sum()) <= 20_000]
    try:
        compared = compare(split, HybridConfig(), usable, progress=RichProgress())
    except DataError as error:
        sys.exit(f"{name}: {error}")
    return {
        "counts": split.counts(),
        "findings": [f"{f.level}: {f.check}: {f.text}" for f in findings],
        "rows": _rows(compared.comparison),
        "against": compared.comparison.against(HYBRID, "ndcg@500").to_dict(orient="records"),
    }


def _rows(comparison: Comparison) -> list[dict[str, object]]:
    rows = []
    for evaluation in comparison.evaluations:
        row: dict[str, object] = {"recommender": evaluation.name}
        for metric in METRICS:
            values = evaluation.cases[metric].to_numpy()
            error = values.std(ddof=1) / np.sqrt(len(values))
            row[metric] = f"{values.mean():.4f} ± {error:.4f}"
        rows.append(row)
    return rows


def main() -> None:
    """Every set in a process of its own, then one page."""
    if len(sys.argv) > 1:
        print(json.dumps(run(sys.argv[1]), default=str))
        return
    parts = [
        "Playlists with at least 10 different items; 80 / 10 / 10 by playlist at random with seed "
        "0 (triplej: by time, held-out playlists cut at 60 items); the first half is given, the "
        "rest to be found; the whole catalogue competes, seeds excluded; 500 recommendations. Test "
        "part, default configuration everywhere. Means ± standard error over cases. EASE is left "
        "out where more than 20,000 items have plays.",
    ]
    for name in SETS:
        result = json.loads(measure.in_own_process("accuracy", name))
        counts = ", ".join(f"{count:,} {what}" for what, count in result["counts"].items())
        parts += [f"## {name}", f"{counts}."]
        parts += ["\n".join(f"- {finding}" for finding in result["findings"])]
        parts += [measure.markdown(pd.DataFrame(result["rows"]))]
        parts += [
            "The hybrid against each, NDCG@500: "
            + "; ".join(
                f"{row['other']} {row['difference']:+.4f} (p {row['p_holm']:.4f})"
                for row in result["against"]
            )
            + "."
        ]
    measure.report("ACCURACY", "Accuracy", "\n\n".join(parts))


if __name__ == "__main__":
    main()

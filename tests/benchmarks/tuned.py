"""What the tuner finds on three sets, and what each find is worth on the others."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from evaluation.harness import evaluate
from evaluation.splits.registry import make_split
from hybrid_rec import HybridConfig, HybridRecommender, read_dataset
from tests.benchmarks import measure
from tests.benchmarks.accuracy import SETS
from tests.benchmarks.asked import Asked

TUNED = ("triplej", "yes_big", "wfmu")
MEASURED = ("triplej", "classic_rock", "ml-latest-small", "yes_big")
_COLD_SEED = 7
_MINUTES = 13
_BASE = "defaults"


def tune(name: str, minutes: float, folder: Path) -> None:
    """Run `hybrid-rec tune` on one set, into a TOML file of its name."""
    spec, kind, max_length = SETS[name]
    command = [sys.executable, "-m", "hybrid_rec", "tune", spec.format(data=measure.data_dir())]
    command += ["--budget", str(minutes), "--out", str(folder / f"{name}.toml"), "--quiet"]
    command += ["--split", kind, *(["--max-length", str(max_length)] if max_length else [])]
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)


def run(name: str, tuned: Path | None) -> dict[str, Any]:
    """One set with one configuration, in this process: validation part, with learned weights."""
    spec, kind, max_length = SETS[name]
    playlists, catalog, _ = read_dataset(spec.format(data=measure.data_dir()))
    base = HybridConfig()
    if tuned is not None:
        found = HybridConfig.from_toml(tuned)
        vectors, cold = found.cooccurrence, found.cold_start
        base = base.model_copy(update={"cooccurrence": vectors, "cold_start": cold})
    row: dict[str, Any] = {"set": name, "settings": _BASE if tuned is None else tuned.stem}
    for part, seed in ((kind, 0), ("cold-items", _COLD_SEED)):
        is_cold = part == "cold-items"
        split = make_split(
            part, playlists, catalog, seed=seed,
            max_length=None if is_cold else max_length, part="validation",
        )  # fmt: skip
        model = HybridRecommender(base)
        seconds = measure.seconds(partial(model.fit, split.train, catalog))
        row["fit s"] = round(seconds)
        # Nobody who ranks asks for cold items by the linear score.
        for stage, linear in (("ranked", False), ("linear", True))[: 1 if is_cold else 2]:
            means = evaluate(Asked(model, linear), split, (10, 500), fit=False).means()
            for metric in ("ndcg@500", "hit_rate@10"):
                row[f"{metric}, {'cold items' if is_cold else stage}"] = float(means[metric])
    return row


def page(rows: list[dict[str, Any]], found: dict[str, dict[str, Any]], minutes: float) -> str:
    """The text of the report."""
    frame = pd.DataFrame(rows)
    metrics = [column for column in frame if "@" in column]
    base = frame[frame["settings"] == _BASE].set_index("set")[metrics]
    worth = []
    for name, part in frame[frame["settings"] != _BASE].groupby("settings", sort=False):
        ratio = part.set_index("set")[metrics] / base
        mean = np.exp(np.log(ratio.where(ratio > 0)).mean())
        worth.append({"tuned on": name, **{metric: f"{mean[metric]:.3f}" for metric in metrics}})
    shown = frame.copy()
    shown[metrics] = shown[metrics].map("{:.4f}".format)
    settings = pd.DataFrame(found).rename_axis("").reset_index()
    return "\n\n".join(
        [
            f"`hybrid-rec tune` for {minutes:g} minutes on each of {', '.join(TUNED)} (validation "
            "part, linear score). What it found for the vectors and cold items, beside the "
            "defaults:",
            measure.markdown(settings),
            "Each find as the default of every set, on validation parts, with the weights and the "
            "ranking learned as always. As a multiple of the defaults, geometric mean over the "
            "sets:",
            measure.markdown(pd.DataFrame(worth)),
            measure.markdown(shown),
        ]
    )


def settings_of(config: HybridConfig) -> dict[str, Any]:
    """What the tuner may change of vectors and cold items."""
    vectors, cold = config.cooccurrence.model_dump(), config.cold_start.model_dump()
    names = ("vector_size", "window", "epochs", "negative", "ns_exponent", "sample")
    chosen = {n: vectors[n] for n in (*names, "learning_rate", "min_count", "shuffle")}
    return {
        n: str(v) for n, v in {**chosen, **{n: cold[n] for n in ("shrinkage", "ridge")}}.items()
    }


def main() -> None:
    """Tune on each set, or take what was tuned before; then every set with every find."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--budget", type=float, default=_MINUTES, help="minutes of each tuning")
    parser.add_argument("--tuned", type=Path, help="folder with the TOML files of an earlier run")
    parser.add_argument("--run", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.run:
        name, file = options.run
        print(json.dumps(run(name, None if file == _BASE else Path(file))))
        return
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.tuned or Path(temporary)
        files = [folder / f"{name}.toml" for name in TUNED]
        for name in TUNED if options.tuned is None else ():
            tune(name, options.budget, folder)
        rows = [
            json.loads(measure.in_own_process("tuned", "--run", name, str(file)))
            for name in MEASURED
            for file in (_BASE, *files)
        ]
        found = {_BASE: settings_of(HybridConfig())}
        found |= {file.stem: settings_of(HybridConfig.from_toml(file)) for file in files}
    measure.report("TUNED", "Tuned settings on other sets", page(rows, found, options.budget))


if __name__ == "__main__":
    main()

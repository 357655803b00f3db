"""Fit and batch scoring: seconds, memory, and playlists a second beside implicit's."""

from __future__ import annotations

import json
import sys
import tempfile
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from implicit.cpu.als import AlternatingLeastSquares

from evaluation.splits.registry import make_split
from hybrid_rec import HybridConfig, HybridRecommender, Playlists, read_dataset, score_playlists
from hybrid_rec.model.fitted import Model
from hybrid_rec.model.storage import save
from hybrid_rec.ranking.als import ones_for_implicit
from tests.benchmarks import measure
from tests.benchmarks.accuracy import SETS

_SETS = ("wfmu", "yes_big", "classic_rock")
_MOST = 1000
_K = 100
_WORKERS, _BATCH, _CHUNK = 2, 6000, 250
# The machine is uneven, so both are measured in turn, and medians count.
_ROUNDS = 3


def run(name: str) -> dict[str, Any]:
    """One set, in this process."""
    spec, kind, max_length = SETS[name]
    playlists, catalog, _ = read_dataset(spec.format(data=measure.data_dir()))
    split = make_split(kind, playlists, catalog, seed=0, max_length=max_length, part="validation")
    hybrid = HybridRecommender(HybridConfig())
    # Once for the titles, which are then in the cache, and once for the clock.
    titles = HybridConfig(ranking={"enabled": False}, cooccurrence={"epochs": 1})
    HybridRecommender(titles).fit(split.train, catalog)
    fit = measure.seconds(lambda: hybrid.fit(split.train, catalog))
    peak = measure.peak_memory_gb()
    asked = split.seeds.select(np.arange(min(len(split), _MOST)))
    found = {}
    for stage, weights in (("ranked", None), ("linear", {})):
        ask = partial(hybrid.recommend, asked, _K, weights=weights)
        ask()  # what is made where so much is to come is there by now
        found[stage] = len(asked) / measure.seconds(ask)
    als = AlternatingLeastSquares(128, random_state=0)
    als.fit(ones_for_implicit(split.train.matrix()), show_progress=False)
    rows = ones_for_implicit(asked.matrix())

    def recommend() -> None:
        als.recommend(np.arange(len(asked)), rows, N=_K, recalculate_user=True)

    recommend()
    rounds = pd.DataFrame(
        [
            {
                "implicit": len(asked) / measure.seconds(recommend),
                "ranked": batch_rate(hybrid.model_, asked),
                "linear": batch_rate(replace(hybrid.model_, ranking=None), asked),
            }
            for _ in range(_ROUNDS)
        ]
    )
    rates, ratios = rounds.median(), rounds.div(rounds["implicit"], axis=0).median()
    return {
        "set": name,
        "items": f"{len(catalog):,}",
        "fit s": f"{fit:.0f}",
        "peak GB": f"{peak:.1f}",
        "ranked /s": f"{found['ranked']:.0f}",
        "linear /s": f"{found['linear']:.0f}",
        "implicit /s": f"{rates['implicit']:.0f}",
        "batch ranked /s": f"{rates['ranked']:.0f}",
        "batch linear /s": f"{rates['linear']:.0f}",
        "batch ranked : implicit": f"{ratios['ranked']:.2f}",
        "batch linear : implicit": f"{ratios['linear']:.2f}",
    }


def batch_rate(model: Model, asked: Playlists) -> float:
    """Playlists a second of `score_playlists`, from file to file, without start and loading."""
    again = -(-_BATCH // len(asked))
    numbers = np.tile(np.arange(len(asked)), again)
    items = [model.catalog.item_ids[asked[number]].tolist() for number in numbers.tolist()]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        save(model, folder / "model")
        pd.DataFrame({"item_ids": items}).to_parquet(folder / "playlists.parquet")
        score_playlists(
            folder / "model", folder / "playlists.parquet", folder / "out", _K,
            chunk_size=_CHUNK, workers=_WORKERS,
        )  # fmt: skip
        manifest = json.loads((folder / "out" / "manifest.json").read_text(encoding="utf-8"))
    return len(items) * _WORKERS / float(manifest["timings"]["scoring_seconds"])


def main() -> None:
    """Every set in a process of its own, then one page."""
    if len(sys.argv) > 1:
        print(json.dumps(run(sys.argv[1])))
        return
    rows = [json.loads(measure.in_own_process("speed", name)) for name in _SETS]
    text = (
        "Fit with a warm title cache, default configuration; then `recommend` of up to "
        f"{_MOST:,} playlists never seen, k = {_K}, in one process, the second time: "
        "playlists a second with the ranking, with the linear score, and by implicit's ALS of 128 "
        "factors with "
        "`recalculate_user`, on the same playlists. Batch: `score_playlists` of "
        f"{_BATCH:,} playlists (the same, repeated) with {_WORKERS} workers, from Parquet to "
        "Parquet, without start and loading; `linear` is a model without ranking. These and "
        f"implicit are measured {_ROUNDS} times in turn: medians of the rates, and of the ratios "
        "of each time."
    )
    measure.report("SPEED", "Speed", text + "\n\n" + measure.markdown(pd.DataFrame(rows)))


if __name__ == "__main__":
    main()

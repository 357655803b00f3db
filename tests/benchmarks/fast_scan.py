"""Batch scoring with and without the copies of `indexes.fast_scan`, in turn, in one process."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from evaluation.splits.registry import make_split
from hybrid_rec import HybridConfig, HybridRecommender, Playlists, read_dataset
from hybrid_rec.data.recommendations import Recommendations
from indexes.fast_scan import switch
from tests.benchmarks import measure
from tests.benchmarks.accuracy import SETS

_SET = "wfmu"
_K, _CHUNK = 100, 250
# Playlists that batch scoring announces; so many pay for the copies.
_ANNOUNCED = 6000
# Playlists of one pass. Ranking takes longer.
_PASSES = {"linear": 2000, "ranked": 750}
_ROUNDS = 3


def run(folder: str) -> dict[str, Any]:
    """Processor and wall-clock seconds of each pass."""
    spec, kind, max_length = SETS[_SET]
    playlists, catalog, _ = read_dataset(spec.format(data=measure.data_dir()))
    split = make_split(kind, playlists, catalog, seed=0, max_length=max_length, part="validation")
    if folder:
        model = HybridRecommender.load(Path(folder))
    else:
        model = HybridRecommender(HybridConfig()).fit(split.train, catalog)
    model.model_.prepare(_ANNOUNCED)
    numbers = np.arange(max(_PASSES.values())) % len(split)
    passes, first = [], {}
    answers: dict[str, bytes] = {}
    with threadpool_limits(limits=1):
        for stage in _PASSES:
            for value in ("0", "1"):
                # What is made once: the copies, and what the ranking looks up.
                os.environ[switch.VARIABLE] = value
                before = time.process_time()
                _recommend(model, stage, split.seeds.select(numbers[:_CHUNK]))
                first[f"{stage} {value}"] = time.process_time() - before
        for number in range(_ROUNDS):
            for stage in _PASSES:
                asked = [
                    split.seeds.select(numbers[start : start + _CHUNK])
                    for start in range(0, _PASSES[stage], _CHUNK)
                ]
                # The one that comes first finds other caches, so they take turns.
                for value in ("0", "1") if number % 2 else ("1", "0"):
                    os.environ[switch.VARIABLE] = value
                    cpu, wall = time.process_time(), time.perf_counter()
                    found = [_recommend(model, stage, part) for part in asked]
                    spent = {
                        "cpu": time.process_time() - cpu,
                        "wall": time.perf_counter() - wall,
                    }
                    passes.append({"stage": stage, "copies": value == "1", **spent})
                    answer = b"".join(map(_as_bytes, found))
                    if answers.setdefault(stage, answer) != answer:
                        sys.exit(f"{stage} scores differ with and without the copies")
    return {"items": len(catalog), "passes": passes, "first": first}


def _recommend(model: HybridRecommender, stage: str, asked: Playlists) -> Recommendations:
    return model.recommend(asked, _K, weights={} if stage == "linear" else None)


def _as_bytes(found: Recommendations) -> bytes:
    return found.scores.tobytes() + "\0".join(map(str, found.item_ids.ravel())).encode()


def main() -> None:
    """Measure in a process of its own, then one page."""
    if len(sys.argv) > 2:
        print(json.dumps(run(sys.argv[2])))
        return
    # As in a worker of batch scoring.
    os.environ.update(dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1"))
    folder = sys.argv[1] if len(sys.argv) > 1 else ""
    result = json.loads(measure.in_own_process("fast_scan", "run", folder))
    passes = pd.DataFrame(result["passes"])
    rows = []
    for stage, part in passes.groupby("stage"):
        row: dict[str, Any] = {"score": stage, "playlists": f"{_PASSES[str(stage)]:,}"}
        for unit in ("cpu", "wall"):
            without, copies = (
                part.loc[part["copies"] == copies, unit].to_numpy() for copies in (False, True)
            )
            row[f"{unit} s without"] = f"{np.median(without):.2f}"
            row[f"{unit} s with"] = f"{np.median(copies):.2f}"
            ratios = without / copies
            row[f"{unit} without : with"] = (
                f"{np.median(ratios):.2f} ({ratios.min():.2f} to {ratios.max():.2f})"
            )
        rows.append(row)
    first = ", ".join(
        f"{name.replace(' 0', ' without').replace(' 1', ' with')} {seconds:.1f} s"
        for name, seconds in result["first"].items()
    )
    text = (
        f"Batch scoring of {_SET} ({result['items']:,} items), k = {_K}, {_CHUNK} playlists at a "
        "time on one thread, as a worker does it, with the copies of `indexes.fast_scan` and "
        f"without (`{switch.VARIABLE}=0`), in turn, {_ROUNDS} times in one process. Medians; of "
        "the ratios of each round also the range. The answers are compared byte by byte. The first "
        f"chunk, in which everything is made that later ones use: {first} of processor time.\n\n"
        + measure.markdown(pd.DataFrame(rows))
    )
    measure.report("FAST_SCAN", "Faster scans", text)


if __name__ == "__main__":
    main()

"""Scores of trees as bit vectors, by LightGBM itself, and of the network, in turn on one thread."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from evaluation.splits.registry import make_split
from hybrid_rec import HybridConfig, HybridRecommender, read_dataset
from hybrid_rec.ranking import ranker, trees
from tests.benchmarks import measure
from tests.benchmarks.accuracy import SETS

_SET = "wfmu"
_ROUNDS = 7
_MOST = 200

Predict = Callable[[NDArray[np.float32]], NDArray[np.float64]]


def run(folder: str) -> dict[str, Any]:
    """Processor and wall-clock seconds of each pass."""
    spec, kind, max_length = SETS[_SET]
    playlists, catalog, _ = read_dataset(spec.format(data=measure.data_dir()))
    split = make_split(kind, playlists, catalog, seed=0, max_length=max_length, part="validation")
    if folder:
        model = HybridRecommender.load(Path(folder)).model_
    else:
        model = HybridRecommender(HybridConfig()).fit(split.train, catalog).model_
    if model.ranking is None or model.candidates is None:
        sys.exit("the model must have a ranking")
    seeds = split.seeds.select(np.arange(min(_MOST, len(split))))
    described = model.candidates.describe(seeds, model.queries(seeds), 100)
    features = np.concatenate([one.features for one in described])
    forest, network = model.ranking.ranker._scorer._usual._trees, model.ranking.ranker.usual.network
    if network is None:
        sys.exit("the model must have a network")
    kinds: dict[str, Predict] = {
        "bit vectors": forest.predict,
        "LightGBM": lambda rows: np.asarray(forest._booster.predict(rows, num_threads=1)),
        "network": network.predict,
    }
    rows = np.ascontiguousarray(features)
    # As many at a time as the ranking gives them.
    parts = [rows[start : start + ranker._ROWS] for start in range(0, len(rows), ranker._ROWS)]
    parts = [part for part in parts if len(part) >= trees._MANY]
    passes = []
    with threadpool_limits(limits=1):
        answers = [[predict(part) for part in parts] for predict in kinds.values()]
        for one, other in zip(*answers[:2], strict=True):
            if not np.array_equal(one, other):
                sys.exit("bit vectors give other scores than LightGBM")
        for number in range(_ROUNDS):
            for name in list(kinds)[:: 1 if number % 2 else -1]:
                cpu, wall = time.process_time(), time.perf_counter()
                for part in parts:
                    kinds[name](part)
                spent = {"cpu": time.process_time() - cpu, "wall": time.perf_counter() - wall}
                passes.append({"kind": name, **spent})
    return {"rows": sum(map(len, parts)), "at_once": ranker._ROWS, "passes": passes}


def main() -> None:
    """Measure in a process of its own, then one page."""
    if len(sys.argv) > 2:
        print(json.dumps(run(sys.argv[2])))
        return
    # As in a worker of batch scoring.
    os.environ.update(dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1"))
    folder = sys.argv[1] if len(sys.argv) > 1 else ""
    result = json.loads(measure.in_own_process("trees", "run", folder))
    passes = pd.DataFrame(result["passes"])
    rows = []
    for unit in ("cpu", "wall"):
        own, bits, network = (
            passes.loc[passes["kind"] == kind, unit].to_numpy()
            for kind in ("LightGBM", "bit vectors", "network")
        )
        ratios = own / bits
        rows.append(
            {
                "seconds": unit,
                "LightGBM": f"{np.median(own):.2f}",
                "bit vectors": f"{np.median(bits):.2f}",
                "LightGBM : bit vectors": (
                    f"{np.median(ratios):.2f} ({ratios.min():.2f} to {ratios.max():.2f})"
                ),
                "network": f"{np.median(network):.2f}",
            }
        )
    text = (
        f"Scores of {result['rows']:,} candidates of {_SET}, {result['at_once']:,} or more at a "
        f"time, on one thread, {_ROUNDS} times in turn in one process. Medians; of the ratios of "
        "each round also the range. The scores of trees are compared bit by bit.\n\n"
        + measure.markdown(pd.DataFrame(rows))
    )
    measure.report("TREES", "Trees as bit vectors, and the network beside them", text)


if __name__ == "__main__":
    main()

"""What `hybrid-rec plan` says beside what a fit and a scoring run then take."""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

from hybrid_rec import Dataset, HybridConfig, HybridRecommender, read_dataset
from hybrid_rec.cli.planning.command import make_plan
from tests.benchmarks import measure
from tests.benchmarks.accuracy import SETS

_SETS = ("wfmu", "yes_big", "ml-latest-small", "triplej", "classic_rock")

_K, _QUERIES = 100, 200


def _read(name: str) -> Dataset:
    return read_dataset(SETS[name][0].format(data=measure.data_dir()))


def planned(name: str) -> dict[str, float]:
    """What the plan says of one set, in this process."""
    playlists, catalog, _ = _read(name)
    plan = make_plan(playlists, catalog, HybridConfig(), k=_K)
    return {
        "fit, s": sum(plan.times.fit.values()),
        **{f"{stage}, s": seconds for stage, seconds in plan.times.fit.items()},
        "fit, peak GB": plan.fit_memory_gb,
        "model, MB": plan.model_gb * 1e3,
        "query, ms": plan.times.query * 1e3,
    }


def taken(name: str) -> dict[str, float]:
    """What a fit takes, in this process."""
    playlists, catalog, _ = _read(name)
    model = HybridRecommender().fit(playlists, catalog)
    peak = measure.peak_memory_gb()
    with tempfile.TemporaryDirectory() as folder:
        model.save(Path(folder) / "model")
        size = measure.folder_mb(Path(folder))
    step = max(1, len(playlists) // _QUERIES)
    queries = playlists.select(np.arange(0, len(playlists), step))
    model.recommend(queries, _K)
    query = measure.seconds(lambda: model.recommend(queries, _K)) / len(queries)
    timings = model.model_.timings
    return {
        "fit, s": sum(timings.values()),
        **{f"{stage}, s": seconds for stage, seconds in timings.items()},
        "fit, peak GB": peak,
        "model, MB": size,
        "query, ms": query * 1e3,
    }


def main() -> None:
    """Plan and fit of every set, each in a process of its own, then one table."""
    if len(sys.argv) > 2:
        print(json.dumps({"planned": planned, "taken": taken}[sys.argv[2]](sys.argv[1])))
        return
    rows = []
    for name in _SETS:
        said, took = (
            json.loads(measure.in_own_process("plan", name, what)) for what in ("planned", "taken")
        )
        for what in said:
            off = said[what] / took[what] - 1 if took.get(what) else float("nan")
            cells = (f"{said[what]:.3g}", f"{took.get(what, float('nan')):.3g}", f"{off:+.0%}")
            rows.append((name, what, *cells))
    table = pd.DataFrame(rows, columns=["set", "", "planned", "taken", "off by"])
    measure.report(
        "PLAN",
        "Planned and taken",
        f"{measure.markdown(table)}\n\nDefault configuration. Each plan is made right before its "
        "fit, in a process of its own. On a busy machine both scatter.",
    )


if __name__ == "__main__":
    main()

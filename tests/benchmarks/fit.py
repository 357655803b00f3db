"""Fit, save, load and ask on every real set: time by stage, memory, disk, latency."""

from __future__ import annotations

import json
import sys
import tempfile
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from hybrid_rec import Catalog, HybridRecommender, Playlists, read_dataset, read_yes_catalog
from hybrid_rec.blocks.labels import fold
from tests.benchmarks import measure

SETS = {
    "yes_big": "yes:{data}/yes_big",
    "yes_big in yes_complete": "",
    "ml-latest-small": "movielens:{data}/ml-latest-small",
    "triplej": "{data}/triplej/plays.parquet",
    "classic_rock": "{data}/classic_rock/plays.parquet",
    "wfmu": "{data}/wfmu/plays.parquet",
}


def yes_big_in_yes_complete(data: Path) -> tuple[Playlists, Catalog]:
    """The playlists of yes_big over all 75,262 songs, of which most are then cold.

    The two sets number songs differently, so songs are matched by title and artist.
    """
    playlists, small, _ = read_dataset(f"yes:{data}/yes_big")
    whole = read_yes_catalog(data / "yes_complete")
    row_of: dict[tuple[str, str], int] = {}
    for row, (title, artist) in enumerate(zip(whole.titles, whole.artists, strict=True)):
        row_of.setdefault((fold(title or ""), fold(artist or "")), row)
    rows = np.array(
        [
            row_of.get((fold(title or ""), fold(artist or "")), -1)
            for title, artist in zip(small.titles, small.artists, strict=True)
        ]
    )
    return Playlists.from_rows(playlists.lengths, rows[playlists.rows], len(whole)), whole


def run(name: str, data: Path) -> dict[str, object]:
    """One set, in this process: everything the table shows."""
    spec = SETS[name].format(data=data)
    if spec:
        read_time = measure.seconds(lambda: read_dataset(spec))
        playlists, catalog, _ = read_dataset(spec)
    else:
        read_time = measure.seconds(lambda: yes_big_in_yes_complete(data))
        playlists, catalog = yes_big_in_yes_complete(data)
    model = HybridRecommender().fit(playlists, catalog, progress=True)
    lists = playlists.select(np.arange(0, len(playlists), max(1, len(playlists) // 200)))
    queries = lists.to_lists(catalog)
    model.recommend(queries[0])
    p50, p99 = measure.percentiles_ms(partial(model.recommend, query) for query in queries)
    batch = measure.seconds(lambda: model.recommend(queries)) / len(queries) * 1e3
    with tempfile.TemporaryDirectory() as folder:
        saved = Path(folder) / "model"
        save = measure.seconds(lambda: model.save(saved))
        load = measure.seconds(lambda: HybridRecommender.load(saved))
        size = measure.folder_mb(saved)
    stages = {f"{stage} s": round(time, 1) for stage, time in model.model_.timings.items()}
    return {
        "set": name,
        "items": len(catalog),
        "cold": len(catalog) - model.model_.source_counts()["hybrid"],
        "playlists": len(playlists),
        "plays": playlists.n_plays,
        "read s": round(read_time, 2),
        **stages,
        "fit s": round(sum(model.model_.timings.values()), 1),
        "save s": round(save, 2),
        "load s": round(load, 2),
        "disk MB": round(size, 1),
        "peak GB": round(measure.peak_memory_gb(), 2),
        "query p50 ms": round(p50, 1),
        "query p99 ms": round(p99, 1),
        "batch ms/query": round(batch, 1),
    }


def main() -> None:
    """Every set in a process of its own, then one table, sets in columns."""
    if len(sys.argv) > 1:
        print(json.dumps(run(sys.argv[1], measure.data_dir())))
        return
    measure.data_dir()
    results = [json.loads(measure.in_own_process("fit", name)) for name in SETS]
    table = pd.DataFrame(results).T.reset_index()
    table.columns = table.iloc[0]
    text = measure.markdown(table.iloc[1:].rename(columns={"set": ""}))
    measure.report(
        "FIT",
        "Fit, save, load and ask",
        f"{text}\n\nDefault configuration. Peak memory is of the whole process, torch included "
        "where titles were not in the cache yet; the titles stage is short when they were. A "
        'query is one playlist, k = 10. "yes_big in yes_complete" fits the playlists of the '
        "small set over the catalogue of the large one.",
    )


if __name__ == "__main__":
    main()

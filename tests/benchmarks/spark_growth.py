"""How preparation and statistics grow, on a cluster of two workers and on one machine."""

from __future__ import annotations

import tempfile
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from hybrid_rec import read_tidy
from hybrid_rec.ranking.knn import SHRINKAGE, item_similarities
from hybrid_rec.spark import count_neighbours, prepare, read_plays
from tests.benchmarks import measure
from tests.benchmarks.million import data
from tests.benchmarks.spark_local import cluster_seconds, local_session
from tests.spark_cluster import SparkCluster

_FILES, _NEIGHBOURS = 8, 200


def grown(name: str) -> list[dict[str, Any]]:
    """One share of a million playlists, in this process and on a cluster below it."""
    playlists, catalog = data(float(name))
    frame = pd.DataFrame(
        {
            "playlist_id": playlists.playlist_ids[playlists.owners],
            "item_id": catalog.item_ids[playlists.rows],
            "title": catalog.titles[playlists.rows],
            "artist": catalog.artists[playlists.rows],
        }
    )
    row: dict[str, Any] = {
        "share": name,
        "playlists": len(playlists),
        "plays": playlists.n_plays,
        "items": len(catalog),
    }
    with tempfile.TemporaryDirectory() as temporary:
        home = Path(temporary)
        (home / "plays").mkdir()
        # In their order, so that both read the same data set.
        for part, rows in enumerate(np.array_split(np.arange(len(frame)), _FILES)):
            frame.iloc[rows].to_parquet(home / "plays" / f"{part}.parquet", index=False)
        frame.to_parquet(home / "whole.parquet", index=False)
        frame[:1000].to_parquet(home / "few.parquet", index=False)
        del frame
        alone = [
            measure.cpu_seconds(partial(read_tidy, home / "whole.parquet")),
            measure.cpu_seconds(
                partial(item_similarities, playlists.matrix(), _NEIGHBOURS, SHRINKAGE)
            ),
        ]
        cluster = SparkCluster(home / "cluster")
        try:
            session = local_session(cluster.master)
            prepare(read_plays(session, home / "few.parquet"), home / "out")
            count_neighbours(session, home / "out", home / "counted")
            jobs = (
                lambda: prepare(read_plays(session, home / "plays"), home / "out"),
                lambda: count_neighbours(session, home / "out", home / "counted"),
            )
            for job, one, name_of in zip(jobs, alone, ("prepare", "statistics"), strict=True):
                spent = cluster_seconds(job)
                row[f"{name_of}, one machine, CPU s"] = round(one, 1)
                row[f"{name_of}, cluster, CPU s"] = round(spent, 1)
            session.stop()
        finally:
            cluster.stop()
    return [row]

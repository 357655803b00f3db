"""Prepared data sets without a cluster, and what makes two data sets the same."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from hybrid_rec import Dataset
from hybrid_rec.data.prepared import (
    COUNTS,
    ELSEWHERE,
    ITEM,
    ITEMS,
    PLAYLIST,
    PLAYLISTS,
    PLAYS,
    write_manifest,
)


def write_prepared(dataset: Dataset, folder: Path, elsewhere: Sequence[int] | None = None) -> Path:
    """What `spark prepare` writes, from what a reader gave; plays in two files.

    Args:
        dataset: What is written.
        folder: Where to.
        elsewhere: Plays of each item in other playlists, as a sample has them.
    """
    playlists, catalog, report = dataset
    positions = np.arange(playlists.n_plays) - playlists.offsets[playlists.owners]
    plays: dict[str, Any] = {PLAYLIST: playlists.owners, "position": positions}
    plays[ITEM] = playlists.rows
    if playlists.times is not None:
        plays["played_at"] = pa.array(playlists.times, pa.timestamp("us"))
    names = [""] * len(playlists) if playlists.names is None else playlists.names.tolist()
    items = np.arange(len(catalog))
    tables = {
        ITEMS: catalog.table.append_column(ITEM, pa.array(items)),
        PLAYLISTS: pa.table(
            {
                PLAYLIST: np.arange(len(playlists)),
                "playlist_id": playlists.playlist_ids.tolist(),
                "name": names,
                "length": playlists.lengths,
            }
        ),
        PLAYS: pa.table(plays),
        COUNTS: pa.table(
            {ITEM: items, "plays": playlists.play_counts, "playlists": playlists.playlist_counts}
        ),
    }
    if elsewhere is not None:
        counted = np.asarray(elsewhere, dtype=np.int64)
        tables[ELSEWHERE] = pa.table({ITEM: items, "plays": counted, "playlists": counted})
    for name, table in tables.items():
        (folder / name).mkdir(parents=True)
        odd = np.arange(len(table)) % 2 == 1
        for part, mask in enumerate((odd, ~odd)):
            pq.write_table(table.filter(mask), folder / name / f"{part:05d}.parquet")
    counts = {name: len(table) for name, table in tables.items()}
    write_manifest(
        folder,
        report,
        counts,
        has_times=playlists.times is not None,
        has_names=playlists.names is not None,
    )
    return folder


def assert_same(found: Dataset, expected: Dataset) -> None:
    """Fail unless two data sets agree in every playlist, item and count of the report."""
    one, other = found.playlists, expected.playlists
    np.testing.assert_array_equal(one.offsets, other.offsets)
    np.testing.assert_array_equal(one.rows, other.rows)
    assert one.playlist_ids.tolist() == other.playlist_ids.tolist()
    for name in ("times", "names"):
        mine, theirs = getattr(one, name), getattr(other, name)
        assert (mine is None) == (theirs is None)
        if mine is not None:
            np.testing.assert_array_equal(mine, theirs)
    assert found.catalog == expected.catalog
    for name in ("playlists_read", "plays_read", "playlists_kept", "plays_kept"):
        assert getattr(found.report, name) == getattr(expected.report, name)
    assert dict(found.report.dropped) == dict(expected.report.dropped)
    assert dict(found.report.notes) == dict(expected.report.notes)

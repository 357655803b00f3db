"""Slices of the Million Playlist Dataset on a cluster, each read by one task."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from hybrid_rec.core.errors import DataError
from hybrid_rec.data.playlist_names import as_names
from hybrid_rec.data.readers.mpd import Tracks, read_slice, slices_at
from hybrid_rec.spark.rows import SCHEMA, PlayRows, batches_of, error_row

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

_Batches = Iterator[pa.RecordBatch]


def read_mpd(
    session: SparkSession, path_or_glob: str | Path, *, skip_damaged: bool = False
) -> PlayRows:
    """Playlists of the Million Playlist Dataset; nothing is read before they are prepared.

    Each slice is read by one task with the code of `hybrid_rec.read_mpd`, so the rules are its.

    Args:
        session: The cluster. Its workers must see the slices at the same path.
        path_or_glob: See `hybrid_rec.read_mpd`.
        skip_damaged: Leave out slices that cannot be read, and list them, instead of ending.

    Raises:
        DataError: If there is no slice.
    """
    files = [file.absolute() for file in slices_at(path_or_glob)]
    numbers = session.range(0, len(files), 1, len(files))
    frame = numbers.mapInArrow(_reading([str(file) for file in files]), SCHEMA)
    return PlayRows(
        frame,
        str(path_or_glob),
        tuple(map(str, files)),
        from_slices=True,
        skip_damaged=skip_damaged,
    )


def _reading(files: list[str]) -> Callable[[_Batches], _Batches]:
    def read(batches: _Batches) -> _Batches:
        for batch in batches:
            for number in batch.column(0).to_pylist():
                try:
                    yield from _rows(number, Path(files[number]))
                except DataError as error:
                    yield from error_row(number, error)

    return read


def _rows(number: int, file: Path) -> _Batches:
    """A slice as rows: plays, playlists without any, and the number of plays without ids."""
    tracks = Tracks()
    part = read_slice(file, tracks)
    # A playlist without plays has a row of its own.
    lengths = np.maximum(part.lengths, 1)
    is_play = np.repeat(part.lengths > 0, lengths)
    owners = np.repeat(np.arange(len(lengths)), lengths)
    rows = np.full(len(owners), -1, np.int64)
    rows[is_play] = part.rows
    respelled = np.zeros(len(tracks.titles) + 1, dtype=bool)
    respelled[list(tracks.respelled)] = True
    columns: dict[str, Any] = {
        "file": number,
        "row": np.arange(len(owners)),
        "n_plays": is_play.astype(np.int64),
        "entry": (number << 32) + owners,
        "playlist_id": part.pids[owners],
        "item_id": _at([*tracks.rows], rows),
        "name": as_names(part.names)[owners],
        "title": _at(tracks.titles, rows),
        "artist": _at(tracks.artists, rows),
        "respelled": respelled[rows],
        "late": False,
        "place": 0,
        "rest": 0.0,
    }
    yield from batches_of(len(owners), columns)
    yield from batches_of(1, {"file": number, "row": -1, "n_plays": part.n_missing})


def _at(values: list[Any], rows: Any) -> Any:
    """The text of each row; None where it is negative."""
    return np.array([*values, None], dtype=object)[rows]

"""Rows of plays on a cluster: what every reader there gives, whatever it has read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from hybrid_rec.core.arrays import Mask, Rows
from hybrid_rec.data.arrow_types import TEXT

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

SCHEMA = (
    "file int, row long, n_plays long, entry long, playlist_id string, item_id string, "
    "name string, title string, artist string, respelled boolean, late boolean, place long, "
    "rest double, played_at timestamp, error string"
)
"""Columns of `PlayRows.frame`.

`file` and `row` say where a row stood; `n_plays` is 1 for a play, 0 for a playlist without any, and
the number of plays that lack an id where they are told together. `entry` tells playlists apart that
may not share an id. `late`, `place` and `rest` are the order of plays within a playlist. `error`
says why a file cannot be read."""

_ARROW = pa.schema(
    [
        ("file", pa.int32()),
        ("row", pa.int64()),
        ("n_plays", pa.int64()),
        ("entry", pa.int64()),
        *((name, pa.string()) for name in ("playlist_id", "item_id", "name", "title", "artist")),
        ("respelled", pa.bool_()),
        ("late", pa.bool_()),
        ("place", pa.int64()),
        ("rest", pa.float64()),
        ("played_at", pa.timestamp("us", "UTC")),
        ("error", pa.string()),
    ]
)
_BATCH_ROWS = 1 << 15
_LARGEST = float(2**62)


@dataclass(frozen=True)
class PlayRows:
    """Plays as they were read, not yet checked against each other."""

    frame: DataFrame
    """One row a play; see `SCHEMA`."""
    source: str
    """What was read, for people."""
    files: tuple[str, ...]
    """Names of the files, which `file` counts."""
    has_times: bool = False
    """Whether there is a column of times."""
    from_slices: bool = False
    """Whether playlists may not share an id, and items keep their first title and artist, not the
    most frequent one."""
    skip_damaged: bool = False
    """Whether files that cannot be read are left out and listed, instead of ending the job."""


def batches_of(n_rows: int, columns: dict[str, Any]) -> Iterator[pa.RecordBatch]:
    """Rows as Arrow batches of `SCHEMA`; columns that are not given are null, scalars repeat.

    Args:
        n_rows: How many.
        columns: Arrays or scalars by name.
    """
    arrays = []
    for field in _ARROW:
        value = columns.get(field.name)
        if value is None:
            arrays.append(pa.nulls(n_rows, field.type))
        elif isinstance(value, pa.Array | pa.ChunkedArray):
            arrays.append(value.cast(field.type))
        elif isinstance(value, np.ndarray | Sequence) and not isinstance(value, str):
            arrays.append(pa.array(value, field.type))
        else:
            arrays.append(pa.repeat(pa.scalar(value, field.type), n_rows))
    yield from pa.table(arrays, schema=_ARROW).to_batches(_BATCH_ROWS)


def error_row(file: int, error: Exception) -> Iterator[pa.RecordBatch]:
    """The row that says why a file cannot be read."""
    return batches_of(1, {"file": file, "row": -1, "n_plays": 0, "error": str(error)})


def order_columns(values: Any, missing: Mask) -> dict[str, Any]:
    """The columns that tell the order of plays, from the values of a `PlayOrder`.

    Whole numbers keep every digit, and others are split, so that both sort as numbers do.

    Args:
        values: int64 or float64, `(n,)`.
        missing: Which plays come last, `(n,)`.
    """
    if values.dtype.kind in "iu":
        return {"late": missing, "place": values.astype(np.int64), "rest": np.zeros(len(values))}
    whole = np.floor(np.clip(np.nan_to_num(values), -_LARGEST, _LARGEST))
    rest = np.where(np.isfinite(values), values - whole, np.sign(np.nan_to_num(values)))
    return {"late": missing, "place": whole.astype(np.int64), "rest": rest}


def counted_rows(first: int, n_rows: int) -> Rows:
    """Numbers of so many rows from the first one on."""
    return np.arange(first, first + n_rows, dtype=np.int64)


def texts(values: Any) -> pa.Array:
    """Text or None as an Arrow array."""
    return pa.array(values, TEXT, from_pandas=True)

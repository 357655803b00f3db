"""Chunks: the queries of one part, cut from the input in its order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from hybrid_rec.batch.layout import ID, Layout
from hybrid_rec.core.arrays import Mask, Rows
from hybrid_rec.data.arrow_types import TEXT

LONGEST = 1_000_000
"""The most rows of one playlist that count. A chunk may hold more: these are left out, and said."""


@dataclass(frozen=True)
class Chunk:
    """The queries of one part, with all rows of each."""

    number: int
    """The number of the part, from 0."""
    table: pa.Table
    """Rows as `TableReader.batches` gives them."""
    owners: Rows
    """The query of each row, from 0 and ascending, `(n_rows,)`."""
    repeated: Mask
    """Which queries have the id of an earlier one, `(n_queries,)`."""

    @property
    def n_rows(self) -> int:
        """Rows of the input."""
        return len(self.owners)


class SeenIds:
    """Which ids came by before, as sorted 64-bit hashes: eight bytes an id.

    Of ten million ids two share a hash with a chance of one in 400,000.
    """

    def __init__(self) -> None:
        self._levels: list[NDArray[np.uint64]] = []

    def add(self, ids: pa.Array) -> Mask:
        """Remember ids, and tell which were there before or stand in `ids` before; null never is.

        Args:
            ids: `(n,)` strings.
        """
        known = np.asarray(ids.is_valid(), dtype=bool)
        hashes = np.asarray(
            pd.util.hash_array(np.array(ids.to_pylist(), dtype=object)[known], categorize=False),
            dtype=np.uint64,
        )
        distinct, first = np.unique(hashes, return_index=True)
        again = np.ones(len(hashes), dtype=bool)
        again[first] = False
        for level in self._levels:
            place = np.minimum(np.searchsorted(level, hashes), len(level) - 1)
            again |= level[place] == hashes
        # Levels are merged like the digits of a counter, so there are few and each id moves seldom.
        while self._levels and len(self._levels[-1]) <= 2 * len(distinct):
            distinct = np.union1d(self._levels.pop(), distinct)
        if len(distinct):
            self._levels.append(distinct)
        repeated = np.zeros(len(ids), dtype=bool)
        repeated[known] = again
        return repeated


def chunks(batches: Iterable[pa.Table], layout: Layout, size: int) -> Iterator[Chunk]:
    """Chunks of `size` queries; the last one has the rest.

    No more than a chunk, a batch and the hashes of all ids are held. Which queries stand in which
    chunk depends on the input and the size alone.

    Args:
        batches: Rows in the order of the input.
        layout: What they mean. In a tidy one the rows of a playlist stand together; rows without
            an id belong to the one before.
        size: Queries a chunk, at least 1.
    """
    seen = SeenIds()
    number, n_rows, held = 0, 0, 0
    pending: list[pa.Table] = []
    starts = np.empty(0, np.int64)
    last: str | None = None
    for raw in batches:
        batch = raw if ID in layout.texts else _numbered(raw, n_rows)
        n_rows += batch.num_rows
        if layout.is_tidy:
            fresh, last = _tidy_starts(batch[ID], last, first=not len(starts))
        else:
            fresh = np.arange(batch.num_rows, dtype=np.int64)
        starts = np.concatenate([starts, fresh + held])
        pending.append(batch)
        held += batch.num_rows
        # The last query of a tidy input may go on in the next batch.
        while len(starts) > size:
            rows, end = pa.concat_tables(pending), int(starts[size])
            yield _chunk(number, rows.slice(0, end), starts[:size], seen)
            pending, starts = [rows.slice(end)], starts[size:] - end
            number, held = number + 1, held - end
        if len(starts) and held - starts[-1] > LONGEST + 1:
            held = int(starts[-1]) + LONGEST + 1
            pending = [pa.concat_tables(pending).slice(0, held)]
    if held:
        yield _chunk(number, pa.concat_tables(pending), starts, seen)


def _chunk(number: int, table: pa.Table, starts: Rows, seen: SeenIds) -> Chunk:
    lengths = np.diff(np.append(starts, table.num_rows))
    return Chunk(
        number,
        # A slice would take the whole table along into another process.
        table.take(pa.array(np.arange(table.num_rows))).combine_chunks(),
        np.repeat(np.arange(len(starts), dtype=np.int64), lengths),
        seen.add(table[ID].take(pa.array(starts)).combine_chunks()),
    )


def _numbered(batch: pa.Table, first: int) -> pa.Table:
    """Rows without ids, with their numbers as ids."""
    numbers = np.arange(first, first + batch.num_rows).astype(str)
    return batch.append_column(ID, pa.array(numbers, TEXT))


def _tidy_starts(ids: pa.ChunkedArray, last: str | None, *, first: bool) -> tuple[Rows, str | None]:
    """Where in a batch the rows of a playlist begin, and the last id.

    Args:
        ids: One id a row; null stands for the one before.
        last: The last id of the batch before.
        first: Whether there was none.
    """
    joined = pa.concat_arrays([pa.array([last], TEXT), *ids.chunks])
    filled = np.array(pc.fill_null_forward(joined).to_pylist(), dtype=object)
    begins = filled[1:] != filled[:-1]
    if first and len(begins):
        begins[0] = True
    return np.flatnonzero(begins).astype(np.int64), filled[-1]

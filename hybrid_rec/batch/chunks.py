"""Chunks: the queries of one part, cut from the input in its order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from hybrid_rec.batch.ids import SeenIds, run_starts
from hybrid_rec.batch.layout import ID, Layout
from hybrid_rec.batch.order import Order
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
    order: Order | None = None
    """How the order of plays is read; None without a column that tells it."""
    n_cut: int = 0
    """Rows of the input that are not in the table, as their playlists are too long."""

    @property
    def n_rows(self) -> int:
        """Rows of the table."""
        return len(self.owners)


def chunks(
    batches: Iterable[pa.Table], layout: Layout, size: int, order: Order | None = None
) -> Iterator[Chunk]:
    """Chunks of `size` queries; the last one has the rest.

    No more than a chunk, a batch and, where a row is a query, the hashes of all ids are held. Which
    queries stand in which chunk depends on the rows and the size alone.

    Args:
        batches: Rows. In a tidy layout all rows of a playlist stand together, and all have an id.
        layout: What they mean.
        size: Queries a chunk, at least 1.
        order: How the order of plays is read.
    """
    seen = None if layout.is_tidy else SeenIds()
    number, n_rows, held, n_cut = 0, 0, 0, 0
    pending: list[pa.Table] = []
    starts = np.empty(0, np.int64)
    last: str | None = None
    for raw in batches:
        batch = raw if ID in layout.texts else _numbered(raw, n_rows)
        n_rows += batch.num_rows
        if layout.is_tidy:
            fresh, last = run_starts(batch[ID], last)
        else:
            fresh = np.arange(batch.num_rows, dtype=np.int64)
        starts = np.concatenate([starts, fresh + held])
        pending.append(batch)
        held += batch.num_rows
        # The last query of a tidy input may go on in the next batch.
        while len(starts) > size:
            rows, end = pa.concat_tables(pending), int(starts[size])
            yield _chunk(number, rows.slice(0, end), starts[:size], seen, order, n_cut)
            pending, starts = [rows.slice(end)], starts[size:] - end
            number, held, n_cut = number + 1, held - end, 0
        if len(starts) and held - starts[-1] > LONGEST + 1:
            whole, held = held, int(starts[-1]) + LONGEST + 1
            n_cut += whole - held
            pending = [pa.concat_tables(pending).slice(0, held)]
    if held:
        yield _chunk(number, pa.concat_tables(pending), starts, seen, order, n_cut)


def _chunk(
    number: int,
    table: pa.Table,
    starts: Rows,
    seen: SeenIds | None,
    order: Order | None,
    n_cut: int,
) -> Chunk:
    lengths = np.diff(np.append(starts, table.num_rows))
    ids = table[ID].take(pa.array(starts)).combine_chunks()
    return Chunk(
        number,
        # A slice would take the whole table along into another process.
        table.take(pa.array(np.arange(table.num_rows))).combine_chunks(),
        np.repeat(np.arange(len(starts), dtype=np.int64), lengths),
        np.zeros(len(starts), dtype=bool) if seen is None else seen.add(ids),
        order,
        n_cut,
    )


def _numbered(batch: pa.Table, first: int) -> pa.Table:
    """Rows without ids, with their numbers as ids."""
    numbers = np.arange(first, first + batch.num_rows).astype(str)
    return batch.append_column(ID, pa.array(numbers, TEXT))

"""What must be known of tidy input as a whole before its first playlist can be scored."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hybrid_rec.batch.chunks import LONGEST
from hybrid_rec.batch.ids import SeenIds, run_starts
from hybrid_rec.batch.input import FILE, ROW, TableReader
from hybrid_rec.batch.layout import ID
from hybrid_rec.batch.order import Order
from hybrid_rec.core.progress import Advance
from hybrid_rec.data.order_kind import OrderScan


@dataclass(frozen=True)
class Survey:
    """What one pass over the ids, and over the column that tells the order of plays, has found."""

    is_grouped: bool
    """Whether the rows of each playlist stand together, and are few enough to be taken as they
    are."""
    order: Order | None
    """How the order of plays is read; None without a column that tells it."""
    n_rows: int
    """All rows."""
    n_nameless: int
    """Rows without a playlist_id."""

    @property
    def n_named(self) -> int:
        """Rows with a playlist_id."""
        return self.n_rows - self.n_nameless


def surveyed(reader: TableReader, reject: Callable[[pa.Table], None], advance: Advance) -> Survey:
    """Read the columns that decide how tidy input is to be read.

    Eight bytes an id are held, as long as the input may be grouped.

    Args:
        reader: The input.
        reject: Is handed the rows without an id, as batches of the reader.
        advance: Is told of the rows that were read.

    Raises:
        DataError: If a file is damaged, or the order of plays can be read in two ways.
    """
    names = list(reader.layout.orders)
    scan = OrderScan(names[0], reader.files.options.date_format) if names else None
    seen, last, length, is_grouped = SeenIds(), None, 0, True
    n_rows = n_nameless = 0
    for batch in reader.batches([ID, *names]):
        n_rows += batch.num_rows
        if scan is not None and batch.num_rows:
            file, row = batch[FILE][0].as_py(), batch[ROW][0].as_py()
            scan.add(batch[names[0]], row, reader.files.files[file].name)
        nameless = batch.filter(pc.is_null(batch[ID]))
        if nameless.num_rows:
            n_nameless += nameless.num_rows
            reject(nameless)
        if is_grouped:
            ids = batch[ID].drop_null()
            starts, last = run_starts(ids, last)
            ends = np.append(starts, len(ids))
            # The first rows may go on with the last playlist of the batch before.
            longest = max(length + int(ends[0]), np.diff(ends).max(initial=0))
            length = len(ids) - int(starts[-1]) if len(starts) else length + len(ids)
            again = seen.add(ids.take(pa.array(starts)).combine_chunks())
            is_grouped = not again.any() and longest <= LONGEST
        advance(batch.num_rows)
    order = None if scan is None else Order(names[0], scan.kind())
    return Survey(is_grouped, order, n_rows, n_nameless)


def named(batches: Iterator[pa.Table]) -> Iterator[pa.Table]:
    """The rows of batches that have an id."""
    return (batch.filter(pc.is_valid(batch[ID])) for batch in batches)

"""Rows of any order, sorted on disk so that those of a playlist stand together."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterable, Iterator
from contextlib import closing
from itertools import chain
from pathlib import Path

import pyarrow as pa

from hybrid_rec.batch.input import FILE, ROW
from hybrid_rec.batch.layout import ID, ITEM
from hybrid_rec.batch.order import Order
from hybrid_rec.core.errors import RunError
from hybrid_rec.data.arrow_types import TEXT
from hybrid_rec.data.paths import one_line

MEMORY = "1GB"
"""What the sort takes before it goes to disk."""

_KEY, _LATE = "<key>", "<late>"
_MOST_THREADS = 4
_BATCH_ROWS = 16_384


def sorted_rows(
    batches: Iterable[pa.Table], order: Order | None, folder: Path
) -> Generator[pa.Table, None, None]:
    """All rows by id, those of an id in play order; bounded memory, the same for any order of rows.

    Ids go by their code points. Plays with one position or time go by their item id; those without
    any, which come last, and all of them where no column tells the order, by file and row.

    Args:
        batches: At least one, as `TableReader.batches` gives them, without rows that lack an id.
        order: How the order of plays is read; None without a column that tells it.
        folder: An empty folder for what does not fit into memory; it is emptied at the end.

    Raises:
        RunError: If the disk is full or refuses.
    """
    # It is not small, and most runs do without it.
    import duckdb

    raised: list[BaseException] = []
    rows = iter(batches)
    first = next(rows)
    types = first.schema
    sent = _noting(chain([first], rows), order, raised)
    head = next(sent)
    stream = pa.RecordBatchReader.from_batches(
        head.schema, (batch for table in chain([head], sent) for batch in table.to_batches())
    )
    within = (
        f'"{_LATE}", "{_KEY}", CASE WHEN "{_LATE}" THEN NULL ELSE "{ITEM}" END, ' if order else ""
    )
    config: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": MEMORY,
        "temp_directory": str(folder),
        "threads": min(os.cpu_count() or 1, _MOST_THREADS),
    }
    try:
        with closing(duckdb.connect(config=config)) as database:
            database.register("rows", stream)
            query = f'SELECT * FROM rows ORDER BY "{ID}", {within}"{FILE}", "{ROW}"'  # noqa: S608
            for batch in database.sql(query).to_arrow_reader(_BATCH_ROWS):
                yield _received(batch, types)
    except (duckdb.Error, RuntimeError) as error:
        if raised:
            raise raised[0] from None
        if isinstance(error, duckdb.InterruptException) or "interrupted" in str(error):
            raise KeyboardInterrupt from None
        if not isinstance(error, duckdb.Error):
            raise
        raise RunError(
            f"the folder for temporary files must have room to sort the input, but {folder.parent} "
            f"has not: {one_line(error)}; make room, or name another one with --temp, and run the "
            "same command again."
        ) from None


def _noting(
    batches: Iterable[pa.Table], order: Order | None, raised: list[BaseException]
) -> Iterator[pa.Table]:
    """Rows as they are sorted, and a note of what was raised, which the database hides."""
    try:
        for batch in batches:
            yield _sent(batch, order)
    except BaseException as error:
        raised.append(error)
        raise


def _sent(batch: pa.Table, order: Order | None) -> pa.Table:
    """Rows in types that lose nothing on the way: bytes for text, numbers for times."""
    sent = batch.cast(pa.schema([field.with_type(_carrier(field.type)) for field in batch.schema]))
    if order is not None:
        told = order.read(batch[order.name])
        sent = sent.append_column(_KEY, pa.array(told.values, pa.float64(), safe=False))
        sent = sent.append_column(_LATE, pa.array(told.missing))
    return sent


def _received(batch: pa.RecordBatch, types: pa.Schema) -> pa.Table:
    """Rows as they were before."""
    return pa.Table.from_batches([batch]).select(types.names).cast(types)


def _carrier(kind: pa.DataType) -> pa.DataType:
    if kind == TEXT:
        return pa.large_binary()
    if pa.types.is_timestamp(kind) or pa.types.is_date64(kind):
        return pa.int64()
    if pa.types.is_date32(kind):
        return pa.int32()
    return pa.float64() if pa.types.is_floating(kind) else kind

"""Queries on a cluster: rows as the chunks of batch scoring are cut from, in columns of Spark."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hybrid_rec.batch.input import FILE, ROW, VECTORS, TableReader, normalised
from hybrid_rec.batch.layout import ID, Layout, check_types, new_item_layout, playlist_layout
from hybrid_rec.batch.order import Order
from hybrid_rec.blocks.base import ColumnKind
from hybrid_rec.core.errors import DataError
from hybrid_rec.data.arrow_types import TEXT, TEXTS
from hybrid_rec.spark.faults import guarded

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

_FRAME = "the frame"
Batches = Iterator[pa.RecordBatch]


@dataclass(frozen=True)
class QueryRows:
    """Rows of queries on a cluster."""

    frame: DataFrame
    """The columns of the layout, FILE and ROW, with values in types that Spark has."""
    layout: Layout
    """What they mean."""
    order_type: pa.DataType
    """The type of the column that tells the order of plays."""
    order: Order | None = None
    """How it is read; None without one, or before `with_order`."""
    files: tuple[str, ...] = ("",)
    """The names of the files."""

    @property
    def types(self) -> pa.Schema:
        """The types of the columns in a chunk."""
        return _types(self.layout, self.order_type)

    @property
    def in_order(self) -> list[str]:
        """Columns that decide which row comes first."""
        # A frame has no order of its own, so rows that differ in nothing else go by what they hold.
        rest = [] if self.files != ("",) else [name for name in self.layout.columns if name != ID]
        return [ID, FILE, ROW, *rest]


def of_frame(
    frame: DataFrame, columns: Mapping[str, ColumnKind], *, new_items: bool = False
) -> QueryRows:
    """The queries in a frame of any source, named as in files.

    Args:
        frame: Playlists, tidy or in lists, or new items.
        columns: The columns that may describe a new item, and what they hold.
        new_items: Whether rows are new items.

    Raises:
        DataError: If it lacks a column, or has one of the wrong type.
    """
    from pyspark.sql import functions as F  # noqa: N812
    from pyspark.sql.pandas.types import to_arrow_schema

    schema = to_arrow_schema(frame.schema)
    layout = (
        new_item_layout(_FRAME, schema, columns) if new_items else playlist_layout(_FRAME, schema)
    )
    check_types(_FRAME, layout, schema, is_csv=False)
    if ID not in layout.texts:
        wanted = "item_id" if new_items else "playlist_id"
        raise DataError(
            f"{_FRAME} must have a column {wanted}, as its rows have no numbers; add one."
        )
    order_type = next((schema.field(name).type for name in layout.orders.values()), TEXT)
    given = frame.select(*(F.col(f"`{name}`") for name in layout.columns.values()))
    task = guarded(_normalise, layout, order_type)
    rows = given.mapInArrow(task, _spark_schema(_types(layout, order_type)))
    return QueryRows(rows, layout, order_type)


def of_files(session: SparkSession, reader: TableReader, firsts: Sequence[int]) -> QueryRows:
    """The queries in files, each of which is read by one task, through fsspec.

    Args:
        session: The cluster.
        reader: What reads them.
        firsts: The number of the first row of each file among those of all, `(n_files,)`.
    """
    n_files = len(reader.files.files)
    numbers = session.range(0, n_files, 1, n_files)
    layout = reader.layout
    if ID not in layout.texts:
        layout = replace(layout, texts={**layout.texts, ID: ID})
    types = _types(layout, reader.order_type)
    task = guarded(_read, reader, list(firsts), types.names)
    rows = numbers.mapInArrow(task, _spark_schema(types))
    names = tuple(file.name for file in reader.files.files)
    return QueryRows(rows, layout, reader.order_type, files=names)


def _normalise(batches: Batches, layout: Layout, order_type: pa.DataType) -> Batches:
    types = _types(layout, order_type)
    for batch in batches:
        table = pa.Table.from_batches([batch])
        table = normalised(table, layout, layout.columns, order_type, _FRAME, 0)
        n_rows = table.num_rows
        table = table.append_column(FILE, pa.array(np.zeros(n_rows, np.int32)))
        table = table.append_column(ROW, pa.nulls(n_rows, pa.int64()))
        yield from sent(table.select(types.names)).to_batches()


def _read(
    batches: Batches, reader: TableReader, firsts: Sequence[int], names: Sequence[str]
) -> Batches:
    for batch in batches:
        for number in batch.column(0).to_pylist():
            for table in reader.file_batches(number):
                rows = table
                if ID not in table.column_names:
                    ids = pc.add(table[ROW], firsts[number]).cast(TEXT)
                    rows = table.append_column(ID, ids)
                yield from sent(rows.select(names)).to_batches()


def _types(layout: Layout, order_type: pa.DataType) -> pa.Schema:
    fields: dict[str, pa.DataType] = {}
    for name in layout.columns:
        if name in layout.texts:
            fields[name] = TEXT
        elif name in layout.lists:
            fields[name] = TEXTS
        elif name in layout.orders:
            fields[name] = order_type
        else:
            fields[name] = pa.float64() if name in layout.numbers else VECTORS
    return pa.schema({**fields, FILE: pa.int32(), ROW: pa.int64()})


def sent(table: pa.Table) -> pa.Table:
    """Rows in types that Spark has, which lose nothing on the way."""
    for place, field in enumerate(table.schema):
        kind = carrier(field.type)
        if kind != field.type:
            column = table[field.name]
            if pa.types.is_temporal(field.type):
                # Spark has no nanoseconds, and would move times into its own time zone.
                column = column.cast(_integers(field.type))
            table = table.set_column(place, field.name, column.cast(kind))
    return table


def received(batch: pa.RecordBatch, types: pa.Schema) -> pa.Table:
    """Rows as they were before they were sent."""
    table = pa.Table.from_batches([batch])
    columns: list[Any] = []
    for field in types:
        column = table[field.name]
        if pa.types.is_temporal(field.type):
            column = column.cast(_integers(field.type))
        columns.append(column.cast(field.type))
    return pa.table(columns, schema=types)


def _integers(kind: pa.DataType) -> pa.DataType:
    is_short = pa.types.is_date32(kind) or pa.types.is_time32(kind)
    return pa.int32() if is_short else pa.int64()


def carrier(kind: pa.DataType) -> pa.DataType:
    """The type in which Spark carries values of another one."""
    if kind == TEXT:
        return pa.string()
    if pa.types.is_large_list(kind) or pa.types.is_list(kind):
        return pa.list_(carrier(kind.value_type))
    if pa.types.is_floating(kind):
        return pa.float64()
    if kind == pa.int32() or pa.types.is_null(kind):
        return pa.int32()
    return pa.int64() if pa.types.is_integer(kind) or pa.types.is_temporal(kind) else kind


def _spark_schema(types: pa.Schema) -> Any:
    from pyspark.sql.pandas.types import from_arrow_schema

    return from_arrow_schema(pa.schema([field.with_type(carrier(field.type)) for field in types]))

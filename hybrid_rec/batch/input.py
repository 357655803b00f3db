"""What batch scoring reads: tables of any layout as batches of rows with the same columns."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hybrid_rec.batch.files import InputFiles, is_csv
from hybrid_rec.batch.layout import (
    WEIGHT,
    Layout,
    check_types,
    new_item_layout,
    playlist_layout,
)
from hybrid_rec.blocks.base import ColumnKind
from hybrid_rec.core.errors import DataError
from hybrid_rec.data.arrow_types import TEXT, TEXTS
from hybrid_rec.data.ids import id_texts
from hybrid_rec.data.paths import located
from hybrid_rec.data.play_weights import numbers_or_nan
from hybrid_rec.data.tables import (
    PLAY_COLUMNS,
    ROWS_FROM_0,
    check_used,
    column_names,
    converted,
    split_lists,
    table_batches,
    table_head,
)
from hybrid_rec.data.tables.types import is_list, is_text

FILE, ROW = "<file>", "<row>"
"""Columns that every batch has: the number of the file, and of the row in it, from 0."""

VECTORS = pa.large_list(pa.field("element", pa.float64()))
_BATCH_ROWS = 16_384


class TableReader:
    """Batches of rows of all files of an input, read one after the other.

    Args:
        files: Where they are.
        new_items: Whether rows are new items, not playlists.
        columns: The columns that may describe a new item, and what they hold; all others are left
            unread.

    Raises:
        DataError: If a file is damaged, lacks a column or has one of the wrong type, or if the
            files differ in their columns.
    """

    def __init__(
        self,
        files: InputFiles,
        *,
        new_items: bool = False,
        columns: Mapping[str, ColumnKind] | None = None,
    ) -> None:
        self.files = files
        self.parquet_rows = 0
        if files.options.columns:
            found = [column_names(files.table(file)) for file in files.files]
            check_used(files.options, () if new_items else PLAY_COLUMNS, found)
        layouts = []
        orders = set()
        for file in files.files:
            schema, n_rows = table_head(files.table(file))
            self.parquet_rows += n_rows or 0
            layout = (
                new_item_layout(file.name, schema, columns or {})
                if new_items
                else playlist_layout(file.name, schema)
            )
            check_types(file.name, layout, schema, is_csv=is_csv(file))
            layouts.append(layout)
            if layout != layouts[0]:
                raise DataError(
                    f"{file.name} must have the same columns as {files.files[0].name}, "
                    f"{', '.join(layouts[0].columns.values())}, but has "
                    f"{', '.join(layout.columns.values())}; put them into folders of their own."
                )
            orders |= {schema.field(column).type for column in layout.orders.values()}
        # Files may tell the order in several types, which have text in common.
        self.order_type = orders.pop() if len(orders) == 1 else TEXT
        if is_text(self.order_type):
            self.order_type = TEXT
        self.layout = layouts[0]

    def batches(self, only: Collection[str] | None = None) -> Iterator[pa.Table]:
        """Rows with the columns of the layout, FILE and ROW; text is never empty but null.

        Args:
            only: The columns of the layout that are read; None for all.

        Raises:
            DataError: If a file is damaged.
        """
        for number in range(len(self.files.files)):
            yield from self.file_batches(number, only)

    def file_batches(self, number: int, only: Collection[str] | None = None) -> Iterator[pa.Table]:
        """The rows of one file; see `batches`.

        Args:
            number: The number of the file.
            only: See `batches`.
        """
        read = {
            name: column
            for name, column in self.layout.columns.items()
            if only is None or name in only
        }
        file, row = self.files.files[number], 0
        for batch in table_batches(self.files.table(file), list(read.values()), _BATCH_ROWS):
            table = normalised(batch, self.layout, read, self.order_type, file.name, row)
            n_rows = table.num_rows
            table = table.append_column(FILE, pa.array(np.full(n_rows, number, np.int32)))
            table = table.append_column(ROW, pa.array(np.arange(row, row + n_rows)))
            row += n_rows
            yield table


def normalised(
    table: pa.Table,
    layout: Layout,
    read: Mapping[str, str],
    order_type: pa.DataType,
    source: str,
    first: int,
) -> pa.Table:
    """The columns of a batch by their names and types in the layout.

    Args:
        table: The columns as they are given.
        layout: What they mean.
        read: Which they are: the name in the layout, and the given name.
        order_type: The type of the column that tells the order of plays.
        source: The file, for messages.
        first: The number of the first row, from 0.

    Raises:
        DataError: For a value that its column cannot hold.
    """
    columns: dict[str, Any] = {}
    for name, column in read.items():
        values = table[column]
        if name in layout.ids:
            with located(source, ROWS_FROM_0):
                columns[name] = id_texts(values, column, first)
        elif name in layout.texts:
            values = values.cast(TEXT)
            columns[name] = pc.if_else(pc.equal(values, ""), pa.scalar(None, TEXT), values)
        elif name in layout.lists:
            lists = values if is_list(values.type) else split_lists(values)
            columns[name] = lists.cast(TEXTS)
        elif name in layout.orders:
            columns[name] = values.cast(order_type)
        elif name == WEIGHT:
            columns[name] = pa.array(numbers_or_nan(values.to_pandas()))
        else:
            kind = pa.float64() if name in layout.numbers else VECTORS
            columns[name] = converted(values, kind, column, source, first)
    return pa.table(columns)

"""Tables of any format: what is in them, a stream of their rows, and the whole of them."""

from __future__ import annotations

import re
from collections.abc import Generator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pyarrow as pa

from hybrid_rec.core.errors import DataError
from hybrid_rec.data.arrow_types import TEXT
from hybrid_rec.data.tables.columns import converted, wanted_columns
from hybrid_rec.data.tables.csv_file import csv_batches, csv_header
from hybrid_rec.data.tables.file import TableFile
from hybrid_rec.data.tables.options import TableOptions
from hybrid_rec.data.tables.parquet_file import parquet_batches, parquet_head

_BATCH_ROWS = 1 << 16
# What pandas calls an index without a name in CSV and in Parquet.
_PANDAS_INDEX = re.compile(r"|__index_level_\d+__")


def table_head(file: TableFile, required: Sequence[str] = ()) -> tuple[pa.Schema, int | None]:
    """The columns of a table and the number of its rows.

    Args:
        file: A CSV, TSV or Parquet file.
        required: Columns that it must have, for messages.

    Returns:
        In CSV and TSV every column is text, and the number of rows is not known: None.

    Raises:
        DataError: If the file cannot be read, is damaged or names no columns.
    """
    if not file.is_text:
        return parquet_head(file)
    # Two columns may share a name here.
    names = file.options.renamed(csv_header(file, required))
    return pa.schema([pa.field(name, TEXT) for name in names if name is not None]), None


def column_names(file: TableFile) -> list[str]:
    """The names of the columns as the file has them, whatever its options call them.

    Raises:
        DataError: See `table_head`.
    """
    plain = replace(file, options=replace(file.options, columns={}))
    return list(table_head(plain)[0].names)


def table_batches(
    file: TableFile, columns: Sequence[str], n_rows: int = _BATCH_ROWS
) -> Generator[pa.Table, None, None]:
    """Some columns of a table, at most `n_rows` rows at a time, in the order of the file.

    In CSV and TSV every column is text, so that "007" stays "007", and only empty cells are
    missing; in Parquet the types are those of the file. What is held of a file does not grow with
    its length.

    Raises:
        DataError: If the file cannot be read or is damaged, naming the line or row.
    """
    batches = csv_batches if file.is_text else parquet_batches
    return batches(file, columns, n_rows)


def read_table(
    path: Path,
    what: str,
    required: Sequence[str],
    optional: Sequence[str] | None = (),
    types: Mapping[str, pa.DataType] | None = None,
    options: TableOptions | None = None,
) -> pa.Table:
    """Some columns of a CSV, TSV or Parquet file; see `table_batches`.

    Args:
        path: The file; its ending gives the format.
        what: What the file is, for messages: "a file of plays".
        required: Columns that the file must have.
        optional: Columns that are read where the file has them; None for all others, but for the
            index that pandas writes beside them.
        types: Arrow types of columns in CSV and TSV that are not text.
        options: How the file is written.

    Raises:
        DataError: If the file is missing, empty, damaged, of another format or encoding, or lacks
            a required column, naming the line, row or column.
    """
    file = TableFile.at(path, what, options)
    found = table_head(file, required)[0].names
    others = [name for name in found if not _PANDAS_INDEX.fullmatch(name)]
    wanted = wanted_columns(path, found, required, others if optional is None else optional)
    batches, n_rows = [], 0
    for batch in table_batches(file, wanted):
        batches.append(_typed(file, batch, types, n_rows) if file.is_text else batch)
        n_rows += batch.num_rows
    if n_rows == 0:
        raise DataError(f"{path} must hold at least one row, found only the columns' names.")
    return pa.concat_tables(batches).unify_dictionaries()


def _typed(
    file: TableFile, table: pa.Table, types: Mapping[str, pa.DataType] | None, first: int
) -> pa.Table:
    """A table of text with some columns of other types; `first` is the number of its first row."""
    for name, kind in (types or {}).items():
        if name in table.column_names:
            column = converted(table[name], kind, name, file.name, first)
            table = table.set_column(table.column_names.index(name), name, column)
    return table

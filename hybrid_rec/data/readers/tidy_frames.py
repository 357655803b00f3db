"""Tables of plays and items as frames: from files or frames, with the columns that are read."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from hybrid_rec.core.checks import as_path, is_listing
from hybrid_rec.core.errors import DataError
from hybrid_rec.core.quoting import quoted
from hybrid_rec.data.frames import Frame, as_frame
from hybrid_rec.data.ids import id_texts
from hybrid_rec.data.paths import located
from hybrid_rec.data.play_order import ORDER_COLUMNS
from hybrid_rec.data.play_weights import WEIGHT
from hybrid_rec.data.playlist_names import NAME
from hybrid_rec.data.readers.item_columns import without_text
from hybrid_rec.data.remote import fetched, is_url
from hybrid_rec.data.tables import (
    PLAY_COLUMNS,
    ROWS_FROM_0,
    TableFile,
    TableOptions,
    check_used,
    column_names,
    read_table,
    split_lists,
    table_head,
    wanted_columns,
)
from hybrid_rec.data.tables.types import (
    IDS,
    ORDERS,
    check_type,
    is_id,
    is_list,
    is_order,
    is_text,
    list_column,
)

Table = str | Path | Frame
"""A file, or a table of pandas or of another library that speaks Arrow."""
Given = str | Path | pd.DataFrame
ITEM_COLUMNS, LIST_COLUMNS = ("title", "artist"), ("tags",)
"""What plays tell of their items, and which columns of items hold lists, unless one says more."""

_IDS = ("playlist_id", "item_id")
_LISTS = "item_ids"
_SEQUENCES = (list, tuple, np.ndarray)
# What no item is described by.
_RESERVED = frozenset((*_IDS, _LISTS, *ORDER_COLUMNS, NAME, WEIGHT))


def as_given(table: Table | None, what: str) -> Given | None:
    """A table as a file of this machine or a DataFrame; None for none.

    Raises:
        DataError: If it is neither, nor speaks Arrow.
    """
    if isinstance(table, str) and is_url(table):
        return fetched(table, f"a file of {what}")
    if table is None or isinstance(table, str | Path):
        return table
    return as_frame(table, what)


def plays_frame(
    plays: Given, item_columns: Sequence[str], lists: Sequence[str], options: TableOptions
) -> pd.DataFrame:
    """The columns of plays that are read, one row a play.

    Raises:
        DataError: If a file is missing, damaged or lacks a column.
    """
    describing = _names(item_columns, "item_columns")
    reserved = [name for name in describing if name in _RESERVED]
    if reserved:
        raise DataError(
            f"item_columns must be columns that describe items, got {quoted(reserved[0])}; leave "
            "it out."
        )
    nested = _column_of_lists(plays, options)
    if nested is not None:
        return _one_row_a_play(plays, nested, options)
    required = (*_IDS, *(name for name in describing if name not in ITEM_COLUMNS))
    optional = (*ORDER_COLUMNS, NAME, WEIGHT, *describing)
    joined = [name for name in _names(lists, "lists") if name in describing]
    return _frame(plays, "plays", required, optional, joined, options)


def items_frame(items: Given, lists: Sequence[str], options: TableOptions) -> pd.DataFrame:
    """All columns of items.

    Raises:
        DataError: If a file is missing, damaged or lacks a column.
    """
    joined = _names(lists, "lists")
    required = ("item_id", *(name for name in joined if name not in LIST_COLUMNS))
    return _frame(items, "items", required, None, joined, options)


def check_columns_used(
    options: TableOptions,
    plays: Given | None,
    items: Given | None = None,
    item_columns: Sequence[str] = (),
) -> None:
    """Raise a ConfigError for a mapped column that is in no table, or that nothing reads."""
    if options.columns:
        tables = [
            _found(table, what, options)
            for table, what in ((plays, "plays"), (items, "items"))
            if table is not None
        ]
        allowed = (*PLAY_COLUMNS, *item_columns) if items is None else ()
        check_used(options, allowed, tables)


def _found(table: Given, what: str, options: TableOptions) -> list[str]:
    """The names of the columns of a table, as it has them."""
    if isinstance(table, pd.DataFrame):
        return [str(name) for name in table.columns]
    return column_names(TableFile.at(as_path(table, what), f"a file of {what}", options))


def _frame(
    data: Given,
    what: str,
    required: Sequence[str],
    optional: Sequence[str] | None,
    lists: Sequence[str],
    options: TableOptions,
) -> pd.DataFrame:
    """Columns of a table: the required ones, and the optional or else all others that it has."""
    if isinstance(data, pd.DataFrame):
        frame = _renamed(data, options)
        found = list(frame.columns)
        columns = wanted_columns(what, found, required, found if optional is None else optional)
        if data.empty:
            raise DataError(f"{what} must hold at least one row, got an empty DataFrame.")
        return frame[columns]
    table = _table(data, what, required, optional, options)
    if TableFile.at(as_path(data, what), what).is_text:
        texts = frozenset((*_IDS, *ORDER_COLUMNS, NAME, *ITEM_COLUMNS))
        return without_text(table, texts, lists)
    for number, name in enumerate(table.column_names):
        if pa.types.is_integer(table[name].type) and name in ITEM_COLUMNS:
            # pandas would make floats of integers with gaps.
            table = table.set_column(number, name, table[name].cast(pa.large_string()))
    return table.to_pandas()  # type: ignore[no-any-return]


def _table(
    path: str | Path,
    what: str,
    required: Sequence[str],
    optional: Sequence[str] | None,
    options: TableOptions,
    nested: str | None = None,
) -> pa.Table:
    """The same of a file, with ids as text; `nested` is a column that holds lists of them."""
    file = TableFile.at(as_path(path, what), f"a file of {what}", options)
    schema = table_head(file, required)[0]
    read = {*required, *(optional or ())}
    for names, wanted, fits in (((*_IDS, _LISTS), IDS, is_id), (ORDER_COLUMNS, ORDERS, is_order)):
        for name in read.intersection(names, schema.names):
            kind = schema.field(schema.names.index(name)).type
            if name == nested and is_list(kind):
                kind, wanted = kind.value_type, f"lists of {IDS}"
            check_type(file.name, name, kind, wanted, is_text if name == nested else fits)
    table = read_table(Path(path), f"a file of {what}", required, optional, options=options)
    for name in _IDS:
        if name in table.column_names and name != nested:
            with located(path, ROWS_FROM_0):
                ids = id_texts(table[name], name)
            table = table.set_column(table.column_names.index(name), name, ids)
    return table


def _renamed(frame: pd.DataFrame, options: TableOptions) -> pd.DataFrame:
    """A frame with the names that its columns have here."""
    names = options.renamed([str(name) for name in frame.columns])
    kept = [place for place, name in enumerate(names) if name is not None]
    return frame.iloc[:, kept].set_axis([names[place] for place in kept], axis="columns")


def _column_of_lists(plays: Given, options: TableOptions) -> str | None:
    """The column that holds a list of items a row; None where each row is one play."""
    if not isinstance(plays, pd.DataFrame):
        file = TableFile.at(as_path(plays, "plays"), "a file of plays", options)
        return list_column(table_head(file, _IDS)[0])
    frame = _renamed(plays, options)
    names = list(frame.columns)
    if names.count("item_id") != 1:
        return _LISTS if _LISTS in names and "item_id" not in names else None
    return "item_id" if any(isinstance(cell, _SEQUENCES) for cell in frame["item_id"][:1]) else None


def _one_row_a_play(plays: Given, column: str, options: TableOptions) -> pd.DataFrame:
    """Playlists in one row each as plays; without ids they are numbered from 0."""
    if isinstance(plays, pd.DataFrame):
        frame = _renamed(plays, options)
    else:
        table = _table(plays, "plays", (column,), ("playlist_id", NAME), options, column)
        if not is_list(table[column].type):
            lists = split_lists(table[column])
            table = table.set_column(table.column_names.index(column), column, lists)
        frame = table.to_pandas()
    numbers = np.arange(len(frame)).astype(str)
    ids = frame["playlist_id"] if "playlist_id" in frame.columns else numbers
    whole = pd.DataFrame({"playlist_id": ids, "item_id": frame[column]})
    if NAME in frame.columns:
        whole[NAME] = frame[NAME]
    return whole.explode("item_id", ignore_index=True)


def _names(names: Sequence[str], what: str) -> tuple[str, ...]:
    given = names if is_listing(names) else [None]
    if not all(isinstance(name, str) for name in given):
        raise DataError(f"{what} must be a list of names of columns, got {quoted(names)}.")
    return tuple(names)

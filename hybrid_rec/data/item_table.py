"""The Arrow table of a catalogue: its columns, repeated rows, and values that clash."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from hybrid_rec.core.arrays import Mask, Objects, Rows
from hybrid_rec.core.errors import DataError
from hybrid_rec.core.quoting import quoted
from hybrid_rec.data.arrow_types import TEXT, TEXTS
from hybrid_rec.data.columns import as_array, label_lists, text_column

ITEM_ID, TITLE, ARTIST, TAGS = "item_id", "title", "artist", "tags"


def item_array(column: pd.Series[Any], name: str) -> pa.Array:
    """A column of items as the catalogue keeps it; see `as_array`.

    Raises:
        DataError: See `as_array`; also if `tags` are no lists.
    """
    if name in (TITLE, ARTIST):
        return pa.array(text_column(column), TEXT)
    if name == TAGS:
        return pa.array(label_lists(column), TEXTS)
    return as_array(column, name)


def first_of_each_id(ids: Objects, table: pa.Table) -> Rows:
    """Positions of the first row of each id; an id with two different texts is an error."""
    codes, uniques = pd.factorize(ids)
    if len(uniques) == len(ids):
        return np.arange(len(ids))
    first = np.unique(codes, return_index=True)[1].astype(np.int64)
    for name in table.column_names:
        if name == ITEM_ID or is_list(table[name].type):
            continue
        values = cells(table[name])
        clash = np.flatnonzero(differ(values, values[first][codes]))
        if len(clash):
            row = int(clash[0])
            raise DataError(
                f"item ids must be unique, but {quoted(ids[row])} stands with different {name}s: "
                f"{quoted(values[first[codes[row]]])} at row {int(first[codes[row]])} and "
                f"{quoted(values[row])} at row {row}."
            )
    return np.sort(first)


def differ(mine: Objects, theirs: Objects) -> Mask:
    """Which cells are not the same, `(n,)`."""
    return np.asarray([a != b for a, b in zip(mine, theirs, strict=True)], dtype=bool)


def cells(column: pa.ChunkedArray) -> Objects:
    """The cells of a column as Python has them, `(n,)`."""
    values: Objects = np.full(len(column), None, dtype=object)
    values[:] = column.to_pylist()
    return values


def is_list(kind: pa.DataType) -> bool:
    """Whether a column of a catalogue holds lists."""
    return bool(pa.types.is_large_list(kind))


def as_column(table: pa.Table, field: pa.Field) -> Any:
    """A column of a table as the kind of column that a catalogue has; nulls if it is not there.

    Raises:
        DataError: If it holds something else.
    """
    if field.name not in table.column_names:
        return pa.nulls(table.num_rows, field.type)
    column = table[field.name]
    if column.null_count == len(column):
        # A column without anything in it has no kind of its own.
        return pa.nulls(table.num_rows, field.type)
    # Arrow would write numbers out as text.
    alike = pa.types.is_large_string(field.type) == pa.types.is_large_string(column.type)
    try:
        if alike:
            return column.cast(field.type)
    except pa.ArrowException:
        if pa.types.is_integer(field.type) and pa.types.is_floating(column.type):
            # Whole numbers so far, and others among the new ones.
            return column.cast(pa.float64())
    raise DataError(
        f"column {quoted(field.name)} must hold what it holds in the catalogue, {field.type}, "
        f"got {table[field.name].type}; convert it."
    )


def check_kept(mine: pa.Table, theirs: pa.Table, rows: Rows) -> None:
    """Raise a DataError for an item that would get another text or number.

    Args:
        mine: A table of items.
        theirs: Another one.
        rows: The row in `mine` of each item of `theirs`; negative for a new one.
    """
    both = np.flatnonzero(rows >= 0)
    for name in mine.column_names:
        if name == ITEM_ID or name not in theirs.column_names or is_list(mine[name].type):
            continue
        had, gets = cells(mine[name])[rows[both]], cells(theirs[name])[both]
        clash = np.flatnonzero(differ(had, gets))
        if len(clash):
            at = int(clash[0])
            item_id = theirs[ITEM_ID][int(both[at])].as_py()
            raise DataError(
                f"an item must keep its {name}, but {quoted(item_id)} is {quoted(had[at])} and "
                f"would become {quoted(gets[at])}; give it a new id, or fit again."
            )


def table_frame(table: pa.Table) -> pd.DataFrame:
    """A DataFrame of all columns; lists are Python lists, missing is None."""
    frame: dict[str, Any] = {}
    for name in table.column_names:
        column = table[name]
        if pa.types.is_large_string(column.type):
            frame[name] = pd.Series(column.to_pylist(), dtype=object)
        elif is_list(column.type):
            lists = column.to_pylist()
            if name == TAGS:
                lists = [tags or [] for tags in lists]
            frame[name] = pd.Series(lists, dtype=object)
        else:
            # Beside missing ones whole numbers would become floats, which lack digits.
            frame[name] = column.to_pandas(integer_object_nulls=True)
    return pd.DataFrame(frame)


def table_fingerprint(table: pa.Table) -> str:
    """SHA-256 of the content, hexadecimal."""
    digest = hashlib.sha256()
    for name in table.column_names:
        digest.update(f"{name}:{table[name].type}\x1d".encode())
        for value in table[name].to_pylist():
            digest.update(b"\x00" if value is None else b"\x01" + repr(value).encode())
    return digest.hexdigest()

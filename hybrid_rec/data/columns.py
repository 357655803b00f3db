"""Columns of a caller's frame, checked once and turned into Arrow arrays with nulls."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from hybrid_rec.core.arrays import Mask, Objects
from hybrid_rec.core.errors import DataError
from hybrid_rec.core.quoting import quoted
from hybrid_rec.data.arrow_types import TEXT, TEXTS, VECTOR
from hybrid_rec.data.ids import as_item_ids, check_not_rounded, whole_numbers

_SURROGATE = re.compile("[\ud800-\udfff]")
_LISTS = (list, tuple, np.ndarray, set, frozenset)


def is_missing(value: Any) -> bool:
    """Whether a cell is None, NaN, `pd.NA` or `pd.NaT`."""
    return bool(pd.api.types.is_scalar(value) and pd.isna(value))


def check_whole_text(ids: Sequence[str] | Objects, what: str) -> None:
    """Raise a DataError for an id with half of a character, which no file can hold."""
    if _is_whole(ids):
        return
    row = next(row for row, value in enumerate(ids) if _SURROGATE.search(value))
    raise DataError(
        f"{what} must be whole text, but row {row} holds half of a character (a lone surrogate): "
        f"{quoted(ids[row])}."
    )


def _is_whole(texts: Any) -> bool:
    try:
        pa.array(texts, TEXT)
    except UnicodeEncodeError:
        return False
    return True


def missing_ids(column: pd.Series[Any]) -> Mask:
    """Which ids are missing or empty, `(n,)`."""
    missing: Mask = column.isna().to_numpy(dtype=bool, copy=True)
    if pd.api.types.is_object_dtype(column.dtype):
        # A cell may be an array, which cannot be compared as a whole.
        missing |= np.array([isinstance(id_, str) and not id_ for id_ in column], dtype=bool)
    elif not pd.api.types.is_numeric_dtype(column.dtype):
        missing |= np.asarray((column == "").fillna(False), dtype=bool)
    return missing


def without_ids(plays: pd.DataFrame) -> Mask:
    """Which plays lack the id of a playlist or of an item, `(n,)`."""
    return missing_ids(plays["playlist_id"]) | missing_ids(plays["item_id"])


def id_column(column: pd.Series[Any], what: str, missing: Mask | None = None) -> pd.Series[Any]:
    """A column of ids as an object column of strings.

    Args:
        column: Strings, integers, or floats that are whole numbers below 2^53.
        what: How an error message names the column.
        missing: Rows whose ids are left out, `(n,)`, and become None; by default a missing id is
            an error.

    Raises:
        DataError: With the row of the first missing or empty id, or for another type.
    """
    if column.empty:
        return column.astype(object)
    if missing is None:
        gaps = column.isna().to_numpy(dtype=bool)
        if gaps.any():
            row = int(np.flatnonzero(gaps)[0])
            raise DataError(
                f"{what} must not be missing, but {int(gaps.sum())} are; the first at row {row}."
            )
        left_out = gaps
    else:
        left_out = missing
    text = _id_texts(column, what, left_out)
    if left_out.any():
        text = text.where(~left_out, "-")
    empty = (text == "").to_numpy(dtype=bool)
    if empty.any():
        raise DataError(f"{what} must not be empty, but row {int(np.flatnonzero(empty)[0])} is.")
    check_whole_text(text.to_numpy(), what)
    check_not_rounded(pa.array(text.to_numpy(), TEXT), what)
    return text.where(~left_out, None) if left_out.any() else text


def _id_texts(column: pd.Series[Any], what: str, left_out: Mask) -> pd.Series[Any]:
    """Ids as strings; of those that are left out no matter what."""
    kind = column.dtype
    if pd.api.types.is_float_dtype(kind):
        own: Any = getattr(kind, "numpy_dtype", kind)
        values = column.to_numpy(dtype=own, na_value=np.nan)
        column = pd.Series(whole_numbers(values, left_out, what), index=column.index)
    if pd.api.types.is_integer_dtype(column.dtype):
        return column.astype(str).astype(object)
    if not (
        pd.api.types.is_object_dtype(kind)
        or pd.api.types.is_string_dtype(kind)
        or isinstance(kind, pd.CategoricalDtype)
    ):
        raise DataError(f"{what} must hold strings or integers, got dtype {kind}.")
    text = column.astype(object)
    if left_out.any():
        text = text.where(~left_out, "-")
    if pd.api.types.infer_dtype(text, skipna=False) not in ("string", "empty"):
        text = pd.Series(as_item_ids(text, what), index=column.index, dtype=object)
    return text


def text_column(column: pd.Series[Any]) -> Objects:
    """A column of free text as strings, with None where it is missing, empty or blank.

    Half of a character becomes U+FFFD.
    """
    missing = column.isna().to_numpy(dtype=bool)
    values = column.astype(object).to_numpy(copy=True)
    values[missing] = None
    if pd.api.types.infer_dtype(values, skipna=True) not in ("string", "empty"):
        values = np.array([None if v is None else _written(v) for v in values], dtype=object)
    blank = np.array([v is not None and not v.strip() for v in values], dtype=bool)
    values[blank] = None
    if not _is_whole(values):
        values = np.array([v and _whole(v) for v in values], dtype=object)
    return values


def _written(value: Any) -> str:
    try:
        return str(value)
    except ValueError:
        raise DataError(f"a text must not be {quoted(value)}; write it as text.") from None


def _whole(text: str) -> str:
    return _SURROGATE.sub("\ufffd", text)


def label_lists(column: pd.Series[Any], what: str = "tags") -> list[tuple[str, ...] | None]:
    """A column of lists of strings as tuples without repeats or missing entries, None if missing.

    Raises:
        DataError: With the row of the first entry that is no list.
    """
    lists: list[tuple[str, ...] | None] = []
    for row, labels in enumerate(column.tolist()):
        if isinstance(labels, _LISTS):
            ordered = sorted(labels, key=str) if isinstance(labels, set | frozenset) else labels
            named = [_whole(str(label)) for label in ordered if not is_missing(label)]
            lists.append(tuple(dict.fromkeys(named)))
        elif is_missing(labels):
            lists.append(None)
        else:
            raise DataError(f"{what} must be a list of strings, got {quoted(labels)} at row {row}.")
    return lists


def as_array(column: pd.Series[Any], name: str) -> pa.Array:
    """A column of strings, numbers, truth values, times, or lists of strings or of numbers.

    Args:
        column: As a caller holds it.
        name: Its name, for messages.

    Returns:
        Text with blanks as missing; numbers as they are; lists of numbers as float32. What is
        missing is null.

    Raises:
        DataError: With the column and the row of the first cell that is of another kind than
            those before it, or of a kind that no block can use.
    """
    if isinstance(column.dtype, pd.CategoricalDtype):
        column = column.astype(object)
    kind = column.dtype
    if pd.api.types.is_bool_dtype(kind) or pd.api.types.is_numeric_dtype(kind):
        return _numbers(column, name)
    if pd.api.types.is_datetime64_any_dtype(kind):
        return pa.Array.from_pandas(column)
    if isinstance(kind, pd.ArrowDtype):
        column = column.astype(object)
    present = column[~column.isna().to_numpy(bool)] if not _holds_lists(column) else column
    first = next((cell for cell in present if not is_missing(cell)), None)
    if first is None:
        return pa.nulls(len(column), TEXT)
    if isinstance(first, _LISTS):
        return _lists(column, name)
    found = pd.api.types.infer_dtype(present.to_numpy(dtype=object), skipna=True)
    if found == "string":
        return pa.array(text_column(column), TEXT)
    if found in ("integer", "floating", "mixed-integer-float", "decimal", "boolean"):
        return _numbers(column, name)
    if found in ("datetime64", "datetime", "date"):
        return pa.Array.from_pandas(pd.to_datetime(column))
    row, cell = _odd_one(column, type(first))
    raise DataError(
        f"column {quoted(name)} must hold strings, numbers or lists, all of one kind, but row "
        f"{row} "
        f"holds {quoted(cell)} ({type(cell).__name__}) beside {type(first).__name__}; convert the "
        "column, or leave it out."
    )


def _holds_lists(column: pd.Series[Any]) -> bool:
    return any(isinstance(cell, _LISTS) for cell in column)


def _odd_one(column: pd.Series[Any], usual: type) -> tuple[int, Any]:
    for row, cell in enumerate(column):
        if not is_missing(cell) and type(cell) is not usual:
            return row, cell
    return 0, column.iloc[0]


def _numbers(column: pd.Series[Any], name: str) -> pa.Array:
    try:
        array = pa.Array.from_pandas(column)
    except (pa.ArrowException, OverflowError, TypeError):
        try:
            array = pa.Array.from_pandas(column.astype(object).map(float, na_action="ignore"))
        except (pa.ArrowException, OverflowError, TypeError, ValueError):
            raise DataError(
                f"column {quoted(name)} must hold numbers that fit into 64 bits; convert the "
                "column, or leave it out."
            ) from None
    return array.cast(pa.float64()) if pa.types.is_decimal(array.type) else array


def _lists(column: pd.Series[Any], name: str) -> pa.Array:
    """Lists of strings, or of numbers if the first entry of all is one."""
    every = (entry for cell in column if isinstance(cell, _LISTS) for entry in cell)
    first = next((entry for entry in every if not is_missing(entry)), None)
    number = isinstance(first, int | float | np.number) and not isinstance(first, bool)
    if not number:
        for row, cell in enumerate(column.tolist()):
            if isinstance(cell, _LISTS) and not all(map(_is_label, cell)):
                raise _odd_list(name, "strings", row, cell)
        return pa.array(label_lists(column, f"column {quoted(name)}"), TEXTS)
    cells: list[Any] = []
    for row, cell in enumerate(column.tolist()):
        if not isinstance(cell, _LISTS) and is_missing(cell):
            cells.append(None)
            continue
        try:
            entries = np.asarray(cell)
            # What float32 cannot hold becomes infinity, which the block refuses by row.
            with np.errstate(over="ignore"):
                vector = None if entries.dtype.kind in "US" else entries.astype(np.float32)
        except (TypeError, ValueError):
            vector = None
        if vector is None or vector.ndim != 1:
            raise _odd_list(name, "numbers", row, cell)
        cells.append(vector)
    return pa.array(cells, VECTOR)


def _is_label(entry: Any) -> bool:
    return isinstance(entry, str) or is_missing(entry)


def _odd_list(name: str, of: str, row: int, cell: Any) -> DataError:
    return DataError(
        f"column {quoted(name)} must hold lists of {of}, but row {row} holds {quoted(cell)}; mend "
        "the row, or leave the column out."
    )


def require_columns(
    frame: pd.DataFrame, columns: Sequence[str], what: str, optional: Sequence[str] = ()
) -> None:
    """Raise a DataError that names every column of `columns` that `frame` lacks or has twice.

    Args:
        frame: What a caller gave.
        columns: Names that must be there.
        what: How an error message names the frame.
        optional: Further names that may not stand there twice.
    """
    if not isinstance(frame, pd.DataFrame):
        raise DataError(f"{what} must be a DataFrame, got {type(frame).__name__}.")
    lacking = [name for name in columns if name not in frame.columns]
    if lacking:
        raise DataError(
            f"{what} must have the columns {', '.join(columns)}; {', '.join(lacking)} "
            f"missing, found {', '.join(map(str, frame.columns)) or 'none'}."
        )
    read = {*columns, *optional}
    twice = [name for name in frame.columns[frame.columns.duplicated()] if name in read]
    if twice:
        raise DataError(f"{what} must have each column once, but {twice[0]} stands there twice.")

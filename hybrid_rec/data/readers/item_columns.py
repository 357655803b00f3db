"""What tables tell of items: columns of text that hold more, and the items of plays."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from hybrid_rec.core.arrays import Mask, Objects, Rows
from hybrid_rec.core.checks import is_listing
from hybrid_rec.data.columns import text_column
from hybrid_rec.data.tables import split_lists

_LISTS = (list, tuple, set, frozenset, np.ndarray)


def without_text(table: pa.Table, texts: Collection[str], lists: Collection[str]) -> pd.DataFrame:
    """A table from CSV, in which every column is text, with numbers and lists in their place.

    A column is of numbers if each of its cells is a finite number or empty, and not all are empty.

    Args:
        table: Columns of text.
        texts: Those that stay as they are, whatever is in them.
        lists: Those that hold lists joined by "|"; a list is empty where the cell is.
    """
    frame = {}
    for name in table.column_names:
        column = table[name]
        if name in lists:
            entries = split_lists(column).to_pylist()
            filled = [[entry for entry in cell or () if entry] for cell in entries]
            frame[name] = pd.Series(filled, dtype=object)
        else:
            numbers = None if name in texts else _numbers(column)
            frame[name] = (column if numbers is None else numbers).to_pandas()
    return pd.DataFrame(frame)


def _numbers(column: pa.ChunkedArray) -> pa.ChunkedArray | None:
    """A column of text as float64 numbers; None if anything else is in it, or nothing."""
    try:
        numbers = pc.utf8_trim_whitespace(column).cast(pa.float64())
    except pa.ArrowInvalid:
        return None
    # Whether all are finite; None where nothing is there.
    return numbers if pc.all(pc.is_finite(numbers), min_count=1).as_py() else None


def played_items(plays: pd.DataFrame, columns: Sequence[str]) -> tuple[pd.DataFrame, int]:
    """The items of plays in order of first appearance, and how many stand in several spellings.

    Args:
        plays: A column `item_id` without missing ids.
        columns: What describes the items; missing where the plays lack it.
    """
    codes, ids = pd.factorize(plays["item_id"])
    items: dict[str, Any] = {"item_id": np.asarray(ids, dtype=object)}
    respelled = np.zeros(len(ids), dtype=bool)
    for name in columns:
        if name in plays.columns:
            items[name], several = _most_frequent(codes, plays[name], len(ids))
            respelled |= several
        else:
            items[name] = np.full(len(ids), None, dtype=object)
    return pd.DataFrame(items), int(respelled.sum())


def _most_frequent(
    codes: Rows, column: pd.Series[Any], n_items: int
) -> tuple[pd.Series[Any], Mask]:
    """The most frequent value of each item, the first among equals, and which have several."""
    is_number = pd.api.types.is_numeric_dtype(column.dtype)
    cells = column.to_numpy(np.float64, na_value=np.nan) if is_number else _hashable(column)
    spellings, values = pd.factorize(cells)
    known = spellings >= 0
    pairs, first, counts = np.unique(
        codes[known] * max(len(values), 1) + spellings[known],
        return_index=True,
        return_counts=True,
    )
    items, chosen = np.divmod(pairs, max(len(values), 1))
    order = np.lexsort((first, -counts, items))
    items, starts = np.unique(items[order], return_index=True)
    result = np.full(n_items, None, dtype=object)
    result[items] = values[chosen[order][starts]]
    several = np.bincount(pairs // max(len(values), 1), minlength=n_items) > 1
    return pd.Series(result, dtype=np.float64 if is_number else object), several


def _hashable(column: pd.Series[Any]) -> Objects:
    """Texts, or lists as tuples; None where either is missing or empty."""
    if pd.api.types.infer_dtype(column, skipna=True) != "mixed":
        return text_column(column)
    lists = [isinstance(cell, _LISTS) and is_listing(cell) for cell in column]
    if not any(lists):
        return text_column(column)
    cells = np.full(len(column), None, dtype=object)
    for row in np.flatnonzero(lists).tolist():
        cells[row] = tuple(column.iloc[row]) or None
    return cells

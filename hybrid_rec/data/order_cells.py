"""Cells of a column that tells the order of plays: numbers, times and text apart."""

from __future__ import annotations

import datetime
from numbers import Number
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from hybrid_rec.core.arrays import Mask, Rows
from hybrid_rec.data.arrow_types import TEXT
from hybrid_rec.data.date_text import NO_TIME, Times, alike, as_times, strptime
from hybrid_rec.data.number_times import as_digits

_BITS = 1000
_MOMENTS = (datetime.date, np.datetime64)


def as_series(column: pd.Series[Any] | pa.ChunkedArray, name: str) -> pd.Series[Any]:
    """The cells as pandas has them, of no categories."""
    if isinstance(column, pa.ChunkedArray):
        return pd.Series(column.to_pandas(date_as_object=False), name=name).pipe(_plain)
    return _plain(column)


def _plain(column: pd.Series[Any]) -> pd.Series[Any]:
    kind = column.dtype
    own = isinstance(kind, pd.CategoricalDtype | pd.ArrowDtype | pd.PeriodDtype)
    return column.astype(object) if own else column


def numbers_of(cells: pd.Series[Any]) -> pd.Series[Any]:
    """The numbers among cells, also those written as text; missing for all others."""
    if pd.api.types.is_bool_dtype(cells.dtype) or pd.api.types.is_complex_dtype(cells.dtype):
        return pd.Series(np.full(len(cells), np.nan))
    if pd.api.types.is_numeric_dtype(cells.dtype):
        return cells
    if pd.api.types.is_object_dtype(cells.dtype):
        # pandas would also count the nanoseconds of a timestamp.
        cells = cells.where(cells.map(_may_be_number).astype(bool))
    elif not pd.api.types.is_string_dtype(cells.dtype):
        return pd.Series(np.full(len(cells), np.nan))
    return pd.to_numeric(cells, errors="coerce")


def _may_be_number(value: Any) -> bool:
    if isinstance(value, bool | np.bool_ | complex):
        return False
    # Larger ones are no floats.
    is_large = isinstance(value, int) and value.bit_length() > _BITS
    return isinstance(value, str | Number) and not is_large


def as_array(numbers: pd.Series[Any]) -> NDArray[Any]:
    """Numbers as int64 or float64, `(n,)`, NaN where they are missing."""
    if pd.api.types.is_integer_dtype(numbers.dtype) and not numbers.hasnans:
        return numbers.to_numpy()  # a float has too few digits for large ones
    return numbers.to_numpy(dtype=np.float64, na_value=np.nan)


def native_times(cells: pd.Series[Any], present: Mask) -> Times:
    """The times among cells that are no text, `(n,)` in UTC; NaT for all others."""
    if pd.api.types.is_object_dtype(cells.dtype):
        wanted = present & cells.map(lambda value: isinstance(value, _MOMENTS)).to_numpy(bool)
    elif pd.api.types.is_datetime64_any_dtype(cells.dtype):
        wanted = present
    else:
        wanted = np.zeros(len(cells), dtype=bool)
    if not wanted.any():
        return np.full(len(cells), NO_TIME)
    parsed = pd.to_datetime(cells.where(wanted), errors="coerce", utc=True)
    return as_times(parsed)


def texts_of(cells: pd.Series[Any], wanted: Mask) -> tuple[pa.Array, Rows]:
    """The texts among the cells that are `wanted`, as `alike` writes them, and their rows."""
    if pd.api.types.is_object_dtype(cells.dtype):
        wanted = wanted & cells.map(lambda value: isinstance(value, str)).to_numpy(bool)
    elif not pd.api.types.is_string_dtype(cells.dtype):
        wanted = np.zeros(len(cells), dtype=bool)
    rows = np.flatnonzero(wanted)
    texts = cells.iloc[rows].to_list()
    try:
        return alike(pa.array(texts, TEXT)), rows
    except UnicodeEncodeError:  # half of a character
        whole = [text.encode("utf-8", "replace").decode() for text in texts]
        return alike(pa.array(whole, TEXT)), rows


def in_format(cells: pd.Series[Any], present: Mask, date_format: str) -> Times:
    """When cells of one format of `strptime` say, `(n,)` in UTC; NaT for those of another."""
    times = native_times(cells, present)
    rows = np.flatnonzero(present & np.isnat(times))
    if len(rows):
        texts, _ = texts_of(as_digits(cells.iloc[rows]), np.ones(len(rows), dtype=bool))
        times[rows] = strptime(texts, date_format)
    return times

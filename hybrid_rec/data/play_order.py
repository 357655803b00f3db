"""The order of plays: what the columns `position` and `played_at` say."""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Number
from typing import Any, Literal

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from hybrid_rec.core.arrays import Mask
from hybrid_rec.core.errors import DataError

ORDER_COLUMNS = ("position", "played_at")
"""Columns that tell the order of plays; the first one that a table has decides."""

Kind = Literal["numbers", "times"]
Times = NDArray[np.datetime64]

_LAST_YEAR = 9999
# The years 1 to 9999 in seconds since 1970.
_FIRST_SECOND, _END_SECOND = -62_135_596_800, 253_402_300_800
_NO_TIME = np.datetime64("NaT", "us")


@dataclass(frozen=True)
class PlayOrder:
    """One column, read: where each play stands, and which cells cannot be read."""

    column: pd.Series[Any]
    """The cells as they were given, `(n,)`."""
    values: NDArray[Any]
    """Numbers, or microseconds since 1970, int64 or float64, `(n,)`; 0 where there are none."""
    missing: Mask
    """Which cells are empty or cannot be read, `(n,)`."""
    unreadable: Mask
    """Which cells cannot be read, `(n,)`."""
    mixed: Mask
    """Which of the unreadable ones are numbers among times, or times among numbers, `(n,)`."""
    kind: Kind | None
    """What the column holds; None if nothing in it can be read."""

    @property
    def sort_keys(self) -> tuple[NDArray[Any], ...]:
        """Keys for `np.lexsort`, in its order; plays without a place come last."""
        return (self.values, self.missing) if self.missing.any() else (self.values,)

    def check(self) -> None:
        """Raise a DataError that names the first cell that cannot be read."""
        rows = np.flatnonzero(self.unreadable)
        if not len(rows):
            return
        name, row = self.column.name, int(rows[0])
        found = f"got {self.column.iloc[row]!r} at row {row}"
        if name == "position":
            raise DataError(f"position must be a number, {found}.")
        if self.mixed[row]:
            raise DataError(
                f"{name} must be seconds since 1970 or times, not both, {found} among other kinds."
            )
        raise DataError(f"{name} must be a time, {found}.")

    def times(self) -> Times:
        """When each play happened, `(n,)` datetime64[us]; NaT where there is no telling.

        Raises:
            DataError: For a time outside the years 1 to 9999.
        """
        if self.kind == "numbers":
            inside = (self.values >= _FIRST_SECOND) & (self.values < _END_SECOND)
            times = _since_1970(np.where(inside, self.values, 0))
        else:
            times = self.values.astype("datetime64[us]")
            years = times.astype("datetime64[Y]").astype(np.int64) + 1970
            inside = (years >= 1) & (years <= _LAST_YEAR)
        outside = np.flatnonzero(~inside & ~self.missing)
        if len(outside):
            row = int(outside[0])
            raise DataError(
                f"{self.column.name} must be in the years 1 to {_LAST_YEAR}, got "
                f"{self.column.iloc[row]!r} at row {row}; numbers are seconds since 1970."
            )
        return np.where(self.missing, _NO_TIME, times)


def order_of(plays: pd.DataFrame) -> tuple[tuple[NDArray[Any], ...], Times | None]:
    """Sort keys of plays for `np.lexsort`, none for the order of the table, and their times if any.

    Raises:
        DataError: Naming the first position or time that cannot be read.
    """
    told = [read_order(plays[name], name) for name in ORDER_COLUMNS if name in plays.columns]
    for column in told:
        column.check()
    times = told[-1].times() if "played_at" in plays.columns else None
    return told[0].sort_keys if told else (), times


def read_order(
    column: pd.Series[Any] | pa.ChunkedArray, name: str, kind: Kind | None = None
) -> PlayOrder:
    """What a column that tells the order of plays says.

    A position is a number. A time of play is a number, which are seconds since 1970, or text that
    pandas reads as a time. Timestamps and dates serve for both. Numbers may stand as text, but a
    column holds numbers or times, not both: the first cell that can be read decides.

    Args:
        column: Numbers, timestamps, dates or text, `(n,)`.
        name: "position" or "played_at".
        kind: What cells before these held; None if these are the first ones that can be read.
    """
    cells = _cells(column, name)
    present = cells.notna().to_numpy(bool)
    numbers = _numbers(cells)
    is_number = numbers.notna().to_numpy(bool)
    times = _times(cells, present & ~is_number, texts=name != "position")
    is_time = ~np.isnat(times)
    readable = np.flatnonzero(is_number | is_time)
    if kind is None and len(readable):
        kind = "numbers" if is_number[readable[0]] else "times"
    known = is_time if kind == "times" else is_number
    values = times.astype(np.int64) if kind == "times" else _as_array(numbers)
    return PlayOrder(
        column=cells,
        values=np.where(known, values, 0),
        missing=~known,
        unreadable=present & ~known,
        mixed=~known & (is_number | is_time),
        kind=kind,
    )


def _cells(column: pd.Series[Any] | pa.ChunkedArray, name: str) -> pd.Series[Any]:
    if isinstance(column, pa.ChunkedArray):
        return pd.Series(column.to_pandas(date_as_object=False), name=name)
    if isinstance(column.dtype, pd.CategoricalDtype):
        return column.astype(object)
    return column


def _numbers(cells: pd.Series[Any]) -> pd.Series[Any]:
    """The numbers among cells, also those written as text; missing for all others."""
    if pd.api.types.is_numeric_dtype(cells.dtype):
        return cells
    if pd.api.types.is_object_dtype(cells.dtype):
        # pandas would also count the nanoseconds of a timestamp.
        cells = cells.where(cells.map(lambda value: isinstance(value, str | Number)))
    elif not pd.api.types.is_string_dtype(cells.dtype):
        return pd.Series(np.full(len(cells), np.nan))
    return pd.to_numeric(cells, errors="coerce")


def _as_array(numbers: pd.Series[Any]) -> NDArray[Any]:
    if pd.api.types.is_integer_dtype(numbers.dtype) and not numbers.hasnans:
        return numbers.to_numpy()  # a float has too few digits for large ones
    return numbers.to_numpy(dtype=np.float64, na_value=np.nan)


def _times(cells: pd.Series[Any], wanted: Mask, *, texts: bool) -> Times:
    """The times among the cells that are `wanted`; NaT for all others."""
    if not texts:
        if pd.api.types.is_object_dtype(cells.dtype):
            wanted = wanted & ~cells.map(lambda value: isinstance(value, str)).to_numpy(bool)
        elif not pd.api.types.is_datetime64_any_dtype(cells.dtype):
            wanted = np.zeros(len(cells), dtype=bool)
    if not wanted.any():
        return np.full(len(cells), _NO_TIME)
    parsed = pd.to_datetime(cells.where(wanted), errors="coerce", utc=True, format="mixed")
    return parsed.dt.tz_localize(None).to_numpy().astype("datetime64[us]")


def _since_1970(seconds: NDArray[Any]) -> Times:
    """Times from seconds, cut to microseconds; nanoseconds are rounded first, as pandas does."""
    whole = np.floor(seconds)
    nanoseconds = np.round((seconds - whole) * 1e9).astype(np.int64)
    times: Times = (whole.astype(np.int64) * 1_000_000 + nanoseconds // 1000).view("datetime64[us]")
    return times

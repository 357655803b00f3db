"""The order of plays: what the columns `position` and `played_at` say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from hybrid_rec.core.arrays import Mask, Rows
from hybrid_rec.core.errors import DataError
from hybrid_rec.core.quoting import quoted
from hybrid_rec.data.date_text import NO_TIME, Times, times_of
from hybrid_rec.data.number_times import since_1970
from hybrid_rec.data.order_cells import (
    as_array,
    as_series,
    in_format,
    native_times,
    numbers_of,
    texts_of,
)
from hybrid_rec.data.order_kind import Kind, OrderScan

ORDER_COLUMNS = ("position", "played_at")
"""Columns that tell the order of plays; the first one that a table has decides."""

_LAST_YEAR = 9999


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
    kind: Kind
    """How the column is read."""

    @property
    def sort_keys(self) -> tuple[NDArray[Any], ...]:
        """Keys for `np.lexsort`, in its order; plays without a place come last."""
        return (self.values, self.missing) if self.missing.any() else (self.values,)

    def check(self, first: int = 0) -> None:
        """Raise a DataError that names the first cell that cannot be read.

        Args:
            first: The number of the first row, for messages.
        """
        rows = np.flatnonzero(self.unreadable)
        if not len(rows):
            return
        name, row = self.column.name, int(rows[0])
        found = f"got {quoted(self.column.iloc[row])} at row {first + row}"
        if name == "position":
            raise DataError(f"position must be a number, {found}.")
        if self.kind.date_format is not None:
            raise DataError(f"{name} must be times of the form {self.kind.date_format}, {found}.")
        raise DataError(
            f"{name} must be a time, {found}; write it with its date, such as 2019-02-27 21:10, or "
            "pass --date-format (date_format= in Python)."
        )

    def times(self, first: int = 0) -> Times:
        """When each play happened, `(n,)` datetime64[us]; NaT where there is no telling.

        Args:
            first: The number of the first row, for messages.

        Raises:
            DataError: For a time outside the years 1 to 9999.
        """
        if self.kind.holds == "numbers":
            times, inside = since_1970(self.values, self.kind.unit)
        else:
            times = self.values.astype("datetime64[us]")
            years = times.astype("datetime64[Y]").astype(np.int64) + 1970
            inside = (years >= 1) & (years <= _LAST_YEAR)
        outside = np.flatnonzero(~inside & ~self.missing)
        if len(outside):
            row = int(outside[0])
            raise DataError(
                f"{self.column.name} must be in the years 1 to {_LAST_YEAR}, got "
                f"{quoted(self.column.iloc[row])} at row {first + row}; numbers are seconds, "
                "milliseconds, microseconds or nanoseconds since 1970."
            )
        return np.where(self.missing, NO_TIME, times)


def order_of(
    plays: pd.DataFrame, date_format: str | None = None
) -> tuple[tuple[NDArray[Any], ...], Times | None]:
    """Sort keys of plays for `np.lexsort`, none for the order of the table, and their times if any.

    Args:
        plays: One row a play.
        date_format: See `OrderScan`.

    Raises:
        DataError: Naming the first position or time that cannot be read.
    """
    told = []
    for name in ORDER_COLUMNS:
        if name in plays.columns:
            scan = OrderScan(name, date_format)
            scan.add(plays[name])
            told.append(read_order(plays[name], name, scan.kind()))
            told[-1].check()
    times = told[-1].times() if "played_at" in plays.columns else None
    return told[0].sort_keys if told else (), times


def read_order(column: pd.Series[Any] | pa.ChunkedArray, name: str, kind: Kind) -> PlayOrder:
    """What a column that tells the order of plays says.

    Args:
        column: Numbers, timestamps, dates or text, `(n,)`; perhaps a part of the whole column.
        name: "position" or "played_at".
        kind: How to read it, which `OrderScan` decides for the whole column.
    """
    cells = as_series(column, name)
    present = cells.notna().to_numpy(bool)
    if kind.date_format is not None:
        times = in_format(cells, present, kind.date_format)
    elif kind.holds == "times":
        times = native_times(cells, present)
        texts, rows = texts_of(cells, present & (name != "position"))
        times[rows] = times_of(texts, kind.reading)
    else:
        numbers = numbers_of(cells)
        known = numbers.notna().to_numpy(bool)
        values = np.where(known, as_array(numbers), 0)
        return PlayOrder(cells, values, ~known, present & ~known, kind)
    known = ~np.isnat(times)
    values = np.where(known, times.astype(np.int64), 0)
    return PlayOrder(cells, values, ~known, present & ~known, kind)


def first_plays(rows: Rows, owners: Rows) -> Mask:
    """Which plays are the first of their item in their playlist, `(n_plays,)`.

    Args:
        rows: The item of each play, `(n_plays,)`.
        owners: The playlist of each play, `(n_plays,)`.
    """
    order = np.lexsort((np.arange(len(rows)), rows, owners))
    rows, owners = rows[order], owners[order]
    first = np.ones(len(rows), dtype=bool)
    first[1:] = (rows[1:] != rows[:-1]) | (owners[1:] != owners[:-1])
    mask = np.zeros(len(rows), dtype=bool)
    mask[order[first]] = True
    return mask

"""How a column that tells the order of plays is read, decided once for the whole column."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import Any, Literal

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from hybrid_rec.core.arrays import Rows
from hybrid_rec.core.errors import ConfigError, DataError
from hybrid_rec.core.quoting import quoted
from hybrid_rec.data.arrow_types import TEXT
from hybrid_rec.data.date_text import READINGS, Reading, forms_of, strptime, times_of
from hybrid_rec.data.number_times import (
    COMPACT,
    UNIT_NAMES,
    UNITS,
    Unit,
    compact_dates,
    units_of,
)
from hybrid_rec.data.order_cells import as_array, as_series, native_times, numbers_of, texts_of

OPTION = "--date-format"
_HOW = "(date_format= in Python)"
_YEARS = ("%Y", "%y", "%G", "%c", "%x", "%D", "%F")


@dataclass(frozen=True)
class Kind:
    """How a column is read."""

    holds: Literal["numbers", "times"] | None
    """What is in it; None if nothing can be read."""
    unit: Unit = "s"
    """Of numbers in `played_at`."""
    reading: Reading = "day-first"
    """Of dates as text that can be read in several ways."""
    date_format: str | None = None
    """The format of `strptime` that every cell must have; None for any known form."""


@dataclass(frozen=True)
class _Cell:
    """A cell that an error may name."""

    text: str
    row: int
    file: str

    def __str__(self) -> str:
        place = f" of {self.file}" if self.file else ""
        return f"{self.text} at row {self.row}{place}"


class OrderScan:
    """Looks at a whole column, in as many parts as it comes in, and decides how it is read.

    A position is a number. A time of play is a number since 1970, of one unit in the whole column,
    or a date as text, of one reading. Timestamps and dates serve for both.

    Args:
        name: "position" or "played_at".
        date_format: "day-first", "month-first" or "year-first" for dates as text; "s", "ms", "us"
            or "ns" for numbers; or a format of `strptime` that every time has; None to find out.

    Raises:
        ConfigError: For another `date_format`.
    """

    def __init__(self, name: str, date_format: str | None = None) -> None:
        check_date_format(date_format)
        self._name = name
        self._given = None if name == "position" else date_format
        self._number: _Cell | None = None
        self._time: _Cell | None = None
        self._units: dict[int, _Cell] = {}
        self._dates: _Cell | None = None
        self._all_dates = True
        self._refuted: dict[Reading, _Cell] = {}
        self._differ: dict[tuple[Reading, Reading], list[_Cell]] = {}

    def add(self, column: pd.Series[Any] | pa.ChunkedArray, first: int = 0, file: str = "") -> None:
        """Look at the next part of the column.

        Args:
            column: Numbers, timestamps, dates or text, `(n,)`.
            first: The number of its first row, for messages.
            file: The file that it is in, for messages; "" where there is but one.
        """
        if self._format is not None:
            return
        cells = as_series(column, self._name)
        present = cells.notna().to_numpy(bool)

        def cell(row: int) -> _Cell:
            return _Cell(quoted(cells.iloc[row]), first + int(row), file)

        numbers = numbers_of(cells)
        rows = np.flatnonzero(numbers.notna().to_numpy(bool))
        if len(rows):
            self._number = self._number or cell(rows[0])
            if self._name != "position":
                self._look_at_numbers(as_array(numbers.iloc[rows]), rows, cell)
        moments = np.flatnonzero(~np.isnat(native_times(cells, present)))
        dates = self._name != "position"
        texts, rows = texts_of(cells, present & numbers.isna().to_numpy(bool) & dates)
        codes, forms = forms_of(texts)
        dated = np.array([form is not None for form in forms], dtype=bool)[codes]
        found = np.concatenate([moments, rows[dated]])
        if len(found):
            self._time = self._time or cell(found.min())
        several = np.array([form is not None and len({*form}) > 1 for form in forms], dtype=bool)
        varied = np.flatnonzero(several[codes])
        if len(varied) and self._given is None:
            self._look_at_dates(texts.take(pa.array(varied)), rows[varied], cell)

    def merge(self, later: OrderScan) -> None:
        """Take in what another scan has found in a part of the column that comes later."""
        self._number = self._number or later._number
        self._time = self._time or later._time
        self._dates = self._dates or later._dates
        self._all_dates = self._all_dates and later._all_dates
        self._units = {**later._units, **self._units}
        self._refuted = {**later._refuted, **self._refuted}
        for pair, cells in later._differ.items():
            told = self._differ.setdefault(pair, [])
            told += cells[: 2 - len(told)]

    def kind(self) -> Kind:
        """How the column is read.

        Raises:
            DataError: If it can be read in two ways, or in none, naming two rows.
        """
        if self._format is not None:
            return Kind("times", date_format=self._format)
        if self._number and self._time:
            raise DataError(
                f"{self._name} must be numbers or times, not both, but {self._number} is a number "
                f"and {self._time} is a time; write them alike."
            )
        if self._time:
            return Kind("times", reading=self._reading())
        if self._number:
            return Kind("numbers", unit=self._unit())
        return Kind(None)

    @property
    def _format(self) -> str | None:
        known = self._given is None or self._given in (*READINGS, *UNITS)
        return None if known else self._given

    def _look_at_numbers(self, numbers: NDArray[Any], rows: Rows, cell: Any) -> None:
        units = units_of(numbers)
        for unit in np.unique(units).tolist():
            if unit >= 0 and unit not in self._units:
                self._units[unit] = cell(rows[np.argmax(units == unit)])
        if self._all_dates:
            is_date = compact_dates(numbers)
            self._all_dates = bool((is_date | (units < 0)).all())
            if self._dates is None and is_date.any():
                self._dates = cell(rows[np.argmax(is_date)])

    def _look_at_dates(self, texts: pa.Array, rows: Rows, cell: Any) -> None:
        """Which readings a cell refutes, and on which cells they differ."""
        times = {reading: times_of(texts, reading) for reading in READINGS}
        sound = {reading: ~np.isnat(times[reading]) for reading in READINGS}
        readable = np.logical_or.reduce(list(sound.values()))
        for reading in READINGS:
            against = readable & ~sound[reading]
            if reading not in self._refuted and against.any():
                self._refuted[reading] = cell(rows[np.argmax(against)])
        for pair in combinations(READINGS, 2):
            mine, other = pair
            apart = sound[mine] & sound[other] & (times[mine] != times[other])
            told = self._differ.setdefault(pair, [])
            for row in np.flatnonzero(apart)[:2].tolist():
                if len(told) < 2:
                    told.append(cell(rows[row]))

    def _reading(self) -> Reading:
        if self._given in READINGS:
            return self._given
        left = [reading for reading in READINGS if reading not in self._refuted]
        if not left:
            day, month = (self._refuted[reading] for reading in READINGS[:2])
            raise DataError(
                f"{self._name} must be dates of one form, but {month} cannot be month first and "
                f"{day} cannot be day first; write them alike, or pass {OPTION} {_HOW}."
            )
        for pair in combinations(left, 2):
            told = self._differ.get(pair)
            if told:
                names = " and ".join(name.replace("-", " ") for name in pair)
                fit = "fits" if len(told) == 1 else "fit"
                raise DataError(
                    f"{self._name} must be dates that can be read in one way, but "
                    f"{' and '.join(map(str, told))} {fit} {names}, and no other row decides; pass "
                    f"{OPTION} {' or '.join(pair)}, or a format such as %d/%m/%Y {_HOW}."
                )
        return left[0]

    def _unit(self) -> Unit:
        if self._given in UNITS:
            return self._given
        if self._all_dates and self._dates is not None:
            digits = sum(letter.isdigit() for letter in self._dates.text.partition(".")[0])
            raise DataError(
                f"{self._name} must be times or numbers since 1970, but {self._dates} reads as a "
                f"date without separators; pass {OPTION} {COMPACT.get(digits, COMPACT[8])}, or "
                f"{OPTION} s if these are seconds {_HOW}."
            )
        units = sorted(unit for unit in self._units if unit < len(UNITS))
        if len(units) > 1:
            one, other = (f"{self._units[unit]} is of {UNIT_NAMES[unit]}" for unit in units[:2])
            raise DataError(
                f"{self._name} must be of one unit since 1970, but {one} and {other}; convert "
                "one of them."
            )
        return UNITS[units[0]] if units else "s"


def check_date_format(date_format: Any) -> None:
    """Raise a ConfigError unless this is a `date_format` of `OrderScan`."""
    if date_format is None:
        return
    if isinstance(date_format, str):
        if date_format in (*READINGS, *UNITS):
            return
        if any(year in date_format for year in _YEARS):
            try:
                strptime(pa.array(["x"], TEXT), date_format)
            except ValueError:
                pass
            else:
                return
    raise ConfigError(
        f"date_format must be {', '.join((*READINGS, *UNITS))}, or a format of strptime with a "
        f"year, such as %d/%m/%Y, got {quoted(date_format)}."
    )

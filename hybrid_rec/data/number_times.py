"""Times as numbers since 1970: in which unit, and whether they are dates without separators."""

from __future__ import annotations

from typing import Any, Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hybrid_rec.core.arrays import Mask, Rows
from hybrid_rec.data.date_text import Times

Unit = Literal["s", "ms", "us", "ns"]
UNITS: tuple[Unit, ...] = get_args(Unit)
UNIT_NAMES = ("seconds", "milliseconds", "microseconds", "nanoseconds")

# From here on a number is of the next finer unit: seconds until the year 5138, milliseconds since
# March 1973, and so on. Beyond the last one no unit is left.
_BOUNDS = (1e11, 1e14, 1e17, 2.0**63)
_A_SECOND = {"s": 1, "ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}
# The years 1 to 9999 in seconds since 1970.
_FIRST_SECOND, _END_SECOND = -62_135_596_800, 253_402_300_800
# Digits of a date without separators, and its format.
COMPACT = {8: "%Y%m%d", 10: "%Y%m%d%H", 12: "%Y%m%d%H%M", 14: "%Y%m%d%H%M%S"}
_FIRST_YEAR, _LAST_YEAR = 1900, 2100


def units_of(numbers: NDArray[Any]) -> Rows:
    """The unit of each number by its size, `(n,)`: its place in UNITS; 4 for none of them.

    0, which every unit has, and NaN get -1.
    """
    size = np.abs(numbers.astype(np.float64))
    units = np.digitize(size, _BOUNDS).astype(np.int64)
    units[(size == 0) | np.isnan(size)] = -1
    return units


def compact_dates(numbers: NDArray[Any]) -> Mask:
    """Which numbers read as dates without separators, such as 20190228, `(n,)`."""
    values = np.where(np.isfinite(numbers.astype(np.float64)), numbers, 0)
    whole = (values >= 10**7) & (values < 10**14) & (values == np.floor(values))
    digits = np.where(whole, values, 0).astype(np.int64)
    found = np.zeros(len(digits), dtype=bool)
    for size in COMPACT:
        rest = digits // 10 ** (size - 8)
        year, month, day = rest // 10_000, rest // 100 % 100, rest % 100
        is_date = (year >= _FIRST_YEAR) & (year <= _LAST_YEAR) & (month >= 1) & (month <= 12)
        is_date &= (day >= 1) & (day <= 31)
        for place, most in ((10, 23), (12, 59), (14, 59)):
            if size >= place:
                is_date &= digits // 10 ** (size - place) % 100 <= most
        found |= is_date & (digits >= 10 ** (size - 1)) & (digits < 10**size)
    return found


def since_1970(numbers: NDArray[Any], unit: Unit) -> tuple[Times, Mask]:
    """Times from numbers, `(n,)`, cut to microseconds, and which are in the years 1 to 9999."""
    per_second = _A_SECOND[unit]
    inside = (numbers >= _FIRST_SECOND * per_second) & (numbers < _END_SECOND * per_second)
    numbers = np.where(inside, numbers, 0)
    # A float has too few digits for large whole numbers.
    whole = numbers if numbers.dtype.kind in "iu" else np.floor(numbers)
    # Nanoseconds are rounded first, as pandas does.
    nanoseconds = np.round((numbers - whole) * (1_000_000_000 // per_second)).astype(np.int64)
    ticks = whole.astype(np.int64)
    if per_second > 1_000_000:
        return (ticks // 1000).view("datetime64[us]"), inside
    micros = ticks * (1_000_000 // per_second) + nanoseconds // 1000
    return micros.view("datetime64[us]"), inside


def as_digits(numbers: pd.Series[Any]) -> pd.Series[Any]:
    """Whole numbers written out, for a format such as %Y%m%d; all others as they are."""

    def written(value: Any) -> Any:
        is_whole = isinstance(value, float | np.floating) and float(value).is_integer()
        return str(int(value)) if is_whole else str(value)

    return numbers.astype(object).map(written, na_action="ignore")

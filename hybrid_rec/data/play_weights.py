"""Weights of plays: ratings, counts or seconds, and how much each play counts by them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd

from hybrid_rec.core.arrays import Doubles, Floats, Mask, Rows
from hybrid_rec.core.errors import DataError
from hybrid_rec.core.quoting import quoted

WEIGHT = "weight"
MOST = 4.0
"""A play counts at most so many times as much as the mean one of its playlist."""
_LARGEST = 1e30
_READ = (str, int, float, np.integer, np.floating, Decimal)


def weight_column(column: pd.Series[Any], left_out: Mask | None = None) -> Floats:
    """The weights in a column of plays, `(n,)` float32.

    Args:
        column: Numbers, or text that is written like them.
        left_out: Rows that are no plays, `(n,)`, and get 0.

    Raises:
        DataError: Naming the first row that holds none.
    """
    values = numbers_or_nan(column)
    if left_out is not None:
        values[left_out] = 0
    bad = np.isnan(values)
    if bad.any():
        row = int(np.flatnonzero(bad)[0])
        raise DataError(
            f"{WEIGHT} must be a finite number in each row, got {quoted(column.iloc[row])} at row "
            f"{row}; fill it in, or leave the row or the column out."
        )
    return values.astype(np.float32)


def numbers_or_nan(column: pd.Series[Any]) -> Doubles:
    """The weights in a column, NaN for those that cannot be read, `(n,)`."""
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        return np.full(len(column), np.nan)
    if pd.api.types.is_object_dtype(column.dtype):
        # What is neither a number nor text may be anything.
        column = column.map(lambda cell: cell if isinstance(cell, _READ) else np.nan)
    if pd.api.types.is_complex_dtype(column.dtype):
        return np.full(len(column), np.nan)
    try:
        numbers = pd.to_numeric(column, errors="coerce")
    except (TypeError, ValueError, OverflowError):
        return np.full(len(column), np.nan)
    values: Doubles = np.array(numbers.to_numpy(dtype=np.float64, na_value=np.nan))
    values[~(np.abs(values) <= _LARGEST)] = np.nan
    return values


def relative(weights: Floats, owners: Rows, n_playlists: int) -> Floats:
    """How much each play counts, `(n,)` float32: its weight by the mean one of its playlist.

    At most `MOST`. In a playlist of equal weights each play counts 1, whatever they are.

    Args:
        weights: Above 0, `(n,)`.
        owners: The playlist of each play, `(n,)`.
        n_playlists: How many there are.
    """
    values = weights.astype(np.float64)
    sums = np.bincount(owners, values, minlength=n_playlists)
    means = sums / np.maximum(np.bincount(owners, minlength=n_playlists), 1)
    shares: Floats = np.minimum(values / means[owners], MOST).astype(np.float32)
    return shares

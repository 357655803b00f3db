"""Weights of plays: ratings, counts or seconds, and how much each play counts by them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from hybrid_rec.core.arrays import Floats, Mask
from hybrid_rec.core.errors import DataError
from hybrid_rec.core.quoting import quoted

WEIGHT = "weight"
MOST = 4.0
"""A play counts at most so many times as much as the mean one."""
_LARGEST = 1e30


def weight_column(column: pd.Series[Any], left_out: Mask | None = None) -> Floats:
    """The weights in a column of plays, `(n,)` float32.

    Args:
        column: Numbers, or text that is written like them.
        left_out: Rows that are no plays, `(n,)`, and get 0.

    Raises:
        DataError: Naming the first row that holds none.
    """
    values, bad = read_weights(column)
    if left_out is not None:
        bad &= ~left_out
        values[left_out] = 0
    if bad.any():
        row = int(np.flatnonzero(bad)[0])
        raise DataError(
            f"{WEIGHT} must be a finite number in each row, got {quoted(column.iloc[row])} at row "
            f"{row}; fill it in, or leave the row or the column out."
        )
    return values


def read_weights(column: pd.Series[Any]) -> tuple[Floats, Mask]:
    """The weights in a column, 0 for those that cannot be read, and which these are, `(n,)`."""
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        return np.zeros(len(column), np.float32), np.ones(len(column), dtype=bool)
    numbers = pd.to_numeric(column, errors="coerce")
    values = np.array(numbers.to_numpy(dtype=np.float64, na_value=np.nan))
    bad: Mask = ~(np.abs(values) <= _LARGEST)
    values[bad] = 0
    return values.astype(np.float32), bad


def relative(weights: Floats) -> Floats:
    """How much each play counts, `(n,)` float32: in proportion to the mean one, at most `MOST`.

    Equal weights count 1, whatever they are.

    Args:
        weights: Above 0, `(n,)`.
    """
    if not len(weights) or weights.min() == weights.max():
        return np.ones(len(weights), np.float32)
    values = weights.astype(np.float64)
    shares: Floats = np.minimum(values / values.mean(), MOST).astype(np.float32)
    return shares

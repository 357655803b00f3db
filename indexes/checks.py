"""Checks of arguments that all indexes share."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from indexes.base import Mask, Rows, VectorIndexError, Vectors

LARGEST = 1e12
"""Of numbers in files that vectors are made of: with larger ones scores would not be finite."""


def as_vectors(values: ArrayLike, dim: int | None, what: str) -> Vectors:
    """`values` as a C-contiguous float32 matrix with `dim` columns.

    Raises:
        VectorIndexError: For another shape, NaN or infinity, saying which row is wrong.
    """
    try:
        vectors = np.ascontiguousarray(values, dtype=np.float32)
    except (TypeError, ValueError):
        raise VectorIndexError(f"{what} must be a matrix of numbers, got {values!r:.80}.") from None
    wanted = "dim" if dim is None else str(dim)
    if vectors.ndim != 2 or (dim is not None and vectors.shape[1] != dim):
        raise VectorIndexError(f"{what} must have shape (n, {wanted}), got {vectors.shape}.")
    finite = np.isfinite(vectors).all(axis=1)
    if not finite.all():
        raise VectorIndexError(
            f"{what} must be finite, but row {int(np.flatnonzero(~finite)[0])} "
            "holds NaN or infinity."
        )
    return vectors


def check_k(k: Any) -> int:
    """`k` as an int of at least 1.

    Raises:
        VectorIndexError: For anything else.
    """
    if isinstance(k, bool) or not isinstance(k, int | np.integer) or k < 1:
        raise VectorIndexError(f"k must be an integer of at least 1, got {k!r:.200}.")
    return int(k)


def check_rows(rows: Any, n_rows: int, what: str) -> Rows:
    """`rows` as int64, each in [0, n_rows).

    Raises:
        VectorIndexError: Naming the first row out of range.
    """
    checked = np.asarray(rows, dtype=np.int64).reshape(-1)
    wrong = (checked < 0) | (checked >= n_rows)
    if wrong.any():
        raise VectorIndexError(f"{what} must be in [0, {n_rows}), got {checked[wrong][0]}.")
    return checked


def allowed_mask(n_rows: int, allow: Rows | None, block: Rows | None) -> Mask | None:
    """Which rows a search may return, `(n_rows,)` bool, or None if all may."""
    if allow is None and block is None:
        return None
    mask = np.full(n_rows, allow is None)
    if allow is not None:
        mask[check_rows(allow, n_rows, "allow")] = True
    if block is not None:
        mask[check_rows(block, n_rows, "block")] = False
    return mask

"""How much each dimension counts in the geometry of an approximate index.

A score is the sum of `w q x` over the dimensions, with weights w, a query q and a vector x. An
approximate index finds vectors that are near in its own geometry. If dimensions with a small weight
count fully there, it misses most of the best rows. So the index holds `s x` and is asked for
`w q / s`, which has the same scores. With s near the square root of w, vectors are near to each
other if they score high for each other. Queries may use other weights than those that s was made
for; the more they differ, the more rows are missed.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike

from indexes.arrays import load_array
from indexes.base import VectorIndexError, Vectors
from indexes.checks import as_vectors

# What is divided by a scale must stay far from the largest number of single precision.
_LARGEST_EXPONENT = 16


def as_scale(scale: ArrayLike, dim: int, what: str = "scale") -> Vectors:
    """A scale `(dim,)`, checked; `what` names it in errors.

    Raises:
        VectorIndexError: For another shape, or anything but powers of two near 1.
    """
    checked: Vectors = as_vectors(np.atleast_2d(np.asarray(scale)), dim, what)[0]
    mantissas, exponents = np.frexp(checked)
    if not (mantissas == 0.5).all() or (np.abs(exponents - 1) > _LARGEST_EXPONENT).any():
        raise VectorIndexError(
            f"{what} must hold powers of two from 2^-{_LARGEST_EXPONENT} to 2^{_LARGEST_EXPONENT}."
        )
    return checked


def load_scale(path: Path, dim: int) -> Vectors:
    """The scale in a `.npy` file.

    Raises:
        VectorIndexError: If it is missing, damaged or no scale of `dim` dimensions.
    """
    return as_scale(load_array(path, [np.float32], (dim,)), dim, str(path))

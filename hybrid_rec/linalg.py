"""Rows of length one."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import sparse


def unit_rows(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Rows of length 1, `(n, dim)` float32; zero rows stay zero."""
    norms = np.sqrt((vectors * vectors).sum(axis=1, keepdims=True))
    units: NDArray[np.float32] = np.divide(
        vectors, norms, out=np.zeros_like(vectors), where=norms > 0
    )
    return units


def unit_sparse_rows(matrix: sparse.csr_array) -> sparse.csr_array:
    """Rows of length 1, float32; empty rows stay empty."""
    norms = np.sqrt(np.asarray(matrix.multiply(matrix).sum(axis=1)).ravel())
    scaled = sparse.csr_array(matrix, dtype=np.float32, copy=True)
    scaled.data /= np.repeat(norms, np.diff(scaled.indptr)).astype(np.float32)
    return scaled

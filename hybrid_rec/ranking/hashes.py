"""Hashes of sets of items, and draws that follow from nothing but what is drawn from."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from hybrid_rec.core.arrays import Rows

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)


def mixed(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """The mixed bits of each number: different numbers give different ones, as if at random.

    References:
        Steele et al., "Fast Splittable Pseudorandom Number Generators", OOPSLA 2014.
    """
    bits = values + _GOLDEN
    bits = (bits ^ (bits >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    bits = (bits ^ (bits >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return bits ^ (bits >> np.uint64(31))


def set_hashes(holds: sparse.csr_array) -> NDArray[np.uint64]:
    """A hash of the columns of each line, whatever their order, `(n_lines,)`; 0 for none.

    It is the sum of the mixed bits of the column numbers, so two different sets have the same one
    by chance in 2^64.
    """
    bits = mixed(holds.indices.astype(np.uint64))
    sums = np.concatenate([np.zeros(1, np.uint64), np.cumsum(bits, dtype=np.uint64)])
    hashes: NDArray[np.uint64] = sums[holds.indptr[1:]] - sums[holds.indptr[:-1]]
    return hashes


def shortened(
    holds: sparse.csr_array, most: int, lines: Rows | None = None, columns: Rows | None = None
) -> sparse.csr_array:
    """The same lines with `most` entries each at most; the matrix itself if none is longer.

    What is kept of a longer line depends on its number and its columns alone: most of it stays when
    the line grows, and no other line has a part in it.

    Args:
        holds: `(n_lines, n_columns)`, no column twice in a line.
        most: Entries of a line, at least 1.
        lines: The number of each line where these are a part of all, `(n_lines,)`.
        columns: The number of each column where these are a part of all, `(n_columns,)`.
    """
    sizes = np.diff(holds.indptr)
    longer = np.flatnonzero(sizes > most)
    if not len(longer):
        return holds
    kept = np.ones(holds.nnz, dtype=bool)
    for line in longer.tolist():
        span = slice(holds.indptr[line], holds.indptr[line + 1])
        salt = mixed(np.array([line if lines is None else lines[line]], np.uint64))
        indices = holds.indices[span]
        numbers = indices if columns is None else columns[indices]
        draws = mixed(numbers.astype(np.uint64) ^ salt)
        kept[span] = draws <= np.partition(draws, most - 1)[most - 1]
    indptr = np.concatenate([[0], np.cumsum(np.minimum(sizes, most))])
    return sparse.csr_array(
        (holds.data[kept], holds.indices[kept], indptr.astype(holds.indptr.dtype)),
        shape=holds.shape,
    )

"""Sparse blocks as posting lists: for each column, the rows that have a value there."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from scipy import sparse

from indexes.base import Rows, VectorIndexError, Vectors

# If the lists of a query hold more than this share of all rows, they are added up in an array of
# all rows, which is faster than sorting them.
_COUNT_SHARE = 0.05
# Lists take memory even for columns without rows, so a small file could ask for any amount of it.
_MOST_EMPTY = 1 << 20


Listed = tuple[Rows, Vectors]
"""The rows in the posting lists of a query, ascending, and their scores from sparse blocks."""


class PostingLists:
    """The rows that the sparse blocks of a query touch, and their scores.

    Args:
        blocks: Sparse blocks by name, each `(n_rows, n_columns)` as `as_block` returns them.
        n_rows: Number of rows.

    Raises:
        VectorIndexError: If a block has more than a million columns, most of them empty.
    """

    def __init__(self, blocks: Mapping[str, sparse.csr_array], n_rows: int) -> None:
        for name, block in blocks.items():
            most = max(block.nnz, _MOST_EMPTY)
            if block.shape[1] > most:
                raise VectorIndexError(
                    f"block {name!r} must have at most {most} columns, got {block.shape[1]}."
                )
        self._columns = {name: block.tocsc() for name, block in blocks.items()}
        self._n_rows = n_rows

    def scores(self, queries: Mapping[str, sparse.csr_array], number: int) -> Listed:
        """The rows in the posting lists of one query, ascending, and their scores.

        Args:
            queries: Weighted sparse blocks of some queries, by name.
            number: Which of the queries.
        """
        rows: list[Rows] = []
        parts: list[Vectors] = []
        for name, block in queries.items():
            columns = self._columns[name]
            for at in range(block.indptr[number], block.indptr[number + 1]):
                column = block.indices[at]
                span = slice(columns.indptr[column], columns.indptr[column + 1])
                rows.append(columns.indices[span])
                parts.append(columns.data[span] * block.data[at])
        if not rows:
            return np.empty(0, np.int64), np.empty(0, np.float32)
        listed, values = np.concatenate(rows), np.concatenate(parts)
        if len(listed) > _COUNT_SHARE * self._n_rows:
            # A row that is not listed has a score of 0 and is dropped here.
            scores = np.bincount(listed, weights=values, minlength=self._n_rows)
            distinct = np.flatnonzero(scores)
            return distinct, scores[distinct].astype(np.float32)
        distinct, place = np.unique(listed, return_inverse=True)
        scores = np.bincount(place, weights=values, minlength=len(distinct))
        return distinct.astype(np.int64), scores.astype(np.float32)


def as_block(matrix: sparse.csr_array, n_rows: int, name: str) -> sparse.csr_array:
    """A sparse block as float32, with sorted columns and no entry twice.

    Raises:
        VectorIndexError: For another number of rows, NaN or infinity.
    """
    block = sparse.csr_array(matrix, dtype=np.float32)
    block.sum_duplicates()
    if block.shape[0] != n_rows:
        raise VectorIndexError(f"block {name!r} must have {n_rows} rows, got {block.shape[0]}.")
    if not np.isfinite(block.data).all():
        raise VectorIndexError(f"block {name!r} must be finite, but holds NaN or infinity.")
    return block

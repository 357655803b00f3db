"""Neighbours by shared items: playlists like a query, and items that share playlists."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from scipy import sparse

from hybrid_rec.core.arrays import Doubles, Rows

SHRINKAGE = 5.0
"""Of similarities that rest on few playlists; see `evaluation.recommenders.item_knn.ItemKNN`."""
# Entries of item-item products that are held at once, at 16 bytes each and some copies.
_PRODUCTS = 1 << 22


class PlaylistNeighbours:
    """The playlists most like a query, by the cosine of inverse document frequencies.

    With `P(i)` the playlists that hold column i, the weight of a column is `idf(i) =
    ln(n_playlists / |P(i)|)`. A column is an item, or an artist.

    Args:
        holds: Which columns stand in which playlist, and how strongly, `(n_playlists, n)`.
    """

    def __init__(self, holds: sparse.csr_array) -> None:
        held_by = np.bincount(holds.indices, minlength=holds.shape[1])
        self.idf: Doubles = np.log(holds.shape[0] / np.maximum(held_by, 1))
        self._weighted = self._weigh(holds).T.tocsr()

    def near(self, queries: sparse.csr_array, n: int) -> sparse.csr_array:
        """Cosines of the n nearest playlists of each query, largest first; earlier ones of equals.

        Args:
            queries: `(n_queries, n_columns)`.
            n: Playlists wanted.
        """
        return strongest(self._weigh(queries) @ self._weighted, n)

    def _weigh(self, holds: sparse.csr_array) -> sparse.csr_array:
        """Unit vectors of inverse document frequencies, float64."""
        weights = sparse.csr_array(holds, dtype=np.float64, copy=True)
        weights.data *= self.idf[weights.indices]
        owners = np.repeat(np.arange(weights.shape[0]), np.diff(weights.indptr))
        norms = np.sqrt(np.bincount(owners, weights.data**2, minlength=weights.shape[0]))
        weights.data /= np.where(norms > 0, norms, 1.0)[owners]
        return weights


def item_similarities(
    holds: sparse.csr_array, n_neighbours: int, shrinkage: float
) -> sparse.csr_array:
    """Shrunk cosines of columns that share playlists, the strongest of each, `(n, n)` float64.

    With `P(i)` the playlists that hold column i,

        s(i, j) = |P(i) & P(j)| / (sqrt(|P(i)| |P(j)|) + shrinkage);

    a column is no neighbour of itself, and of equally near ones the first are kept.
    """
    held = sparse.csr_array(holds, dtype=np.float64, copy=True)
    held.data[:] = 1
    held_by = held.T.tocsr()
    sizes = np.diff(held_by.indptr).astype(np.float64)
    parts = []
    for columns in _lots(held, held_by):
        together = held_by[columns] @ held
        rows = np.repeat(columns, np.diff(together.indptr))
        together.data /= np.sqrt(sizes[rows] * sizes[together.indices]) + shrinkage
        together.data[rows == together.indices] = 0
        parts.append(strongest(together, n_neighbours))
    if not parts:
        return sparse.csr_array((holds.shape[1], holds.shape[1]), dtype=np.float64)
    return sparse.csr_array(sparse.vstack(parts, format="csr"))


def strongest(matrix: sparse.csr_array, n: int) -> sparse.csr_array:
    """The n largest positive entries of each line, largest first, the leftmost of equal ones."""
    kept = matrix.data > 0
    for line in np.flatnonzero(np.diff(matrix.indptr) > n).tolist():
        span = slice(matrix.indptr[line], matrix.indptr[line + 1])
        kept[span] &= matrix.data[span] >= np.partition(matrix.data[span], -n)[-n]
    lines = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))[kept]
    columns, data = matrix.indices[kept], matrix.data[kept]
    order = np.lexsort((columns, -data, lines))
    sizes = np.bincount(lines, minlength=matrix.shape[0])
    place = np.arange(len(lines)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    chosen = order[place < n]
    indptr = np.concatenate([[0], np.cumsum(np.minimum(sizes, n))])
    return sparse.csr_array((data[chosen], columns[chosen], indptr), shape=matrix.shape)


def first_of_each_line(matrix: sparse.csr_array, n: int) -> sparse.csr_array:
    """The first n stored entries of each line."""
    sizes = np.diff(matrix.indptr)
    place = np.arange(matrix.nnz) - np.repeat(matrix.indptr[:-1], sizes)
    kept = place < n
    indptr = np.concatenate([[0], np.cumsum(np.minimum(sizes, n))])
    return sparse.csr_array((matrix.data[kept], matrix.indices[kept], indptr), shape=matrix.shape)


def _lots(holds: sparse.csr_array, held_by: sparse.csr_array) -> Iterator[Rows]:
    """Consecutive columns whose products with all columns fit into memory together."""
    lengths = np.diff(holds.indptr).astype(np.float64)
    costs: Doubles = np.minimum(held_by @ lengths, holds.shape[1])
    lot = np.cumsum(costs) // _PRODUCTS
    return iter(np.split(np.arange(len(costs)), np.flatnonzero(np.diff(lot)) + 1))

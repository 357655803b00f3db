"""Neighbours by shared items: playlists like a query, and items that share playlists."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from hybrid_rec.core.arrays import Doubles, Floats, Rows
from hybrid_rec.core.progress import Advance, silent, spread

STEPS = 20
"""Units that a progress bar is told of while the similarities of items are counted."""
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

    def near(
        self, queries: sparse.csr_array, n: int, without: sparse.csr_array | None = None
    ) -> sparse.csr_array:
        """Cosines of the n nearest playlists of each query, largest first; earlier ones of equals.

        Args:
            queries: `(n_queries, n_columns)`.
            n: Playlists wanted.
            without: Ones for playlists that are no neighbours of a query, `(n_queries,
                n_playlists)`; None for none.
        """
        cosines = sparse.csr_array(self._weigh(queries) @ self._weighted)
        if without is not None and without.nnz:
            cosines = sparse.csr_array(cosines - cosines * without)
        return strongest(cosines, n)

    def _weigh(self, holds: sparse.csr_array) -> sparse.csr_array:
        """Unit vectors of inverse document frequencies, float64."""
        weights = sparse.csr_array(holds, dtype=np.float64, copy=True)
        weights.data *= self.idf[weights.indices]
        owners = np.repeat(np.arange(weights.shape[0]), np.diff(weights.indptr))
        norms = np.sqrt(np.bincount(owners, weights.data**2, minlength=weights.shape[0]))
        weights.data /= np.where(norms > 0, norms, 1.0)[owners]
        return weights


def item_similarities(
    holds: sparse.csr_array, n_neighbours: int, shrinkage: float, advance: Advance = silent
) -> sparse.csr_array:
    """Shrunk cosines of columns that share playlists, the strongest of each, `(n, n)` float64.

    With `P(i)` the playlists that hold column i,

        s(i, j) = |P(i) & P(j)| / (sqrt(|P(i)| |P(j)|) + shrinkage);

    a column is no neighbour of itself, and of equally near ones the first are kept.

    Args:
        holds: Which columns stand in which playlist, `(n_playlists, n)`.
        n_neighbours: Neighbours kept of each column.
        shrinkage: Of similarities that rest on few playlists.
        advance: Told `STEPS` units in all.
    """
    columns = np.arange(holds.shape[1])
    return similarities_of(columns, Company.of(holds), n_neighbours, shrinkage, advance)


@dataclass(frozen=True, eq=False)
class Company:
    """Which columns stand in which playlists, looked at from both sides."""

    held: sparse.csr_array
    """Ones, `(n_playlists, n)` float64."""
    held_by: sparse.csr_array
    """The same the other way round, `(n, n_playlists)`."""
    sizes: Doubles
    """Playlists of each column, `(n,)`."""

    @classmethod
    def of(cls, holds: sparse.csr_array) -> Company:
        """Of the entries of `holds`, whatever their values."""
        held = sparse.csr_array(holds, dtype=np.float64, copy=True)
        held.data[:] = 1
        held_by = held.T.tocsr()
        return cls(held, held_by, np.diff(held_by.indptr).astype(np.float64))

    def beside(self, columns: Rows) -> sparse.csr_array:
        """How many playlists each of some columns shares with every column, `(n_some, n)`."""
        return self.held_by[columns] @ self.held

    def lots(self, columns: Rows) -> list[Rows]:
        """The columns in lots whose products with all columns fit into memory together."""
        lengths = np.diff(self.held.indptr).astype(np.float64)
        costs: Doubles = np.minimum(self.held_by @ lengths, self.held.shape[1])[columns]
        lot = np.cumsum(costs) // _PRODUCTS
        parts = np.split(columns, np.flatnonzero(np.diff(lot)) + 1)
        return [part for part in parts if len(part)]


def similarities_of(
    columns: Rows,
    company: Company,
    n_neighbours: int,
    shrinkage: float,
    advance: Advance = silent,
) -> sparse.csr_array:
    """What `item_similarities` says of some columns, `(n_some, n)` float64.

    Args:
        columns: Which they are.
        company: What is counted.
        n_neighbours: Neighbours kept of each column.
        shrinkage: Of similarities that rest on few playlists.
        advance: Told `STEPS` units in all.
    """
    sizes = company.sizes
    parts = []
    for lot in spread(advance, STEPS, company.lots(columns)):
        together = company.beside(lot)
        rows = np.repeat(lot, np.diff(together.indptr))
        together.data /= np.sqrt(sizes[rows] * sizes[together.indices]) + shrinkage
        together.data[rows == together.indices] = 0
        parts.append(strongest(together, n_neighbours))
    if not parts:
        return sparse.csr_array((len(columns), len(sizes)), dtype=np.float64)
    return sparse.csr_array(sparse.vstack(parts, format="csr"))


def strongest(matrix: sparse.csr_array, n: int) -> sparse.csr_array:
    """The n largest positive entries of each line, largest first, the leftmost of equal ones."""
    if not matrix.has_sorted_indices:
        matrix = matrix.sorted_indices()
    kept = matrix.data > 0
    # Exactly n of each long line, so that hardly more is sorted than is kept.
    for line in np.flatnonzero(np.diff(matrix.indptr) > n).tolist():
        span = slice(matrix.indptr[line], matrix.indptr[line + 1])
        values = matrix.data[span]
        least = np.partition(values, -n)[-n]
        chosen = values > least
        chosen[np.flatnonzero(values == least)[: n - np.count_nonzero(chosen)]] = True
        kept[span] &= chosen
    lines = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))[kept]
    columns, data = matrix.indices[kept], matrix.data[kept]
    order = np.lexsort((-data, lines))
    indptr = np.concatenate([[0], np.cumsum(np.bincount(lines, minlength=matrix.shape[0]))])
    return sparse.csr_array((data[order], columns[order], indptr), shape=matrix.shape)


def strongest_of_dense(matrix: Floats, n: int) -> sparse.csr_array:
    """The same of a matrix without gaps, `(n_lines, n_columns)`."""
    kept = matrix > 0
    if matrix.shape[1] > n:
        kept &= matrix >= np.partition(matrix, -n, axis=1)[:, -n, None]
    lines, columns = np.divmod(np.flatnonzero(kept), max(matrix.shape[1], 1))
    sizes = np.bincount(lines, minlength=len(matrix))
    indptr = np.concatenate([[0], np.cumsum(sizes)])
    return strongest(
        sparse.csr_array((matrix[lines, columns], columns, indptr), shape=matrix.shape), n
    )


def first_of_each_line(matrix: sparse.csr_array, n: int) -> sparse.csr_array:
    """The first n stored entries of each line."""
    sizes = np.diff(matrix.indptr)
    place = np.arange(matrix.nnz) - np.repeat(matrix.indptr[:-1], sizes)
    kept = place < n
    indptr = np.concatenate([[0], np.cumsum(np.minimum(sizes, n))])
    return sparse.csr_array((matrix.data[kept], matrix.indices[kept], indptr), shape=matrix.shape)

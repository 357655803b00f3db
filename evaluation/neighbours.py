"""Nearest-neighbour baselines: items that share playlists, and playlists that share items."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from evaluation.base import Baseline, Candidates, check_real, check_whole, sparse_candidates
from hybrid_rec.catalog import Catalog, RowArray
from hybrid_rec.playlists import Playlists

# Entries of item-item products that are held at once, at 16 bytes each and some copies.
_PRODUCTS = 1 << 22


class ItemKNN(Baseline):
    """Items that were often in one playlist with the seeds.

    With `P(i)` the training playlists that hold item i, the similarity of two items is

        s(i, j) = |P(i) & P(j)| / (sqrt(|P(i)| |P(j)|) + shrinkage),

    their cosine if `shrinkage` is 0; an item is no neighbour of itself. The score of item j is
    the sum of `s(i, j)` over the different seeds i that have j among their nearest
    `n_neighbours`; equally near items are taken in catalogue order.

    Args:
        n_neighbours: Neighbours kept of each item, at least 1.
        shrinkage: What draws similarities that rest on few playlists towards 0, at least 0. The
            plain cosine is 1 for two items played once, side by side; on the validation parts of
            four real data sets 5 was better than 0 on each.

    Raises:
        ConfigError: If a parameter is out of range.

    References:
        Sarwar, Karypis, Konstan and Riedl, "Item-Based Collaborative Filtering Recommendation
        Algorithms", WWW 2001. Ferrari Dacrema, Cremonesi and Jannach, "Are We Really Making Much
        Progress?", RecSys 2019, for the shrinkage and the method's strength when tuned.
    """

    name = "item-knn"

    def __init__(self, n_neighbours: int = 200, shrinkage: float = 5.0) -> None:
        super().__init__()
        check_whole(self, "n_neighbours", n_neighbours)
        check_real(self, "shrinkage", shrinkage)
        self.n_neighbours = n_neighbours
        self.shrinkage = shrinkage

    def _fit(self, playlists: Playlists, catalog: Catalog) -> None:
        del catalog
        holds = playlists.matrix().astype(np.float64)
        held_by = holds.T.tocsr()
        sizes = np.diff(held_by.indptr).astype(np.float64)
        parts = []
        for items in _lots(holds, held_by):
            together = held_by[items] @ holds
            rows = np.repeat(items, np.diff(together.indptr))
            together.data /= np.sqrt(sizes[rows] * sizes[together.indices]) + self.shrinkage
            together.data[rows == together.indices] = 0
            parts.append(strongest(together, self.n_neighbours))
        self._similarities = sparse.csr_array(sparse.vstack(parts, format="csr"))

    def _candidates(self, queries: Playlists, k: int) -> Iterator[Candidates]:
        del k
        return sparse_candidates(queries.matrix().astype(np.float64) @ self._similarities)


class PlaylistKNN(Baseline):
    """What the training playlists most like the query hold.

    The similarity of the query q and a training playlist p is the cosine of their vectors of
    inverse document frequencies,

        s(q, p) = sum_{i in q & p} idf(i)^2 / (|q| |p|),   |x|^2 = sum_{i in x} idf(i)^2,

    with `idf(i) = ln(n_playlists / |P(i)|)`. The score of item j is the sum of `s(q, p)` over the
    `n_neighbours` most similar playlists p that hold j; equally similar playlists are taken in
    order of training. Items in q and p count once, whatever their order.

    It is V-SKNN but for its weights by position: a playlist is asked to be continued as a whole,
    not after its last item. An item in every training playlist has the weight 0 in similarities.

    Args:
        n_neighbours: Playlists that vote, at least 1.

    Raises:
        ConfigError: If the parameter is out of range.

    References:
        Ludewig and Jannach, "Evaluation of Session-based Recommendation Algorithms", User
        Modeling and User-Adapted Interaction 2018 (V-SKNN). Bendada, Salha-Galvan, Bouabça and
        Cazenave, "A Scalable Framework for Automatic Playlist Continuation on Music Streaming
        Services", SIGIR 2023, where it is a very strong baseline.
    """

    name = "playlist-knn"

    def __init__(self, n_neighbours: int = 100) -> None:
        super().__init__()
        check_whole(self, "n_neighbours", n_neighbours)
        self.n_neighbours = n_neighbours

    def _fit(self, playlists: Playlists, catalog: Catalog) -> None:
        del catalog
        self._holds = playlists.matrix().astype(np.float64)
        self._idf = np.log(len(playlists) / np.maximum(playlists.playlist_counts, 1))
        self._weighted = self._weigh(playlists).T.tocsr()

    def _candidates(self, queries: Playlists, k: int) -> Iterator[Candidates]:
        del k
        near = strongest(self._weigh(queries) @ self._weighted, self.n_neighbours)
        return sparse_candidates(near @ self._holds)

    def _weigh(self, playlists: Playlists) -> sparse.csr_array:
        """Unit vectors of inverse document frequencies, `(n_playlists, n_items)` float64."""
        weights = playlists.matrix().astype(np.float64)
        weights.data *= self._idf[weights.indices]
        owners = np.repeat(np.arange(len(playlists)), np.diff(weights.indptr))
        norms = np.sqrt(np.bincount(owners, weights.data**2, minlength=len(playlists)))
        weights.data /= np.where(norms > 0, norms, 1.0)[owners]
        return weights


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


def _lots(holds: sparse.csr_array, held_by: sparse.csr_array) -> Iterator[RowArray]:
    """Consecutive items whose products with all items fit into memory together."""
    lengths = np.diff(holds.indptr).astype(np.float64)
    costs: NDArray[np.float64] = np.minimum(held_by @ lengths, holds.shape[1])
    lot = np.cumsum(costs) // _PRODUCTS
    return iter(np.split(np.arange(len(costs)), np.flatnonzero(np.diff(lot)) + 1))

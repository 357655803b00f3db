"""Own playlists: what was learned from the queries themselves, which tells them nothing."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from hybrid_rec.core.arrays import Mask
from hybrid_rec.ranking.hashes import set_hashes


class OwnPlaylists:
    """Finds the playlist that was learned from a query: the one that has the very same items.

    It is left out of the neighbours of the query, for it holds nothing but the query's items.

    Args:
        holds: Which items stand in which playlist, `(n_playlists, n_items)`.
        first: The number of the first playlist that was learned from queries.
    """

    def __init__(self, holds: sparse.csr_array, first: int) -> None:
        hashes = set_hashes(holds)
        self._fitted = np.sort(hashes[:first])
        self._order = first + np.argsort(hashes[first:], kind="stable")
        self._learned = hashes[self._order]
        self._n_playlists = len(hashes)

    def is_fitted(self, queries: sparse.csr_array) -> Mask:
        """Which queries have the very items of a playlist of the fit, `(n_queries,)`.

        Args:
            queries: Which items stand in them, `(n_queries, n_items)`.
        """
        wanted = set_hashes(queries)
        found: Mask = np.searchsorted(self._fitted, wanted, side="right") > np.searchsorted(
            self._fitted, wanted
        )
        return found

    def of(self, queries: sparse.csr_array) -> sparse.csr_array:
        """The own playlists of each query: ones, `(n_queries, n_playlists)`.

        Args:
            queries: Which items stand in them, `(n_queries, n_items)`.
        """
        wanted = set_hashes(queries)
        starts = np.searchsorted(self._learned, wanted)
        sizes = np.searchsorted(self._learned, wanted, side="right") - starts
        ends = np.cumsum(sizes)
        places = np.arange(sizes.sum()) + np.repeat(starts - (ends - sizes), sizes)
        columns = self._order[places]
        return sparse.csr_array(
            (np.ones(len(columns)), columns, np.concatenate([[0], ends])),
            shape=(len(wanted), self._n_playlists),
        )

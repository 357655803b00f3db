"""Nearest-neighbour baselines: items that share playlists, and playlists that share items."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from evaluation.recommenders.base import (
    Baseline,
    Candidates,
    check_real,
    check_whole,
    sparse_candidates,
)
from hybrid_rec.data.catalog import Catalog
from hybrid_rec.data.playlists import Playlists
from hybrid_rec.ranking.knn import PlaylistNeighbours, item_similarities


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
        self._similarities = item_similarities(
            playlists.matrix(), self.n_neighbours, self.shrinkage
        )

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
        self._playlists = PlaylistNeighbours(self._holds)

    def _candidates(self, queries: Playlists, k: int) -> Iterator[Candidates]:
        del k
        near = self._playlists.near(queries.matrix(), self.n_neighbours)
        return sparse_candidates(near @ self._holds)

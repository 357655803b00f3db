"""Playlist-kNN: what the training playlists most like the query hold."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from evaluation.recommenders.base import Baseline, Candidates, sparse_candidates
from evaluation.recommenders.parameters import check_whole
from evaluation.recommenders.registry import register_baseline
from hybrid_rec.data.catalog import Catalog
from hybrid_rec.data.playlists import Playlists
from hybrid_rec.ranking.knn import PlaylistNeighbours


@register_baseline(default=True)
class PlaylistKNN(Baseline):
    """What the training playlists most like the query hold.

    The similarity of the query q and a training playlist p is the cosine of their vectors of
    inverse document frequencies,

        s(q, p) = sum_{i in q & p} idf(i)^2 / (|q| |p|),   |x|^2 = sum_{i in x} idf(i)^2,

    with `idf(i) = ln(n_playlists / |P(i)|)`. The score of item j is the sum of `s(q, p)` over the
    `n_neighbours` most similar playlists p that hold j; equally similar playlists are taken in
    order of training. Items in q and p count once, whatever their order.

    This is V-SKNN without its weights by position, because a playlist is continued as a whole and
    not after its last item. An item that every training playlist holds does not count in
    similarities.

    Args:
        n_neighbours: Playlists whose items are scored, at least 1.

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

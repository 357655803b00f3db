"""Name-kNN: what the training playlists with names and items like the query's hold."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from scipy import sparse
from sklearn.feature_extraction.text import TfidfVectorizer

from evaluation.recommenders.base import Baseline, Candidates
from evaluation.recommenders.parameters import check_whole
from evaluation.recommenders.registry import register_baseline
from hybrid_rec.data.catalog import Catalog
from hybrid_rec.data.playlists import Playlists
from hybrid_rec.ranking.knn import PlaylistNeighbours

# Below every similarity that counts, so that it only decides between equals.
_PRIOR = 1e-3
# Names beside items; of 1, 0.3, 0.1 and 0.03 the best on the validation part of a sample of the
# Million Playlist Dataset.
_BESIDE_ITEMS = 0.3


@register_baseline()
class NameKNN(Baseline):
    """What the training playlists with names and items like the query's hold.

    The similarity of a query and a training playlist is the cosine of their names plus that of
    their items (see `playlist-knn`); beside n items the name has the weight 0.3 / (1 + n). A name
    is a vector of its words and of the 2 to 4 characters in a row within them, each weighted by
    TF-IDF. The score of an item is the sum of the similarities over the `n_neighbours` most similar
    playlists that hold it, plus a thousandth of its popularity, from 0 to 1. A query that is like
    nothing gets the most played items.

    Args:
        n_neighbours: Playlists whose items are scored, at least 1.

    Raises:
        ConfigError: If the parameter is out of range.

    References:
        Zamani, Schedl, Lamere and Chen, "An Analysis of Approaches Taken in the ACM RecSys
        Challenge 2018 for Automatic Music Playlist Continuation", ACM TIST 2019, where names are
        matched in this way for want of items.
    """

    name = "name-knn"

    def __init__(self, n_neighbours: int = 300) -> None:
        super().__init__()
        check_whole(self, "n_neighbours", n_neighbours)
        self.n_neighbours = n_neighbours

    def _fit(self, playlists: Playlists, catalog: Catalog) -> None:
        del catalog
        self._holds = playlists.matrix().astype(np.float64)
        self._by_items = PlaylistNeighbours(self._holds)
        self._prior = _PRIOR * self._counts / max(1, self._counts.max())
        self._words = [
            TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 4), strip_accents="unicode"),
            TfidfVectorizer(token_pattern=r"\S+", strip_accents="unicode"),  # noqa: S106  # no password
        ]
        self._names: sparse.csr_array | None = None
        if playlists.names is not None:
            self._names = _vectors([w.fit_transform(playlists.names) for w in self._words])

    def _candidates(self, queries: Playlists, k: int) -> Iterator[Candidates]:
        del k
        like = self._by_items.near(queries.matrix(), self._holds.shape[0])
        if queries.names is not None and self._names is not None:
            asked = _vectors([w.transform(queries.names) for w in self._words])
            weight = np.where(queries.lengths, _BESIDE_ITEMS / (1 + queries.lengths), 1.0)
            like = like + sparse.diags_array(weight) @ (asked @ self._names.T)
        like = sparse.csr_array(like)
        for start, end in zip(like.indptr[:-1], like.indptr[1:], strict=True):
            near, cosines = like.indices[start:end], like.data[start:end]
            best = np.lexsort((near, -cosines))[: self.n_neighbours]
            scores = self._holds[near[best]].T @ cosines[best]
            known = np.flatnonzero(scores)
            yield known, scores[known] + self._prior[known]


def _vectors(parts: list[sparse.csr_array]) -> sparse.csr_array:
    """Unit vectors of names from those of their words and characters, both worth the same."""
    return sparse.csr_array(sparse.hstack(parts)) * np.sqrt(0.5)

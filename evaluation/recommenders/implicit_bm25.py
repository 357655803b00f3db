"""Item neighbours by BM25 weights, by the library `implicit`."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from scipy import sparse

from evaluation.recommenders.base import Baseline, Candidates, sparse_candidates
from evaluation.recommenders.parameters import check_real, check_whole
from evaluation.recommenders.registry import register_baseline
from hybrid_rec.data.catalog import Catalog
from hybrid_rec.data.playlists import Playlists
from hybrid_rec.ranking.als import load_implicit, ones_for_implicit


@register_baseline()
class ImplicitBM25(Baseline):
    """Item neighbours by BM25 weights, as `implicit` does it.

    An item is a document and the playlists that hold it are its words. With `idf(p) =
    ln(n_items) - ln(1 + |p|)`, `|P(i)|` the playlists that hold i and `m` their mean number,

        w(i, p) = idf(p) (k1 + 1) / (k1 (1 - b + b |P(i)| / m) + 1)   for p that hold i,

    and the similarity of two items is `<w(i), w(j)>`. The score of item j is the sum over the
    different seeds that have it among their nearest `n_neighbours`, themselves included.

    Args:
        n_neighbours: Neighbours kept of each item, at least 1.
        k1: How much more a word counts that is often in a document, at least 0.
        b: How much long documents are held down, at least 0.

    Raises:
        ConfigError: If a parameter is out of range.
        HybridRecError: When fitted, if `implicit` is not installed.

    References:
        Robertson and Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond", 2009.
        https://github.com/benfred/implicit.
    """

    name = "implicit-bm25"

    def __init__(self, n_neighbours: int = 200, k1: float = 1.2, b: float = 0.75) -> None:
        super().__init__()
        check_whole(self, "n_neighbours", n_neighbours)
        check_real(self, "k1", k1)
        check_real(self, "b", b)
        self.n_neighbours = n_neighbours
        self.k1 = k1
        self.b = b

    def _fit(self, playlists: Playlists, catalog: Catalog) -> None:
        del catalog
        neighbours = load_implicit().nearest_neighbours
        # The steps of its BM25Recommender, which warns of the type that it hands on to itself.
        weighted = neighbours.bm25_weight(
            ones_for_implicit(playlists.matrix()).T, self.k1, self.b
        ).T.tocsr()
        model = neighbours.ItemItemRecommender(K=self.n_neighbours, num_threads=1)
        model.fit(weighted, show_progress=False)
        self._similarities = sparse.csr_array(model.similarity, dtype=np.float64)

    def _candidates(self, queries: Playlists, k: int) -> Iterator[Candidates]:
        del k
        return sparse_candidates(queries.matrix().astype(np.float64) @ self._similarities)

"""Adapters for `implicit`, the library that most would reach for; the extra `peers` installs it.

The library is imported when a model is fitted, not before.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from scipy import sparse

from evaluation.recommenders.base import (
    Baseline,
    Candidates,
    VectorBaseline,
    check_real,
    check_seed,
    check_whole,
    sparse_candidates,
)
from hybrid_rec.core.errors import HybridRecError
from hybrid_rec.core.linalg import one_blas_thread
from hybrid_rec.data.catalog import Catalog
from hybrid_rec.data.playlists import Playlists
from hybrid_rec.ranking.als import fit_als, ones_for_implicit
from indexes.hybrid import HybridIndex, HybridQueries

_FACTORS = "factors"


class ImplicitALS(VectorBaseline):
    """Matrix factorisation by alternating least squares, as `implicit` does it.

    With `x_pi` 1 if playlist p holds item i and else 0, it minimises

        sum_{p,i} c_pi (x_pi - <u_p, v_i>)^2 + regularisation (sum_p |u_p|^2 + sum_i |v_i|^2),

    where `c_pi = alpha` if `x_pi` is 1 and else 1. A query is a playlist that was not there in
    training: its u is solved for exactly, from its different items, and the score of item i is
    `<u, v_i>`. Items whose v is 0, the cold ones, cannot be scored.

    Args:
        factors: Dimensions of u and v.
        alpha: Confidence in what a playlist holds, above 0.
        regularisation: Strength of the L2 penalty, at least 0.
        iterations: Rounds of solving for u and v in turn.
        seed: Seed of the start, in [0, 2^32).

    Raises:
        ConfigError: If a parameter is out of range.
        HybridRecError: When fitted, if `implicit` is not installed.

    References:
        Hu, Koren and Volinsky, "Collaborative Filtering for Implicit Feedback Datasets", ICDM
        2008. Takács, Pilászy and Tikk, "Applications of the Conjugate Gradient Method for
        Implicit Feedback Collaborative Filtering", RecSys 2011.
        https://github.com/benfred/implicit.
    """

    name = "implicit-als"

    def __init__(
        self,
        factors: int = 64,
        alpha: float = 10.0,
        regularisation: float = 0.01,
        iterations: int = 15,
        seed: int = 0,
    ) -> None:
        super().__init__()
        check_whole(self, "factors", factors)
        check_real(self, "alpha", alpha, positive=True)
        check_real(self, "regularisation", regularisation)
        check_whole(self, "iterations", iterations)
        check_seed(self, seed)
        self.factors = factors
        self.alpha = alpha
        self.regularisation = regularisation
        self.iterations = iterations
        self.seed = seed

    def _fit(self, playlists: Playlists, catalog: Catalog) -> None:
        del catalog
        _implicit()
        self._als = fit_als(
            playlists.matrix(),
            factors=self.factors,
            alpha=self.alpha,
            regularization=self.regularisation,
            iterations=self.iterations,
            random_state=self.seed,
        )
        vectors = self._als.item_factors
        self._known = np.flatnonzero(vectors.any(axis=1))
        self._index = HybridIndex.build({_FACTORS: vectors})
        self._weights = {_FACTORS: 1.0}

    def _queries(self, queries: Playlists) -> HybridQueries:
        with one_blas_thread():
            vectors = self._als.recalculate_user(
                np.arange(len(queries)), ones_for_implicit(queries.matrix())
            )
        return HybridQueries({_FACTORS: vectors})


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
        neighbours = _implicit().nearest_neighbours
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


def _implicit() -> Any:
    """The library, loaded.

    Raises:
        HybridRecError: If it is not installed.
    """
    try:
        import implicit.cpu.als
        import implicit.nearest_neighbours
    except ImportError as error:
        raise HybridRecError(
            "this baseline needs the library implicit, but importing it failed: "
            f"{error}. Install it with: pip install 'hybrid-rec[peers]'"
        ) from error
    return implicit

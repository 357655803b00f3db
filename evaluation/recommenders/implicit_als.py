"""Matrix factorisation by `implicit`, the library that most people would reach for."""

from __future__ import annotations

import numpy as np

from evaluation.recommenders.parameters import check_real, check_seed, check_whole
from evaluation.recommenders.registry import register_baseline
from evaluation.recommenders.vectors import VectorBaseline
from hybrid_rec.core.linalg import one_blas_thread
from hybrid_rec.data.catalog import Catalog
from hybrid_rec.data.playlists import Playlists
from hybrid_rec.ranking.als import fit_als, ones_for_implicit
from indexes.hybrid import HybridIndex, HybridQueries

_FACTORS = "factors"


@register_baseline()
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

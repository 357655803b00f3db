"""Cosines of the item factors of `implicit`, as that library finds similar items."""

from __future__ import annotations

import numpy as np

from evaluation.recommenders.parameters import check_real, check_seed, check_whole
from evaluation.recommenders.registry import register_baseline
from evaluation.recommenders.vectors import VectorBaseline
from hybrid_rec.core.linalg import unit_rows
from hybrid_rec.data.catalog import Catalog
from hybrid_rec.data.playlists import Playlists
from hybrid_rec.ranking.als import fit_als
from indexes.hybrid import HybridIndex, HybridQueries

_FACTORS = "factors"


@register_baseline()
class ALSCosine(VectorBaseline):
    """Cosines of the item factors of `implicit-als`, the usual answer to "items like this one".

    A playlist is the mean of its items' unit vectors.

    Args:
        factors: Dimensions of the vectors.
        alpha: Confidence in what a playlist holds, above 0.
        regularisation: Strength of the L2 penalty, at least 0.
        seed: Seed of the start, in [0, 2^32).

    Raises:
        ConfigError: If a parameter is out of range.
        HybridRecError: When fitted, if `implicit` is not installed.

    References:
        https://github.com/benfred/implicit, `similar_items`.
    """

    name = "als-cosine"

    def __init__(
        self,
        factors: int = 128,
        alpha: float = 10.0,
        regularisation: float = 0.01,
        seed: int = 0,
    ) -> None:
        super().__init__()
        check_whole(self, "factors", factors)
        check_real(self, "alpha", alpha, positive=True)
        check_real(self, "regularisation", regularisation)
        check_seed(self, seed)
        self.factors, self.alpha, self.regularisation = factors, alpha, regularisation
        self.seed = seed

    def _fit(self, playlists: Playlists, catalog: Catalog) -> None:
        del catalog
        model = fit_als(
            playlists.matrix(),
            factors=self.factors,
            alpha=self.alpha,
            regularization=self.regularisation,
            iterations=15,
            random_state=self.seed,
        )
        self._vectors = unit_rows(model.item_factors)
        self._known = np.flatnonzero(self._vectors.any(axis=1))
        self._index = HybridIndex.build({_FACTORS: self._vectors})
        self._weights = {_FACTORS: 1.0}

    def _queries(self, queries: Playlists) -> HybridQueries:
        return HybridQueries({_FACTORS: unit_rows(queries.counts() @ self._vectors)})

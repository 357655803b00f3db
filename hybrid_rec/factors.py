"""Matrix factorisation by alternating least squares; the only import of `implicit`."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from threadpoolctl import threadpool_limits

from hybrid_rec.config import FactorsConfig


@dataclass(frozen=True, eq=False)
class Factors:
    """Item factors, with which a playlist never seen is placed.

    With `x_pi` 1 if playlist p holds item i and else 0, they minimise

        sum_{p,i} c_pi (x_pi - <u_p, v_i>)^2 + regularisation (sum_p |u_p|^2 + sum_i |v_i|^2),

    where `c_pi = alpha` if `x_pi` is 1 and else 1.

    References:
        Hu, Koren and Volinsky, "Collaborative Filtering for Implicit Feedback Datasets", ICDM
        2008. https://github.com/benfred/implicit.
    """

    vectors: NDArray[np.float32]
    """v of each item, `(n_items, size)`; zero for items without history."""
    alpha: float
    """Confidence in what a playlist holds."""
    regularisation: float
    """Strength of the penalty."""

    @classmethod
    def fit(cls, holds: sparse.csr_array, config: FactorsConfig, seed: int) -> Factors:
        """Factors of `holds` `(n_playlists, n_items)`; the same seed gives the same bytes."""
        # implicit takes a second to load, and only fitting needs it.
        from implicit.cpu.als import AlternatingLeastSquares

        ones = sparse.csr_matrix(
            (
                np.ones(holds.nnz, np.float32),
                holds.indices.astype(np.int32),
                holds.indptr.astype(np.int32),
            ),
            shape=holds.shape,
        )
        # implicit warns of BLAS threads, and sums in another order with another number of them.
        with threadpool_limits(limits=1, user_api="blas"):
            model = AlternatingLeastSquares(
                factors=config.size,
                alpha=config.alpha,
                regularization=config.regularisation,
                iterations=config.iterations,
                num_threads=1,
                random_state=seed,
            )
            model.fit(ones, show_progress=False)
        vectors = np.ascontiguousarray(model.item_factors, dtype=np.float32)
        vectors[np.bincount(holds.indices, minlength=holds.shape[1]) == 0] = 0
        return cls(vectors, config.alpha, config.regularisation)

    @cached_property
    def _gram(self) -> NDArray[np.float64]:
        vectors = self.vectors.astype(np.float64)
        gram: NDArray[np.float64] = vectors.T @ vectors
        gram[np.diag_indices_from(gram)] += max(self.regularisation, 1e-6)
        return gram

    def place(self, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """U of a playlist of different items, `(size,)`, solved for exactly; zero without items."""
        held = self.vectors[rows].astype(np.float64)
        gram = self._gram + (self.alpha - 1) * (held.T @ held)
        placed = np.linalg.solve(gram, self.alpha * held.sum(axis=0))
        return placed.astype(np.float32)

"""Matrix factorisation by alternating least squares; the only import of `implicit`."""

from __future__ import annotations

import itertools
import warnings
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from scipy import sparse

from hybrid_rec.core.arrays import Doubles, Floats, Rows
from hybrid_rec.core.config import AlsConfig
from hybrid_rec.core.errors import HybridRecError
from hybrid_rec.core.linalg import one_blas_thread, reproducible
from hybrid_rec.core.progress import Advance, silent


@dataclass(frozen=True, eq=False)
class Factors:
    """Item factors, with which a playlist never seen is placed.

    With `x_pi` 1 if playlist p holds item i and else 0, they minimise

        sum_{p,i} c_pi (x_pi - <u_p, v_i>)^2 + regularisation (sum_p |u_p|^2 + sum_i |v_i|^2),

    where `c_pi = alpha` if `x_pi` is 1 and else 1. Where plays have weights, `c_pi = 1 + (alpha -
    1) w_pi` with `w_pi` the strength of the play, and with `|w_pi|` for what is disliked, of which
    `x_pi` is 0.

    References:
        Hu, Koren and Volinsky, "Collaborative Filtering for Implicit Feedback Datasets", ICDM
        2008. https://github.com/benfred/implicit.
    """

    vectors: Floats
    """v of each item, `(n_items, size)`; zero for items without history."""
    alpha: float
    """Confidence in what a playlist holds."""
    regularisation: float
    """Strength of the penalty."""

    @classmethod
    def fit(
        cls, holds: sparse.csr_array, config: AlsConfig, seed: int, advance: Advance = silent
    ) -> Factors:
        """Factors of `holds` `(n_playlists, n_items)`; the same seed gives the same bytes.

        Args:
            holds: Which items stand in which playlist.
            config: Size of the factors, and how they are fitted.
            seed: Seed of where they start.
            advance: Told after every round.
        """
        model = fit_als(
            holds,
            advance,
            factors=config.size,
            alpha=config.alpha,
            regularization=config.regularisation,
            iterations=config.iterations,
            random_state=seed,
        )
        vectors = np.ascontiguousarray(model.item_factors, dtype=np.float32)
        vectors[np.bincount(holds.indices, minlength=holds.shape[1]) == 0] = 0
        return cls.from_vectors(vectors, config)

    @classmethod
    def from_vectors(cls, vectors: Floats, config: AlsConfig) -> Factors:
        """The factors whose `vectors` were fitted with `config`."""
        return cls(vectors, config.alpha, config.regularisation)

    @cached_property
    def _gram(self) -> Doubles:
        vectors = self.vectors.astype(np.float64)
        gram: Doubles = vectors.T @ vectors
        gram[np.diag_indices_from(gram)] += max(self.regularisation, 1e-6)
        return gram

    def place(self, rows: Rows, strengths: Doubles | None = None) -> Floats:
        """U of a playlist of different items, `(size,)`, solved for exactly; zero without items.

        Args:
            rows: The items.
            strengths: How much each counts, below 0 for what is disliked; None for 1.
        """
        held = self.vectors[rows].astype(np.float64)
        if strengths is None or (strengths == 1).all():
            gram = self._gram + (self.alpha - 1) * (held.T @ held)
            wanted = self.alpha * held.sum(axis=0)
        else:
            more = (self.alpha - 1) * np.abs(strengths)
            gram = self._gram + held.T @ (more[:, None] * held)
            wanted = np.where(strengths > 0, 1 + more, 0.0) @ held
        return np.linalg.solve(gram, wanted).astype(np.float32)

    def place_all(self, holds: sparse.csr_array) -> Floats:
        """The place of each playlist of `holds` `(n_playlists, n_items)`, `(n_playlists, size)`."""
        placed = np.zeros((holds.shape[0], self.vectors.shape[1]), np.float32)
        with one_blas_thread():
            for number, (start, end) in enumerate(itertools.pairwise(holds.indptr.tolist())):
                placed[number] = self.place(holds.indices[start:end], holds.data[start:end])
        return placed


def fit_als(holds: sparse.csr_array, advance: Advance = silent, **settings: Any) -> Any:
    """The `AlternatingLeastSquares` of `implicit`, fitted on one thread to be reproducible.

    Args:
        holds: Which items stand in which playlist, `(n_playlists, n_items)`.
        advance: Told after every round.
        settings: What its constructor takes.

    Raises:
        HybridRecError: If the library is not installed.
    """
    library = load_implicit()
    # implicit sums in another order with another number of threads, and warns of more than one;
    # also of those of FAISS, whose BLAS it does not use.
    with reproducible(), warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".* is configured to use", RuntimeWarning)
        model = library.cpu.als.AlternatingLeastSquares(num_threads=1, **settings)
        model.fit(
            for_implicit(holds, settings["alpha"]),
            show_progress=False,
            callback=lambda *_told: advance(1),
        )
    return model


def load_implicit() -> Any:
    """The library, loaded; it takes a second, and only fitting needs it.

    Raises:
        HybridRecError: If it is not installed.
    """
    try:
        import implicit.cpu.als
        import implicit.nearest_neighbours
    except ImportError as error:
        raise HybridRecError(
            "matrix factorisation and BM25 need the library implicit, but importing it failed: "
            f"{error}. Install it with: pip install 'hybrid-rec[peers]'"
        ) from error
    return implicit


def for_implicit(holds: sparse.csr_array, alpha: float) -> sparse.csr_matrix:
    """What `implicit` multiplies by alpha to get the confidence in each play; see `Factors`."""
    given = ones_for_implicit(holds)
    if not (holds.data == 1).all():
        given.data[:] = (1 + (alpha - 1) * holds.data) / alpha
    return given


def ones_for_implicit(holds: sparse.csr_array) -> sparse.csr_matrix:
    """Which items stand in which playlist, in the one type that implicit takes."""
    indices, indptr = holds.indices.astype(np.int32), holds.indptr.astype(np.int32)
    return sparse.csr_matrix((np.ones(holds.nnz, np.float32), indices, indptr), shape=holds.shape)

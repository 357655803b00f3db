"""EASE: a linear item-item model in closed form, kept whole."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from scipy import sparse

from evaluation.recommenders.base import Baseline, Candidates
from evaluation.recommenders.parameters import check_real, check_whole
from evaluation.recommenders.registry import register_baseline
from hybrid_rec.core.arrays import Floats
from hybrid_rec.core.errors import DataError
from hybrid_rec.core.linalg import ridge_inverse
from hybrid_rec.data.catalog import Catalog
from hybrid_rec.data.playlists import Playlists

# Rows and columns of the item-item matrices that are converted at once.
_BLOCK = 1024


@register_baseline()
class EASE(Baseline):
    """A linear item-item model in closed form, for catalogues whose square fits into memory.

    With X the 0/1 matrix of training playlists and the items they hold, B is the minimum of

        ||X - X B||^2 + regularisation ||B||^2   subject to   diag(B) = 0,

    which with `P = (X'X + regularisation I)^-1` is `B[i, j] = -P[i, j] / P[j, j]` off the
    diagonal. The score of item j is the sum of `B[i, j]` over the different seeds i; it may be
    negative. Cold items take no part.

    Args:
        regularisation: Strength of the L2 penalty, above 0.
        max_items: Played items that are still tried, n: it takes `12 n^2` bytes and `n^3`
            multiplications, 4.8 GB and minutes for 20,000.

    Raises:
        ConfigError: If a parameter is out of range.
        DataError: When fitted, if more items are played than `max_items`.

    References:
        Steck, "Embarrassingly Shallow Autoencoders for Sparse Data", WWW 2019,
        https://arxiv.org/abs/1905.03375.
    """

    name = "ease"

    def __init__(self, regularisation: float = 500.0, max_items: int = 20_000) -> None:
        super().__init__()
        check_real(self, "regularisation", regularisation, positive=True)
        check_whole(self, "max_items", max_items)
        self.regularisation = regularisation
        self.max_items = max_items

    def _fit(self, playlists: Playlists, catalog: Catalog) -> None:
        del catalog
        played = np.flatnonzero(playlists.play_counts)
        if len(played) > self.max_items:
            raise DataError(
                f"EASE must have at most max_items = {self.max_items} played items, got "
                f"{len(played)}; leave it out for this catalogue, or raise max_items if "
                f"{12 * len(played) ** 2 / 1e9:.1f} GB of memory can be spared."
            )
        self._played = played
        self._place = np.full(playlists.n_items, -1, np.int64)
        self._place[played] = np.arange(len(played))
        self._coefficients = _ease(playlists.matrix()[:, played], self.regularisation)

    def _candidates(self, queries: Playlists, k: int) -> Iterator[Candidates]:
        del k
        for seeds in queries:
            places = self._place[np.unique(seeds)]
            places = places[places >= 0]
            if len(places):
                yield self._played, self._coefficients[places].sum(axis=0, dtype=np.float64)
            else:
                yield self._played[:0], np.empty(0)


def _ease(holds: sparse.csr_array, regularisation: float) -> Floats:
    """The matrix B of `EASE` but for its diagonal, which concerns only seeds, float32."""
    matrix = holds.astype(np.float64)
    n_items = matrix.shape[1]
    columns = matrix.tocsc()
    gram = np.empty((n_items, n_items), order="F")
    # Block by block, because X'X can take more memory as a sparse matrix than as a dense one.
    for start in range(0, n_items, _BLOCK):
        part = slice(start, start + _BLOCK)
        gram[:, part] = (matrix.T @ columns[:, part]).toarray()
    inverse = ridge_inverse(gram, regularisation)
    diagonal = np.diag(inverse).astype(np.float32)
    coefficients = np.empty((n_items, n_items), np.float32)
    for start in range(0, n_items, _BLOCK):
        part = slice(start, start + _BLOCK)
        upper = inverse[part, start:]
        coefficients[start:, part] = upper.T
        coefficients[part, start:] = np.triu(upper) + np.tril(coefficients[part, start:], -1)
    coefficients /= -diagonal
    return coefficients

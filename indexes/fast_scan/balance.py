"""Coordinates in which the first columns contribute most to the products of vectors and queries."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from indexes.base import Vectors

# Vectors used to estimate the second moments.
_SAMPLE = 16_384
# Columns that are assumed to have one common weight in the queries.
_GROUP = 128
# Added to each direction, as a share of the mean, so that the matrix is invertible.
_LEAST = 1e-7
# Smallest weight of a group, as a share of the largest: later queries may weigh it more.
_LIGHTEST = 0.02


@dataclass(frozen=True)
class Balance:
    """Linear maps of vectors and queries that keep their inner products.

    References:
        Moore, "Principal component analysis in linear systems: controllability, observability, and
        model reduction", IEEE Transactions on Automatic Control 26(1), 1981: here vectors and
        queries take the place of the controllable and the observable states.
    """

    of_vectors: NDArray[np.float64]
    """`(dim, dim)`, to be multiplied from the right."""
    of_queries: NDArray[np.float64]
    """`(dim, dim)`, to be multiplied from the right; the inverse of the other, transposed."""
    sizes: NDArray[np.float64]
    """Mean square of each column of mapped vectors, `(dim,)`, descending."""
    mean: NDArray[np.float64]
    """Mean of mapped vectors, `(dim,)`."""

    @classmethod
    def of(cls, vectors: Vectors, queries: Vectors) -> Balance:
        """The maps after which columns are uncorrelated, with equal variances on both sides.

        A few queries say little about their distribution. So their second moments are the mean of
        what the queries show, and of those of the vectors with each group of columns weighted as
        in the queries.

        Args:
            vectors: `(n, dim)`.
            queries: `(n_queries, dim)`, at least one.
        """
        few = vectors[:: -(-len(vectors) // _SAMPLE)].astype(np.float64)
        of_vectors = few.T @ few / len(few)
        asked = queries.astype(np.float64)
        of_queries = asked.T @ asked / len(asked)
        group = np.arange(vectors.shape[1]) // _GROUP
        have = np.bincount(group, weights=np.diag(of_vectors))
        weight = np.sqrt(np.bincount(group, weights=np.diag(of_queries)) / np.where(have, have, 1))
        weight = np.maximum(weight, _LIGHTEST * weight.max())
        of_queries += weight[group, None] * of_vectors * weight[group]
        left, right = _root(of_queries), _root(of_vectors)
        turned, sizes, back = np.linalg.svd(left.T @ right)
        scale = np.sqrt(sizes)
        mapped = left @ turned / scale
        return cls(mapped, right @ back.T / scale, sizes, few.mean(axis=0) @ mapped)

    def spread(self, mapped_queries: Vectors) -> NDArray[np.float64]:
        """About the standard deviation of each query's products with all vectors, `(n,)`."""
        mean = mapped_queries @ self.mean
        square = mapped_queries * mapped_queries @ self.sizes
        spread: NDArray[np.float64] = np.sqrt(np.maximum(0, square - mean * mean))
        return spread


def _root(products: NDArray[np.float64]) -> NDArray[np.float64]:
    """A triangular square root."""
    mean = float(np.trace(products)) / len(products)
    filled = products + np.eye(len(products)) * ((_LEAST * mean) or 1.0)
    return np.asarray(np.linalg.cholesky(filled), dtype=np.float64)

"""Coordinates in which the first columns of vectors and queries say most of their products."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from indexes.base import Vectors

# Vectors that are looked at.
_SAMPLE = 16_384
# Columns that queries are supposed to weigh alike, as blocks of them do.
_GROUP = 128
# What is added to each direction, as a share of the mean, so that none is empty.
_LEAST = 1e-7
# What a group weighs at least, as a share of the heaviest: others may be asked, too.
_LIGHTEST = 0.02


@dataclass(frozen=True)
class Balance:
    """Linear maps of vectors and queries that keep their inner products.

    References:
        Moore, "Principal component analysis in linear systems: controllability, observability, and
        model reduction", IEEE Transactions on Automatic Control 26(1), 1981: here vectors and
        queries stand for what is there called controllable and observable.
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
        """The maps after which columns are uncorrelated, and alike in vectors and queries.

        As queries are few, they are taken to lie half like that, and half like the vectors with
        each group of columns weighed as the queries weigh it.

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

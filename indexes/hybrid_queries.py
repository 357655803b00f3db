"""Queries of a `HybridIndex`: block by block, checked and scaled by the weights."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike
from scipy import sparse

from indexes.base import VectorIndexError, Vectors
from indexes.checks import as_vectors
from indexes.posting_lists import as_block


@dataclass(frozen=True)
class HybridQueries:
    """Queries block by block; a block that is left out counts as zero."""

    dense: Mapping[str, ArrayLike] = field(default_factory=dict)
    """Dense blocks by name, each `(n_queries, dim)`."""
    sparse: Mapping[str, sparse.csr_array] = field(default_factory=dict)
    """Sparse blocks by name, each `(n_queries, n_columns)`."""


def weighted(
    queries: HybridQueries,
    weights: Mapping[str, float],
    layout: Mapping[str, int],
    n_columns: Mapping[str, int],
) -> tuple[Vectors, dict[str, sparse.csr_array]]:
    """Queries multiplied by the weights of their blocks.

    Args:
        queries: Blocks of the queries.
        weights: Weight of each block; a block without one counts as zero.
        layout: Names and widths of the dense blocks, in order.
        n_columns: Names and widths of the sparse blocks.

    Returns:
        The dense blocks side by side, `(n_queries, dim)`, and the sparse blocks by name, without
        those that weigh nothing.

    Raises:
        VectorIndexError: For a block that does not exist, shapes that do not fit, NaN or infinity.
    """
    _check_names(queries, weights, layout, n_columns)
    n_queries = _n_queries(queries)
    parts = []
    for name, width in layout.items():
        if name in queries.dense:
            part = as_vectors(queries.dense[name], width, f"queries of {name!r}")
            parts.append(part * np.float32(weights.get(name, 0.0)))
        else:
            parts.append(np.zeros((n_queries, width), np.float32))
    scaled = {}
    for name, query in queries.sparse.items():
        weight = np.float32(weights.get(name, 0.0))
        wanted = (n_queries, n_columns[name])
        if query.shape != wanted:
            raise VectorIndexError(
                f"queries of {name!r} must have shape {wanted}, got {query.shape}."
            )
        if weight and query.nnz:
            scaled[name] = as_block(query * weight, n_queries, name)
    return np.ascontiguousarray(np.concatenate(parts, axis=1)), scaled


def _check_names(
    queries: HybridQueries,
    weights: Mapping[str, float],
    layout: Mapping[str, int],
    n_columns: Mapping[str, int],
) -> None:
    unknown = set(weights) - set(layout) - set(n_columns)
    unknown |= (set(queries.dense) - set(layout)) | (set(queries.sparse) - set(n_columns))
    if unknown:
        raise VectorIndexError(
            f"blocks must be among {list(layout)} (dense) and {list(n_columns)} (sparse), "
            f"got {sorted(unknown)}."
        )
    if not all(np.isfinite(weight) for weight in weights.values()):
        raise VectorIndexError(f"weights must be finite, got {dict(weights)}.")


def _n_queries(queries: HybridQueries) -> int:
    sizes = {name: np.shape(block)[0] for name, block in queries.dense.items()}
    sizes |= {name: block.shape[0] for name, block in queries.sparse.items()}
    if not sizes:
        raise VectorIndexError("a search must have at least one block of queries, got none.")
    if len(set(sizes.values())) != 1:
        raise VectorIndexError(f"query blocks must have equally many rows, got {sizes}.")
    return int(next(iter(sizes.values())))

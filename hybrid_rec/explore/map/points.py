"""Points: which items and playlists stand on a map, and where they lie in a model's space."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from hybrid_rec.core.arrays import Floats, Rows
from hybrid_rec.core.config import POPULARITY
from hybrid_rec.core.linalg import unit_rows
from hybrid_rec.model.fitted import Model

# Sparse blocks are projected to so many dimensions at random, which keeps inner products to about
# a tenth: a map is coarser than that.
_PROJECTED = 96


@dataclass(frozen=True, eq=False)
class Points:
    """What stands on a map: items, and behind them playlists."""

    items: Rows
    """Rows of the items, ascending."""
    playlists: Rows
    """Numbers of the playlists, ascending."""

    @classmethod
    def of(cls, model: Model, *, playlists: bool) -> Points:
        """All items but removed ones, and all playlists if they are wanted."""
        items = np.setdiff1d(np.arange(len(model.catalog)), model.removed)
        return cls(items, np.arange(len(model.playlists) if playlists else 0))

    def __len__(self) -> int:
        return len(self.items) + len(self.playlists)


def vectors_of(model: Model, points: Points, block: str | None, seed: int) -> Floats:
    """Points in the space of one block or of the whole score.

    Args:
        model: A fitted model.
        points: What stands on the map.
        block: The block; None for all that describe items and co-occurrence, by their weights.
        seed: Seed of the random projection of sparse blocks.

    Returns:
        `(len(points), dim)` of length 1, so that inner products are cosines; 0 for a point of
        which the blocks say nothing.
    """
    weights = model.given_weights if block is None else {block: 1.0}
    asked = model.queries(model.playlists.select(points.playlists))
    dense = model.index.blocks(points.items)
    parts = []
    for name, width in model.index.layout.items():
        weight = 0.0 if name == POPULARITY else weights.get(name, 0.0)
        if weight > 0:
            queries = np.asarray(asked.dense[name], np.float32).reshape(-1, width)
            parts.append(np.sqrt(weight) * np.concatenate([dense[name], queries]))
    for name, rows in model.index.one_hot.items():
        if weights.get(name, 0.0) > 0:
            both = sparse.vstack([rows[points.items], asked.sparse[name]], format="csr")
            parts.append(np.sqrt(weights[name]) * _projected(both, seed))
    if not parts:
        return np.zeros((len(points), 1), np.float32)
    return unit_rows(np.ascontiguousarray(np.concatenate(parts, axis=1), np.float32))


def _projected(rows: sparse.csr_array, seed: int) -> Floats:
    """Sparse rows in few dimensions, with about the same inner products."""
    if rows.shape[1] <= _PROJECTED:
        return np.asarray(rows.toarray(), np.float32)
    rng = np.random.default_rng(seed)
    directions = rng.standard_normal((rows.shape[1], _PROJECTED), dtype=np.float32)
    return np.asarray(rows @ (directions / np.sqrt(_PROJECTED)), np.float32)

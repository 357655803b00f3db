"""Transitions: how well an item follows another, from what training playlists played in a row."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from hybrid_rec.core.arrays import Doubles, Rows
from hybrid_rec.core.config import COOCCURRENCE
from hybrid_rec.data.playlists import Playlists
from indexes.hybrid import HybridIndex

_SMOOTHING = 5.0
"""Plays in a row that the vectors stand for."""
_SHARPNESS = 8.0
"""How much more likely a near item follows than a far one: e to the power of this."""


@dataclass(frozen=True, eq=False)
class Transitions:
    """How well items follow each other.

    With `n(a, b)` the times that a and b were played in a row in either order, and `q(b | a)`
    proportional to `exp(8 cos(a, b))` over the candidates,

        log P(b | a) = log((n(a, b) + 5 q(b | a)) / (n(a) + 5)).

    What was never played in a row is told apart by its place in co-occurrence space, which items
    without history have, too.
    """

    index: HybridIndex
    """Item vectors."""
    in_a_row: sparse.csr_array
    """`n(a, b)`, `(n_items, n_items)` float64."""

    @classmethod
    def of(cls, playlists: Playlists, index: HybridIndex) -> Transitions:
        """Count what playlists play in a row.

        Args:
            playlists: Playlists in play order.
            index: Vectors of the same items.
        """
        n_items = playlists.n_items
        same = playlists.owners[1:] == playlists.owners[:-1]
        first, second = playlists.rows[:-1][same], playlists.rows[1:][same]
        other = first != second
        ends = (first[other], second[other])
        pairs = sparse.coo_array((np.ones(len(ends[0])), ends), shape=(n_items, n_items)).tocsr()
        return cls(index, sparse.csr_array(pairs + pairs.T))

    def vectors(self, rows: Rows) -> Doubles:
        """Places in co-occurrence space, `(len(rows), dim)`."""
        return self.index.blocks(rows)[COOCCURRENCE].astype(np.float64)

    def between(self, firsts: Rows, seconds: Rows, vectors: Doubles) -> Doubles:
        """The log P of each second item after each first one, `(len(firsts), len(seconds))`.

        Args:
            firsts: Rows of items that are played.
            seconds: Rows of all candidates that may follow.
            vectors: The places of those, `(len(seconds), dim)`.
        """
        cosines = self.vectors(firsts) @ vectors.T
        near = np.exp(_SHARPNESS * (cosines - 1))
        near *= _SMOOTHING / np.maximum(near.sum(axis=1, keepdims=True), np.finfo(float).tiny)
        counts = self.in_a_row[firsts]
        seen = np.asarray(counts[:, seconds].todense())
        total = np.asarray(counts.sum(axis=1)).reshape(-1, 1)
        logs: Doubles = np.log((seen + near) / (total + _SMOOTHING))
        return logs

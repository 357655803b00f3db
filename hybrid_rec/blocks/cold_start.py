"""The cold-start fallback: a place in co-occurrence space for items with little or no history."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from hybrid_rec.blocks.base import Described, Values
from hybrid_rec.blocks.block_set import BlockSet, take_rows
from hybrid_rec.core.arrays import Codes, Floats, Mask, Rows
from hybrid_rec.core.config import ColdStartConfig
from hybrid_rec.core.linalg import one_blas_thread, unit_rows

SOURCES = ("hybrid", "artist", "text", "metadata")
"""Where an item's place comes from, best first; the code of a source is its place here."""
HYBRID, ARTIST, TEXT, METADATA = range(4)

# With fewer items than this a map from describing blocks to vectors would be noise.
_FEWEST_TO_LEARN = 20
# With fewer items than this the penalty is weaker, in proportion: what they say adds up to less,
# and the whole penalty would press all predictions to the mean.
_FULL_PENALTY = 1000
# Columns of a sparse block that the map looks at, the most frequent ones.
_MOST_COLUMNS = 512


@dataclass(frozen=True, eq=False)
class ColdStartMap:
    """A linear map from the blocks that describe items to co-occurrence space."""

    coefficients: Floats
    """`(n_features, dim)` float32; all zero if there was too little to learn from."""
    intercept: Floats
    """`(dim,)` float32."""
    columns: dict[str, Rows]
    """The blocks that it looks at, in this order, and which of their columns."""

    def predict(self, described: Described, n_items: int) -> tuple[Floats, Mask]:
        """Unit vectors, and for which items there is anything to go by; others are zero.

        Args:
            described: Rows of the items by block.
            n_items: How many there are.
        """
        features = self._features(described, n_items)
        known = (features != 0).any(axis=1) & bool(self.coefficients.any())
        vectors = np.zeros((n_items, len(self.intercept)), np.float32)
        # Row by row, so that a row's bytes do not depend on how many others there are.
        with one_blas_thread():
            for row in np.flatnonzero(known):
                vectors[row] = features[row] @ self.coefficients + self.intercept
        return unit_rows(vectors), known

    def _features(self, described: Described, n_items: int) -> Floats:
        parts = [np.empty((n_items, 0), np.float32)]
        for name, columns in self.columns.items():
            values = described[name]
            part = values[:, columns].toarray() if sparse.issparse(values) else values
            parts.append(part)
        features: Floats = np.concatenate(parts, axis=1)
        return features

    @classmethod
    def fit(
        cls,
        vectors: Floats,
        described: Described,
        blocks: BlockSet,
        trust: Floats,
        config: ColdStartConfig,
    ) -> ColdStartMap:
        """The map that predicts `vectors` best, learned where `trust` is positive.

        The group takes no part in it: it places items by itself.

        Args:
            vectors: Co-occurrence vectors, `(n, dim)`.
            described: Rows of the items by block.
            blocks: Says which blocks may predict a place.
            trust: Sample weights, `(n,)`; 0 for items without history.
            config: Strength of the penalty and size of the sample.
        """
        columns = {
            block.name: _frequent(described[block.name])
            for block in blocks
            if block.config.cold_start and block.name != blocks.group
        }
        width = sum(map(len, columns.values()))
        dim = vectors.shape[1]
        unlearned = cls(np.zeros((width, dim), np.float32), np.zeros(dim, np.float32), columns)
        by_trust = np.argsort(-trust, kind="stable")[: config.max_training_items]
        rows = np.sort(by_trust[trust[by_trust] > 0])
        features = unlearned._features(take_rows(described, rows), len(rows))
        rows, features = rows[features.any(axis=1)], features[features.any(axis=1)]
        if len(rows) < _FEWEST_TO_LEARN or not config.fallback:
            return unlearned
        # scikit-learn takes a second to load, and only fitting needs it.
        from sklearn.linear_model import Ridge

        penalty = config.ridge * min(1.0, len(rows) / _FULL_PENALTY)
        ridge = Ridge(alpha=penalty).fit(features, vectors[rows], sample_weight=trust[rows])
        coefficients = np.ascontiguousarray(ridge.coef_.T, dtype=np.float32)
        return cls(coefficients, np.asarray(ridge.intercept_, dtype=np.float32), columns)


def _frequent(values: Values) -> Rows:
    """The columns of a block that the map looks at: of a sparse one the most frequent."""
    if not sparse.issparse(values):
        return np.arange(values.shape[1], dtype=np.int64)
    frequency = np.bincount(values.indices, minlength=values.shape[1])
    return np.sort(np.argsort(-frequency, kind="stable")[:_MOST_COLUMNS]).astype(np.int64)


def trust_of(play_counts: Rows, shrinkage: float) -> Floats:
    """How much an item's own vector is worth, `n / (n + k)`, `(n_items,)`; 0 without plays."""
    plays = play_counts.astype(np.float32)
    trust: Floats = np.divide(plays, plays + shrinkage, out=np.zeros_like(plays), where=plays > 0)
    return trust


def group_means(
    vectors: Floats, trust: Floats, group_of: Rows, n_groups: int
) -> tuple[Floats, Mask]:
    """The mean vector of each group's items, weighted by trust, and which groups have one.

    Args:
        vectors: `(n, dim)`.
        trust: Weights, `(n,)`.
        group_of: Code of each item's group, `(n,)`; negative for none.
        n_groups: Number of codes.

    Returns:
        `(n_groups, dim)` float32, zero where a group has no trusted item, and `(n_groups,)`.
    """
    rows = np.flatnonzero((group_of >= 0) & (trust > 0))
    spread = sparse.csr_array((trust[rows], (group_of[rows], rows)), shape=(n_groups, len(vectors)))
    total = np.bincount(group_of[rows], weights=trust[rows], minlength=n_groups)
    sums = (spread @ vectors).astype(np.float32)
    known = total > 0
    sums[known] /= total[known, None].astype(np.float32)
    return sums, known


def shrink(vectors: Floats, play_counts: Rows, group_of: Rows, n_groups: int, k: float) -> Floats:
    """Unit vectors drawn towards the mean of their group: `(n c + k a) / (n + k)`, `(n, dim)`.

    Items without a vector or a group stay as they are.
    """
    held = vectors.any(axis=1)
    trust = np.where(held, trust_of(play_counts, k), np.float32(0))
    means, known = group_means(vectors, trust, group_of, n_groups)
    drawn = vectors.copy()
    rows = np.flatnonzero(held & (group_of >= 0))
    rows = rows[known[group_of[rows]]]
    own = trust[rows, None]
    drawn[rows] = own * vectors[rows] + (1 - own) * means[group_of[rows]]
    return unit_rows(drawn)


@dataclass(frozen=True, eq=False)
class Fallback:
    """What places items without history: the means of groups, and the map from what describes them.

    The one order of the fallback: group, map, nothing.
    """

    means: Floats
    """Mean vector of each group, `(n_groups, dim)`."""
    known: Mask
    """Which groups have a mean, `(n_groups,)`."""
    cold_map: ColdStartMap
    """The map; one that learned nothing places nobody."""
    by_group: bool
    """Whether groups place items: `ColdStartConfig.fallback`."""

    def places(self, described: Described, group_of: Rows) -> tuple[Floats, Codes]:
        """Places, `(n, dim)`, and the source of each, `(n,)`, a place in `SOURCES`.

        Args:
            described: Rows of the items by block.
            group_of: Code of each item's group, `(n,)`; negative for none or an unknown one.
        """
        vectors = np.zeros((len(group_of), self.means.shape[1]), np.float32)
        sources = np.full(len(group_of), METADATA, np.uint8)
        placed = np.zeros(len(group_of), dtype=bool)
        named = np.flatnonzero(group_of >= 0)
        placed[named] = self.known[group_of[named]] & self.by_group
        vectors[placed] = unit_rows(self.means[group_of[placed]])
        sources[placed] = ARTIST
        rest = np.flatnonzero(~placed)
        predicted, says = self.cold_map.predict(take_rows(described, rest), len(rest))
        vectors[rest] = predicted
        sources[rest[says]] = TEXT
        return vectors, sources

"""Interaction statistics: what playlists say of items and groups, ready to be looked up."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from hybrid_rec.blocks.excerpts import most_plays
from hybrid_rec.blocks.labels import one_hot
from hybrid_rec.core.arrays import Floats, Mask, Rows
from hybrid_rec.core.config import StatisticsConfig
from hybrid_rec.core.linalg import unit_rows
from hybrid_rec.core.progress import Advance, silent
from hybrid_rec.data.playlists import Playlists
from hybrid_rec.ranking import ease, knn
from hybrid_rec.ranking.als import Factors
from hybrid_rec.ranking.ease import ease_weights
from hybrid_rec.ranking.hashes import set_hashes, shortened
from hybrid_rec.ranking.knn import SHRINKAGE, PlaylistNeighbours, item_similarities
from indexes.faiss_index import FaissIndex

_DAY = np.timedelta64(1, "D") / np.timedelta64(1, "us")
MATRICES = ("item_neighbours", "ease_weights", "group_neighbours")
_ALS = "als"
_ALS_NAMES = (_ALS, "als_small", "als_large")
COUNTED_STEPS = 2 * knn.STEPS + ease.STEPS
"""Units of a progress bar for the neighbours of items and of groups, and for EASE."""


@dataclass(frozen=True, eq=False)
class Statistics:
    """What the training playlists say of items and groups, beside their vectors."""

    holds: sparse.csr_array
    """Which items stand in which playlist, `(n_playlists, n_items)` float64."""
    counted: sparse.csr_array
    """The same with as many items of a playlist as count for neighbours, EASE and factors, see
    `StatisticsConfig.longest_playlist`; `holds` itself if none is longer."""
    group_of: Rows
    """Code of each item's group, `(n_items,)`; -1 for none."""
    n_groups: int
    """Number of codes."""
    item_neighbours: sparse.csr_array
    """Shrunk cosines of items, `(n_items, n_items)`."""
    ease_weights: sparse.csr_array
    """Weights of EASE, `(n_items, n_items)`; empty for a catalogue that is too large."""
    group_neighbours: sparse.csr_array
    """Shrunk cosines of groups, `(n_groups, n_groups)`."""
    factors: Mapping[str, Factors]
    """Factors of the items, of one size or several, by the names of their features."""
    ages: Floats
    """Days since an item's last play, its mean play and its first, counted back from the last
    play of all, `(3, n_items)` float32; -1 for items without history, or without times."""

    @classmethod
    def fit(
        cls,
        playlists: Playlists,
        group_of: Rows,
        n_groups: int,
        config: StatisticsConfig,
        features: Collection[str],
        seed: int,
        advance: Advance = silent,
    ) -> Statistics:
        """Count what the playlists hold.

        Args:
            playlists: Training playlists.
            group_of: Code of each item's group, `(n_items,)`; -1 for none.
            n_groups: Number of codes.
            config: How much to keep.
            features: Names of the features that will be asked for; what no other needs is left out.
            seed: Seed of the factors.
            advance: Told `steps` units in all.
        """
        holds = playlists.strengths().astype(np.float64)
        counted = counted_of(holds, config)
        groups = of_groups(counted, group_of, n_groups)
        factors = {
            name: Factors.fit(counted, getattr(config, name), seed, advance)
            for name in als_models(features)
        }
        return cls(
            holds,
            counted,
            group_of,
            n_groups,
            item_similarities(counted, config.item_neighbours, SHRINKAGE, advance),
            ease_weights(counted, config.ease_l2, config.item_neighbours, advance),
            item_similarities(groups, config.group_neighbours, SHRINKAGE, advance),
            factors,
            ages_of(playlists),
        )

    @staticmethod
    def steps(config: StatisticsConfig, features: Collection[str]) -> int:
        """Units that `fit` tells a progress bar of.

        Args:
            config: How much is kept.
            features: Names of the features that are counted for.
        """
        rounds = sum(getattr(config, name).iterations for name in als_models(features))
        return COUNTED_STEPS + int(rounds)

    @cached_property
    def groups(self) -> sparse.csr_array:
        """How many items of each group stand in each playlist, `(n_playlists, n_groups)`."""
        return of_groups(self.holds, self.group_of, self.n_groups)

    @cached_property
    def counted_groups(self) -> sparse.csr_array:
        """The same of the items that count, see `counted`."""
        if self.counted is self.holds:
            return self.groups
        return of_groups(self.counted, self.group_of, self.n_groups)

    @cached_property
    def by_items(self) -> PlaylistNeighbours:
        """Playlists that share items."""
        return PlaylistNeighbours(self.counted)

    @cached_property
    def by_factors(self) -> FaissIndex:
        """Playlists whose factors point the same way."""
        return FaissIndex.build(unit_rows(self.factors[_ALS].place_all(self.counted)))

    @cached_property
    def by_groups(self) -> PlaylistNeighbours:
        """Playlists that share groups."""
        return PlaylistNeighbours(self.counted_groups)

    @cached_property
    def plays(self) -> Floats:
        """ln(1 + playlists that hold it) of each item, `(n_items,)`."""
        counts = np.bincount(self.holds.indices, minlength=self.holds.shape[1])
        logs: Floats = np.log1p(counts).astype(np.float32)
        return logs

    @cached_property
    def group_plays(self) -> Floats:
        """ln(1 + plays of its items) of each group, `(n_groups,)`."""
        counts = np.asarray(self.groups.sum(axis=0)).ravel()
        logs: Floats = np.log1p(counts).astype(np.float32)
        return logs

    @cached_property
    def group_sizes(self) -> Floats:
        """ln(1 + items in the catalogue) of each group, `(n_groups,)`."""
        sizes: Floats = np.log1p(np.diff(self.group_items.indptr)).astype(np.float32)
        return sizes

    @cached_property
    def group_items(self) -> sparse.csr_array:
        """The items of each group, `(n_groups, n_items)`."""
        return one_hot(self.group_of, self.n_groups).T.tocsr()

    @cached_property
    def cold(self) -> Rows:
        """Rows of the items without history."""
        return np.flatnonzero(self.plays == 0)

    @cached_property
    def by_popularity(self) -> Rows:
        """Rows by plays, most first; the earlier row of equals."""
        return np.argsort(-self.plays, kind="stable")

    @cached_property
    def set_hashes(self) -> NDArray[np.uint64]:
        """A hash of the items of each playlist, whatever their order, ascending."""
        return np.sort(set_hashes(self.holds))

    def holds_exactly(self, queries: sparse.csr_array) -> Mask:
        """Which queries have the very items of a training playlist, `(n_queries,)`.

        Args:
            queries: Which items stand in them, `(n_queries, n_items)`.
        """
        wanted = set_hashes(queries)
        place = np.minimum(np.searchsorted(self.set_hashes, wanted), len(self.set_hashes) - 1)
        same: Mask = self.set_hashes[place] == wanted
        return same

    def state(self) -> tuple[Mapping[str, sparse.csr_array], Mapping[str, Floats]]:
        """What cannot be counted again quickly: sparse matrices and arrays by name."""
        matrices = {name: getattr(self, name) for name in MATRICES}
        arrays = {name: factors.vectors for name, factors in self.factors.items()}
        return matrices, arrays | {"ages": self.ages}

    @staticmethod
    def state_shapes(
        playlists: Playlists, n_groups: int, config: StatisticsConfig, features: Collection[str]
    ) -> tuple[dict[str, tuple[int, int]], dict[str, tuple[int, int]]]:
        """The shapes that `state` has, by name: of its matrices, and of its arrays.

        Args:
            playlists: The training playlists.
            n_groups: Number of codes.
            config: What the statistics were counted with.
            features: Names of the features that they were counted for.
        """
        n_items = playlists.n_items
        matrices = dict.fromkeys(MATRICES, (n_items, n_items))
        matrices["group_neighbours"] = (n_groups, n_groups)
        arrays = {name: (n_items, getattr(config, name).size) for name in als_models(features)}
        return matrices, {**arrays, "ages": (3, n_items)}

    @classmethod
    def from_state(
        cls,
        playlists: Playlists,
        group_of: Rows,
        n_groups: int,
        config: StatisticsConfig,
        matrices: Mapping[str, Any],
        arrays: Mapping[str, Any],
    ) -> Statistics:
        """The statistics whose `state` is given."""
        kept = {name: sparse.csr_array(matrices[name]) for name in MATRICES}
        factors = {
            name: Factors.from_vectors(arrays[name], getattr(config, name))
            for name in _ALS_NAMES
            if name in arrays
        }
        holds = playlists.strengths().astype(np.float64)
        return cls(
            holds,
            counted_of(holds, config),
            group_of,
            n_groups,
            **kept,
            factors=factors,
            ages=arrays["ages"],
        )


def counted_of(holds: sparse.csr_array, config: StatisticsConfig) -> sparse.csr_array:
    """See `Statistics.counted`.

    Args:
        holds: Which items stand in which playlist, `(n_playlists, n_items)`.
        config: How many count.
    """
    return shortened(holds, most_plays(np.diff(holds.indptr), config.longest_playlist))


def als_models(features: Collection[str]) -> list[str]:
    """Names of the factors that some features need; the first, which places playlists, always.

    Args:
        features: Names of features.
    """
    return [name for name in _ALS_NAMES if name == _ALS or name in features]


def of_groups(holds: sparse.csr_array, group_of: Rows, n_groups: int) -> sparse.csr_array:
    """How many items of each group stand in each playlist, `(n_playlists, n_groups)`.

    Args:
        holds: Which items do, `(n_playlists, n_items)`.
        group_of: Code of each item's group, `(n_items,)`; -1 for none.
        n_groups: Number of codes.
    """
    counts = sparse.csr_array(holds @ one_hot(group_of, n_groups))
    counts.sort_indices()
    return counts


def ages_of(playlists: Playlists) -> Floats:
    """See `Statistics.ages`."""
    ages = np.full((3, playlists.n_items), -1, np.float32)
    if playlists.times is None or not playlists.n_plays:
        return ages
    times = playlists.times.astype("datetime64[us]").astype(np.float64) / _DAY
    days = times.max() - times
    order = np.argsort(playlists.rows, kind="stable")
    rows, days = playlists.rows[order], days[order]
    starts = np.flatnonzero(np.concatenate([[True], rows[1:] != rows[:-1]]))
    sizes = np.diff(np.append(starts, len(rows)))
    played = rows[starts]
    ages[0, played] = np.minimum.reduceat(days, starts)
    ages[1, played] = np.add.reduceat(days, starts) / sizes
    ages[2, played] = np.maximum.reduceat(days, starts)
    return ages

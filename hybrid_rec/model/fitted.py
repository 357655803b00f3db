"""Model: all that fitting leaves behind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from hybrid_rec.blocks.base import Described
from hybrid_rec.blocks.block_set import BlockSet
from hybrid_rec.blocks.cold_start import (
    HYBRID,
    SOURCES,
    ColdStartMap,
    Fallback,
    group_means,
    trust_of,
)
from hybrid_rec.blocks.pooling import playlist_queries
from hybrid_rec.blocks.songs import Songs
from hybrid_rec.core.arrays import Codes, Floats, Rows
from hybrid_rec.core.config import COOCCURRENCE, HybridConfig
from hybrid_rec.data.catalog import Catalog
from hybrid_rec.data.playlists import Playlists
from hybrid_rec.model.held_out import HeldOut
from hybrid_rec.ranking.candidates import CandidateFeatures
from hybrid_rec.ranking.names import NameNeighbours, named_queries
from hybrid_rec.ranking.order import Order
from hybrid_rec.ranking.ranker import Ranker
from hybrid_rec.ranking.statistics import Statistics
from indexes.choice import Choice
from indexes.faiss_index import FaissIndex
from indexes.hybrid import HybridIndex, HybridQueries

_NO_ROWS: Rows = np.empty(0, dtype=np.int64)


@dataclass(frozen=True, eq=False)
class Ranking:
    """The learned second stage and what it looks at."""

    statistics: Statistics
    """What the training playlists say."""
    ranker: Ranker
    """The order of candidates."""
    weights: Mapping[str, float]
    """Block weights that were learned beside it."""
    learned: Order | None = None
    """The order for queries that were learned from before; None where the usual one is theirs."""

    def ranker_of(self, *, near_items: bool) -> Ranker:
        """The order of candidates, of a playlist or near an item."""
        return self.ranker.near_items if near_items else self.ranker


@dataclass(frozen=True, eq=False)
class ItemDescriptions:
    """What is known of the items without any playlist."""

    blocks: BlockSet
    """The blocks, fitted."""
    rows: Described
    """The rows of all items by block, each `(n_items, width)`."""
    group_of: Rows
    """Code of each item's group, `(n_items,)`; -1 for none."""

    def __len__(self) -> int:
        return len(self.group_of)


@dataclass(frozen=True, eq=False)
class Model:
    """A fitted model. Item vectors live in the index alone, once."""

    config: HybridConfig
    """What it was fitted with."""
    catalog: Catalog
    """The items."""
    playlists: Playlists
    """The training playlists, for neighbours, counts and updates."""
    blocks: BlockSet
    """What items are described by, fitted."""
    index: HybridIndex
    """Blocks `cooccurrence`, `popularity` and those of `blocks`, dense and sparse."""
    sources: Codes
    """Where the place of each item comes from, a place in `cold_start.SOURCES`, `(n_items,)`."""
    group_of: Rows
    """Code of each item's group, `(n_items,)`; -1 for none."""
    cold_map: ColdStartMap
    """From describing blocks to co-occurrence space."""
    names: NameNeighbours | None = None
    """What the training playlists are called; None where they have no names."""
    ranking: Ranking | None = None
    """The second stage; None where it is switched off or there are too few playlists."""
    removed: Rows = field(default_factory=lambda: _NO_ROWS)
    """Rows of items that are never recommended, ascending; as seeds they still tell something."""
    timings: dict[str, float] = field(default_factory=dict)
    """Seconds of each stage of the fit, or of the latest update; empty for a loaded model."""
    choice: Choice | None = None
    """Kind of the dense index and why it is that; None if an older version saved the model."""
    held_out: HeldOut | None = None
    """How well the fit completes playlists that it did not see, which says whether anything was
    learned; None where that was not measured. An update leaves it as it is."""
    learned_from: int | None = None
    """The number of the first playlist that was learned from queries; None if none was."""

    @cached_property
    def candidates(self) -> CandidateFeatures | None:
        """What brings and describes candidates; None for a model without a ranking."""
        if self.ranking is None:
            return None
        return candidate_features(
            self.index,
            self.blocks,
            self.ranking.statistics,
            self.sources,
            self.config,
            self.ranking.ranker.names,
            self.learned_from,
            self.names,
        )

    @cached_property
    def playlist_index(self) -> FaissIndex:
        """The training playlists in co-occurrence space."""
        return FaissIndex.build(self.queries(self.playlists).dense[COOCCURRENCE])

    @cached_property
    def songs(self) -> Songs:
        """Which items are one song."""
        return Songs.of(self.catalog.titles, self.group_of)

    def queries(self, playlists: Playlists) -> HybridQueries:
        """Playlists of the catalogue as queries, whatever they are called."""
        return playlist_queries(self.index, self.blocks, playlists)

    def named_queries(self, playlists: Playlists) -> HybridQueries:
        """Playlists of the catalogue, and what they are called, as queries."""
        return named_queries(self.index, self.blocks, playlists, self.names)

    @property
    def given_weights(self) -> dict[str, float]:
        """Block weights as the configuration gives them, or by default."""
        return self.blocks.weights(self.config.weights)

    @property
    def weights(self) -> dict[str, float]:
        """Block weights of the linear score: learned ones, or else those given."""
        if self.ranking is not None and self.config.weights.learned:
            return {**self.given_weights, **self.ranking.weights}
        return self.given_weights

    def source_counts(self) -> dict[str, int]:
        """Items by where their places come from."""
        counts = np.bincount(self.sources, minlength=len(SOURCES))
        return dict(zip(SOURCES, counts.tolist(), strict=True))

    def fallback(self, wanted: Rows) -> Fallback:
        """The cold-start fallback for items of some groups.

        Args:
            wanted: Codes of the groups that are asked for; negative for none.
        """
        asked = np.zeros(self.blocks.n_groups + 1, dtype=bool)
        asked[wanted] = True
        asked[-1] = False  # that of items without a group
        rows = np.flatnonzero(asked[self.group_of] & (self.sources == HYBRID))
        return fallback_of(
            self.index.blocks(rows)[COOCCURRENCE], self.playlists.known_plays[rows],
            self.group_of[rows], self.blocks.n_groups, self.cold_map, self.config,
        )  # fmt: skip


def fallback_of(
    vectors: Floats,
    plays: Rows,
    group_of: Rows,
    n_groups: int,
    cold_map: ColdStartMap,
    config: HybridConfig,
) -> Fallback:
    """The cold-start fallback that follows from some items with history.

    Args:
        vectors: Their places, `(n, dim)`.
        plays: Their plays, `(n,)`.
        group_of: Codes of their groups, `(n,)`; negative for none.
        n_groups: Number of codes.
        cold_map: The map from describing blocks.
        config: Shrinkage, and whether groups place items.
    """
    trust = trust_of(plays, config.cold_start.shrinkage)
    means, known = group_means(vectors, trust, group_of, n_groups)
    return Fallback(means, known, cold_map, config.cold_start.fallback)


def candidate_features(
    index: HybridIndex,
    blocks: BlockSet,
    statistics: Statistics,
    sources: Codes,
    config: HybridConfig,
    names: Sequence[str],
    learned_from: int | None = None,
    called: NameNeighbours | None = None,
) -> CandidateFeatures:
    """What brings and describes candidates, by the given weights and the chosen generators.

    Args:
        index: Item vectors of stage one.
        blocks: What items are described by.
        statistics: What the training playlists say.
        sources: Where the place of each item comes from, `(n_items,)`.
        config: Weights, generators and how many candidates they bring.
        names: Names of the features, in the order of the columns.
        learned_from: The number of the first playlist that was learned from queries, if any was.
        called: What the training playlists are called; None where they have no names.
    """
    weights = blocks.weights(config.weights)
    ranking = config.ranking
    return CandidateFeatures(
        index, blocks, statistics, sources, weights, ranking.candidates, ranking.generators, names,
        learned_from, called,
    )  # fmt: skip

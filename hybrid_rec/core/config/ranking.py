"""Parameters of the second stage: candidates, statistics, trees, network."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Literal, get_args

from pydantic import Field

from hybrid_rec.core.config.section import Section


class AlsConfig(Section):
    """Matrix factorisation by alternating least squares."""

    size: int = Field(64, ge=1, le=1024)
    """Dimensions of the factors."""
    alpha: float = Field(10.0, ge=1.0, le=1e6)
    """Confidence in what a playlist holds; 1 is the confidence in what it lacks."""
    regularisation: float = Field(0.01, ge=0.0, le=1e6)
    """Strength of the L2 penalty."""
    iterations: int = Field(15, ge=1, le=1000)
    """Rounds of solving for playlists and items in turn."""


class SmallAlsConfig(AlsConfig):
    """The same with fewer dimensions, which sees what is common."""

    size: int = Field(32, ge=1, le=1024)
    """Dimensions of the factors."""
    alpha: float = Field(20.0, ge=1.0, le=1e6)
    """Confidence in what a playlist holds; 1 is the confidence in what it lacks."""
    regularisation: float = Field(1.0, ge=0.0, le=1e6)
    """Strength of the L2 penalty."""


class LargeAlsConfig(AlsConfig):
    """The same with more dimensions, which sees what is special."""

    size: int = Field(128, ge=1, le=1024)
    """Dimensions of the factors."""


class StatisticsConfig(Section):
    """The interaction statistics that the ranking keeps of the playlists, beside the vectors."""

    renamed: ClassVar[Mapping[str, str]] = {
        "artist_neighbours": "group_neighbours",
        "factors": "als",
        "factors_few": "als_small",
        "factors_many": "als_large",
    }

    longest_playlist: int = Field(3000, ge=0)
    """Items of a playlist that count at most for neighbours, EASE and factors, 0 for all of them.
    It is fewer, but at least 100, where they would be more than a thirtieth of all and than four
    playlists of mean length. Of a longer one so many are drawn, for its pairs grow by its square;
    plays and popularity count all."""
    item_neighbours: int = Field(200, ge=1)
    """Items kept of each item, by shared playlists and by EASE."""
    group_neighbours: int = Field(100, ge=1)
    """Groups (artists, see `group_by`) kept of each group."""
    ease_l2: float = Field(200.0, gt=0.0, le=1e9)
    """Strength of the L2 penalty of EASE."""
    als: AlsConfig = AlsConfig()
    """Alternating least squares; its factors also tell which playlists are alike,
    if `ranking.extra` names `user_knn_by_als`."""
    als_small: SmallAlsConfig = SmallAlsConfig()
    """The same with fewer dimensions, which sees what is common; fitted if `ranking.extra` names
    it."""
    als_large: LargeAlsConfig = LargeAlsConfig()
    """The same with more dimensions, which sees what is special; fitted if `ranking.extra` names
    it."""


class NetworkConfig(Section):
    """The neural network whose scores are added to those of the trees."""

    weight: float = Field(0.5, ge=0.0, le=100.0)
    """What its scores are multiplied by; 0 for none, then it is not fitted."""
    first_layer: int = Field(64, ge=1, le=4096)
    """Units of its first layer."""
    second_layer: int = Field(32, ge=1, le=4096)
    """Units of its second layer."""
    epochs: int = Field(12, ge=1, le=10_000)
    """How often it sees all cases."""
    learning_rate: float = Field(0.005, gt=0.0, le=1.0)
    """Length of its steps."""

    @property
    def units(self) -> tuple[int, int]:
        """Units of its two layers."""
        return self.first_layer, self.second_layer


Generator = Literal[
    "linear", "popular", "user_knn", "item_knn", "ease", "group", "group_user_knn",
    "user_knn_groups", "cold", "names",
]  # fmt: skip
"""Names of the candidate generators."""


class RankingConfig(Section):
    """The learned second stage, which orders candidates by their features."""

    renamed: ClassVar[Mapping[str, str]] = {"sources": "generators", "evidence": "statistics"}

    enabled: bool = True
    """Rank where there are enough playlists; false leaves the linear score."""
    min_playlists: int = Field(50, ge=10)
    """Fewest playlists of at least four items that are learned from; with fewer the linear score
    orders."""
    candidates: int = Field(500, ge=10)
    """Candidates that the widest generators bring; there are about twice as many in all."""
    generators: tuple[Generator, ...] = Field(get_args(Generator), min_length=1)
    """Where candidates come from: the linear score, the most played items, playlists that share
    items with the query, neighbours of its items, EASE, the items of its groups (artists),
    playlists that share groups with it, the items of the groups that similar playlists hold,
    items without history that are near to it, and playlists that are called like it. A list that
    is longer than all of these bring is filled up from the linear score."""
    extra: tuple[str, ...] = ()
    """Features beside the usual ones: those of `hybrid_rec/ranking/features.py` that are marked
    `by_default=False`, as they took more time than they were worth on our data (ABLATION.md)."""
    without: tuple[str, ...] = ()
    """Features that the ranker does not look at; see `hybrid_rec/ranking/features.py`. A block is
    the feature `block_NAME`."""
    cases: int = Field(1000, ge=10)
    """Held-out playlists wanted; folds are added, up to two, until there are so many."""
    held_out: float = Field(0.2, gt=0.0, le=0.5)
    """Share of the playlists that a fold holds out, but no more than `cases`."""
    holdout: Literal["auto", "random", "latest"] = "auto"
    """Which playlists are held out: random ones, or the latest; without times those are the last
    ones. `auto` takes the latest where they bring many more items without history than random ones
    do. `latest` says that the playlists stand in order of time. Beside the latest, random ones are
    held out, too: for what is near an item, and for playlists of long ago."""
    hidden_share: float | None = Field(None, ge=0.0, le=0.5)
    """Share of the items whose history is hidden from a fold, so that the order of items without
    history is learned. Left out, it is a tenth; a twentieth where at least a tenth of what is held
    out has no other history anyway."""
    known_share: float = Field(1.0, ge=0.0, le=10.0)
    """Playlists that are in training but for hidden items, as a share of those held out: the order
    of items without history for such playlists is learned from them."""
    single_share: float = Field(0.5, ge=0.0, le=1.0)
    """Share of the playlists held out that are also asked by a single item, so that what is like
    one item is learned; and the share of those with a hidden item that are asked by that alone."""
    new_share: float = Field(0.2, ge=0.0, le=1.0)
    """Share of the places from the top that are reserved for items without history in the list of
    a playlist that the model was trained on. 0 reserves none, and such items then stand behind
    nearly all others, because a playlist of the training never held them."""
    tastes: bool = True
    """Whether a query whose items fall into groups that are no more alike than any two plays gets
    the best of each group among its first ten, as many as it has items there. What such a group is
    needs a fifth of the items; the rest of the list is ordered as ever."""
    learn: Literal["auto", "always", "never"] = "auto"
    """Whether to learn another order for queries that are learned from before they are answered
    (`learn=True`). `auto` does where the latest playlists are held out: there queries tell of new
    items, and the usual order has not met any that are known from queries alone."""
    trees: int = Field(160, ge=1, le=10_000)
    """Trees of the ranker."""
    leaves: int = Field(15, ge=2, le=1024)
    """Leaves of a tree."""
    learning_rate: float = Field(0.07, gt=0.0, le=1.0)
    """Weight of a tree."""
    min_leaf: int = Field(200, ge=1)
    """Fewest candidates in a leaf."""
    network: NetworkConfig = NetworkConfig()
    """What is added to the scores of the trees."""
    statistics: StatisticsConfig = StatisticsConfig()
    """What is kept of the playlists."""

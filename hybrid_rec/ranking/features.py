"""Features of candidates: what the ranker looks at.

A feature is a function of one query's candidates. To add one, write it here with `@feature`; the
ranker, saved models, explanations and reports know it by its name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from scipy import sparse

from hybrid_rec.blocks.block_set import BlockSet
from hybrid_rec.core.arrays import Doubles, Floats, Mask, Rows
from hybrid_rec.core.config import COOCCURRENCE, POPULARITY
from hybrid_rec.ranking.query_batch import QueryBatch, entries

# Arrays of whatever kind NumPy makes of them, one number a candidate.
Numbers = Any
_MOST_SEEDS = 200


@dataclass(frozen=True, eq=False)
class CandidateList:
    """The candidates of one query."""

    rows: Rows
    """Rows of the catalogue, ascending, `(n_candidates,)`."""
    features: Floats
    """`(n_candidates, n_features)`."""
    is_cold: Mask
    """Which have no history, `(n_candidates,)`."""
    is_known: bool
    """Whether the query has the very items of a training playlist, and enough of them."""


class Candidates:
    """The candidates of one query, whose features are computed when they are first asked for.

    Args:
        batch: The queries that are computed together.
        number: Which of them it is.
        rows: Rows of the catalogue, ascending.
        scratch: Zeros, as many as there are items or groups and one more, for the time of a call.
    """

    def __init__(self, batch: QueryBatch, number: int, rows: Rows, scratch: Doubles) -> None:
        self.batch, self.number, self.rows = batch, number, rows
        self.statistics, self.source = batch.statistics, batch.source
        self._scratch = scratch
        self._values: dict[str, Numbers] = {}

    def __getitem__(self, name: str) -> Numbers:
        """The values of a feature, `(n_candidates,)`."""
        if name not in self._values:
            self._values[name] = self.source.features[name].values(self)
        return self._values[name]

    @cached_property
    def blocks(self) -> Mapping[str, Floats]:
        """The dense blocks of the candidates."""
        return self.source.index.blocks(self.rows)

    @cached_property
    def groups(self) -> Rows:
        """The group of each candidate; -1 for none."""
        return self.statistics.group_of[self.rows]

    @cached_property
    def seeds(self) -> Rows:
        """The different items of the query."""
        return np.unique(self.batch.part[self.number])

    @property
    def n_seeds(self) -> int:
        """How many there are, at least 1."""
        return int(self.batch.n_seeds[self.number])

    def of_items(self, line: str) -> Doubles:
        """Sparse scores of the candidates; see `QueryBatch.line`."""
        return self._entries_at(self.batch.line(line), self.rows)

    def of_groups(self, line: str) -> Doubles:
        """Sparse scores of the candidates' groups, 0 for none."""
        return self._entries_at(self.batch.line(line), self.groups)

    def everywhere(self, value: float) -> Numbers:
        """One number for all candidates, as it tells of the query alone."""
        return np.full(len(self.rows), value)

    def by_group(self, values: Floats) -> Numbers:
        """A number of each group for the candidates of it, 0 for those without one."""
        if not self.statistics.n_groups:
            return np.zeros(len(self.rows))
        return np.where(self.groups >= 0, values[np.maximum(self.groups, 0)], 0)

    def _entries_at(self, matrix: sparse.csr_array, columns: Rows) -> Doubles:
        held, values = entries(matrix, self.number)
        self._scratch[held] = values
        # A negative column is the last place, which no line fills.
        found: Doubles = self._scratch[columns]
        self._scratch[held] = 0
        return found


@dataclass(frozen=True)
class Feature:
    """One number for each candidate."""

    name: str
    """What the trees know it by."""
    part: str
    """What explanations tell its contribution under."""
    values: Callable[[Candidates], Numbers]
    """Computes it, `(n_candidates,)`."""
    needs_group: bool = False
    """Whether it says nothing where there are no groups."""


_FEATURES: list[Feature] = []
GROUP_PART, GROUP_NEIGHBOURS = "{group}", "{group} neighbours"


def feature(
    part: str, *, needs_group: bool = False
) -> Callable[[Callable[[Candidates], Numbers]], Callable[[Candidates], Numbers]]:
    """Make a function a feature by its own name; a decorator.

    Args:
        part: What explanations tell it under; `{group}` stands for the name of the group.
        needs_group: Whether it is left out where there are no groups.
    """

    def register(values: Callable[[Candidates], Numbers]) -> Callable[[Candidates], Numbers]:
        _FEATURES.append(Feature(values.__name__, part, values, needs_group))
        return values

    return register


@feature("cooccurrence")
def cooccurrence(c: Candidates) -> Numbers:
    """Cosine with the query in co-occurrence space."""
    return c.blocks[COOCCURRENCE] @ np.asarray(c.batch.queries.dense[COOCCURRENCE])[c.number]


@feature("cooccurrence")
def cooccurrence_recent(c: Candidates) -> Numbers:
    """The same with the mean of the latest items."""
    return c.blocks[COOCCURRENCE] @ c.batch.recent_vectors[0][c.number]


@feature("cooccurrence")
def cooccurrence_best(c: Candidates) -> Numbers:
    """The best cosine with one of the items."""
    _, used, vectors = c.batch.recent_vectors
    last = c.batch.part[c.number][-_MOST_SEEDS:]
    if not len(last):
        return np.zeros(len(c.rows))
    return (c.blocks[COOCCURRENCE] @ vectors[np.searchsorted(used, last)].T).max(axis=1)


@feature("cooccurrence")
def cooccurrence_times_plays(c: Candidates) -> Numbers:
    """Cosine and plays together."""
    return c["cooccurrence"] * c["plays"]


_BLOCKS_STAND_HERE = len(_FEATURES)


@feature(GROUP_PART, needs_group=True)
def group_share(c: Candidates) -> Numbers:
    """Share of the items that are of the same group."""
    return c.of_groups("group_share") / c.n_seeds


@feature("playlist neighbours")
def user_knn(c: Candidates) -> Numbers:
    """Sum of the cosines of the 100 most similar playlists that hold it."""
    return c.of_items("user_knn")


@feature("playlist neighbours")
def user_knn_few(c: Candidates) -> Numbers:
    """The same of 30 playlists."""
    return c.of_items("user_knn_few")


@feature("playlist neighbours")
def user_knn_wide(c: Candidates) -> Numbers:
    """The same of 300 playlists."""
    return c.of_items("user_knn_wide")


@feature("playlist neighbours")
def user_knn_sharp(c: Candidates) -> Numbers:
    """The same of 300 playlists, cosines squared."""
    return c.of_items("user_knn_sharp")


@feature("playlist neighbours")
def user_knn_recent(c: Candidates) -> Numbers:
    """The same, with late items of the query counting for more."""
    return c.of_items("user_knn_recent")


@feature("playlist neighbours")
def user_knn_by_als(c: Candidates) -> Numbers:
    """The same of the playlists that are nearest among the factors."""
    return c.of_items("user_knn_by_als")


@feature("playlist neighbours")
def nearest_playlist(c: Candidates) -> Numbers:
    """Cosine of the most similar playlist."""
    _, cosines = entries(c.batch.line("playlists"), c.number)
    return c.everywhere(round(float(cosines[0]), 6) if len(cosines) else 0.0)


@feature("item neighbours")
def item_knn(c: Candidates) -> Numbers:
    """Mean of the shrunk cosines with the items of the query."""
    return c.of_items("item_knn") / c.n_seeds


@feature("item neighbours")
def item_knn_recent(c: Candidates) -> Numbers:
    """Their sum, with late items counting for more."""
    return c.of_items("item_knn_recent")


@feature("item neighbours")
def ease(c: Candidates) -> Numbers:
    """Sum of the weights of EASE."""
    return c.of_items("ease")


@feature("item neighbours")
def ease_recent(c: Candidates) -> Numbers:
    """The same, with late items counting for more."""
    return c.of_items("ease_recent")


def _als(name: str) -> Callable[[Candidates], Numbers]:
    def values(c: Candidates) -> Numbers:
        vectors = c.statistics.factors[name].vectors.take(c.rows, axis=0)
        return vectors @ c.batch.placed(name)[c.number]

    values.__name__ = name
    values.__doc__ = "Inner product with the place of the query among these factors."
    return values


for _name in ("als", "als_small", "als_large"):
    feature("factors")(_als(_name))


@feature(GROUP_NEIGHBOURS, needs_group=True)
def group_user_knn(c: Candidates) -> Numbers:
    """How often the group stands in playlists of like groups."""
    return c.of_groups("group_user_knn")


@feature(GROUP_NEIGHBOURS, needs_group=True)
def group_user_knn_items(c: Candidates) -> Numbers:
    """How often the item stands in playlists of like groups."""
    return c.of_items("group_user_knn_items")


@feature(GROUP_NEIGHBOURS, needs_group=True)
def user_knn_groups(c: Candidates) -> Numbers:
    """How often the group stands in similar playlists."""
    return c.of_groups("user_knn_groups")


@feature(GROUP_NEIGHBOURS, needs_group=True)
def group_knn(c: Candidates) -> Numbers:
    """Mean of the shrunk cosines of the group with those of the query."""
    return c.of_groups("group_knn") / c.n_seeds


@feature("popularity")
def plays(c: Candidates) -> Numbers:
    """ln(1 + playlists that hold it)."""
    return c.statistics.plays[c.rows]


@feature("popularity", needs_group=True)
def group_plays(c: Candidates) -> Numbers:
    """ln(1 + plays of the group)."""
    return c.by_group(c.statistics.group_plays)


@feature("popularity", needs_group=True)
def group_other_plays(c: Candidates) -> Numbers:
    """How far the group is played more than the item."""
    return c["group_plays"] - c["plays"]


@feature("popularity", needs_group=True)
def group_size(c: Candidates) -> Numbers:
    """ln(1 + items of the group)."""
    return c.by_group(c.statistics.group_sizes)


@feature("history")
def source(c: Candidates) -> Numbers:
    """Where its place comes from; see `cold_start.SOURCES`."""
    return c.source.sources[c.rows]


@feature("query")
def n_seeds(c: Candidates) -> Numbers:
    """Different items of the query."""
    return c.everywhere(len(c.seeds))


@feature("query", needs_group=True)
def seed_groups(c: Candidates) -> Numbers:
    """Different groups of the query for each of its items."""
    groups, _ = entries(c.batch.line("group_share"), c.number)
    return c.everywhere(len(groups) / c.n_seeds)


@feature("query")
def seed_plays(c: Candidates) -> Numbers:
    """Mean plays of its items."""
    return c.everywhere(c.statistics.plays[c.seeds].mean() if len(c.seeds) else 0.0)


@feature("query")
def seed_cold(c: Candidates) -> Numbers:
    """Share of its items that have no history."""
    return c.everywhere((c.statistics.plays[c.seeds] == 0).mean() if len(c.seeds) else 0.0)


@feature("linear score")
def linear(c: Candidates) -> Numbers:
    """The linear score with the given weights."""
    total = np.zeros(len(c.rows))
    for block, name in c.source.linear_features.items():
        total = total + c.source.weights.get(block, 0.0) * c[name]
    return total


def _rank(of: str, name: str, part: str) -> None:
    def values(c: Candidates) -> Numbers:
        ranks = np.empty(len(c.rows))
        ranks[np.argsort(-c[of], kind="stable")] = np.arange(len(c.rows))
        return ranks

    values.__name__ = name
    values.__doc__ = f"Place by {of}, from 0; the earlier row of equals first."
    feature(part)(values)


_rank("linear", "linear_rank", "linear score")
_rank("user_knn_wide", "user_knn_rank", "playlist neighbours")
_rank("ease", "ease_rank", "item neighbours")
_rank("als", "als_rank", "factors")


@feature("age")
def age_last(c: Candidates) -> Numbers:
    """Days since its last play; -1 without history or times."""
    return c.statistics.ages[0, c.rows]


@feature("age")
def age_mean(c: Candidates) -> Numbers:
    """Days since its mean play."""
    return c.statistics.ages[1, c.rows]


@feature("age")
def age_first(c: Candidates) -> Numbers:
    """Days since its first play."""
    return c.statistics.ages[2, c.rows]


@feature("age")
def age_gap(c: Candidates) -> Numbers:
    """How much older it is than the items of the query."""
    known = c.statistics.ages[1, c.seeds]
    known = known[known >= 0]
    return c["age_mean"] - (known.mean() if len(known) else 0.0)


def block_feature(block: str) -> str:
    """The name of the feature that is a block's inner product with the query."""
    return f"block_{block}"


def _of_block(block: str, is_sparse: bool) -> Feature:
    def dense(c: Candidates) -> Numbers:
        return c.blocks[block] @ np.asarray(c.batch.queries.dense[block])[c.number]

    def hot(c: Candidates) -> Numbers:
        rows = c.source.index.one_hot[block]
        wanted = np.zeros(rows.shape[1])
        columns, strength = entries(c.batch.queries.sparse[block], c.number)
        wanted[columns] = strength
        return rows[c.rows] @ wanted

    return Feature(block_feature(block), block, hot if is_sparse else dense)


def features_of(blocks: BlockSet) -> dict[str, Feature]:
    """The features of a model by name, in the order of the columns: derived from its blocks.

    Args:
        blocks: What its items are described by; each is a feature.
    """
    ordered = sorted(blocks, key=lambda block: block.name == blocks.group)
    described = [_of_block(block.name, block.is_sparse) for block in ordered]
    shared = [
        Feature(one.name, one.part.format(group=blocks.group), one.values)
        for one in _FEATURES
        if blocks.group is not None or not one.needs_group
    ]
    found = [*shared[:_BLOCKS_STAND_HERE], *described, *shared[_BLOCKS_STAND_HERE:]]
    return {one.name: one for one in found}


def linear_features(blocks: BlockSet) -> dict[str, str]:
    """The feature that holds each block's inner product with the query, by block."""
    ordered = sorted(blocks.names, key=lambda name: name == blocks.group)
    described = {name: block_feature(name) for name in ordered}
    return {COOCCURRENCE: "cooccurrence", **described, POPULARITY: "plays"}


def matrix_of(candidates: Candidates, names: Sequence[str]) -> Floats:
    """The features of all candidates, `(n_candidates, n_features)`."""
    columns = np.empty((len(names), len(candidates.rows)), np.float32)
    for column, name in zip(columns, names, strict=True):
        column[:] = candidates[name]
    return np.ascontiguousarray(columns.T)

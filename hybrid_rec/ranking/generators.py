"""Candidate generators: each brings rows of the catalogue that may be worth recommending.

A generator is a function of a batch of queries and of how many candidates are wanted at most. To
add one, write it here, and its name into `Generator` of the configuration.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from scipy import sparse

from hybrid_rec.core.arrays import Doubles, Rows
from hybrid_rec.core.config import COOCCURRENCE, Generator
from hybrid_rec.ranking.knn import strongest
from hybrid_rec.ranking.query_batch import QueryBatch, entries
from hybrid_rec.ranking.statistics import Statistics

LINEAR: Generator = "linear"
"""The generator that is a search of the index, and comes before all others."""
COLD: Generator = "cold"
NAMES: Generator = "names"
"""The generator that brings nothing where playlists have no names."""
_NEAR_GROUPS = 64


def _popular(batch: QueryBatch, depth: int) -> Sequence[Rows]:
    """The most played items."""
    return [batch.statistics.by_popularity[: depth * 2 // 5]] * len(batch.part)


def _cold(batch: QueryBatch, depth: int) -> Sequence[Rows]:
    """Items without history that are near to the query."""
    cold = batch.statistics.cold
    if not len(cold):
        return [cold] * len(batch.part)
    vectors = batch.queries.dense[COOCCURRENCE]
    near = batch.source.cold_index.search(vectors, min(depth * 2 // 5, len(cold))).rows
    return list(cold[near])


def _best_of(line: str, share: float) -> Callable[[QueryBatch, int], Sequence[Rows]]:
    """A generator of the items with the best sparse scores of one name."""

    def generate(batch: QueryBatch, depth: int) -> Sequence[Rows]:
        lines = strongest(sparse.csr_array(batch.line(line)), max(1, int(depth * share)))
        return [entries(lines, number)[0] for number in range(len(batch.part))]

    return generate


def _group(batch: QueryBatch, depth: int) -> Sequence[Rows]:
    """Items of the groups that the query holds."""
    own = batch.group_queries
    return [
        items_of_groups(batch.statistics, *_positive(*entries(own, number)), depth * 4 // 5)
        for number in range(len(batch.part))
    ]


def _positive(groups: Rows, strength: Doubles) -> tuple[Rows, Doubles]:
    """The groups that are wanted, without those that are disliked."""
    return groups[strength > 0], strength[strength > 0]


def _user_knn_groups(batch: QueryBatch, depth: int) -> Sequence[Rows]:
    """Items of the groups that similar playlists hold."""
    near = strongest(sparse.csr_array(batch.line("group_user_knn")), _NEAR_GROUPS)
    return [
        items_of_groups(batch.statistics, *entries(near, number), depth)
        for number in range(len(batch.part))
    ]


def _names(batch: QueryBatch, depth: int) -> Sequence[Rows]:
    """Items of like-named playlists, and of playlists that hold such items."""
    lots = [_best_of(line, 1.0)(batch, depth) for line in ("name_votes_sharp", "name_user_knn")]
    return [np.concatenate(rows) for rows in zip(*lots, strict=True)]


GENERATORS: Mapping[Generator, Callable[[QueryBatch, int], Sequence[Rows]]] = {
    "popular": _popular,
    "user_knn": _best_of("user_knn_wide", 1.0),
    "item_knn": _best_of("item_knn", 1.0),
    "ease": _best_of("ease", 1.0),
    "group": _group,
    "group_user_knn": _best_of("group_user_knn_items", 0.6),
    "user_knn_groups": _user_knn_groups,
    COLD: _cold,
    NAMES: _names,
}
"""All generators but the linear score, by name."""

NEED_GROUPS: frozenset[Generator] = frozenset({"group", "group_user_knn", "user_knn_groups"})
"""Generators that bring nothing where there are no groups."""


def items_of_groups(statistics: Statistics, groups: Rows, strength: Doubles, n: int) -> Rows:
    """The n items of some groups with the strongest group and most plays.

    Args:
        statistics: Items of each group, and their plays.
        groups: Codes of groups.
        strength: How strongly each is wanted.
        n: Items wanted.
    """
    items = statistics.group_items
    starts, ends = items.indptr[groups], items.indptr[groups + 1]
    sizes = ends - starts
    places = np.repeat(ends - np.cumsum(sizes), sizes) + np.arange(sizes.sum())
    rows: Rows = items.indices[places].astype(np.int64)
    if len(rows) <= n:
        return rows
    value = np.repeat(strength, sizes) * (1 + 0.1 * statistics.plays[rows])
    # A third of the places are for items that nobody has played, for plays outweigh them.
    order = np.lexsort((rows, -value))
    cold = order[statistics.plays[rows[order]] == 0][: n // 3]
    return np.concatenate([rows[order[: n - len(cold)]], rows[cold]])

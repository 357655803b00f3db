"""Features of candidates: what the ranker looks at.

A feature is a function of one query's candidates. To add one, write it here with `@feature`; the
ranker, saved models, explanations and reports know it by its name.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from hybrid_rec.core.config import COOCCURRENCE
from hybrid_rec.ranking.feature import (
    GROUP_NEIGHBOURS,
    GROUP_PART,
    REGISTERED,
    Candidates,
    Numbers,
    feature,
)
from hybrid_rec.ranking.query_batch import entries

_MOST_SEEDS = 200
# So many items of today are counted with those of a query: a single one tells little of its time.
_OF_TODAY = 5


@feature("cooccurrence")
def cooccurrence(c: Candidates) -> Numbers:
    """Cosine with the query in co-occurrence space."""
    return c.blocks[COOCCURRENCE] @ np.asarray(c.batch.queries.dense[COOCCURRENCE])[c.number]


@feature("cooccurrence")
def cooccurrence_recent(c: Candidates) -> Numbers:
    """The same with the mean of the latest items."""
    return c.blocks[COOCCURRENCE] @ c.batch.recent_vectors[0][c.number]


@feature("cooccurrence", by_default=False)
def cooccurrence_best(c: Candidates) -> Numbers:
    """The best cosine with one of the items."""
    _, used, vectors = c.batch.recent_vectors
    last = c.batch.part[c.number][-_MOST_SEEDS:]
    if not len(last):
        return np.zeros(len(c.rows))
    return (c.blocks[COOCCURRENCE] @ vectors[np.searchsorted(used, last)].T).max(axis=1)


@feature("cooccurrence", by_default=False)
def cooccurrence_times_plays(c: Candidates) -> Numbers:
    """Cosine and plays together."""
    return c["cooccurrence"] * c["plays"]


BLOCKS_STAND_HERE = len(REGISTERED)
"""Where the features of the blocks come in the order of the columns."""


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


@feature("playlist neighbours", by_default=False)
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


@feature("item neighbours", by_default=False)
def item_knn_recent(c: Candidates) -> Numbers:
    """Their sum, with late items counting for more."""
    return c.of_items("item_knn_recent")


@feature("item neighbours")
def ease(c: Candidates) -> Numbers:
    """Sum of the weights of EASE."""
    return c.of_items("ease")


@feature("item neighbours", by_default=False)
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
    feature("factors", by_default=_name == "als")(_als(_name))


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
    return c.everywhere(len(c.seeds) + c.batch.n_new)


@feature("query", needs_group=True)
def seed_groups(c: Candidates) -> Numbers:
    """Different groups of the query for each of its items."""
    groups, _ = entries(c.batch.line("group_share"), c.number)
    return c.everywhere(len(groups) / c.n_seeds)


@feature("query")
def seed_plays(c: Candidates) -> Numbers:
    """Mean plays of its items."""
    return c.everywhere(c.statistics.plays[c.seeds].sum() / c.n_seeds)


@feature("query")
def seed_cold(c: Candidates) -> Numbers:
    """Share of its items that have no history."""
    n_cold = (c.statistics.plays[c.seeds] == 0).sum() + c.batch.n_new
    return c.everywhere(n_cold / c.n_seeds)


@feature("linear score")
def linear(c: Candidates) -> Numbers:
    """The linear score with the given weights."""
    total = np.zeros(len(c.rows))
    for block, name in c.source.linear_features.items():
        total = total + c.source.weights.get(block, 0.0) * c[name]
    return total


def _rank(of: str, name: str, part: str) -> None:
    def values(c: Candidates) -> Numbers:
        return c.ranks(of)

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


@feature("age", needs_times=True)
def seed_age(c: Candidates) -> Numbers:
    """Days since the mean play of its items, and of five of today; -1 without history."""
    known = c.statistics.ages[1, c.seeds]
    known = known[known >= 0]
    return c.everywhere(known.sum() / (len(known) + _OF_TODAY) if len(known) else -1.0)

"""Some queries at once, and the sparse scores of all items and groups for each of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse

from hybrid_rec.blocks.labels import one_hot
from hybrid_rec.blocks.pooling import DISLIKED
from hybrid_rec.core.arrays import Doubles, Floats, Rows
from hybrid_rec.core.config import COOCCURRENCE
from hybrid_rec.core.linalg import unit_rows
from hybrid_rec.data.play_weights import relative
from hybrid_rec.data.playlists import Playlists
from hybrid_rec.ranking.knn import PlaylistNeighbours, first_of_each_line
from indexes.hybrid import HybridQueries

if TYPE_CHECKING:
    from hybrid_rec.ranking.candidates import CandidateFeatures
    from hybrid_rec.ranking.names import NameNeighbours

# Playlists that a query's user-kNN scores come from.
_FEW, _NEAR, _WIDE = 30, 100, 300
_DECAY = 0.7


class QueryBatch:
    """Some queries, and what is computed for all of them together, each when it is first asked for.

    Args:
        source: What candidates are taken from and described by.
        part: The queries as playlists, in play order.
        queries: The same as `playlist_queries` gives it.
        new_groups: See `CandidateFeatures.describe`; each item counts as a seed without history.
        disliked: What each of the queries dislikes; None for nothing.
    """

    def __init__(
        self,
        source: CandidateFeatures,
        part: Playlists,
        queries: HybridQueries,
        new_groups: Rows | None = None,
        disliked: Playlists | None = None,
    ) -> None:
        self.source, self.part, self.queries = source, part, queries
        self.statistics = source.statistics
        held = part.matrix().astype(np.float64)
        self.seeds = held if part.weights is None else part.strengths().astype(np.float64)
        self._less: sparse.csr_array | None = None
        if disliked is not None and disliked.n_plays:
            self._less = sparse.csr_array(DISLIKED * disliked.strengths().astype(np.float64))
            self.seeds = sparse.csr_array(self.seeds - self._less)
        self.new_groups = new_groups
        self.n_new = 0 if new_groups is None else 1
        self.n_seeds = np.maximum(np.diff(held.indptr) + self.n_new, 1)
        own = source.own_playlists
        self._own = None if own is None else own.of(held)
        self.is_known = self.statistics.holds_exactly(held) if own is None else own.is_fitted(held)
        self._lines: dict[str, sparse.csr_array] = {}
        self._placed: dict[str, Floats] = {}

    def line(self, name: str) -> sparse.csr_array:
        """Sparse scores by their name: of items, groups or playlists, one line a query."""
        if name not in self._lines:
            self._lines[name] = _LINES[name](self)
        return self._lines[name]

    def near(
        self, playlists: PlaylistNeighbours, queries: sparse.csr_array, n: int
    ) -> sparse.csr_array:
        """See `PlaylistNeighbours.near`; without what was learned from each query itself."""
        return playlists.near(queries, n, self._own)

    def placed(self, name: str) -> Floats:
        """Where the queries stand among the factors `name`, `(n_queries, size)`."""
        if name not in self._placed:
            self._placed[name] = self.statistics.factors[name].place_all(self.seeds)
        return self._placed[name]

    def near_names(self) -> sparse.csr_array:
        """Names of training playlists that are like those of the queries."""
        names = self.source.names
        if names is None:
            return sparse.csr_array((len(self.part), 0), dtype=np.float64)
        return names.near(self.part.names, len(self.part))

    def by_names(
        self, score: Callable[[NameNeighbours, sparse.csr_array], sparse.csr_array]
    ) -> sparse.csr_array:
        """Sparse scores of items that follow from the names of the queries."""
        names = self.source.names
        if names is None:
            return sparse.csr_array((len(self.part), self.part.n_items), dtype=np.float64)
        return score(names, self.line("names"))

    @cached_property
    def recent(self) -> sparse.csr_array:
        """Weights of the items of each query that fall from its end backwards."""
        recent = recent_weights(self.part)
        return recent if self._less is None else sparse.csr_array(recent - self._less)

    @property
    def group_queries(self) -> sparse.csr_array:
        """The block of groups of the queries; only where there are groups."""
        return self.queries.sparse[self.source.blocks.group or ""]

    def near_by_factors(self) -> sparse.csr_array:
        """Cosines of the training playlists nearest to each query by their factors."""
        statistics = self.statistics
        n_playlists = statistics.holds.shape[0]
        found = statistics.by_factors.search(unit_rows(self.placed("als")), min(_NEAR, n_playlists))
        ends = np.arange(len(found.rows) + 1) * found.rows.shape[1]
        scores = np.maximum(found.scores, 0).astype(np.float64)
        return sparse.csr_array(
            (scores.ravel(), found.rows.ravel(), ends), shape=(len(ends) - 1, n_playlists)
        )

    @cached_property
    def recent_vectors(self) -> tuple[Floats, Rows, Floats]:
        """Means of the latest items, `(n_queries, dim)`; the different items, and their vectors."""
        used = np.unique(self.recent.indices).astype(np.int64)
        vectors = self.source.index.blocks(used)[COOCCURRENCE]
        local = sparse.csr_array(
            (self.recent.data, np.searchsorted(used, self.recent.indices), self.recent.indptr),
            shape=(len(self.part), len(used)),
        )
        means = unit_rows(np.ascontiguousarray(local @ vectors, dtype=np.float32))
        if self.n_new:
            alone = self.part.lengths == 0
            means[alone] = np.asarray(self.queries.dense[COOCCURRENCE])[alone]
        return means, used, vectors

    def group_share(self) -> sparse.csr_array:
        """How many seeds are of each group."""
        shares = self.seeds @ self.statistics.group_items.T
        if self.new_groups is not None:
            shares = shares + one_hot(self.new_groups, self.statistics.n_groups)
        return sparse.csr_array(shares)


def recent_weights(playlists: Playlists) -> sparse.csr_array:
    """How much each play counts, less and less from the end of its playlist backwards."""
    owners = playlists.owners
    from_end = playlists.offsets[1:][owners] - 1 - np.arange(playlists.n_plays)
    late = _DECAY ** from_end.astype(np.float64)
    if playlists.weights is not None:
        late *= relative(playlists.weights, owners, len(playlists))
    weights = sparse.csr_array(
        (late, playlists.rows.copy(), playlists.offsets.copy()),
        shape=(len(playlists), playlists.n_items),
    )
    weights.sum_duplicates()
    return weights


def entries(matrix: sparse.csr_array, number: int) -> tuple[Rows, Doubles]:
    """The columns and values of one line."""
    span = slice(matrix.indptr[number], matrix.indptr[number + 1])
    return matrix.indices[span].astype(np.int64), matrix.data[span]


def _squared(matrix: sparse.csr_array) -> sparse.csr_array:
    squares = matrix.copy()
    squares.data **= 2
    return squares


def _signs(matrix: sparse.csr_array) -> sparse.csr_array:
    signs = matrix.copy()
    signs.data[:] = np.sign(signs.data)
    return signs


_LINES: Mapping[str, Callable[[QueryBatch], sparse.csr_array]] = {
    # Training playlists.
    "playlists": lambda b: b.near(b.statistics.by_items, b.seeds, _WIDE),
    "playlists_by_group": lambda b: b.near(b.statistics.by_groups, b.line("group_share"), _WIDE),
    # Items.
    "user_knn": lambda b: first_of_each_line(b.line("playlists"), _NEAR) @ b.statistics.counted,
    "user_knn_few": lambda b: first_of_each_line(b.line("playlists"), _FEW) @ b.statistics.counted,
    "user_knn_sharp": lambda b: _squared(b.line("playlists")) @ b.statistics.counted,
    "user_knn_by_als": lambda b: b.near_by_factors() @ b.statistics.counted,
    "user_knn_wide": lambda b: b.line("playlists") @ b.statistics.counted,
    "user_knn_recent": lambda b: (
        b.near(b.statistics.by_items, b.recent, _NEAR) @ b.statistics.counted
    ),
    "item_knn": lambda b: b.seeds @ b.statistics.item_neighbours,
    "item_knn_recent": lambda b: b.recent @ b.statistics.item_neighbours,
    "ease": lambda b: b.seeds @ b.statistics.ease_weights,
    "ease_recent": lambda b: b.recent @ b.statistics.ease_weights,
    "group_user_knn_items": lambda b: b.line("playlists_by_group") @ b.statistics.counted,
    # By the name of the query.
    "names": lambda b: b.near_names(),
    "name_votes": lambda b: b.by_names(lambda names, near: names.votes(near, 1.0)),
    "name_votes_sharp": lambda b: b.by_names(lambda names, near: names.votes(near, 2.0)),
    "name_ridge": lambda b: b.by_names(lambda names, near: names.ridge(near)),
    "stand_ins": lambda b: b.by_names(lambda names, near: names.stand_ins(near)),
    "name_user_knn": lambda b: (
        b.statistics.by_items.near(b.line("stand_ins"), _NEAR) @ b.statistics.counted
    ),
    "name_item_knn": lambda b: b.line("stand_ins") @ b.statistics.item_neighbours,
    "name_ease": lambda b: b.line("stand_ins") @ b.statistics.ease_weights,
    "name_votes_group": lambda b: sparse.csr_array(
        b.line("name_votes") @ b.statistics.group_items.T
    ),
    # Groups.
    "group_share": lambda b: b.group_share(),
    "group_user_knn": lambda b: b.line("playlists_by_group") @ b.statistics.counted_groups,
    "user_knn_groups": lambda b: b.line("playlists") @ b.statistics.counted_groups,
    "group_knn": lambda b: _signs(b.line("group_share")) @ b.statistics.group_neighbours,
}

"""Candidates of the second stage: where they come from, and the numbers that describe them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from hybrid_rec.blocks.block_set import BlockSet
from hybrid_rec.blocks.pooling import candidate_weights, take
from hybrid_rec.core.arrays import Codes, Doubles, Mask, Rows
from hybrid_rec.core.config import COOCCURRENCE, Generator
from hybrid_rec.core.linalg import one_blas_thread
from hybrid_rec.data.playlists import Playlists
from hybrid_rec.ranking.feature import CandidateList, Candidates, Feature
from hybrid_rec.ranking.feature_set import features_of, linear_features, matrix_of
from hybrid_rec.ranking.generators import GENERATORS, LINEAR, NAMES, NEED_GROUPS
from hybrid_rec.ranking.names import NameNeighbours, named_queries
from hybrid_rec.ranking.own_playlists import OwnPlaylists
from hybrid_rec.ranking.query_batch import QueryBatch
from hybrid_rec.ranking.statistics import Statistics
from hybrid_rec.ranking.tastes import least_likeness
from indexes.checks import allowed_mask
from indexes.faiss_index import FaissIndex
from indexes.hybrid import HybridIndex, HybridQueries

# Queries that are searched at once, and those whose sparse scores are held at once.
_SEARCHED, _BATCH = 256, 64
# A query of fewer items may be like a training playlist by chance.
_FEWEST_SEEDS = 4
# A sequel is named like its original, which may be too little known to come otherwise.
_NAMED_ALIKE = 20


@dataclass(frozen=True, eq=False)
class CandidateFeatures:
    """Everything that candidates are taken from and described by.

    Args:
        index: Item vectors of stage one.
        blocks: What items are described by.
        statistics: What the training playlists say.
        sources: Where the place of each item comes from, `(n_items,)`.
        weights: Block weights of the linear score.
        depth: Candidates that the widest generators bring.
        generators: Which they are; see `RankingConfig.generators`.
        columns: Names of the features, in the order of the columns.
        learned_from: The number of the first playlist that was learned from queries; None for none.
        names: What the training playlists are called; None where they have no names.
    """

    index: HybridIndex
    blocks: BlockSet
    statistics: Statistics
    sources: Codes
    weights: Mapping[str, float]
    depth: int
    generators: Sequence[Generator]
    columns: Sequence[str]
    learned_from: int | None = None
    names: NameNeighbours | None = None

    @cached_property
    def own_playlists(self) -> OwnPlaylists | None:
        """Finds what was learned from the queries; None if nothing was."""
        if self.learned_from is None:
            return None
        return OwnPlaylists(self.statistics.holds, self.learned_from)

    @cached_property
    def features(self) -> dict[str, Feature]:
        """All features that are known by name, of which `columns` are computed."""
        return features_of(self.blocks, with_names=True, with_times=True)

    @cached_property
    def linear_features(self) -> dict[str, str]:
        """The feature that holds each block's inner product with the query, by block."""
        return linear_features(self.blocks)

    @cached_property
    def cold_index(self) -> FaissIndex:
        """The places of the items without history."""
        return FaissIndex.build(self.index.blocks(self.statistics.cold)[COOCCURRENCE])

    @cached_property
    def least_likeness(self) -> float:
        """The mean cosine from which on two groups of seeds are of one taste."""
        return least_likeness(self.index, self.statistics.holds)

    def queries(self, playlists: Playlists) -> HybridQueries:
        """Playlists of the catalogue, and what they are called, as queries."""
        return named_queries(self.index, self.blocks, playlists, self.names)

    def describe(
        self,
        playlists: Playlists,
        queries: HybridQueries,
        k: int = 1,
        *,
        exclude_seeds: bool = True,
        allow: Rows | None = None,
        block: Rows | None = None,
        new_groups: Rows | None = None,
        disliked: Playlists | None = None,
    ) -> Iterator[CandidateList]:
        """The candidates of each query and their features.

        There are at least k candidates wherever so many items may be found.

        Args:
            playlists: What is asked, in play order: later seeds tell more of what comes next.
            queries: The same as `queries` gives it.
            k: Items wanted.
            exclude_seeds: Whether a seed of the query is no candidate.
            allow: Rows of the only candidates; None for all.
            block: Rows that are no candidates.
            new_groups: If each query is an item that the catalogue lacks, with its company as
                seeds: the groups of these items, `(n_queries,)`; -1 for none.
            disliked: Items that each query dislikes, which are no candidates; None for none.
        """
        mask = allowed_mask(len(self.sources), allow, block)
        scratch = np.zeros(max(len(self.sources), self.statistics.n_groups + 1))
        for start in range(0, len(playlists), _SEARCHED):
            many = np.arange(start, min(start + _SEARCHED, len(playlists)))
            asked, part = take(queries, many), playlists.select(many)
            less = None if disliked is None else disliked.select(many)
            left_out = left_out_of(part if exclude_seeds else None, less)
            nearest = list(
                self.index.candidates(
                    asked,
                    # Whatever the generators, as many as are wanted must be found.
                    max(k, self.depth) if LINEAR in self.generators else k,
                    candidate_weights(self.blocks, self.weights),
                    allow=allow,
                    block=block,
                    exclude=left_out,
                )
            )
            if new_groups is not None and any(each.config.kind == "text" for each in self.blocks):
                nearest = [
                    np.concatenate(both)
                    for both in zip(nearest, self._named_alike(asked, allow, block), strict=True)
                ]
            for at in range(0, len(part), _BATCH):
                few = np.arange(at, min(at + _BATCH, len(part)))
                # Many small products: threads would take longer to meet than to work.
                with one_blas_thread():
                    new = None if new_groups is None else new_groups[many[few]]
                    dislikes = None if less is None else less.select(few)
                    batch = QueryBatch(self, part.select(few), take(asked, few), new, dislikes)
                    near = nearest[at : at + _BATCH]
                    out = None if left_out is None else left_out[at : at + _BATCH]
                    found = list(self._described(batch, near, mask, out, scratch))
                yield from found

    def _named_alike(
        self, queries: HybridQueries, allow: Rows | None, block: Rows | None
    ) -> Iterator[Rows]:
        """Items whose texts are the nearest, however little else speaks for them."""
        texts = {each.name for each in self.blocks if each.config.kind == "text"}
        weights = {name: float(name in texts) for name in self.weights}
        return self.index.candidates(queries, _NAMED_ALIKE, weights, allow=allow, block=block)

    def _described(
        self,
        batch: QueryBatch,
        nearest: Sequence[Rows],
        mask: Mask | None,
        left_out: Sequence[Rows] | None,
        scratch: Doubles,
    ) -> Iterator[CandidateList]:
        """See `describe`; `nearest` is what the linear score brings."""
        brought = [
            GENERATORS[name](batch, self.depth)
            for name in self.generators
            if name != LINEAR
            and (self.blocks.group is not None or name not in NEED_GROUPS)
            and (self.names is not None or name != NAMES)
        ]
        for number, near in enumerate(nearest):
            rows = _distinct([near, *(rows[number] for rows in brought)])
            if mask is not None:
                rows = rows[mask[rows]]
            if left_out is not None:
                rows = rows[~np.isin(rows, left_out[number])]
            candidates = Candidates(batch, number, rows, scratch)
            yield CandidateList(
                rows,
                matrix_of(candidates, self.columns),
                self.statistics.plays[rows] == 0,
                bool(batch.is_known[number]) and len(candidates.seeds) >= _FEWEST_SEEDS,
            )


def left_out_of(seeds: Playlists | None, disliked: Playlists | None) -> list[Rows] | None:
    """The rows that each query may not find; None where all may be found.

    Args:
        seeds: The queries; None where their own items may be found.
        disliked: What they dislike; None for nothing.
    """
    if seeds is None or disliked is None:
        given = seeds or disliked
        return None if given is None else list(given)
    return [np.concatenate(both) for both in zip(seeds, disliked, strict=True)]


def _distinct(parts: Sequence[Rows]) -> Rows:
    """All rows once, ascending."""
    rows = np.sort(np.concatenate(parts))
    # Four times as fast as np.unique, which hashes first.
    distinct: Rows = rows[np.diff(rows, prepend=-1) > 0]
    return distinct

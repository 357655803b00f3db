"""Ranked: the best rows of queries in the order of a ranker."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from hybrid_rec.core.arrays import Floats, Mask, Rows
from hybrid_rec.data.playlists import Playlists
from hybrid_rec.ranking.candidates import CandidateFeatures
from hybrid_rec.ranking.dislikes import lowered
from hybrid_rec.ranking.feature import CandidateList
from hybrid_rec.ranking.likeness import fused, likeness_of, likeness_weights
from hybrid_rec.ranking.ranker import Ranker
from indexes.base import NO_ROW, NO_SCORE
from indexes.hybrid import HybridQueries


@dataclass(frozen=True, eq=False)
class Ranked:
    """The best rows of each query, best first; equal scores stand in catalogue order."""

    rows: Rows
    """Rows, `(n_queries, k)`; -1 where there is none."""
    scores: Floats
    """Their scores, `(n_queries, k)`; -inf there."""
    features: list[Floats]
    """The features of the rows of each query, `(n_found, n_features)`; empty if not kept."""
    reserved: list[Mask]
    """Which of them may have a reserved place, `(n_found,)`; empty if not kept."""


def rank_candidates(
    source: CandidateFeatures,
    ranker: Ranker,
    playlists: Playlists,
    queries: HybridQueries,
    k: int,
    *,
    exclude_seeds: bool,
    allow: Rows | None,
    block: Rows | None,
    new_groups: Rows | None = None,
    by_likeness: bool = False,
    keep_features: bool = False,
    disliked: Playlists | None = None,
    away: HybridQueries | None = None,
) -> Ranked:
    """The k best rows of each query, with `by_likeness` as `likeness.fused`; see `describe`."""
    is_new = new_groups is not None
    likeness = likeness_weights(source, is_new=is_new) if by_likeness else None
    rows = np.full((len(playlists), k), NO_ROW, np.int64)
    scores = np.full((len(playlists), k), NO_SCORE, np.float32)
    waiting: deque[tuple[Rows, CandidateList | None]] = deque()
    features: list[Floats] = []
    reserved: list[Mask] = []

    def described() -> Iterator[CandidateList]:
        for one in source.describe(
            playlists, queries, k, exclude_seeds=exclude_seeds, allow=allow, block=block,
            new_groups=new_groups, disliked=disliked,
        ):  # fmt: skip
            waiting.append((one.rows, one if keep_features or by_likeness else None))
            yield one

    for number, values in enumerate(ranker.scores(described())):
        candidates, kept = waiting.popleft()
        if likeness is not None and kept is not None:
            values = fused(values, likeness_of(kept.features, likeness))
        values = lowered(values, candidates, source.index, queries, away, number)
        # Candidates ascend, so a stable order settles ties by row.
        order = np.argsort(-values, kind="stable")[:k]
        rows[number, : len(order)] = candidates[order]
        scores[number, : len(order)] = values[order]
        if kept is not None and keep_features:
            features.append(kept.features[order])
            reserved.append(ranker.reserved(kept.is_cold, kept.is_known)[order])
    return Ranked(rows, scores, features, reserved)

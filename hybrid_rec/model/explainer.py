"""Explainer: looks up what carried each row of an answer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from hybrid_rec.blocks.base import products
from hybrid_rec.core.arrays import Doubles, Floats, Mask, Objects, Rows
from hybrid_rec.core.config import COOCCURRENCE
from hybrid_rec.data.playlists import Playlists
from hybrid_rec.model.explained_query import ExplainedQuery
from hybrid_rec.model.explanations import (
    LIKENESS_PART,
    PLACE_PART,
    TASTE_PART,
    BlockSupport,
    Explanation,
    Names,
    Part,
    PlaylistSupport,
    SeedSupport,
    Stage,
    exact_parts,
    ranking_parts,
    reasons,
)
from hybrid_rec.model.fitted import Model
from hybrid_rec.ranking.feature import DISLIKED_PART, NAME_PART
from hybrid_rec.ranking.knn import SHRINKAGE, PlaylistNeighbours
from hybrid_rec.ranking.name_witnesses import alike_holders, likeness_of

_SHOWN = 3
# What a score and the sum of its contributions may differ by.
_ROUNDING = 1e-4
# Popular are items in at least two playlists, among the most played fifth.
_FEW, _POPULAR = 2, 0.8
# Queries, and rows of one query, that are looked at together, to bound memory.
_CHUNK, _ROWS = 64, 1024


@dataclass(frozen=True, eq=False)
class Likeness:
    """How some items are like the seeds of one query, each table `(n_rows, n_seeds)` float64."""

    blocks: Mapping[str, Doubles]
    """Inner products of each block but the popularity."""
    together: Doubles
    """Training playlists that hold both."""


class Explainer:
    """Explains the rows of answers of one model.

    Args:
        model: The model that answered.
    """

    def __init__(self, model: Model) -> None:
        self._model = model
        if model.ranking is not None:
            holds, self._neighbours = (
                model.ranking.statistics.holds,
                model.ranking.statistics.by_items,
            )
        else:
            holds = model.playlists.matrix().astype(np.float64)
            self._neighbours = PlaylistNeighbours(holds)
        self._held_by = holds.T.tocsr()
        self._plays = np.diff(self._held_by.indptr)
        played = self._plays[self._plays > 0]
        self._popular_from = max(_FEW, float(np.quantile(played, _POPULAR)) if len(played) else 0)

    def explain(
        self,
        seeds: Playlists,
        rows: Rows,
        scores: Floats,
        stage: Stage,
        weights: Mapping[str, float],
        features: Sequence[Floats] | None = None,
        reserved: Sequence[Mask] | None = None,
        dislikes: Mask | None = None,
        *,
        near_items: bool = False,
    ) -> Objects:
        """An `Explanation` of each row, `(n_queries, width)`; None where there is no row.

        Args:
            seeds: What was asked.
            rows: What was answered, `(n_queries, width)`; -1 where a list has ended.
            scores: Its scores.
            stage: What gave them.
            weights: Block weights that gave them; the ranking does not look at them.
            features: For the ranking the features of the rows of each list.
            reserved: For the ranking which of them may have a reserved place.
            dislikes: Which queries dislike something; None for none.
            near_items: Whether what stands near an item was asked.
        """
        explanations = np.full(rows.shape, None, dtype=object)
        for start in range(0, len(seeds), _CHUNK):
            numbers = np.arange(start, min(start + _CHUNK, len(seeds)))
            part = seeds.select(numbers)
            near = self._neighbours.near(part.matrix(), len(self._model.playlists))
            counts = part.counts()
            called = likeness_of(self._model.names, part)
            for place, number in enumerate(numbers.tolist()):
                span = slice(counts.indptr[place], counts.indptr[place + 1])
                query = ExplainedQuery(
                    self._model, counts.indices[span].astype(np.int64),
                    counts.data[span].astype(np.float64), stage, weights, called[place],
                    dislikes=dislikes is not None and bool(dislikes[number]),
                )  # fmt: skip
                line = slice(near.indptr[place], near.indptr[place + 1])
                cosines = np.zeros(len(self._model.playlists))
                cosines[near.indices[line]] = near.data[line]
                held = np.flatnonzero(rows[number] >= 0)
                for first in range(0, len(held), _ROWS):
                    places = held[first : first + _ROWS]
                    explanations[number, places] = list(
                        self._lines(
                            query, rows[number, places], scores[number, places], cosines,
                            None if features is None else features[number][places],
                            None if reserved is None else reserved[number][places],
                            near_items=near_items,
                        )
                    )  # fmt: skip
        return explanations

    def _lines(
        self,
        query: ExplainedQuery,
        rows: Rows,
        scores: Floats,
        cosines: Doubles,
        features: Floats | None,
        reserved: Mask | None,
        *,
        near_items: bool,
    ) -> Iterator[Explanation]:
        """The explanations of some rows of one query."""
        like = self._likeness(query, rows)
        linear = query.linear_parts(rows) if features is None else []
        ranking, source = self._model.ranking, self._model.candidates
        if features is not None and reserved is not None and ranking and source:
            told = [source.features[name].part for name in source.columns]
            ranker = ranking.ranker_of(near_items=near_items)
            lifted = ranker.lifted(features, scores, reserved)
            contributions = ranker.contributions(features, lifted)
        for number, (row, score) in enumerate(zip(rows.tolist(), scores.tolist(), strict=True)):
            if features is None:
                parts = linear[number]
                if query.dislikes:
                    parts.append(Part(DISLIKED_PART, float(score) - sum(p.value for p in parts)))
                elif query.called is not None:
                    parts.append(Part(NAME_PART, float(score) - sum(one.value for one in parts)))
            else:
                parts = ranking_parts(told, contributions[number])
                rest = float(score) - contributions[number].sum()
                if lifted[number]:
                    parts.append(Part(PLACE_PART, rest))
                elif abs(rest) > _ROUNDING:
                    if query.dislikes:
                        changed = DISLIKED_PART
                    else:
                        changed = LIKENESS_PART if len(query.seeds) == 1 else TASTE_PART
                    parts.append(Part(changed, rest))
            yield self._line(query, row, score, exact_parts(parts, score), like, number, cosines)

    def _line(
        self,
        query: ExplainedQuery,
        row: int,
        score: float,
        parts: tuple[Part, ...],
        like: Likeness,
        number: int,
        cosines: Doubles,
    ) -> Explanation:
        model = self._model
        block = model.blocks.group_block
        group = None
        if block is not None:
            named = block.names(model.catalog.table.slice(row, 1))[0]
            group = named[0] if named else None
        same = group is not None and model.group_of[row] in model.group_of[query.seeds]
        support = {
            one.name: found
            for one in model.blocks
            if (found := self._nearest(query.seeds, like.blocks[one.name][number])) is not None
        }
        explanation = Explanation(
            item_id=model.catalog.item_ids[row],
            score=score,
            stage=query.stage,
            parts=parts,
            seeds=self._seeds(query.seeds, row, like, number),
            playlists=self._playlists(row, cosines),
            group=group if same else None,
            blocks=support,
            names=alike_holders(model.names, row, query.called, _SHOWN),
            text="",
        )
        names = Names(
            query.names,
            model.blocks.group,
            group,
            {
                name: model.blocks[name].phrase(query.names[one.item_id])
                for name, one in support.items()
                if one.cosine >= model.blocks[name].least_alike
            },
            int(self._plays[row]),
            int(self._plays[row]) >= (_FEW if query.stage == "popularity" else self._popular_from),
        )
        return replace(explanation, text=reasons(explanation, names))

    def _likeness(self, query: ExplainedQuery, rows: Rows) -> Likeness:
        dense = self._model.index.blocks(rows)
        blocks = {COOCCURRENCE: products(dense[COOCCURRENCE], query.rows[COOCCURRENCE])}
        for block in self._model.blocks:
            mine = (
                self._model.index.one_hot[block.name][rows]
                if block.is_sparse
                else dense[block.name]
            )
            blocks[block.name] = products(mine, query.rows[block.name])
        return Likeness(blocks, products(self._held_by[rows], self._held_by[query.seeds]))

    def _seeds(self, seeds: Rows, row: int, like: Likeness, number: int) -> tuple[SeedSupport, ...]:
        together, cosines = like.together[number], like.blocks[COOCCURRENCE][number]
        shared = together / (np.sqrt(self._plays[row] * self._plays[seeds]) + SHRINKAGE)
        order = np.lexsort((seeds, -cosines, -shared))
        order = order[(together[order] > 0) | (cosines[order] > 0)][:_SHOWN]
        return tuple(
            SeedSupport(
                self._model.catalog.item_ids[seeds[at]], int(together[at]), _bounded(cosines[at])
            )
            for at in order
        )

    def _playlists(self, row: int, cosines: Doubles) -> tuple[PlaylistSupport, ...]:
        span = slice(self._held_by.indptr[row], self._held_by.indptr[row + 1])
        holders = np.sort(self._held_by.indices[span])
        order = holders[np.argsort(-cosines[holders], kind="stable")][:_SHOWN]
        ids = self._model.playlists.playlist_ids
        return tuple(
            PlaylistSupport(ids[playlist], _bounded(cosines[playlist]))
            for playlist in order
            if cosines[playlist] > 0
        )

    def _nearest(self, seeds: Rows, cosines: Doubles) -> BlockSupport | None:
        if not len(seeds) or cosines.max() <= 0:
            return None
        at = int(cosines.argmax())
        return BlockSupport(self._model.catalog.item_ids[seeds[at]], _bounded(cosines[at]))


def _bounded(cosine: float) -> float:
    """A cosine without the rounding that takes it beyond 1."""
    return float(min(1.0, max(-1.0, cosine)))

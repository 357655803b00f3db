"""Explainer: looks up what carried each row of an answer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from hybrid_rec.blocks.queries import ARTIST_BLOCK, COOCCURRENCE, POPULARITY, TAG_BLOCK, TITLE
from hybrid_rec.data.catalog import ObjectArray, RowArray
from hybrid_rec.data.playlists import Playlists
from hybrid_rec.model.explanations import (
    PLACE_PART,
    POPULARITY_PART,
    Explanation,
    Part,
    PlaylistSupport,
    SeedSupport,
    Stage,
    TitleSupport,
    exact_parts,
    ranking_parts,
    reasons,
)
from hybrid_rec.model.fit import Model
from hybrid_rec.ranking.features import FEATURES, Matrix
from hybrid_rec.ranking.knn import SHRINKAGE, PlaylistNeighbours

_SHOWN = 3
# Queries, and rows of one query, that are looked at together, to bound memory.
_CHUNK, _ROWS = 64, 1024
Table = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Likeness:
    """How some items are like the seeds of one query, each table `(n_rows, n_seeds)` float64."""

    blocks: Mapping[str, Table]
    """Inner products of each block that has any; 1 or 0 for the artist."""
    together: Table
    """Training playlists that hold both."""


class Explainer:
    """Explains the rows of answers of one model.

    Args:
        model: The model that answered.
    """

    def __init__(self, model: Model) -> None:
        self._model = model
        if model.ranking is not None:
            holds, self._neighbours = model.ranking.evidence.holds, model.ranking.evidence.by_items
        else:
            holds = model.playlists.matrix().astype(np.float64)
            self._neighbours = PlaylistNeighbours(holds)
        self._held_by = holds.T.tocsr()
        self._plays = np.diff(self._held_by.indptr)

    def explain(
        self,
        seeds: Playlists,
        rows: RowArray,
        scores: NDArray[np.float32],
        stage: Stage,
        weights: Mapping[str, float],
        features: Sequence[Matrix] | None = None,
    ) -> ObjectArray:
        """An `Explanation` of each row, `(n_queries, width)`; None where there is no row.

        Args:
            seeds: What was asked.
            rows: What was answered, `(n_queries, width)`; -1 where a list has ended.
            scores: Its scores.
            stage: What gave them.
            weights: Block weights that gave them; the ranking does not look at them.
            features: For the ranking the features of the rows of each list.
        """
        explanations = np.full(rows.shape, None, dtype=object)
        for start in range(0, len(seeds), _CHUNK):
            numbers = np.arange(start, min(start + _CHUNK, len(seeds)))
            part = seeds.select(numbers)
            near = self._neighbours.near(part.matrix(), len(self._model.playlists))
            counts = part.counts()
            for place, number in enumerate(numbers.tolist()):
                span = slice(counts.indptr[place], counts.indptr[place + 1])
                query = _Query(
                    self._model, counts.indices[span].astype(np.int64),
                    counts.data[span].astype(np.float64), stage, weights,
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
                        )
                    )  # fmt: skip
        return explanations

    def _lines(
        self,
        query: _Query,
        rows: RowArray,
        scores: NDArray[np.float32],
        cosines: Table,
        features: Matrix | None,
    ) -> Iterator[Explanation]:
        """The explanations of some rows of one query."""
        like = self._likeness(query.seeds, rows)
        if features is not None:
            assert self._model.ranking is not None
            ranker = self._model.ranking.ranker
            lifted = ranker.lifted(features, scores)
            contributions = ranker.contributions(features, lifted)
        for number, (row, score) in enumerate(zip(rows.tolist(), scores.tolist(), strict=True)):
            if features is None:
                parts = query.linear_parts(row, like, number)
            else:
                parts = ranking_parts(FEATURES, contributions[number])
                if lifted[number]:
                    parts.append(Part(PLACE_PART, float(score) - contributions[number].sum()))
            yield self._line(query, row, score, exact_parts(parts, score), like, number, cosines)

    def _line(
        self,
        query: _Query,
        row: int,
        score: float,
        parts: tuple[Part, ...],
        like: Likeness,
        number: int,
        cosines: Table,
    ) -> Explanation:
        catalog = self._model.catalog
        same_artist = bool(like.blocks[ARTIST_BLOCK][number].any())
        explanation = Explanation(
            item_id=catalog.item_ids[row],
            score=score,
            stage=query.stage,
            parts=parts,
            seeds=self._seeds(query.seeds, row, like, number),
            playlists=self._playlists(row, cosines),
            artist=catalog.artists[row] if same_artist else None,
            title=self._title(query.seeds, like.blocks[TITLE][number]),
            text="",
        )
        text = reasons(explanation, query.titles, catalog.artists[row], int(self._plays[row]))
        return replace(explanation, text=text)

    def _likeness(self, seeds: RowArray, rows: RowArray) -> Likeness:
        index = self._model.index
        of_rows, of_seeds = index.blocks(rows), index.blocks(seeds)
        blocks = {
            name: of_rows[name].astype(np.float64) @ of_seeds[name].astype(np.float64).T
            for name in (COOCCURRENCE, TITLE)
        }
        for name, hot in index.one_hot.items():
            blocks[name] = _product(hot[rows], hot[seeds])
        return Likeness(blocks, _product(self._held_by[rows], self._held_by[seeds]))

    def _seeds(
        self, seeds: RowArray, row: int, like: Likeness, number: int
    ) -> tuple[SeedSupport, ...]:
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

    def _playlists(self, row: int, cosines: Table) -> tuple[PlaylistSupport, ...]:
        span = slice(self._held_by.indptr[row], self._held_by.indptr[row + 1])
        holders = np.sort(self._held_by.indices[span])
        order = holders[np.argsort(-cosines[holders], kind="stable")][:_SHOWN]
        ids = self._model.playlists.playlist_ids
        return tuple(
            PlaylistSupport(ids[playlist], _bounded(cosines[playlist]))
            for playlist in order
            if cosines[playlist] > 0
        )

    def _title(self, seeds: RowArray, cosines: Table) -> TitleSupport | None:
        if not len(seeds) or cosines.max() <= 0:
            return None
        at = int(cosines.argmax())
        return TitleSupport(self._model.catalog.item_ids[seeds[at]], _bounded(cosines[at]))


class _Query:
    """One query: its seeds, how often each stands in it, and what scales their parts."""

    def __init__(
        self,
        model: Model,
        seeds: RowArray,
        counts: Table,
        stage: Stage,
        weights: Mapping[str, float],
    ) -> None:
        self.seeds, self.counts, self.stage, self.weights = seeds, counts, stage, weights
        self._ids = model.catalog.item_ids[seeds]
        self.titles = dict(zip(self._ids, model.catalog.titles[seeds], strict=True))
        self._index = model.index
        blocks = model.index.blocks(seeds)
        self._norms = {
            name: float(np.linalg.norm(counts @ blocks[name].astype(np.float64)))
            for name in (COOCCURRENCE, TITLE)
        }
        if TAG_BLOCK in model.index.one_hot:
            self._norms[TAG_BLOCK] = float(
                np.linalg.norm(counts @ model.index.one_hot[TAG_BLOCK][seeds])
            )
        # The artist block holds the square roots of counts, so its norm is the root of their sum.
        named = np.diff(model.index.one_hot[ARTIST_BLOCK][seeds].indptr) > 0
        self._norms[ARTIST_BLOCK] = float(np.sqrt(counts[named].sum()))

    def linear_parts(self, row: int, like: Likeness, number: int) -> list[Part]:
        """What each block and seed adds to the linear score of a row, in float64.

        The query block is the sum of the seeds' blocks over its norm, so each seed adds its own
        inner product over that norm. The seeds of one artist share its root by their counts.
        """
        parts = []
        for block, norm in self._norms.items():
            weight = self.weights.get(block, 0.0)
            if not weight or not norm:
                continue
            values = like.blocks[block][number] * self.counts
            if block == ARTIST_BLOCK:
                values = values / max(np.sqrt(values.sum()), 1.0)
            values = weight * values / norm
            parts += [
                Part(block, value, seed)
                for seed, value in zip(self._ids, values.tolist(), strict=True)
            ]
        plays = float(self._index.blocks(np.array([row]))[POPULARITY][0, 0])
        return [*parts, Part(POPULARITY_PART, self.weights.get(POPULARITY, 0.0) * plays)]


def _product(rows: sparse.csr_array, seeds: sparse.csr_array) -> Table:
    product: Table = (rows.astype(np.float64) @ seeds.astype(np.float64).T).toarray()
    return product


def _bounded(cosine: float) -> float:
    """A cosine without the rounding that takes it beyond 1."""
    return float(min(1.0, max(-1.0, cosine)))

"""A query whose answers are explained."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from hybrid_rec.blocks.base import Block, Values, mean_parts
from hybrid_rec.core.arrays import Doubles, Rows
from hybrid_rec.core.config import COOCCURRENCE, POPULARITY
from hybrid_rec.model.explanations import Part, Stage
from hybrid_rec.model.fitted import Model


class ExplainedQuery:
    """One query: its seeds, how often each stands in it, what describes them, and its name."""

    def __init__(
        self,
        model: Model,
        seeds: Rows,
        counts: Doubles,
        stage: Stage,
        weights: Mapping[str, float],
        called: Doubles | None,
        *,
        dislikes: bool = False,
    ) -> None:
        self.seeds, self.counts, self.stage, self.weights = seeds, counts, stage, weights
        self.called, self.dislikes = called, dislikes
        self._model = model
        self._ids = model.catalog.item_ids[seeds]
        titles = model.catalog.titles[seeds]
        self.names = {
            item_id: title or f"item {item_id}"
            for item_id, title in zip(self._ids, titles, strict=True)
        }
        dense = model.index.blocks(seeds)
        self.rows: dict[str, Values] = {COOCCURRENCE: dense[COOCCURRENCE].astype(np.float64)}
        for block in model.blocks:
            hot = model.index.one_hot.get(block.name)
            self.rows[block.name] = (
                dense[block.name].astype(np.float64) if hot is None else hot[seeds]
            )

    def linear_parts(self, rows: Rows) -> list[list[Part]]:
        """What each block and seed adds to the linear scores of some rows, in float64.

        Each block divides its inner product with the query among the seeds; see
        `Block.seed_parts`.
        """
        index, model = self._model.index, self._model
        dense = index.blocks(rows)
        parts: list[list[Part]] = [[] for _ in rows]
        blocks: list[tuple[str, Block | None]] = [(COOCCURRENCE, None)]
        blocks += [(block.name, block) for block in model.blocks]
        for name, block in blocks:
            weight = self.weights.get(name, 0.0)
            if not weight or not len(self.seeds):
                continue
            mine = dense[name] if name in dense else index.one_hot[name][rows]
            if block is None:
                values = weight * mean_parts(mine, self.rows[name], self.counts)
            else:
                values = weight * block.seed_parts(mine, self.rows[name], self.counts)
            for told, line in zip(parts, values.tolist(), strict=True):
                told += [
                    Part(name, value, seed) for seed, value in zip(self._ids, line, strict=True)
                ]
        prior = self.weights.get(POPULARITY, 0.0) * dense[POPULARITY][:, 0].astype(np.float64)
        for told, value in zip(parts, prior.tolist(), strict=True):
            told.append(Part(POPULARITY, value))
        return parts

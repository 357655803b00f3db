"""Diversity: reorder a list so that it is not all alike."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from hybrid_rec.core.arrays import Doubles, Floats, Rows
from hybrid_rec.core.config import POPULARITY, DiversityConfig, HybridConfig
from hybrid_rec.core.errors import ConfigError
from hybrid_rec.core.quoting import quoted
from indexes.hybrid import HybridIndex
from indexes.selection import inner_products

Diversity = DiversityConfig | Mapping[str, float | int | None]
OFF = DiversityConfig()
"""Nothing is reordered."""


def call_diversity(config: HybridConfig, diversity: Diversity | None) -> DiversityConfig:
    """The diversity of one call: what is given, and the config's where nothing is.

    Raises:
        ConfigError: For anything but a diversity.
    """
    if isinstance(diversity, DiversityConfig):
        return diversity
    if not isinstance(diversity, Mapping | None):
        raise ConfigError(
            f"diversity must be a mapping or a DiversityConfig, got {quoted(diversity)}."
        )
    return DiversityConfig.model_validate({**config.diversity.model_dump(), **(diversity or {})})


@dataclass(frozen=True, eq=False)
class Diversified:
    """A new order of one list."""

    order: Rows
    """Places of the list given, in their new order, `(k,)` or as many as there are."""
    n_within: int
    """How many of the first keep to the group cap; all of them if there is none."""


class Diversifier:
    """Reorders lists of rows by maximal marginal relevance and a cap of groups.

    The first `pool` rows of a list are taken one by one, each time the one with the largest

        (1 - mmr) * relevance(i) - mmr * max over those taken of likeness(i, j),

    the first of equal ones. `relevance` is the score, stretched so that the best of the pool has 1
    and the last 0. `likeness` is the weighted mean of the inner products of the two items' blocks,
    the popularity left out: mostly the cosine in co-occurrence space, with the usual weights. The
    rows behind the pool follow in their old order. With a cap, rows whose group has as many
    places as it may have are passed over, and stand behind all others in their old order. So a
    shorter list is always the beginning of a longer one.

    Args:
        index: Item vectors.
        group_of: Code of each item's group (artist), `(n_items,)`; -1 for none.
        weights: Weights of its blocks.
        config: How much of both.

    References:
        Carbonell and Goldstein, "The Use of MMR, Diversity-Based Reranking for Reordering
        Documents and Producing Summaries", SIGIR 1998; their lambda is `1 - mmr`.
    """

    def __init__(
        self,
        index: HybridIndex,
        group_of: Rows,
        weights: Mapping[str, float],
        config: DiversityConfig,
    ) -> None:
        self._index, self._group_of, self._config = index, group_of, config
        alike = {name: weight for name, weight in weights.items() if name != POPULARITY}
        total = sum(alike.values()) or 1.0
        self._weights = {name: weight / total for name, weight in alike.items()}

    @cached_property
    def most_within(self) -> int:
        """Items of the catalogue that a list can hold without breaking the cap."""
        sizes = np.bincount(self._group_of[self._group_of >= 0])
        without = len(self._index) - int(sizes.sum())
        cap = self._config.artist_cap
        return without + int(sizes.sum() if cap is None else np.minimum(sizes, cap).sum())

    def order(self, rows: Rows, scores: Floats, k: int) -> Diversified:
        """The new order of one list, cut to k.

        Args:
            rows: Distinct rows, best first, `(n,)`.
            scores: Their scores, `(n,)`.
            k: Places wanted.
        """
        mmr, cap = self._config.mmr, self._config.artist_cap
        groups = self._group_of[rows].tolist()
        places: dict[int, int] = {}
        order: dict[int, None] = {}

        def is_full(place: int) -> bool:
            group = groups[place]
            return cap is not None and group >= 0 and places.get(group, 0) >= cap

        def take(place: int) -> None:
            order[place] = None
            places[groups[place]] = places.get(groups[place], 0) + 1

        if mmr:
            likeness = _Likeness(self._index, self._weights, rows[: self._config.pool])
            gains = (1 - mmr) * _stretched(scores[: self._config.pool])
            nearest = np.full(len(gains), -np.inf)
            is_open = np.ones(len(gains), dtype=bool)
            while len(order) < k and is_open.any():
                penalties = mmr * nearest if order else np.zeros(len(gains))
                place = int(np.where(is_open, gains - penalties, -np.inf).argmax())
                is_open[place] = False
                if not is_full(place):
                    take(place)
                    nearest = np.maximum(nearest, likeness.to(place))
        for place in range(len(rows)):
            if len(order) == k:
                break
            if place not in order and not is_full(place):
                take(place)
        passed = [place for place in range(len(rows)) if place not in order][: k - len(order)]
        return Diversified(np.array([*order, *passed], dtype=np.int64), len(order))


class _Likeness:
    """How some rows are like each other, by the weighted mean of the blocks' inner products."""

    def __init__(self, index: HybridIndex, weights: Mapping[str, float], rows: Rows) -> None:
        blocks = index.blocks(rows)
        self._dense = np.concatenate(
            [np.float32(np.sqrt(weights.get(name, 0.0))) * blocks[name] for name in blocks], axis=1
        )
        self._hot = np.zeros((len(rows), len(rows)))
        for name, hot in index.one_hot.items():
            if weights.get(name):
                part = hot[rows]
                self._hot += weights[name] * (part @ part.T).toarray()

    def to(self, place: int) -> Doubles:
        """Likeness of all rows to one of them, in [-1, 1], `(n_rows,)`."""
        likeness: Doubles = inner_products(self._dense, self._dense[place]) + self._hot[place]
        return likeness


def _stretched(scores: Floats) -> Doubles:
    """Scores from 0 to 1; all 1 if they are equal."""
    values = scores.astype(np.float64)
    if not len(values) or values.max() == values.min():
        return np.ones(len(values))
    stretched: Doubles = (values - values.min()) / (values.max() - values.min())
    return stretched

"""Draws: the same comparison on several draws of a split, taken together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from evaluation.comparison import Comparison
from evaluation.paired import Paired
from hybrid_rec.core.arrays import Doubles, Objects
from hybrid_rec.core.errors import ConfigError, DataError


@dataclass(frozen=True)
class Draws(Paired):
    """Comparisons of the same recommenders on several draws of a split.

    Means are over the cases of all draws. A playlist may be held out in several draws; intervals
    and tests treat its cases as one.
    """

    draws: tuple[Comparison, ...]
    """One a draw."""
    seeds: tuple[int, ...]
    """The seed of each draw's split."""
    seed: int = 0
    """Seed of bootstrap and randomisation."""
    peers: Mapping[str, str] = field(default_factory=dict)
    """See `Comparison.peers`."""

    def __post_init__(self) -> None:
        if not self.draws or len(self.draws) != len(self.seeds):
            raise ConfigError(
                f"draws must be at least one, each with a seed, got {len(self.draws)} and "
                f"{len(self.seeds)} seeds."
            )
        for other in self.draws[1:]:
            if other.names != self.names or other.metrics != self.metrics:
                raise DataError("draws must be of the same recommenders and metrics.")

    @property
    def first(self) -> Comparison:
        """The first draw."""
        return self.draws[0]

    @property
    def names(self) -> list[str]:
        """The recommenders."""
        return self.first.names

    @property
    def metrics(self) -> list[str]:
        """What was measured."""
        return self.first.metrics

    @property
    def playlists(self) -> Objects:
        """The id of the playlist that each case was made of, `(n_cases,)` strings."""
        return np.concatenate([draw.playlists for draw in self.draws])

    @property
    def n_near_copies(self) -> int:
        """Cases of all draws that do not count, for they are near-copies of training."""
        return sum(draw.n_near_copies for draw in self.draws)

    @property
    def with_near_copies(self) -> Draws:
        """The same with the cases that are near-copies of training playlists."""
        return replace(self, draws=tuple(draw.with_near_copies for draw in self.draws))

    def _values(self, metric: str) -> Doubles:
        return np.concatenate([draw.values(metric) for draw in self.draws], axis=1)

    def by_draw(self, metrics: Sequence[str]) -> pd.DataFrame:
        """Means of each draw: seed (of the split), cases, recommender, then the metrics."""
        rows = []
        for seed, draw in zip(self.seeds, self.draws, strict=True):
            means = {metric: draw.values(metric).mean(axis=1) for metric in metrics}
            for number, name in enumerate(self.names):
                row = {"seed": seed, "cases": draw.n_cases, "recommender": name}
                rows.append(row | {metric: float(means[metric][number]) for metric in metrics})
        return pd.DataFrame(rows)

    def table(self, metrics: Sequence[str]) -> pd.DataFrame:
        """As `Paired.table`, and behind each metric its standard error, as "ndcg@10 error".

        The standard error is that of the mean over draws: the standard deviation of the draws'
        means over the root of their number; NaN for one draw.
        """
        table = super().table(metrics)
        spread = self.by_draw(metrics).groupby("recommender", sort=False)
        for metric in metrics:
            error = spread[metric].std(ddof=1) / np.sqrt(len(self.draws))
            place = list(table.columns).index(metric) + 1
            table.insert(place, f"{metric} error", error.loc[self.names].to_numpy())
        return table

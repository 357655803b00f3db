"""Several recommenders on one split, side by side."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
import pandas as pd

from evaluation.evaluations import Evaluation
from evaluation.paired import Paired
from hybrid_rec.core.arrays import Doubles, Objects
from hybrid_rec.core.errors import ConfigError, DataError
from hybrid_rec.core.quoting import quoted
from hybrid_rec.core.words import how_many
from hybrid_rec.data.short_html import short_html


@dataclass(frozen=True)
class Comparison(Paired):
    """Evaluations of the same cases, side by side.

    Near-copies of training do not count: a case whose playlist stands in training almost whole
    tells who remembers, not who recommends. If there is no other case, they count.
    """

    evaluations: tuple[Evaluation, ...]
    """One a recommender, with different names."""
    seed: int = 0
    """Seed of bootstrap and randomisation."""
    near_copies: bool = False
    """Whether cases that are near-copies of training playlists count; see `Split.near_copies`."""
    peers: Mapping[str, str] = field(default_factory=dict)
    """Metric -> the recommender that the verdict compares with, if it was chosen on other cases;
    by default the best other one."""

    def __post_init__(self) -> None:
        names = self.names
        if not names or len(set(names)) != len(names):
            raise ConfigError(f"recommenders must have different names, got {names}.")
        first = self.evaluations[0].cases
        for other in self.evaluations[1:]:
            same = len(other.cases) == len(first) and (other.cases["case"] == first["case"]).all()
            if not same or other.metrics != self.evaluations[0].metrics:
                raise DataError(
                    f"evaluations must be of the same cases and metrics, but those of "
                    f"{quoted(names[0])} and {quoted(other.name)} differ."
                )

    def __repr__(self) -> str:
        n_cases = len(self.evaluations[0].cases)
        return f"Comparison({', '.join(self.names)}: {how_many(n_cases, 'cases')})"

    def _repr_html_(self) -> str:
        means = {one.name: one.means() for one in self.counted}
        return short_html(repr(self), pd.DataFrame(means).rename_axis("metric").reset_index())

    @cached_property
    def counted(self) -> tuple[Evaluation, ...]:
        """The evaluations, with the cases that count alone."""
        if self.near_copies:
            return self.evaluations
        return tuple(evaluation.without_near_copies() for evaluation in self.evaluations)

    @property
    def first(self) -> Comparison:
        """Itself, as `Draws` have a first one."""
        return self

    @property
    def n_near_copies(self) -> int:
        """Cases that do not count, for they are near-copies of training."""
        return len(self.evaluations[0].cases) - self.n_cases

    @property
    def names(self) -> list[str]:
        """The recommenders."""
        return [evaluation.name for evaluation in self.evaluations]

    @property
    def metrics(self) -> list[str]:
        """What was measured."""
        return self.evaluations[0].metrics

    @property
    def playlists(self) -> Objects:
        """The id of the playlist that each case was made of, `(n_cases,)` strings."""
        return self.counted[0].split.playlists_of_cases

    @property
    def with_near_copies(self) -> Comparison:
        """The same with the cases that are near-copies of training playlists."""
        return replace(self, near_copies=True)

    def _values(self, metric: str) -> Doubles:
        return np.stack([e.cases[metric].to_numpy(dtype=np.float64) for e in self.counted])

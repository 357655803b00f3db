"""Metrics of every case that were measured before and kept as JSON, compared as if fresh."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from evaluation.comparison import Comparison
from evaluation.metrics.registry import sign_of
from evaluation.paired import Paired
from hybrid_rec.core.arrays import Doubles, Objects


@dataclass(frozen=True)
class Stored(Paired):
    """One task over all draws, without near-copies."""

    draws: Sequence[Mapping[str, Any]]
    """What `stored` made of each draw."""
    seed: int = 0
    """Seed of bootstrap and randomisation."""

    @property
    def names(self) -> list[str]:
        """The recommenders."""
        return list(self.draws[0]["values"])

    @property
    def metrics(self) -> list[str]:
        """What was measured."""
        return list(self.draws[0]["values"][self.names[0]])

    @property
    def playlists(self) -> Objects:
        """The id of the playlist that each case was made of."""
        return np.array([name for draw in self.draws for name in draw["playlists"]], dtype=object)

    def _values(self, metric: str) -> Doubles:
        return np.array(
            [
                [value for draw in self.draws for value in draw["values"][name][metric]]
                for name in self.names
            ]
        )

    def of_draws(self, name: str, metric: str) -> Doubles:
        """The mean of each draw."""
        return np.array([np.mean(draw["values"][name][metric]) for draw in self.draws])

    def near_copies(self, name: str, metric: str) -> float:
        """The mean with near-copies."""
        sizes = [draw["cases"] for draw in self.draws]
        means = [draw["with_near_copies"][name][metric] for draw in self.draws]
        return float(np.average(means, weights=sizes))

    def peer(self, metric: str, main: str) -> str:
        """The best other one over the validation parts of all draws."""
        others = [name for name in self.names if name != main]
        if len(others) == 1:
            return others[0]
        sizes = [draw["validation_cases"] for draw in self.draws]
        means = {
            name: np.average([draw["validation"][name][metric] for draw in self.draws],
                             weights=sizes)
            for name in others
        }  # fmt: skip
        return max(means, key=lambda name: sign_of(metric) * means[name])


def stored(
    tested: Comparison, validation: Comparison | None, metrics: Sequence[str]
) -> dict[str, Any]:
    """What is kept of one task of one draw."""
    whole = tested.with_near_copies

    def means(compared: Comparison) -> dict[str, dict[str, float]]:
        return {
            name: {m: float(compared.values(m)[n].mean()) for m in metrics}
            for n, name in enumerate(compared.names)
        }

    return {
        "playlists": tested.playlists.tolist(),
        "cases": whole.n_cases,
        "near_copies": tested.n_near_copies,
        "values": {
            name: {m: tested.values(m)[n].round(6).tolist() for m in metrics}
            for n, name in enumerate(tested.names)
        },
        "with_near_copies": means(whole),
        "validation_cases": 0 if validation is None else validation.n_cases,
        "validation": {} if validation is None else means(validation),
    }

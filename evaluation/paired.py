"""Paired values: several recommenders on the same cases, with intervals and paired tests."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

import numpy as np
import pandas as pd

from evaluation.metrics.registry import sign_of
from evaluation.significance import (
    LEVEL,
    bootstrap_interval,
    detectable_difference,
    holm,
    randomisation_p,
)
from hybrid_rec.core.arrays import Doubles, Objects, Rows
from hybrid_rec.core.errors import ConfigError
from hybrid_rec.core.quoting import quoted

SIGNIFICANT = 1 - LEVEL
"""A corrected p below this shows a difference."""


class Paired(ABC):
    """Metrics of several recommenders, one value a case, and what they say of who is better.

    Cases of one playlist hang together: intervals resample playlists, and tests flip the signs of
    all cases of a playlist at once.
    """

    seed: int
    """Seed of bootstrap and randomisation."""

    @property
    @abstractmethod
    def names(self) -> list[str]:
        """The recommenders, all different."""

    @property
    @abstractmethod
    def metrics(self) -> list[str]:
        """What was measured, such as "ndcg@500"."""

    @property
    @abstractmethod
    def playlists(self) -> Objects:
        """The id of the playlist that each case was made of, `(n_cases,)` strings."""

    @abstractmethod
    def _values(self, metric: str) -> Doubles:
        """A metric that was measured of every case, `(n_recommenders, n_cases)`."""

    @property
    def n_cases(self) -> int:
        """Cases that count."""
        return len(self.playlists)

    def values(self, metric: str) -> Doubles:
        """One metric of every case that counts, `(n_recommenders, n_cases)`.

        Raises:
            ConfigError: For a metric that was not measured.
        """
        if metric not in self.metrics:
            raise ConfigError(
                f"metric must be one of {', '.join(self.metrics)}, got {quoted(metric)}."
            )
        return self._values(metric)

    def table(self, metrics: Sequence[str]) -> pd.DataFrame:
        """Means with bootstrap intervals: recommender, then metric, metric low, metric high.

        Intervals are percentile bootstrap intervals over playlists at 95 %: they tell how far the
        mean would move with other cases, not with another training seed (see `training_noise`).
        """
        columns: dict[str, object] = {"recommender": self.names}
        if not metrics:
            return pd.DataFrame(columns)
        # One bootstrap for all: drawing the resamples is most of the work.
        values = np.concatenate([self.values(metric) for metric in metrics])
        shape = (len(metrics), len(self.names))
        low, high = (edge.reshape(shape) for edge in self.interval(values))
        for n, (metric, means) in enumerate(
            zip(metrics, values.mean(axis=1).reshape(shape), strict=True)
        ):
            columns |= {metric: means, f"{metric} low": low[n], f"{metric} high": high[n]}
        return pd.DataFrame(columns)

    def interval(self, values: Doubles) -> tuple[Doubles, Doubles]:
        """Ends of the 95 % bootstrap interval of each line's mean, `(n_lines, n_cases)` given."""
        return bootstrap_interval(values, self.seed, groups=self._groups())

    def best(self, metric: str) -> str:
        """The recommender with the best mean; the first among equals."""
        means = self.values(metric).mean(axis=1)
        return self.names[int((sign_of(metric) * means).argmax())]

    def winner(self, metric: str) -> str | None:
        """The recommender that is better than each other one at corrected p < 0.05, or None."""
        best = self.best(metric)
        others = self.against(best, metric)
        return best if len(others) and (others["p_holm"] < SIGNIFICANT).all() else None

    def against(self, name: str, metric: str) -> pd.DataFrame:
        """One recommender against each other one, case by case.

        Columns: other, difference (of means), low, high (bootstrap), p (paired randomisation
        test, two-sided), p_holm (corrected for the number of comparisons), win, tie, loss (cases),
        detectable (the smallest difference that this number of cases would show with 80 % power
        at p < 0.05, uncorrected).

        Args:
            name: The recommender that is compared.
            metric: Such as "ndcg@500". Lower values win where lower is better.

        Raises:
            ConfigError: For an unknown name or metric.

        References:
            Smucker, Allan and Carterette, "A Comparison of Statistical Significance Tests for
            Information Retrieval Evaluation", CIKM 2007. Holm, "A Simple Sequentially Rejective
            Multiple Test Procedure", 1979.
        """
        names = self.names
        if name not in names:
            raise ConfigError(f"recommender must be one of {', '.join(names)}, got {quoted(name)}.")
        values = self.values(metric)
        sign = sign_of(metric)
        others = [other for other in names if other != name]
        differences = values[names.index(name)] - np.delete(values, names.index(name), axis=0)
        lows, highs = self.interval(differences)
        groups = self._groups()
        rows = []
        for other, difference, low, high in zip(others, differences, lows, highs, strict=True):
            rows.append(
                {
                    "other": other,
                    "difference": difference.mean(),
                    "low": low,
                    "high": high,
                    "p": randomisation_p(difference, self.seed, groups=groups),
                    "win": int((sign * difference > 0).sum()),
                    "tie": int((difference == 0).sum()),
                    "loss": int((sign * difference < 0).sum()),
                    "detectable": detectable_difference(difference, groups=groups),
                }
            )
        table = pd.DataFrame(rows)
        if len(table):
            table.insert(5, "p_holm", holm(table["p"].to_numpy()))
        return table

    def _groups(self) -> Rows | None:
        """The number of each case's playlist, `(n_cases,)`; None if each has one case."""
        codes, ids = pd.factorize(self.playlists)
        return None if len(ids) == len(codes) else codes.astype(np.int64)

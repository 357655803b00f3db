"""Several recommenders on one split: intervals, paired tests, wins and losses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from evaluation.evaluations import Evaluation
from evaluation.metrics.registry import sign_of
from evaluation.significance import (
    bootstrap_interval,
    detectable_difference,
    holm,
    randomisation_p,
)
from hybrid_rec.core.arrays import Doubles
from hybrid_rec.core.errors import ConfigError, DataError
from hybrid_rec.core.quoting import quoted


@dataclass(frozen=True)
class Comparison:
    """Evaluations of the same cases, side by side."""

    evaluations: tuple[Evaluation, ...]
    """One a recommender, with different names."""
    seed: int = 0
    """Seed of bootstrap and randomisation."""

    def __post_init__(self) -> None:
        names = [evaluation.name for evaluation in self.evaluations]
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

    def values(self, metric: str) -> Doubles:
        """One metric of every case, `(n_recommenders, n_cases)`.

        Raises:
            ConfigError: For a metric that was not measured.
        """
        if metric not in self.evaluations[0].metrics:
            raise ConfigError(
                f"metric must be one of {', '.join(self.evaluations[0].metrics)}, got "
                f"{quoted(metric)}."
            )
        return np.stack([e.cases[metric].to_numpy(dtype=np.float64) for e in self.evaluations])

    def table(self, metrics: Sequence[str]) -> pd.DataFrame:
        """Means with bootstrap intervals: recommender, then metric, metric low, metric high.

        Intervals are percentile bootstrap intervals over cases at 95 %: they tell how far the
        mean would move with other cases, not with another training seed (see `training_noise`).
        """
        columns: dict[str, object] = {"recommender": [e.name for e in self.evaluations]}
        if not metrics:
            return pd.DataFrame(columns)
        # One bootstrap for all: drawing the resamples is most of the work.
        values = np.concatenate([self.values(metric) for metric in metrics])
        shape = (len(metrics), len(self.evaluations))
        low, high = (edge.reshape(shape) for edge in bootstrap_interval(values, self.seed))
        for n, (metric, means) in enumerate(
            zip(metrics, values.mean(axis=1).reshape(shape), strict=True)
        ):
            columns |= {metric: means, f"{metric} low": low[n], f"{metric} high": high[n]}
        return pd.DataFrame(columns)

    def winner(self, metric: str) -> str:
        """The recommender with the best mean; the first among equals."""
        means = self.values(metric).mean(axis=1)
        return self.evaluations[int((sign_of(metric) * means).argmax())].name

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
        names = [e.name for e in self.evaluations]
        if name not in names:
            raise ConfigError(f"recommender must be one of {', '.join(names)}, got {quoted(name)}.")
        values = self.values(metric)
        sign = sign_of(metric)
        others = [other for other in names if other != name]
        differences = values[names.index(name)] - np.delete(values, names.index(name), axis=0)
        lows, highs = bootstrap_interval(differences, self.seed)
        rows = []
        for other, difference, low, high in zip(others, differences, lows, highs, strict=True):
            rows.append(
                {
                    "other": other,
                    "difference": difference.mean(),
                    "low": low,
                    "high": high,
                    "p": randomisation_p(difference, self.seed),
                    "win": int((sign * difference > 0).sum()),
                    "tie": int((difference == 0).sum()),
                    "loss": int((sign * difference < 0).sum()),
                    "detectable": detectable_difference(difference),
                }
            )
        table = pd.DataFrame(rows)
        if len(table):
            table.insert(5, "p_holm", holm(table["p"].to_numpy()))
        return table

"""Several recommenders on one split: intervals, paired tests, wins and losses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from evaluation.harness import Evaluation
from evaluation.metrics.registry import sign_of
from hybrid_rec.core.errors import ConfigError, DataError

LEVEL = 0.95
POWER = 0.8
_BOOTSTRAPS = 2_000
_FLIPS = 10_000
_CHUNK = 4_000_000


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
                    f"{names[0]!r} and {other.name!r} differ."
                )

    def values(self, metric: str) -> NDArray[np.float64]:
        """One metric of every case, `(n_recommenders, n_cases)`.

        Raises:
            ConfigError: For a metric that was not measured.
        """
        if metric not in self.evaluations[0].metrics:
            raise ConfigError(
                f"metric must be one of {', '.join(self.evaluations[0].metrics)}, got {metric!r}."
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
            raise ConfigError(f"recommender must be one of {', '.join(names)}, got {name!r}.")
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


def bootstrap_interval(
    values: NDArray[np.float64], seed: int, level: float = LEVEL
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Percentile bootstrap interval of each line's mean; all lines are resampled alike.

    Args:
        values: `(n_lines, n_cases)`.
        seed: Seed of the resampling.
        level: Confidence.
    """
    rng = np.random.default_rng(seed)
    n = values.shape[1]
    means = np.empty((len(values), _BOOTSTRAPS))
    step = max(1, _CHUNK // n)
    for start in range(0, _BOOTSTRAPS, step):
        size = min(step, _BOOTSTRAPS - start)
        # How often each case is drawn: one count over the draws of several resamples at a time.
        drawn = rng.integers(0, n, (size, n)) + np.arange(size)[:, None] * n
        weights = np.bincount(drawn.ravel(), minlength=size * n).reshape(size, n) / n
        means[:, start : start + size] = values @ weights.T
    edge = (1 - level) / 2
    low, high = np.quantile(means, [edge, 1 - edge], axis=1)
    return low, high


def randomisation_p(difference: NDArray[np.float64], seed: int) -> float:
    """Two-sided p of the paired randomisation test: the signs of differences are flipped.

    The observed assignment counts as one of the flips, so p is never 0.
    """
    if not difference.any():
        return 1.0
    rng = np.random.default_rng(seed)
    observed = abs(difference.mean())
    changed = difference[difference != 0]
    extreme = 0
    step = max(1, _CHUNK // len(changed))
    for start in range(0, _FLIPS, step):
        flips = rng.integers(0, 2, (min(step, _FLIPS - start), len(changed))) * 2.0 - 1
        # Sums of the same numbers in another order may differ in the last digit.
        extreme += int((np.abs(flips @ changed) / len(difference) >= observed * (1 - 1e-12)).sum())
    return (extreme + 1) / (_FLIPS + 1)


def holm(p_values: NDArray[np.float64]) -> NDArray[np.float64]:
    """P-values corrected for their number, by Holm's step-down method."""
    order = np.argsort(p_values, kind="stable")
    scaled = p_values[order] * np.arange(len(p_values), 0, -1)
    corrected = np.empty_like(p_values)
    corrected[order] = np.minimum(np.maximum.accumulate(scaled), 1.0)
    return corrected


def detectable_difference(difference: NDArray[np.float64]) -> float:
    """The smallest mean difference that a paired z-test on so many cases finds with 80 % power."""
    if len(difference) < 2:
        return float("inf")
    needed = stats.norm.ppf(1 - (1 - LEVEL) / 2) + stats.norm.ppf(POWER)
    return float(needed * difference.std(ddof=1) / np.sqrt(len(difference)))

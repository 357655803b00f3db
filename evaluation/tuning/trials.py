"""Trials of a search: settings, what they came to, and a table of all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from evaluation.metrics.registry import MetricAtK
from evaluation.tuning.spaces import Setting, Settings
from hybrid_rec.core.arrays import Doubles
from hybrid_rec.core.config import HybridConfig


@dataclass(frozen=True, eq=False)
class Trial:
    """Settings, and what they came to."""

    number: int
    """From 0, which is the base configuration."""
    fit: int
    """The vectors it used, from 0; trials of one fit differ in weights alone."""
    settings: Settings
    """All that is searched, by dotted name."""
    config: HybridConfig
    """The base configuration with these settings."""
    cases: Doubles
    """The metric of each case, `(n_cases,)`."""
    gain: float
    """Mean difference to trial 0, case by case."""
    low: float
    """Lower end of its 95 % bootstrap interval."""
    high: float
    """Upper end."""
    seconds: float
    """What it took, the fit included for the first trial of a fit."""

    @property
    def value(self) -> float:
        """The metric, a mean over all cases."""
        return float(self.cases.mean())


def ranked(trials: Sequence[Trial], metric: MetricAtK) -> list[Trial]:
    """The trials, the best one first; the earlier of equals."""
    return sorted(trials, key=lambda trial: (-metric.sign * trial.value, trial.number))


def trial_table(trials: Sequence[Trial], metric: MetricAtK) -> pd.DataFrame:
    """All trials, the best one first.

    Columns: rank (from 1), trial, fit, the metric, gain, low, high, seconds, and every setting by
    its dotted name.
    """
    return pd.DataFrame(
        {
            "rank": rank,
            "trial": trial.number,
            "fit": trial.fit,
            str(metric): trial.value,
            "gain": trial.gain,
            "low": trial.low,
            "high": trial.high,
            "seconds": round(trial.seconds, 3),
            **trial.settings,
        }
        for rank, trial in enumerate(ranked(trials, metric), 1)
    )


def changes(trial: Trial, first: Trial) -> str:
    """The settings of a trial that are not those of another, for people to read."""
    return " ".join(
        f"{name.partition('.')[2]}={shown(value)}"
        for name, value in trial.settings.items()
        if value != first.settings[name]
    )


def shown(value: Setting) -> str:
    """A setting as short as it is exact."""
    return f"{value:g}" if isinstance(value, float) else str(value).lower()

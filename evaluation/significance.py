"""Intervals and tests over cases: bootstrap, paired randomisation, Holm, detectable difference."""

from __future__ import annotations

import numpy as np
from scipy import stats

from hybrid_rec.core.arrays import Doubles

LEVEL = 0.95
POWER = 0.8
_BOOTSTRAPS = 2_000
_FLIPS = 10_000
# Numbers drawn at once, to bound memory.
_CHUNK = 4_000_000


def bootstrap_interval(values: Doubles, seed: int, level: float = LEVEL) -> tuple[Doubles, Doubles]:
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


def randomisation_p(difference: Doubles, seed: int) -> float:
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


def holm(p_values: Doubles) -> Doubles:
    """P-values corrected for their number, by Holm's step-down method."""
    order = np.argsort(p_values, kind="stable")
    scaled = p_values[order] * np.arange(len(p_values), 0, -1)
    corrected = np.empty_like(p_values)
    corrected[order] = np.minimum(np.maximum.accumulate(scaled), 1.0)
    return corrected


def detectable_difference(difference: Doubles) -> float:
    """The smallest mean difference that a paired z-test on so many cases finds with 80 % power."""
    if len(difference) < 2:
        return float("inf")
    needed = stats.norm.ppf(1 - (1 - LEVEL) / 2) + stats.norm.ppf(POWER)
    return float(needed * difference.std(ddof=1) / np.sqrt(len(difference)))

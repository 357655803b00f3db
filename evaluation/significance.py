"""Intervals and tests over cases: bootstrap, paired randomisation, Holm, detectable difference.

Cases may come in groups that hang together, such as those of one playlist. `groups` gives the
number of each case's group, `(n_cases,)`; by default each case is a group of its own.
"""

from __future__ import annotations

import numpy as np
from scipy import stats

from hybrid_rec.core.arrays import Doubles, Rows

LEVEL = 0.95
POWER = 0.8
_BOOTSTRAPS = 2_000
_FLIPS = 10_000
# Numbers drawn at once, to bound memory.
_CHUNK = 4_000_000


def bootstrap_interval(
    values: Doubles, seed: int, level: float = LEVEL, groups: Rows | None = None
) -> tuple[Doubles, Doubles]:
    """Percentile bootstrap interval of each line's mean; all lines are resampled alike.

    Groups are drawn, and each brings all its cases.

    Args:
        values: `(n_lines, n_cases)`.
        seed: Seed of the resampling.
        level: Confidence.
        groups: See above.
    """
    rng = np.random.default_rng(seed)
    values, sizes = _sums(values, groups)
    n = values.shape[1]
    means = np.empty((len(values), _BOOTSTRAPS))
    step = max(1, _CHUNK // n)
    for start in range(0, _BOOTSTRAPS, step):
        size = min(step, _BOOTSTRAPS - start)
        # How often each case is drawn: one count over the draws of several resamples at a time.
        drawn = rng.integers(0, n, (size, n)) + np.arange(size)[:, None] * n
        weights = np.bincount(drawn.ravel(), minlength=size * n).reshape(size, n) / n
        means[:, start : start + size] = values @ weights.T
        if sizes is not None:
            means[:, start : start + size] /= weights @ sizes
    edge = (1 - level) / 2
    low, high = np.quantile(means, [edge, 1 - edge], axis=1)
    return low, high


def randomisation_p(difference: Doubles, seed: int, groups: Rows | None = None) -> float:
    """Two-sided p of the paired randomisation test: the signs of differences are flipped.

    The signs of a group are flipped together. The observed assignment counts as one of the flips,
    so p is never 0.
    """
    if not difference.any():
        return 1.0
    rng = np.random.default_rng(seed)
    difference = _sums(difference[None], groups)[0][0]
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


def detectable_difference(difference: Doubles, groups: Rows | None = None) -> float:
    """The smallest mean difference that a paired z-test on so many cases finds with 80 % power."""
    n_cases, mean = len(difference), difference.mean()
    difference, sizes = _sums(difference[None], groups)
    difference = difference[0]
    if len(difference) < 2:
        return float("inf")
    if sizes is not None:
        # Deviations of the groups' sums, as if each group were one case of mean size.
        difference = (difference - sizes * mean) * (len(difference) / n_cases)
    needed = stats.norm.ppf(1 - (1 - LEVEL) / 2) + stats.norm.ppf(POWER)
    return float(needed * difference.std(ddof=1) / np.sqrt(len(difference)))


def _sums(values: Doubles, groups: Rows | None) -> tuple[Doubles, Doubles | None]:
    """Sums over the groups, `(n_lines, n_groups)`, and their sizes; None if each is one case."""
    if groups is None:
        return values, None
    sizes = np.bincount(groups).astype(np.float64)
    sums = np.stack([np.bincount(groups, line, minlength=len(sizes)) for line in values])
    return sums.astype(np.float64), sizes

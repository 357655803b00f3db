"""Rank correlation over pairs of items, with intervals that know that pairs share items."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats

from evaluation.significance import LEVEL
from hybrid_rec.core.arrays import Doubles, Rows


@dataclass(frozen=True)
class Correlation:
    """Spearman's rank correlation with its interval; all nan where one side never changes."""

    rho: float
    """From -1 to 1."""
    low: float
    """Lower end of its interval."""
    high: float
    """Upper end."""


def spearman(x: Doubles, y: Doubles, ends: Rows, level: float = LEVEL) -> Correlation:
    """Spearman's rank correlation of two values of pairs, ties counted as half.

    Pairs that share an item are not independent. The variance is that of the correlation's
    influence function, clustered by items: with S(a) the sum of influences of all pairs that hold
    item a,

        var = (sum of S(a)^2 over items - sum of influence^2 over pairs) / n^2,

    and at least what it would be if pairs were independent. The interval is a normal one of
    Fisher's z.

    Args:
        x: A value of each pair, `(n_pairs,)`.
        y: Another one.
        ends: The two items of each pair, `(n_pairs, 2)`.
        level: Confidence.

    References:
        Aronow, Samii and Assenova (2015), Cluster-robust variance estimation for dyadic data.
    """
    n = len(x)
    ranks = [stats.rankdata(values) / n for values in (x, y)]
    u, v = (values - values.mean() for values in ranks)
    spread_u, spread_v, both = (u * u).mean(), (v * v).mean(), (u * v).mean()
    # One value in all pairs has no ranks; sums of equal ranks may miss 0 by a rounding error.
    if min(spread_u, spread_v) < 1e-12:
        return Correlation(np.nan, np.nan, np.nan)
    scale = np.sqrt(spread_u * spread_v)
    rho = float(both / scale)
    influence = (
        u * v + _above(x, v) + _above(y, u) - 3 * both
        - both / 2 * (
            (u * u + 2 * _above(x, u)) / spread_u + (v * v + 2 * _above(y, v)) / spread_v - 6
        )
    ) / scale  # fmt: skip
    alone = float((influence**2).sum())
    of_items = np.bincount(ends.ravel(), np.repeat(influence, 2))
    variance = max(alone, float((of_items**2).sum()) - alone) / n**2
    rest = 1 - rho * rho
    if rest < 1e-12:
        return Correlation(rho, rho, rho)
    reach = stats.norm.ppf(0.5 + level / 2) * np.sqrt(variance) / rest
    low, high = np.tanh(np.arctanh(rho) + np.array([-reach, reach]))
    return Correlation(rho, float(low), float(high))


def chance_above(x: Doubles, chosen: Doubles) -> float:
    """How often x is larger in a chosen pair than in another one, ties counted as half.

    Args:
        x: A value of each pair, `(n_pairs,)`.
        chosen: 1 for chosen pairs, 0 for others, `(n_pairs,)`.
    """
    n_chosen = chosen.sum()
    n_others = len(chosen) - n_chosen
    ranks = stats.rankdata(x)[chosen > 0].sum()
    return float((ranks - n_chosen * (n_chosen + 1) / 2) / (n_chosen * n_others))


def _above(x: Doubles, weights: Doubles) -> Doubles:
    """For each entry the mean over all of the weights of larger entries, and half of equal ones."""
    _, codes = np.unique(x, return_inverse=True)
    sums = np.bincount(codes, weights)
    above = sums[::-1].cumsum()[::-1] - sums / 2
    found: Doubles = above[codes] / len(x)
    return found

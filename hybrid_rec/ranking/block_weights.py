"""Block weights of the linear score, learned on held-out playlists."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from hybrid_rec.core.arrays import Doubles
from hybrid_rec.core.config import COOCCURRENCE
from hybrid_rec.core.linalg import reproducible
from hybrid_rec.ranking.cases import Case

_MOST_CASES = 1000
_L2 = 1e-3
_SMALLEST, _LARGEST = 1e-3, 1e3


@reproducible()
def learn_weights(
    cases: Sequence[Case],
    columns: Mapping[str, int],
    given: Mapping[str, float],
    rng: np.random.Generator,
) -> dict[str, float]:
    """Weights that make the hits of each case likely, as multiples of that of co-occurrence.

    With `x_ci` the blocks of candidate i of case c, H_c its hits and `s = <w, x>`, they are the
    non-negative w with the largest

        mean over c, and over i in H_c, of s_ci - ln(sum_j exp(s_cj)) - l2 |w|^2,

    divided by the weight of co-occurrence.

    Args:
        cases: Features of candidates and hits.
        columns: The feature that holds each block's inner product with the query, by block.
        given: Where to begin, by block.
        rng: Draws a sample of the cases where there are many.

    References:
        McFadden, "Conditional Logit Analysis of Qualitative Choice Behavior", 1974.
    """
    # scipy.optimize takes a while to load, and only fitting needs it.
    from scipy.optimize import minimize

    drawn = np.sort(rng.permutation(len(cases))[:_MOST_CASES]).tolist()
    order = list(columns.values())
    blocks = np.concatenate([cases[i].features[:, order] for i in drawn]).astype(np.float64)
    hits = np.concatenate([cases[i].hits for i in drawn]).astype(np.float64)
    sizes = np.array([len(cases[i].hits) for i in drawn])
    starts = np.cumsum(sizes) - sizes
    share = hits / np.repeat(np.add.reduceat(hits, starts), sizes)

    def loss(weights: Doubles) -> tuple[float, Doubles]:
        scores = blocks @ weights
        scores -= np.repeat(np.maximum.reduceat(scores, starts), sizes)
        odds = np.exp(scores)
        totals = np.add.reduceat(odds, starts)
        likely = scores - np.repeat(np.log(totals), sizes)
        value = -(share * likely).sum() / len(sizes) + _L2 * (weights @ weights)
        slope = blocks.T @ (odds / np.repeat(totals, sizes) - share) / len(sizes)
        return float(value), slope + 2 * _L2 * weights

    start = 5 * np.array([given[name] for name in columns])
    bounds = [(_SMALLEST if name == COOCCURRENCE else 0.0, None) for name in columns]
    found = minimize(loss, start, jac=True, bounds=bounds, method="L-BFGS-B").x
    scaled = np.minimum(found / found[list(columns).index(COOCCURRENCE)], _LARGEST)
    # Six digits say enough, and are read the same everywhere.
    return {name: float(f"{weight:.6g}") for name, weight in zip(columns, scaled, strict=True)}

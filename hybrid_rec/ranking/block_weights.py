"""Block weights of the linear score, learned on held-out playlists."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from hybrid_rec.blocks.queries import ARTIST_BLOCK, COOCCURRENCE, POPULARITY, TAG_BLOCK, TITLE
from hybrid_rec.core.config import WeightsConfig
from hybrid_rec.ranking.features import FEATURES
from hybrid_rec.ranking.ranker import Case

_FEATURE_OF = {
    COOCCURRENCE: "cooccurrence",
    TITLE: "title",
    ARTIST_BLOCK: "artist_match",
    TAG_BLOCK: "tags",
    POPULARITY: "plays",
}
"""The feature that holds each block's inner product with the query."""

_MOST_CASES = 1000
_L2 = 1e-3
_SMALLEST, _LARGEST = 1e-3, 1e3


def learn_weights(
    cases: Sequence[Case], config: WeightsConfig, rng: np.random.Generator
) -> WeightsConfig:
    """Weights that make the hits of each case likely, as multiples of that of co-occurrence.

    With `x_ci` the blocks of candidate i of case c, H_c its hits and `s = <w, x>`, they are the
    non-negative w with the largest

        mean over c, and over i in H_c, of s_ci - ln(sum_j exp(s_cj)) - l2 |w|^2,

    divided by the weight of co-occurrence. What no linear call looks at stays as it is in `config`.

    Args:
        cases: Features of candidates and hits.
        config: Where to begin.
        rng: Draws a sample of the cases where there are many.

    References:
        McFadden, "Conditional Logit Analysis of Qualitative Choice Behavior", 1974.
    """
    drawn = np.sort(rng.permutation(len(cases))[:_MOST_CASES]).tolist()
    columns = [FEATURES.index(name) for name in _FEATURE_OF.values()]
    blocks = np.concatenate([cases[i][0][:, columns] for i in drawn]).astype(np.float64)
    hits = np.concatenate([cases[i][1] for i in drawn]).astype(np.float64)
    sizes = np.array([len(cases[i][1]) for i in drawn])
    starts = np.cumsum(sizes) - sizes
    share = hits / np.repeat(np.add.reduceat(hits, starts), sizes)

    def loss(weights: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        scores = blocks @ weights
        scores -= np.repeat(np.maximum.reduceat(scores, starts), sizes)
        odds = np.exp(scores)
        totals = np.add.reduceat(odds, starts)
        likely = scores - np.repeat(np.log(totals), sizes)
        value = -(share * likely).sum() / len(sizes) + _L2 * (weights @ weights)
        slope = blocks.T @ (odds / np.repeat(totals, sizes) - share) / len(sizes)
        return float(value), slope + 2 * _L2 * weights

    given = np.array([getattr(config, name) for name in _FEATURE_OF])
    bounds = [(_SMALLEST if name == COOCCURRENCE else 0.0, None) for name in _FEATURE_OF]
    found = minimize(loss, 5 * given, jac=True, bounds=bounds, method="L-BFGS-B").x
    scaled = np.minimum(found / found[list(_FEATURE_OF).index(COOCCURRENCE)], _LARGEST)
    # Six digits say enough, and are read the same everywhere.
    learned = {name: float(f"{w:.6g}") for name, w in zip(_FEATURE_OF, scaled, strict=True)}
    return config.model_copy(update=learned)

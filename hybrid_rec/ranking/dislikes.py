"""What a query dislikes in the order of its candidates, beside what their features say of it."""

from __future__ import annotations

import numpy as np

from hybrid_rec.core.arrays import Floats, Rows
from hybrid_rec.core.config import COOCCURRENCE
from indexes.hybrid import HybridIndex, HybridQueries

STRENGTH = 0.4
"""Standard deviations of the scores that one of the distance takes off.

Chosen on MovieLens with `DISLIKED` as it is: of what users rate badly a fifth less is recommended,
of what they rate well a thirtieth less. Without it only a fourteenth of the former is spared."""


def lowered(
    scores: Floats,
    rows: Rows,
    index: HybridIndex,
    queries: HybridQueries,
    away: HybridQueries | None,
    number: int,
) -> Floats:
    """Scores of the candidates of one query, less for those nearer to what it dislikes.

    The trees have seen no query that dislikes anything, so that features below 0 are to them what 0
    is.

    Args:
        scores: What the ranking says, `(n_candidates,)`.
        rows: The candidates.
        index: Item vectors.
        queries: The queries.
        away: What they dislike, as queries; None for nothing.
        number: Which of the queries.
    """
    disliked = None if away is None else np.asarray(away.dense[COOCCURRENCE])[number]
    if disliked is None or not disliked.any() or not len(rows):
        return scores
    nearer = index.blocks(rows)[COOCCURRENCE] @ (
        disliked - np.asarray(queries.dense[COOCCURRENCE])[number]
    )
    spread = float(nearer.std())
    if not spread:
        return scores
    less: Floats = STRENGTH * scores.std() * (nearer - nearer.mean()) / spread
    return (scores - less).astype(np.float32)

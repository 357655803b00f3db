"""ANN loss: how many hits an approximate index loses."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from evaluation.evaluations import Evaluation
from evaluation.harness import DEFAULT_KS, evaluate
from evaluation.splits.split import Split
from hybrid_rec.recommender import HybridRecommender


def ann_loss(
    recommender: HybridRecommender, factory: str, split: Split, k: Sequence[int] = DEFAULT_KS
) -> pd.DataFrame:
    """The same queries with an exact and an approximate index: how many hits the latter loses.

    Args:
        recommender: A fitted one; its own index is compared if it is not "Flat".
        factory: FAISS factory string of the approximate index.
        split: The cases to ask; near-copies of training playlists are left out.
        k: Cut-offs.

    Returns:
        One row a cut-off: k, overlap (share of the exact list that the approximate one holds),
        and for hit_rate, recall and ndcg the exact value, the approximate one and the loss.

    Raises:
        ConfigError: If the factory does not suit the data.
        NotFittedError: If the recommender is not fitted.
    """
    split = split.without_near_copies()
    exact = evaluate(recommender.with_index("Flat"), split, k, fit=False)
    near = evaluate(recommender.with_index(factory), split, k, fit=False)
    rows = []
    for cut in exact.ks:
        row: dict[str, float] = {"k": cut, "overlap": _overlap(exact, near, cut)}
        for metric in ("hit_rate", "recall", "ndcg"):
            ours, theirs = (e.cases[f"{metric}@{cut}"].mean() for e in (exact, near))
            row |= {metric: ours, f"{metric} approximate": theirs, f"{metric} loss": ours - theirs}
        rows.append(row)
    return pd.DataFrame(rows)


def _overlap(exact: Evaluation, near: Evaluation, k: int) -> float:
    shares = [
        len(np.intersect1d(ours[ours >= 0], theirs[theirs >= 0])) / max(1, int((ours >= 0).sum()))
        for ours, theirs in zip(exact.rows[:, :k], near.rows[:, :k], strict=True)
    ]
    return float(np.mean(shares))

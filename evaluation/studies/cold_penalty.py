"""Cold penalty: the same items scored with their history and with it hidden."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from evaluation.harness import DEFAULT_KS, Recommender, evaluate
from evaluation.splits.split import Split
from evaluation.studies.registry import Studied, register_study
from hybrid_rec.core.errors import ConfigError, DataError
from hybrid_rec.recommender import HybridRecommender


@register_study("cold-penalty", "Cold penalty", n_fits=2)
def _of_hybrid(studied: Studied) -> pd.DataFrame:
    config, rng = studied.hybrid.config, np.random.default_rng(studied.seed)
    return cold_penalty(lambda: HybridRecommender(config), studied.split, rng, k=studied.k)


def cold_penalty(
    make: Callable[[], Recommender],
    split: Split,
    rng: np.random.Generator,
    *,
    share: float = 0.1,
    k: Sequence[int] = DEFAULT_KS,
) -> pd.DataFrame:
    """The same warm targets scored with their history and with it hidden.

    A random share of the items that are targets and have history is drawn. Only they count as
    targets; the recommender is fitted once on all training plays and once without theirs. The
    difference is the cost of being cold.

    Args:
        make: Makes an unfitted recommender.
        split: Training playlists and cases; near-copies of the former are left out.
        rng: Draws the items.
        share: Share of the warm target items that is drawn, in (0, 1].
        k: Cut-offs.

    Returns:
        One row a metric: metric, with_history, hidden, kept (hidden / with_history), cases, items.

    Raises:
        ConfigError: For a share out of range.
        DataError: If no target has history.
    """
    if not 0 < share <= 1:
        raise ConfigError(f"share must be above 0 and at most 1, got {share}.")
    split = split.without_near_copies()
    warm = np.unique(split.targets.rows[~split.cold[split.targets.rows]])
    if not len(warm):
        raise DataError("a cold penalty must have targets with history, but all targets are cold.")
    drawn = np.zeros(len(split.catalog), dtype=bool)
    drawn[rng.choice(warm, max(1, round(share * len(warm))), replace=False)] = True
    targets = split.targets.select_plays(drawn[split.targets.rows])
    asked = targets.lengths > 0
    # A drawn item among the seeds would tell of its own history, so it is not given either.
    seeds = split.seeds.select_plays(~drawn[split.seeds.rows])
    asked &= seeds.lengths > 0
    if not asked.any():
        raise DataError("a cold penalty must have a case with other seeds than the drawn items.")
    known = replace(split, seeds=seeds.select(asked), targets=targets.select(asked))
    visible = split.train.select_plays(~drawn[split.train.rows])
    hidden = replace(known, train=visible.select(visible.lengths > 0))
    before, after = (evaluate(make(), part, k).means(near_copies=True) for part in (known, hidden))
    return pd.DataFrame(
        {
            "metric": before.index,
            "with_history": before.to_numpy(),
            "hidden": after.to_numpy(),
            "kept": (after / before.where(before != 0)).to_numpy(),
            "cases": int(asked.sum()),
            "items": int(drawn.sum()),
        }
    )

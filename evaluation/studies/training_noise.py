"""Training noise: how far metrics move with the training seed."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from evaluation.harness import DEFAULT_KS, Recommender, evaluate
from evaluation.significance import bootstrap_interval
from evaluation.splits.split import Split
from evaluation.studies.registry import Studied, register_study
from hybrid_rec.core.config import LARGEST_SEED
from hybrid_rec.core.errors import ConfigError
from hybrid_rec.core.quoting import quoted
from hybrid_rec.recommender import HybridRecommender

N_SEEDS = 3


@register_study("training-noise", "Training noise", n_fits=N_SEEDS)
def _of_hybrid(studied: Studied) -> pd.DataFrame:
    def make(seed: int) -> HybridRecommender:
        return HybridRecommender(studied.hybrid.config.with_seed(seed))

    seeds = [(studied.seed + number) % (LARGEST_SEED + 1) for number in range(N_SEEDS)]
    return training_noise(make, studied.split, seeds, studied.k)


def training_noise(
    make: Callable[[int], Recommender],
    split: Split,
    seeds: Sequence[int],
    k: Sequence[int] = DEFAULT_KS,
) -> pd.DataFrame:
    """How far a metric moves with the training seed, beside how far it moves with other cases.

    Args:
        make: Makes an unfitted recommender for a seed.
        split: Training playlists and cases; near-copies of the former are left out.
        seeds: At least two training seeds.
        k: Cut-offs.

    Returns:
        One row a metric: metric, mean (over seeds), training_sd (between seeds), sampling_sd
        (bootstrap over cases, of the first seed), lowest, highest.

    Raises:
        ConfigError: For fewer than two seeds.
    """
    if len(seeds) < 2:
        raise ConfigError(
            f"training noise must be measured on two seeds or more, got {quoted(seeds)}."
        )
    split = split.without_near_copies()
    evaluations = [evaluate(make(seed), split, k) for seed in seeds]
    means = pd.DataFrame([evaluation.means() for evaluation in evaluations])
    first = evaluations[0]
    values = first.cases[first.metrics].to_numpy(dtype=np.float64).T
    # One standard deviation either side of a normal holds 68.27 %.
    low, high = bootstrap_interval(values, seed=0, level=0.6827)
    return pd.DataFrame(
        {
            "metric": first.metrics,
            "mean": means.mean().to_numpy(),
            "training_sd": means.std(ddof=1).to_numpy(),
            "sampling_sd": (high - low) / 2,
            "lowest": means.min().to_numpy(),
            "highest": means.max().to_numpy(),
        }
    )

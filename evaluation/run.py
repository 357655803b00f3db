"""One evaluation from a data set to a comparison: what the command line runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from evaluation.comparison import Comparison
from evaluation.harness import DEFAULT_KS, Recommender, evaluate
from evaluation.recommenders.registry import default_baselines, make_baseline
from evaluation.splits.leakage import Finding, lint_recommenders
from evaluation.splits.split import Split
from evaluation.studies import ann_loss, cold_penalty, diversity_cost, training_noise
from hybrid_rec.core.config import LARGEST_SEED, HybridConfig
from hybrid_rec.core.errors import ConfigError
from hybrid_rec.core.progress import Progress
from hybrid_rec.recommender import HybridRecommender

HYBRID = "hybrid"
STUDIES = ("cold-penalty", "training-noise", "diversity")
NOISE_SEEDS = 3


@dataclass(frozen=True)
class Compared:
    """What `compare` found."""

    comparison: Comparison
    """The hybrid first, then the baselines in the order asked for."""
    findings: list[Finding]
    """What the leakage linter found in the fitted recommenders."""
    hybrid: HybridRecommender
    """The fitted hybrid, for studies."""


def compare(
    split: Split,
    config: HybridConfig,
    baselines: Sequence[str] | None = None,
    *,
    k: Sequence[int] = DEFAULT_KS,
    progress: Progress | None = None,
) -> Compared:
    """The hybrid and baselines on one split, and what the leakage linter finds in them.

    Args:
        split: Training playlists and cases.
        config: Configuration of the hybrid; its seed is that of the baselines too.
        baselines: Names of `BASELINES`, in the order of the report; by default those of
            `default_baselines`.
        k: Cut-offs.
        progress: Told of every stage.

    Raises:
        ConfigError: For an unknown baseline.
    """
    told = progress or Progress()
    hybrid = HybridRecommender(config)
    others: Mapping[str, Recommender] = {
        name: make_baseline(name, config.seed)
        for name in (default_baselines() if baselines is None else baselines)
    }
    hybrid.fit(split.train, split.catalog, progress=told)
    measured = evaluate(hybrid, split, k, name=HYBRID, fit=False, progress=told)
    measured.seconds["fit"] = sum(hybrid.model_.timings.values())
    evaluations = [measured]
    for name, recommender in others.items():
        evaluations.append(evaluate(recommender, split, k, name=name, progress=told))
    findings = lint_recommenders(split, {HYBRID: hybrid, **others})
    return Compared(Comparison(tuple(evaluations)), findings, hybrid)


def study(
    names: Sequence[str],
    hybrid: HybridRecommender,
    split: Split,
    *,
    factory: str | None = None,
    k: Sequence[int] = DEFAULT_KS,
    seed: int = 0,
) -> dict[str, pd.DataFrame]:
    """Studies of the hybrid beyond one evaluation, each a table with the heading it is shown under.

    Args:
        names: Of `STUDIES`. "cold-penalty" fits twice, "training-noise" `NOISE_SEEDS` times;
            "diversity" does not fit again.
        hybrid: A fitted one; its configuration is that of all fits.
        split: Training playlists and cases.
        factory: FAISS factory string of an approximate index whose loss is measured, too.
        k: Cut-offs.
        seed: Draws the items of the cold penalty, and is the first training seed.

    Raises:
        ConfigError: For an unknown study or factory.
        DataError: If the split does not allow a study.
    """
    for name in names:
        if name not in STUDIES:
            raise ConfigError(f"study must be one of {', '.join(STUDIES)}, got {name!r}.")
    config = hybrid.config
    tables = {}
    if factory is not None:
        tables[f"ANN loss of {factory}"] = ann_loss(hybrid, factory, split, k)
    if "cold-penalty" in names:
        rng = np.random.default_rng(seed)
        tables["Cold penalty"] = cold_penalty(lambda: HybridRecommender(config), split, rng, k=k)
    if "training-noise" in names:
        seeds = [(seed + number) % (LARGEST_SEED + 1) for number in range(NOISE_SEEDS)]

        def make(training_seed: int) -> HybridRecommender:
            return HybridRecommender(config.with_seed(training_seed))

        tables["Training noise"] = training_noise(make, split, seeds, k)
    if "diversity" in names:
        tables["Diversity"] = diversity_cost(hybrid, split, k=min(k))
    return tables

"""One evaluation from a data set to a comparison: what the command line runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd

from evaluation.comparison import Comparison
from evaluation.harness import DEFAULT_KS, Recommender, evaluate
from evaluation.recommenders.baselines import make_baseline
from evaluation.splits.leakage import Finding, lint_recommenders
from evaluation.splits.splits import (
    Part,
    SeedRule,
    Split,
    cold_items,
    continuation,
    global_time,
    leave_last_out,
)
from evaluation.studies import ann_loss, cold_penalty, diversity_cost, training_noise
from hybrid_rec.core.config import LARGEST_SEED, HybridConfig
from hybrid_rec.core.errors import ConfigError
from hybrid_rec.core.progress import Progress
from hybrid_rec.data.catalog import Catalog
from hybrid_rec.data.playlists import Playlists
from hybrid_rec.recommender import HybridRecommender

SplitName = Literal["continuation", "global-time", "leave-last-out", "cold-items"]
HYBRID = "hybrid"
STUDIES = ("cold-penalty", "training-noise", "diversity")
NOISE_SEEDS = 3
DEFAULT_BASELINES = ("popularity", "item-knn", "playlist-knn", "notebook", "metadata")


def make_split(
    name: str,
    playlists: Playlists,
    catalog: Catalog,
    *,
    seed: int = 0,
    part: Part = "test",
    seeds: SeedRule = "half",
    n_seeds: int = 5,
    min_length: int = 10,
    max_length: int | None = None,
) -> Split:
    """A split by its name on the command line; arguments that it has no use for are not looked at.

    Raises:
        ConfigError: For an unknown name or a value out of range.
        DataError: If no case is left.
    """
    rng = np.random.default_rng(seed)
    held_out: dict[str, Callable[[], Split]] = {
        "continuation": lambda: continuation(
            playlists, catalog, rng, part=part, seeds=seeds, n_seeds=n_seeds,
            min_length=min_length, max_length=max_length,
        ),
        "global-time": lambda: global_time(
            playlists, catalog, rng, part=part, seeds=seeds, n_seeds=n_seeds,
            min_length=min_length, max_length=max_length,
        ),
        "leave-last-out": lambda: leave_last_out(playlists, catalog, min_length=min_length),
        "cold-items": lambda: cold_items(playlists, catalog, rng, min_length=min_length),
    }  # fmt: skip
    if name not in held_out:
        raise ConfigError(f"split must be one of {', '.join(get_args(SplitName))}, got {name!r}.")
    return held_out[name]()


def make_validation_split(
    name: str, playlists: Playlists, catalog: Catalog, *, min_length: int = 10, **options: Any
) -> Split:
    """The split to choose settings on: nothing of what `make_split` would test on is in it.

    Splits without a validation part of their own are made twice, the second time of what the first
    leaves for training. Arguments as in `make_split`, without `part`.

    Raises:
        ConfigError: For an unknown name or a value out of range.
        DataError: If no case is left.
    """
    if name in ("continuation", "global-time"):
        return make_split(
            name, playlists, catalog, part="validation", min_length=min_length, **options
        )
    tested = make_split(name, playlists, catalog, min_length=min_length, **options)
    # Playlists have lost their test items; those that were long enough before still are.
    inner = make_split(name, tested.train, catalog, min_length=2, **options)
    return replace(inner, name=f"{inner.name}, validation", left_out=tested.left_out)


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
    baselines: Sequence[str] = DEFAULT_BASELINES,
    *,
    k: Sequence[int] = DEFAULT_KS,
    progress: Progress | None = None,
) -> Compared:
    """The hybrid and baselines on one split, and what the leakage linter finds in them.

    Args:
        split: Training playlists and cases.
        config: Configuration of the hybrid; its seed is that of the baselines too.
        baselines: Names from `evaluation.recommenders.baselines.BASELINES`.
        k: Cut-offs.
        progress: Told of every stage.

    Raises:
        ConfigError: For an unknown baseline.
    """
    told = progress or Progress()
    hybrid = HybridRecommender(config)
    others: Mapping[str, Recommender] = {
        name: make_baseline(name, config.seed) for name in baselines
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

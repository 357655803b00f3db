"""One evaluation from a data set to a comparison: what the command line runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Literal, get_args

import numpy as np

from evaluation.baselines import make_baseline
from evaluation.comparison import Comparison
from evaluation.harness import DEFAULT_KS, Recommender, evaluate
from evaluation.leakage import Finding, lint_recommenders
from evaluation.splits import (
    Part,
    SeedRule,
    Split,
    cold_items,
    continuation,
    global_time,
    leave_last_out,
)
from hybrid_rec.catalog import Catalog
from hybrid_rec.config import HybridConfig
from hybrid_rec.errors import ConfigError
from hybrid_rec.playlists import Playlists
from hybrid_rec.progress import Progress
from hybrid_rec.recommender import HybridRecommender

SplitName = Literal["continuation", "global-time", "leave-last-out", "cold-items"]
HYBRID = "hybrid"
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


def compare(
    split: Split,
    config: HybridConfig,
    baselines: Sequence[str] = DEFAULT_BASELINES,
    *,
    k: Sequence[int] = DEFAULT_KS,
    progress: Progress | None = None,
) -> tuple[Comparison, list[Finding]]:
    """The hybrid and baselines on one split, and what the leakage linter finds in them.

    Args:
        split: Training playlists and cases.
        config: Configuration of the hybrid; its seed is that of the baselines too.
        baselines: Names from `evaluation.baselines.BASELINES`.
        k: Cut-offs.
        progress: Told of every stage.

    Raises:
        ConfigError: For an unknown baseline.
    """
    told = progress or Progress()
    recommenders: Mapping[str, Recommender] = {
        HYBRID: HybridRecommender(config),
        **{name: make_baseline(name, config.seed) for name in baselines},
    }
    evaluations = []
    for name, recommender in recommenders.items():
        if isinstance(recommender, HybridRecommender):
            recommender.fit(split.train, split.catalog, progress=told)
            fitted = evaluate(recommender, split, k, name=name, fit=False, progress=told)
            fitted.seconds["fit"] = sum(recommender.model_.timings.values())
            evaluations.append(fitted)
        else:
            evaluations.append(evaluate(recommender, split, k, name=name, progress=told))
    return Comparison(tuple(evaluations)), lint_recommenders(split, recommenders)

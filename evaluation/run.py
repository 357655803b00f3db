"""Run: the hybrid and baselines on one split, as `hybrid-rec evaluate` compares them."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from evaluation.comparison import Comparison
from evaluation.draws import Draws
from evaluation.harness import DEFAULT_KS, Recommender, evaluate
from evaluation.recommenders.registry import default_baselines, make_baseline
from evaluation.splits.leakage import Finding, lint_recommenders
from evaluation.splits.split import Split
from evaluation.twins import Twins
from hybrid_rec.core.config import HybridConfig
from hybrid_rec.core.progress import Progress
from hybrid_rec.recommender import HybridRecommender

Elsewhere = Callable[[HybridRecommender], Recommender]
HYBRID = "hybrid"
LEARNED = "hybrid, learned"


@dataclass(frozen=True)
class Compared:
    """What `compare` found."""

    comparison: Comparison
    """The hybrid first (one that learned from queries before), then the baselines as asked for."""
    findings: list[Finding]
    """What the leakage linter found in the fitted recommenders."""
    hybrid: HybridRecommender
    """The fitted hybrid, for studies."""
    validation: Comparison | None = None
    """The baselines on the validation part, if there is one."""


def compare(
    split: Split,
    config: HybridConfig,
    baselines: Sequence[str] | None = None,
    *,
    k: Sequence[int] = DEFAULT_KS,
    learn: bool = False,
    validation: Split | None = None,
    twins: Twins = "count",
    elsewhere: Elsewhere | None = None,
    progress: Progress | None = None,
) -> Compared:
    """The hybrid and baselines on one split, and what the leakage linter finds in them.

    Args:
        split: Training playlists and cases.
        config: Configuration of the hybrid; its seed is that of the baselines too.
        baselines: Names of `BASELINES`, in the order of the report; by default those of
            `default_baselines`.
        k: Cut-offs.
        learn: Whether all but the first may learn from the seeds of all cases before they are
            asked: `hybrid, learned` and the baselines. The hybrid is then measured twice.
        validation: Cases to choose on, for each metric, the baseline that the hybrid is compared
            with: the best one there; by default it is the best one on `split` itself. Baselines
            are fitted anew for them unless they have the same training playlists.
        twins: See `evaluate`.
        elsewhere: What the fitted hybrid is asked through, such as a cluster; None to ask it here.
        progress: Told of every stage.

    Raises:
        ConfigError: For an unknown baseline.
        DataError: For another value of `twins`.
    """
    told = progress or Progress()
    measuring = partial(evaluate, k=k, fit=False, twins=twins, progress=told)
    hybrid = HybridRecommender(config)
    others: Mapping[str, Recommender] = {
        name: make_baseline(name, config.seed)
        for name in (default_baselines() if baselines is None else baselines)
    }
    hybrid.fit(split.train, split.catalog, progress=told)
    answering = hybrid if elsewhere is None else elsewhere(hybrid)
    measured = measuring(answering, split, name=HYBRID)
    measured.seconds["fit"] = sum(hybrid.model_.timings.values())
    evaluations, chosen = [measured], []
    if learn:
        again = measuring(answering, split, name=LEARNED, learn=True)
        again.seconds["fit"] = measured.seconds["fit"]
        evaluations.insert(0, again)
    for name, recommender in others.items():
        started = time.perf_counter()
        with told.stage(f"fitting {name}"):
            recommender.fit(split.train, split.catalog)
        fitting = time.perf_counter() - started
        label = f"{name}, learned" if learn else name
        measured = measuring(recommender, split, name=label, learn=learn)
        evaluations.append(replace(measured, seconds={"fit": fitting, **measured.seconds}))
        if validation is not None:
            chooser = recommender
            if not _same_training(split, validation):
                chooser = make_baseline(name, config.seed)
                chooser.fit(validation.train, validation.catalog)
            chosen.append(measuring(chooser, validation, name=label, learn=learn))
    with told.stage("looking for leaks"):
        findings = lint_recommenders(split, {HYBRID: hybrid, **others})
    found = Comparison(tuple(chosen)) if chosen else None
    peers = {} if found is None else peers_of(found)
    return Compared(Comparison(tuple(evaluations), peers=peers), findings, hybrid, found)


def peers_of(validation: Comparison | Draws) -> dict[str, str]:
    """For each metric the baseline that is best on the validation part."""
    return {metric: validation.best(metric) for metric in validation.metrics}


def _same_training(one: Split, other: Split) -> bool:
    return (
        one.catalog is other.catalog
        and np.array_equal(one.train.rows, other.train.rows)
        and np.array_equal(one.train.offsets, other.train.offsets)
    )

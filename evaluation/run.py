"""Run: the hybrid and baselines on one split, as `hybrid-rec evaluate` compares them."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from evaluation.comparison import Comparison
from evaluation.harness import DEFAULT_KS, Recommender, evaluate
from evaluation.recommenders.registry import default_baselines, make_baseline
from evaluation.splits.leakage import Finding, lint_recommenders
from evaluation.splits.split import Split
from hybrid_rec.core.config import HybridConfig
from hybrid_rec.core.progress import Progress
from hybrid_rec.recommender import HybridRecommender

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


def compare(
    split: Split,
    config: HybridConfig,
    baselines: Sequence[str] | None = None,
    *,
    k: Sequence[int] = DEFAULT_KS,
    learn: bool = False,
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
    if learn:
        again = evaluate(hybrid, split, k, name=LEARNED, fit=False, learn=True, progress=told)
        again.seconds["fit"] = measured.seconds["fit"]
        evaluations.insert(0, again)
    for name, recommender in others.items():
        started = time.perf_counter()
        with told.stage(f"fitting {name}"):
            recommender.fit(split.train, split.catalog)
        fitting = time.perf_counter() - started
        label = f"{name}, learned" if learn else name
        measured = evaluate(
            recommender, split, k, name=label, fit=False, learn=learn, progress=told
        )
        evaluations.append(replace(measured, seconds={"fit": fitting, **measured.seconds}))
    with told.stage("looking for leaks"):
        findings = lint_recommenders(split, {HYBRID: hybrid, **others})
    return Compared(Comparison(tuple(evaluations)), findings, hybrid)

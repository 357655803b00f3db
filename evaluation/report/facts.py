"""The numbers of a report, as plain values: what metrics.json holds and the pages show."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from evaluation.comparison import Comparison
from evaluation.evaluations import Evaluation
from evaluation.metrics.measures import beyond_accuracy
from evaluation.metrics.rankings import evaluate_rankings
from evaluation.metrics.registry import default_headline
from evaluation.report.text import plain
from evaluation.report.verdict import outcome_of
from evaluation.significance import bootstrap_interval
from hybrid_rec.core.errors import ConfigError
from hybrid_rec.core.quoting import quoted

FORMAT = "hybrid-rec report"
FORMAT_VERSION = 1
CURVE_KS = (1, 2, 5, 10, 20, 50, 100, 200, 500)


def subject(
    comparison: Comparison, main: str | None, headline: Sequence[str] | None
) -> tuple[Evaluation, list[str]]:
    """The recommender and the metrics that the report is about.

    Raises:
        ConfigError: If one of them was not measured, or no metric is given.
    """
    named = {e.name: e for e in comparison.evaluations}
    about = comparison.evaluations[0] if main is None else named.get(main)
    if about is None:
        raise ConfigError(f"main must be one of {', '.join(named)}, got {quoted(main)}.")
    measures = default_headline(about.ks) if headline is None else list(dict.fromkeys(headline))
    if not measures:
        raise ConfigError("headline must name at least one metric, got none.")
    for metric in measures:
        if metric not in about.metrics:
            raise ConfigError(
                f"headline must be of the metrics {', '.join(about.metrics)}, got {quoted(metric)}."
            )
    return about, measures


def facts_of(comparison: Comparison, about: Evaluation, measures: list[str]) -> dict[str, Any]:
    """All numbers of the report, as plain values: what metrics.json holds and the pages show."""
    split = about.split
    width = max(e.rows.shape[1] for e in comparison.evaluations)
    ks = [k for k in CURVE_KS if k <= width] or [width]
    curves = [
        evaluate_rankings(e.rows, split.targets, ks, ("hit_rate",)) for e in comparison.evaluations
    ]
    lines = [
        *(e.cases[metric].to_numpy(np.float64) for e in comparison.evaluations
          for metric in e.metrics),
        *(curve[f"hit_rate@{k}"] for curve in curves for k in ks),
    ]  # fmt: skip
    # One bootstrap for all lines: drawing the resamples is most of the work.
    values = np.stack(lines)
    low, high = bootstrap_interval(values, comparison.seed)
    intervals = [
        {"mean": float(mean), "low": float(a), "high": float(b)}
        for mean, a, b in zip(values.mean(axis=1), low, high, strict=True)
    ]
    taken = iter(intervals)
    means = [{metric: next(taken) for metric in e.metrics} for e in comparison.evaluations]
    hit_rates = [{str(k): next(taken) for k in ks} for _ in comparison.evaluations]
    recommenders = [
        {
            "name": e.name,
            "metrics": mean,
            "hit_rate_by_k": hit_rate,
            "slices": plain(e.slices()),
            "sources": plain(e.by_source(e.ks[0])),
            "beyond_accuracy": plain(beyond_accuracy(e.rows, split, e.ks[0])),
            "problems": plain(e.problems),
            "seconds": plain(e.seconds),
        }
        for e, mean, hit_rate in zip(comparison.evaluations, means, hit_rates, strict=True)
    ]
    comparisons = {m: plain(comparison.against(about.name, m)) for m in measures}
    winners = {metric: comparison.winner(metric) for metric in measures}
    return {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "verdict": "",
        "evidence": "",
        "main": about.name,
        "ks": list(about.ks),
        "headline": measures,
        "split": {"name": split.name, "counts": plain(split.counts())},
        "winners": winners,
        "outcomes": {m: outcome_of(winners[m], comparisons[m], m) for m in measures},
        "comparisons": comparisons,
        "recommenders": recommenders,
    }

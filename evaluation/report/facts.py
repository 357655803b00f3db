"""The numbers of a report, as plain values: what metrics.json holds and the pages show."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from evaluation.comparison import Comparison
from evaluation.draws import Draws
from evaluation.evaluations import Evaluation
from evaluation.metrics.measures import beyond_accuracy
from evaluation.metrics.rankings import evaluate_rankings
from evaluation.metrics.registry import default_headline
from evaluation.report.text import plain
from evaluation.report.verdict import outcome_of
from hybrid_rec.core.arrays import Doubles
from hybrid_rec.core.errors import ConfigError
from hybrid_rec.core.quoting import quoted

FORMAT = "hybrid-rec report"
FORMAT_VERSION = 1
CURVE_KS = (1, 2, 5, 10, 20, 50, 100, 200, 500)


def subject(
    comparison: Comparison | Draws, main: str | None, headline: Sequence[str] | None
) -> tuple[Evaluation, list[str]]:
    """The recommender and the metrics that the report is about.

    Raises:
        ConfigError: If one of them was not measured, or no metric is given.
    """
    named = {e.name: e for e in comparison.first.counted}
    about = comparison.first.counted[0] if main is None else named.get(main)
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


def facts_of(
    comparison: Comparison | Draws, about: Evaluation, measures: list[str]
) -> dict[str, Any]:
    """All numbers of the report, as plain values: what metrics.json holds and the pages show.

    Means, intervals and tests are over all draws; all that looks into cases is of the first draw.
    """
    first = comparison.first
    split, counted = about.split, first.counted
    width = max(e.rows.shape[1] for e in counted)
    ks = [k for k in CURVE_KS if k <= width] or [width]
    curves = [evaluate_rankings(e.rows, split.targets, ks, ("hit_rate",)) for e in counted]
    metrics = comparison.metrics
    # By recommender, then metric.
    values = np.stack([comparison.values(metric) for metric in metrics], axis=1)
    means = _intervals(comparison, values)
    hit_rates = _intervals(
        first, np.stack([[curve[f"hit_rate@{k}"] for k in ks] for curve in curves])
    )
    recommenders = [
        {
            "name": e.name,
            "metrics": dict(zip(metrics, mean, strict=True)),
            "hit_rate_by_k": dict(zip(map(str, ks), hit_rate, strict=True)),
            "slices": plain(e.slices()),
            "sources": plain(e.by_source(e.ks[0])),
            "beyond_accuracy": plain(beyond_accuracy(e.rows, split, e.ks[0])),
            "problems": plain(e.problems),
            "seconds": plain(e.seconds),
        }
        for e, mean, hit_rate in zip(counted, means, hit_rates, strict=True)
    ]
    comparisons = {m: plain(comparison.against(about.name, m)) for m in measures}
    best = {metric: comparison.best(metric) for metric in measures}
    return {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "verdict": "",
        "evidence": "",
        "main": about.name,
        "ks": list(about.ks),
        "headline": measures,
        "cases": comparison.n_cases,
        "near_copies": comparison.n_near_copies,
        "with_near_copies": _with_near_copies(comparison, measures),
        "draws": _draws(comparison, measures),
        "peers": {metric: comparison.peers.get(metric) for metric in measures},
        "split": {"name": split.name, "counts": _counts(first)},
        "winners": {metric: comparison.winner(metric) for metric in measures},
        "outcomes": {
            m: outcome_of(best[m], comparisons[m], m, comparison.peers.get(m)) for m in measures
        },
        "comparisons": comparisons,
        "recommenders": recommenders,
    }


def _intervals(paired: Comparison | Draws, values: Doubles) -> list[list[dict[str, float]]]:
    """Means and intervals of values `(n_recommenders, n_values, n_cases)`."""
    lines = values.reshape(-1, values.shape[-1])
    # One bootstrap for all lines: drawing the resamples is most of the work.
    low, high = paired.interval(lines)
    found = [
        {"mean": float(mean), "low": float(a), "high": float(b)}
        for mean, a, b in zip(lines.mean(axis=1), low, high, strict=True)
    ]
    step = values.shape[1]
    return [found[start : start + step] for start in range(0, len(found), step)]


def _counts(first: Comparison) -> dict[str, int]:
    """What the split holds; what it holds none of is left out."""
    counts = first.evaluations[0].split.counts()
    if first.n_near_copies:
        counts["cases that do not count, near-copies of training"] = first.n_near_copies
    return {what: n for what, n in counts.items() if n}


def _with_near_copies(comparison: Comparison | Draws, measures: list[str]) -> list[dict[str, Any]]:
    """Means without and with the near-copies; nothing where there are none."""
    if not comparison.n_near_copies:
        return []
    whole = comparison.with_near_copies
    return [
        {"name": name}
        | {
            metric: {
                "without": float(comparison.values(metric)[number].mean()),
                "with": float(whole.values(metric)[number].mean()),
            }
            for metric in measures
        }
        for number, name in enumerate(comparison.names)
    ]


def _draws(comparison: Comparison | Draws, measures: list[str]) -> dict[str, Any]:
    """Numbers of each draw, and the standard errors of the means over draws; none of one draw."""
    if not isinstance(comparison, Draws):
        return {}
    table = comparison.table(measures)
    errors = table.set_index("recommender")[[f"{metric} error" for metric in measures]]
    return {
        "seeds": list(comparison.seeds),
        "means": plain(comparison.by_draw(measures)),
        "errors": {
            str(name): dict(zip(measures, plain(line.tolist()), strict=True))
            for name, line in errors.iterrows()
        },
    }

"""The report of a comparison: a folder with a page, its Markdown, all numbers and all cases."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import jinja2
import numpy as np
import pandas as pd

from evaluation.comparison import Comparison
from evaluation.evaluations import Evaluation
from evaluation.metrics.measures import MEASURES, beyond_accuracy
from evaluation.metrics.rankings import evaluate_rankings
from evaluation.metrics.registry import METRICS, label_of, sign_of
from evaluation.report.charts import report_charts
from evaluation.report.examples import examples
from evaluation.significance import bootstrap_interval
from hybrid_rec.core.errors import ConfigError, DataError
from hybrid_rec.core.files import check_writable, is_ours, replacing

FORMAT = "hybrid-rec report"
FORMAT_VERSION = 1
CURVE_KS = (1, 2, 5, 10, 20, 50, 100, 200, 500)

_METRICS_FILE = "metrics.json"
_PAGES = ("report.html", "report.md")
_CASES_FILE = "cases.parquet"
_SIGNIFICANT = 0.05


class Finding(Protocol):
    """What a leakage check found."""

    @property
    def check(self) -> str:
        """What was checked."""

    @property
    def level(self) -> str:
        """One of "ok", "note", "warning", "unchecked"."""

    @property
    def text(self) -> str:
        """What was found."""


def write_report(
    comparison: Comparison,
    folder: Path,
    *,
    main: str | None = None,
    headline: Sequence[str] | None = None,
    findings: Sequence[Finding] = (),
    configuration: Mapping[str, Any] | None = None,
    extra: Mapping[str, pd.DataFrame] | None = None,
    command: str | None = None,
) -> None:
    """Write report.html, report.md, metrics.json and cases.parquet to a folder.

    The folder appears whole or not at all, in place of an earlier report; its parents are made.
    The same input gives the same bytes.

    Args:
        comparison: What was measured.
        folder: Where to.
        main: The recommender that the report is about; by default the first.
        headline: The metrics to show first, the most important one at the start; by default the
            hit rate at the smallest k, and NDCG and recall at the largest.
        findings: What the leakage checks found.
        configuration: Parameters to show; sections may be nested.
        extra: Title -> a further table to show.
        command: The command that made the report.

    Raises:
        ConfigError: If `main` or a metric of `headline` was not measured.
        DataError: If `folder` holds something other than a report, or cannot be written.
    """
    check_target(folder)
    about, measures = _subject(comparison, main, headline)
    facts = _facts(comparison, about, measures)
    facts |= {
        "findings": [{"check": f.check, "level": f.level, "text": f.text} for f in findings],
        "configuration": _plain(configuration or {}),
        "tables": {title: _plain(table) for title, table in (extra or {}).items()},
        "command": command,
    }
    facts |= _verdict(facts)
    environment = _environment()
    context = {
        **facts,
        "examples": examples(about, measures),
        **report_charts(facts),
        "metrics": METRICS,
        "measures": MEASURES,
    }
    cases = [e.cases.assign(recommender=e.name) for e in comparison.evaluations]
    table = pd.concat(cases, ignore_index=True)
    table.insert(0, "recommender", table.pop("recommender"))
    try:
        with replacing(folder.resolve()) as fresh:
            for name in _PAGES:
                page = environment.get_template(f"{name}.j2").render(context)
                (fresh / name).write_text(page, encoding="utf-8", newline="\n")
            numbers = json.dumps(facts, indent=1, allow_nan=False, ensure_ascii=False)
            (fresh / _METRICS_FILE).write_text(numbers + "\n", encoding="utf-8", newline="\n")
            table.to_parquet(fresh / _CASES_FILE, index=False, compression="zstd")
    except OSError as error:
        raise DataError(f"report folder {folder} cannot be written: {error}.") from None


def check_target(folder: Path) -> None:
    """Refuse a folder that cannot be written or holds other things, before any work is done.

    Raises:
        DataError: If it is a file, holds other files or cannot be made.
    """
    try:
        target = folder.resolve()
        ours = is_ours(target, _METRICS_FILE, FORMAT, (*_PAGES, _CASES_FILE))
        if ours:
            check_writable(target)
    # RuntimeError is a loop of links, ValueError a NUL.
    except (OSError, RuntimeError, ValueError) as error:
        raise DataError(f"report folder {folder} cannot be written: {error}.") from None
    if not ours:
        raise DataError(
            f"report folder must be new, empty or hold a report, but {folder} holds other files; "
            "choose another folder."
        )


def _subject(
    comparison: Comparison, main: str | None, headline: Sequence[str] | None
) -> tuple[Evaluation, list[str]]:
    """The recommender and the metrics that the report is about."""
    named = {e.name: e for e in comparison.evaluations}
    about = comparison.evaluations[0] if main is None else named.get(main)
    if about is None:
        raise ConfigError(f"main must be one of {', '.join(named)}, got {main!r}.")
    first, last = about.ks[0], about.ks[-1]
    default = [f"hit_rate@{first}", f"ndcg@{last}", f"recall@{last}"]
    measures = default if headline is None else list(dict.fromkeys(headline))
    if not measures:
        raise ConfigError("headline must name at least one metric, got none.")
    for metric in measures:
        if metric not in about.metrics:
            raise ConfigError(
                f"headline must be of the metrics {', '.join(about.metrics)}, got {metric!r}."
            )
    return about, measures


def _facts(comparison: Comparison, about: Evaluation, measures: list[str]) -> dict[str, Any]:
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
            "slices": _plain(e.slices()),
            "sources": _plain(e.by_source(e.ks[0])),
            "beyond_accuracy": _plain(beyond_accuracy(e.rows, split, e.ks[0])),
            "problems": _plain(e.problems),
            "seconds": _plain(e.seconds),
        }
        for e, mean, hit_rate in zip(comparison.evaluations, means, hit_rates, strict=True)
    ]
    comparisons = {m: _plain(comparison.against(about.name, m)) for m in measures}
    winners = {metric: comparison.winner(metric) for metric in measures}
    return {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "verdict": "",
        "evidence": "",
        "main": about.name,
        "ks": list(about.ks),
        "headline": measures,
        "split": {"name": split.name, "counts": _plain(split.counts())},
        "winners": winners,
        "outcomes": {m: _outcome(winners[m], comparisons[m], m) for m in measures},
        "comparisons": comparisons,
        "recommenders": recommenders,
    }


def _outcome(winner: str, rows: Sequence[Mapping[str, Any]], metric: str) -> dict[str, Any]:
    """How the main recommender stands against the best other one."""
    if not rows:
        return {"result": "alone", "rival": None}
    sign = sign_of(metric)
    # The best other one is the winner, or else the one that the winner leads by least.
    rival = next(
        (row for row in rows if row["other"] == winner),
        min(rows, key=lambda row: sign * row["difference"]),
    )
    proven = rival["p_holm"] < _SIGNIFICANT
    result = "draw" if not proven else "win" if sign * rival["difference"] > 0 else "loss"
    return {"result": result, "rival": rival["other"], **rival}


def _verdict(facts: Mapping[str, Any]) -> dict[str, str]:
    """Who wins on the first headline metric, in a sentence, and what that rests on."""
    metric, main = facts["headline"][0], facts["main"]
    outcome, n_cases = facts["outcomes"][metric], facts["split"]["counts"]["cases"]
    scores = {r["name"]: r["metrics"][metric] for r in facts["recommenders"]}
    of_cases = "one case" if n_cases == 1 else f"{n_cases:,} cases"
    own, rival = scores[main], outcome["rival"]
    if rival is None:
        return {
            "verdict": f"{main} reaches {label_of(metric)} {own['mean']:.3f}.",
            "evidence": f"95 % interval {own['low']:.3f} to {own['high']:.3f}, {of_cases}. "
            "There is nothing to compare it with.",
        }
    claim = {
        "win": f"{main} beats {rival}, the best of the others,",
        "loss": f"{main} loses to {rival}",
        "draw": f"{main} and {rival} cannot be told apart",
    }[outcome["result"]]
    difference, low, high = (
        _number(outcome[name], signed=True) for name in ("difference", "low", "high")
    )
    evidence = (
        f"Difference {difference}, 95 % interval {low} to {high}, "
        f"corrected p {_p(outcome['p_holm'])}, {of_cases}."
    )
    if outcome["result"] == "draw" and outcome["detectable"]:
        needed = _number(outcome["detectable"])
        evidence += f" So many cases show a true difference of {needed} four times in five."
    verdict = (
        f"{claim} on {label_of(metric)}: {own['mean']:.3f} against {scores[rival]['mean']:.3f}."
    )
    return {"verdict": verdict, "evidence": evidence}


def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("evaluation.report"),
        autoescape=jinja2.select_autoescape(("html.j2",)),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {
        "label": label_of,
        "sign": sign_of,
        "number": _number,
        "p": _p,
        "md": _markdown,
    }
    return environment


def _number(value: Any, *, signed: bool = False) -> str:
    """A value for people: whole numbers with separators, others with three decimals or digits."""
    if value is None:
        return "\u2013"
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    if isinstance(value, int):
        return f"{value:,}"
    sign = "+" if signed else ""
    small = 0 < abs(value) < 0.0005
    text = f"{value:{sign}.1e}" if small else f"{value:{sign}.{3 if abs(value) < 100 else 1}f}"
    return text.replace("-", "\u2212")


def _p(value: float | None) -> str:
    if value is None:
        return "\u2013"
    return "< 0.001" if value < 0.001 else f"= {value:.3f}"


def _markdown(value: Any) -> str:
    """Text for a line or a table cell of Markdown, in which it means nothing but itself."""
    text = " ".join(_number(value).split())
    text = re.sub(r"([\\`*|\[\]])", r"\\\1", text)
    return text.replace("&", "&amp;").replace("<", "&lt;")


def _plain(value: Any) -> Any:
    """The same as JSON knows it: tables as lists of records, what is no finite number as None."""
    match value:
        case pd.DataFrame():
            return [_plain(record) for record in value.to_dict("records")]
        case Mapping():
            return {str(key): _plain(entry) for key, entry in value.items()}
        case list() | tuple() | set() | frozenset() | np.ndarray():
            return [_plain(entry) for entry in value]
        case np.generic():
            return _plain(value.item())
        case float():
            return value if math.isfinite(value) else None
        case None | bool() | int() | str():
            return value
    return None if value is pd.NA or value is pd.NaT else str(value)

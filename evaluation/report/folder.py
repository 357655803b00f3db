"""The folder of a report: a page, its Markdown, all numbers and all cases."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from evaluation.comparison import Comparison
from evaluation.draws import Draws
from evaluation.metrics.measures import MEASURES
from evaluation.metrics.registry import METRICS
from evaluation.report.examples import examples
from evaluation.report.facts import FORMAT, facts_of, subject
from evaluation.report.page_charts import report_charts, section_charts
from evaluation.report.script import page_script
from evaluation.report.section import Section, as_section
from evaluation.report.text import FEW_CASES, environment, plain
from evaluation.report.verdict import verdict_of
from evaluation.splits.leakage import Finding
from hybrid_rec.core.errors import DataError
from hybrid_rec.core.files import check_writable, is_ours, replacing
from hybrid_rec.core.plain_text import plain_json, plain_text

_METRICS_FILE = "metrics.json"
_PAGES = ("report.html", "report.md")
_CASES_FILE = "cases.parquet"


def write_report(
    comparison: Comparison | Draws,
    folder: Path,
    *,
    main: str | None = None,
    headline: Sequence[str] | None = None,
    findings: Sequence[Finding] = (),
    configuration: Mapping[str, Any] | None = None,
    extra: Mapping[str, pd.DataFrame | Section] | None = None,
    command: str | None = None,
    data_set: str | None = None,
    date: datetime.date | None = None,
) -> None:
    """Write report.html, report.md, metrics.json and cases.parquet to a folder.

    The folder appears whole or not at all, in place of an earlier report; its parents are made.
    The same input gives the same bytes.

    Args:
        comparison: What was measured; of several draws, all that looks into cases is of the first.
        folder: Where to.
        main: The recommender that the report is about; by default the first.
        headline: The metrics to show first, the most important one at the start; by default the
            hit rate at the smallest k, and NDCG and recall at the largest.
        findings: What the leakage checks found.
        configuration: Parameters to show; sections may be nested.
        extra: Title -> a further table to show, or a section with sentences and charts.
        command: The command that made the report.
        data_set: What the playlists are called, for the title.
        date: When it was measured, for the title.

    Raises:
        ConfigError: If `main` or a metric of `headline` was not measured.
        DataError: If `folder` holds something other than a report, or cannot be written.
    """
    check_target(folder)
    about, measures = subject(comparison, main, headline)
    facts = facts_of(comparison, about, measures)
    sections = {title: as_section(found) for title, found in (extra or {}).items()}
    facts |= {
        "findings": [{"check": f.check, "level": f.level, "text": f.text} for f in findings],
        "configuration": plain(configuration or {}),
        "tables": {title: plain(section.table) for title, section in sections.items()},
        "sentences": {
            title: list(section.sentences)
            for title, section in sections.items()
            if section.sentences
        },
        "command": command,
        "data_set": data_set,
        "date": None if date is None else date.isoformat(),
    }
    facts |= verdict_of(facts)
    templates = environment()
    context = {
        **facts,
        "examples": examples(about, measures),
        **report_charts(facts),
        "drawn": section_charts(sections),
        **page_script(),
        "day": None if date is None else f"{date.day} {date:%B %Y}",
        "few_cases": FEW_CASES,
        "metrics": METRICS,
        "measures": MEASURES,
    }
    cases = [e.cases.assign(recommender=e.name) for e in comparison.first.evaluations]
    table = pd.concat(cases, ignore_index=True)
    table.insert(0, "recommender", table.pop("recommender"))
    try:
        with replacing(folder.resolve()) as fresh:
            for name in _PAGES:
                page = plain_text(templates.get_template(f"{name}.j2").render(context))
                (fresh / name).write_text(page, encoding="utf-8", newline="\n")
            numbers = plain_json(facts, indent=1, allow_nan=False)
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

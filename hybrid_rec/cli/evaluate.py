"""What `hybrid-rec evaluate` does with its options."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import pandas as pd

from evaluation.comparison import Comparison
from evaluation.metrics.registry import default_headline
from evaluation.recommenders.registry import BASELINES, default_baselines
from evaluation.report.folder import check_target, write_report
from evaluation.run import HYBRID, compare
from evaluation.splits.leakage import lint_split
from evaluation.splits.registry import make_split
from evaluation.studies.ann_loss import ann_loss
from evaluation.studies.registry import STUDIES, Studied, run_studies
from hybrid_rec.cli.demo import CONFIG as DEMO_CONFIG
from hybrid_rec.core.config import HybridConfig
from hybrid_rec.core.console import print_frame, write
from hybrid_rec.core.errors import ConfigError
from hybrid_rec.core.progress import as_progress
from hybrid_rec.data.datasets import read_dataset


@dataclass(frozen=True)
class EvaluateOptions:
    """The options of the command, as they were typed."""

    dataset: str
    items: Path | None
    split: str
    report: Path | None
    baselines: str | None
    studies: str
    ann: str | None
    config: Path | None
    part: str
    seeds: str
    n_seeds: int
    min_length: int
    max_length: int | None
    k: str
    seed: int
    quiet: bool
    as_json: bool


def run_evaluate(options: EvaluateOptions) -> None:
    """Read, split, lint, compare, print and report.

    Raises:
        HybridRecError: For every mistake in the options or the data.
    """
    ks = _cut_offs(options.k)
    settings = base_config(options.config, options.dataset, options.seed)
    names = _baselines(options.baselines)
    studies = _studies(options.studies)
    if options.report is not None:
        check_target(options.report)
    progress = as_progress(not options.quiet)
    data = read_dataset(options.dataset, items=options.items, progress=progress)
    split = make_split(
        options.split,
        data.playlists,
        data.catalog,
        seed=options.seed,
        part=cast("Any", options.part),
        seeds=cast("Any", options.seeds),
        n_seeds=options.n_seeds,
        min_length=options.min_length,
        max_length=options.max_length,
    )
    findings = lint_split(split)
    if not options.as_json:
        write(str(data.report))
        write(f"{split.name}: " + ", ".join(f"{n:,} {what}" for what, n in split.counts().items()))
        for finding in findings:
            write(f"  {finding.level}: {finding.check}: {finding.text}")
    compared = compare(split, settings, names, k=ks, progress=progress)
    comparison = compared.comparison
    headline = default_headline(ks)
    _print(comparison, headline, as_json=options.as_json)
    tables = {}
    if options.ann is not None:
        tables[f"ANN loss of {options.ann}"] = ann_loss(compared.hybrid, options.ann, split, ks)
    tables |= run_studies(studies, Studied(compared.hybrid, split, ks, options.seed))
    for title, table in tables.items():
        if not options.as_json and not sys.stdout.isatty():
            write(title)
        print_frame(
            table.assign(study=title) if options.as_json else table,
            title=title,
            as_json=options.as_json,
        )
    if options.report is not None:
        write_report(
            comparison,
            options.report,
            main=HYBRID,
            headline=headline,
            findings=[*findings, *compared.findings],
            configuration=settings.model_dump(mode="json"),
            extra=tables,
            command=_command(options),
        )
        if not options.as_json:
            write(f"report: {options.report / 'report.html'}")


def _print(comparison: Comparison, headline: list[str], *, as_json: bool) -> None:
    table = comparison.table(headline)
    if not as_json:
        winner = comparison.winner(headline[0])
        shown: dict[str, object] = {"recommender": table["recommender"]}
        for metric in headline:
            shown[metric] = [
                f"{mean:.4f} [{low:.4f}, {high:.4f}]"
                for mean, low, high in zip(
                    table[metric], table[f"{metric} low"], table[f"{metric} high"], strict=True
                )
            ]
        shown["best"] = ["winner" if name == winner else "" for name in table["recommender"]]
        table = pd.DataFrame(shown)
    cases = len(comparison.evaluations[0].cases)
    title = f"{cases:,} cases; means with bootstrap 95 % intervals; best by {headline[0]}"
    if not as_json and not sys.stdout.isatty():
        write(title)
    print_frame(table, title=title, as_json=as_json)


def _cut_offs(text: str) -> tuple[int, ...]:
    try:
        ks = tuple(sorted({int(part) for part in text.split(",")}))
    except ValueError:
        raise ConfigError(f"-k must be whole numbers joined by commas, got {text!r}.") from None
    if ks[0] < 1:
        raise ConfigError(f"-k must be at least 1, got {ks[0]}.")
    return ks


def base_config(path: Path | None, dataset: str, seed: int) -> HybridConfig:
    """The configuration that was asked for, or else the one that suits the data set.

    Args:
        path: A TOML file, or None.
        dataset: As on the command line.
        seed: Overrides that of the file.

    Raises:
        ConfigError: If the file cannot be read or the seed is out of range.
    """
    if path is not None:
        settings = HybridConfig.from_toml(path)
    else:
        # The generated world needs no language model, and nobody should have to load one for it.
        settings = DEMO_CONFIG if dataset == "synthetic" else HybridConfig()
    return settings.with_seed(seed)


def _baselines(text: str | None) -> tuple[str, ...]:
    if text is None:
        return default_baselines()
    names = tuple(name.strip() for name in text.split(",") if name.strip())
    if names == ("none",):
        return ()
    unknown = [name for name in names if name not in BASELINES]
    if unknown:
        raise ConfigError(f"--baselines must be among {', '.join(BASELINES)}, got {unknown[0]!r}.")
    return names


def _studies(text: str) -> tuple[str, ...]:
    names = tuple(name.strip() for name in text.split(",") if name.strip())
    unknown = [name for name in names if name not in STUDIES]
    if unknown:
        raise ConfigError(f"--studies must be among {', '.join(STUDIES)}, got {unknown[0]!r}.")
    return names


def _command(options: EvaluateOptions) -> str:
    parts = ["hybrid-rec evaluate", options.dataset]
    for name, value in vars(options).items():
        if name in ("dataset", "quiet", "as_json") or value in (None, ""):
            continue
        parts.append(f"--{name.replace('_', '-')} {value}")
    return " ".join(parts)

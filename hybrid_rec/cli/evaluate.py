"""`hybrid-rec evaluate`: the hybrid beside baselines on held-out playlists."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from hybrid_rec.cli.configuration import config_for
from hybrid_rec.cli.evaluation_table import print_comparison, print_section, print_split
from hybrid_rec.cli.options import (
    SYNTHETIC,
    AsJson,
    Columns,
    ConfigFile,
    DateFormat,
    Encoding,
    ItemsFile,
    MaxLength,
    MinLength,
    Quiet,
    Seed,
    SeedCount,
    SeedRule,
    SplitName,
    table_options,
)
from hybrid_rec.cli.paths import check_dataset, check_output
from hybrid_rec.core.checks import check_choice
from hybrid_rec.core.console import write, write_lines
from hybrid_rec.core.errors import ConfigError
from hybrid_rec.core.plain_text import shell_line
from hybrid_rec.core.progress import as_progress

if TYPE_CHECKING:
    from evaluation.splits.split import Split


def evaluate(
    dataset: Annotated[
        str,
        typer.Argument(
            metavar="DATASET", help="What to measure on, named as for fit; by default the demo's."
        ),
    ] = SYNTHETIC,
    split: SplitName = "continuation",
    report: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Write a report, report.html and its data, there."),
    ] = None,
    baselines: Annotated[
        str | None,
        typer.Option(
            help="Names joined by commas, or none: {baselines}. By default {default_baselines}."
        ),
    ] = None,
    studies: Annotated[
        str,
        typer.Option(help="Further measurements, joined by commas: {studies}."),
    ] = "",
    ann: Annotated[
        str | None,
        typer.Option(
            metavar="FACTORY", help="Measure how many hits this approximate index would lose."
        ),
    ] = None,
    items: ItemsFile = None,
    columns: Columns = None,
    encoding: Encoding = None,
    date_format: DateFormat = None,
    config: ConfigFile = None,
    part: Annotated[str, typer.Option(help="Which held-out playlists to ask: {parts}.")] = "test",
    seeds: SeedRule = "half",
    n_seeds: SeedCount = 5,
    min_length: MinLength = 10,
    max_length: MaxLength = None,
    k: Annotated[
        str, typer.Option("-k", "--k", help="Lengths of the measured lists, joined by commas.")
    ] = "10,100,500",
    draws: Annotated[
        int,
        typer.Option(min=1, metavar="N", help="Divide the playlists N times, and fit N times."),
    ] = 1,
    peer: Annotated[
        str,
        typer.Option(
            metavar="RULE",
            help="The baseline that the verdict compares with: best (of all on the asked part), "
            "or best-on-validation (chosen on other playlists, for each metric).",
        ),
    ] = "best",
    twins: Annotated[
        str,
        typer.Option(
            metavar="RULE",
            help="Recommendations that are the same song as a given or wanted item under another "
            "id: count as misses, or ignore and leave them out of the list.",
        ),
    ] = "count",
    seed: Seed = 0,
    learn: Annotated[
        bool,
        typer.Option(
            "--learn",
            help="Let every recommender learn from what all cases give before it is asked.",
        ),
    ] = False,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Measure how often held-out playlists are completed.

    The hybrid stands beside baselines in a table, and in a report if --report is given.

    Examples:
        hybrid-rec evaluate plays.csv --items items.csv --report report
        hybrid-rec evaluate yes:FOLDER --baselines popularity,ease --draws 5
        hybrid-rec evaluate plays.csv --items items.csv --studies block-agreement
    """
    given = locals().copy()
    ks = _cut_offs(k)
    check_choice(twins, ("count", "ignore"), "--twins")
    on_validation = _chosen_on_validation(peer, part)
    check_dataset(dataset, items)
    if report is not None:
        check_output(report)
    written = table_options(columns, encoding, date_format)
    settings = config_for(dataset, config, seed)

    from evaluation.metrics.challenge import challenge_table
    from evaluation.metrics.registry import default_headline
    from evaluation.report.folder import check_target, write_report
    from evaluation.report.section import as_section
    from evaluation.run import HYBRID, LEARNED
    from evaluation.run_draws import compare_draws
    from evaluation.splits.leakage import lint_split
    from evaluation.splits.registry import make_split, make_validation_split
    from evaluation.studies.ann_loss import ann_loss
    from evaluation.studies.registry import Studied, run_studies
    from hybrid_rec.data.datasets import read_dataset

    names = _baselines(baselines)
    wanted = _studies(studies)
    if report is not None:
        check_target(report)
    progress = as_progress(not quiet)
    data = read_dataset(dataset, items=items, progress=progress, **written)
    options: dict[str, Any] = {
        "seeds": seeds, "n_seeds": n_seeds, "min_length": min_length, "max_length": max_length,
    }  # fmt: skip

    def make(drawn: int) -> tuple[Split, Split | None]:
        tested = make_split(
            split, data.playlists, data.catalog, seed=drawn, part=cast("Any", part), **options
        )
        if not on_validation:
            return tested, None
        return tested, make_validation_split(
            split, data.playlists, data.catalog, seed=drawn, **options
        )

    with progress.stage("splitting"):
        held_out = make(seed)[0]
        findings = lint_split(held_out)
    if not as_json:
        write_lines(data.report)
        print_split(held_out)
        for finding in findings:
            write(f"  {finding.level}: {finding.check}: {finding.text}")
    drawn = compare_draws(
        make, range(seed, seed + draws), settings, names, k=ks, learn=learn,
        twins=cast("Any", twins), progress=progress,
    )  # fmt: skip
    compared = drawn.first
    result = drawn.draws if draws > 1 else compared.comparison
    headline = default_headline(ks, challenge=held_out.kinds is not None)
    print_comparison(result, headline, as_json=as_json)
    sections = {}
    if held_out.kinds is not None:
        title = "Tasks of the challenge" + (", first draw" if draws > 1 else "")
        sections[title] = as_section(challenge_table(compared.comparison.counted))
    if ann is not None:
        with progress.stage(f"study: ANN loss of {ann}"):
            loss = ann_loss(compared.hybrid, ann, held_out, ks)
            sections[f"ANN loss of {ann}"] = as_section(loss)
    sections |= run_studies(wanted, Studied(compared.hybrid, held_out, ks, seed, progress))
    for title, section in sections.items():
        print_section(section, title, as_json=as_json)
    if report is not None:
        with progress.stage("writing the report"):
            write_report(
                result,
                report,
                main=LEARNED if learn else HYBRID,
                headline=headline,
                findings=[*findings, *compared.findings],
                configuration=settings.model_dump(mode="json"),
                extra=sections,
                command=_command(given),
                data_set=_name_of(dataset),
                date=datetime.datetime.now(tz=datetime.UTC).date(),
            )
        if not as_json:
            write(f"report: {report / 'report.html'}")


def _chosen_on_validation(peer: str, part: str) -> bool:
    """Whether the baseline to compare with is chosen on the validation part."""
    if peer not in ("best", "best-on-validation"):
        raise ConfigError(f"--peer must be best or best-on-validation, got {peer!r}.")
    if peer == "best-on-validation" and part == "validation":
        raise ConfigError("--peer best-on-validation must go with --part test; leave out one.")
    return peer == "best-on-validation"


def _cut_offs(text: str) -> tuple[int, ...]:
    try:
        ks = tuple(sorted({int(part) for part in text.split(",")}))
    except ValueError:
        raise ConfigError(f"-k must be whole numbers joined by commas, got {text!r}.") from None
    if ks[0] < 1:
        raise ConfigError(f"-k must be at least 1, got {ks[0]}.")
    return ks


def _baselines(text: str | None) -> tuple[str, ...]:
    from evaluation.recommenders.registry import BASELINES, default_baselines

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
    from evaluation.studies.registry import STUDIES

    names = tuple(name.strip() for name in text.split(",") if name.strip())
    unknown = [name for name in names if name not in STUDIES]
    if unknown:
        raise ConfigError(f"--studies must be among {', '.join(STUDIES)}, got {unknown[0]!r}.")
    return names


def _name_of(dataset: str) -> str:
    """What a report calls a data set: its last folder and file, such as "classic/plays.csv"."""
    kind, colon, path = dataset.rpartition(":")
    parts = [part for part in Path(path).parts if part not in ("/", "..")]
    return f"{kind}{colon}{'/'.join(parts[-1:] if colon else parts[-2:]) or path}"


def _command(given: dict[str, Any]) -> str:
    """The command line that makes the same report again."""
    words = []
    for name, value in given.items():
        if name in ("dataset", "quiet", "as_json"):
            continue
        option = f"--{name.replace('_', '-')}"
        if value is True:
            words.append(option)
        elif value not in (None, False, ""):
            for one in value if isinstance(value, list | tuple) else [value]:
                # What begins with a dash would be taken for an option by itself.
                words += [f"{option}={one}"] if str(one).startswith("-") else [option, str(one)]
    dataset = given["dataset"]
    # After "--" nothing is an option.
    words = [*words, "--", dataset] if dataset.startswith("-") else [dataset, *words]
    return shell_line(["hybrid-rec", "evaluate", *words])

"""`hybrid-rec tune`: search for a better configuration on validation playlists."""

from __future__ import annotations

import math
import time
from pathlib import Path
from typing import Annotated

import typer

from hybrid_rec.cli.configuration import config_for
from hybrid_rec.cli.options import (
    AsJson,
    Columns,
    ConfigFile,
    DatasetName,
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
from hybrid_rec.core.console import complain, write, write_lines
from hybrid_rec.core.errors import ConfigError, StoppedEarlyError
from hybrid_rec.core.interrupts import heard
from hybrid_rec.core.progress import as_progress
from hybrid_rec.core.words import how_many


def tune(
    dataset: DatasetName,
    budget: Annotated[
        float,
        typer.Option(metavar="MINUTES", help="Time for everything; at least one fit always runs."),
    ],
    out: Annotated[
        Path,
        typer.Option(
            metavar="FILE", help="TOML file to write; a CSV file of all trials goes beside it."
        ),
    ],
    trials: Annotated[int | None, typer.Option(help="Stop after so many trials.")] = None,
    weight_trials: Annotated[
        int,
        typer.Option(
            "--weight-trials",
            "--fusion-trials",
            help="Trials of block weights and cold start for each fit of the vectors.",
        ),
    ] = 12,
    metric: Annotated[
        str, typer.Option(help="Metric to improve, with a cut-off, such as hit_rate@10: {metrics}.")
    ] = "ndcg@500",
    ranking: Annotated[
        bool,
        typer.Option("--ranking", help="Measure with the learned ranking, which is far slower."),
    ] = False,
    sample: Annotated[
        int, typer.Option(help="Search on at most so many playlists, drawn at random.")
    ] = 20_000,
    items: ItemsFile = None,
    columns: Columns = None,
    encoding: Encoding = None,
    date_format: DateFormat = None,
    config: ConfigFile = None,
    split: SplitName = "continuation",
    seeds: SeedRule = "half",
    n_seeds: SeedCount = 5,
    min_length: MinLength = 10,
    max_length: MaxLength = None,
    seed: Seed = 0,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Search for better settings on validation playlists.

    It tries settings of Word2Vec, of the block weights and of cold start. Ctrl-C ends the search
    and keeps the best settings so far.

    Examples:
        hybrid-rec tune plays.csv --items items.csv --budget 30 --out tuned.toml
        hybrid-rec fit plays.csv --items items.csv --config tuned.toml --out model
    """
    started = time.monotonic()
    if not (math.isfinite(budget) and budget > 0):
        raise ConfigError(f"--budget must be minutes above 0, got {budget}.")
    check_dataset(dataset, items)
    check_output(out)
    written = table_options(columns, encoding, date_format)

    import numpy as np

    from evaluation.metrics.registry import MetricAtK
    from evaluation.splits.registry import make_validation_split
    from evaluation.splits.sample import sample_split
    from evaluation.tuning.proposer import load_optuna
    from evaluation.tuning.tuner import Tuner
    from hybrid_rec.cli.trial_journal import TrialJournal
    from hybrid_rec.data.datasets import read_dataset

    goal = MetricAtK.parse(metric)
    base = config_for(dataset, config, seed)
    load_optuna()
    stage = "the learned ranking" if ranking else "the linear score"
    journal = TrialJournal(out, goal, dataset, f"measured with {stage}; seed {seed}")
    journal.check()
    progress = as_progress(not quiet)
    data = read_dataset(dataset, items=items, progress=progress, **written)
    searched = sample_split(
        make_validation_split(
            split,
            data.playlists,
            data.catalog,
            seed=seed,
            seeds=seeds,
            n_seeds=n_seeds,
            min_length=min_length,
            max_length=max_length,
        ),
        sample,
        np.random.default_rng(seed),
    )
    tuner = Tuner(
        searched,
        base,
        goal,
        deadline=started + 60 * budget,
        most=trials,
        weight_trials=weight_trials,
        ranking=ranking,
        progress=progress,
        tell=_silent if quiet else complain,
    )
    searched = tuner.split
    if not as_json:
        write_lines(data.report)
        counts = ", ".join(how_many(n, what) for what, n in searched.counts().items())
        write(f"{searched.name}: {counts}")
    stopped = False
    try:
        for trial in tuner.trials():
            journal.add(trial, searched)
            if not quiet:
                minutes = (time.monotonic() - started) / 60
                complain(f"{journal.line(trial)}; {minutes:.1f} of {budget:g} min")
    except KeyboardInterrupt:
        heard()
        if not journal.trials:
            raise
        stopped = True
    journal.print(searched, as_json=as_json)
    if stopped:
        raise StoppedEarlyError(
            f"interrupted; the best of {how_many(len(journal.trials), 'trials')} is in {out}."
        )


def _silent(_text: str) -> None:
    pass

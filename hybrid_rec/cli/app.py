"""The `hybrid-rec` command: the composition root."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from hybrid_rec.cli.options import (
    AsJson,
    ConfigFile,
    Count,
    Explain,
    Items,
    ItemsFile,
    MaxLength,
    MinLength,
    ModelFolder,
    Quiet,
    Seed,
    SeedCount,
    SeedRule,
    SkipUnknown,
    SplitName,
    Weight,
)
from hybrid_rec.core.console import complain, write
from hybrid_rec.core.errors import HybridRecError, RunError, StoppedEarlyError
from hybrid_rec.core.exit_codes import (
    EXIT_INTERRUPTED,
    EXIT_MISTAKE,
    EXIT_STOPPED,
    INTERRUPTED,
)
from hybrid_rec.core.interrupts import insistent_interrupts

SYNTHETIC = "synthetic"
# What errors advise in Python, and what it is called here.
_OPTIONS = {"on_unknown='skip'": "--skip-unknown", "on_known='extend'": "--extend"}

app = typer.Typer(
    name="hybrid-rec",
    help="Recommendations from playlists, titles and artists, cold items included.",
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _version(wanted: bool) -> None:
    if wanted:
        from hybrid_rec import __version__

        write(f"hybrid-rec {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Print the version."),
    ] = False,
) -> None:
    del version


@app.command()
def demo(
    seed: Annotated[int, typer.Option(help="Seed of the generated world.", min=0)] = 0,
) -> None:
    """Fit a generated radio world and show what the model answers; offline, under a minute."""
    from hybrid_rec.cli.demo import run_demo

    run_demo(seed)


@app.command()
def fit(
    dataset: Annotated[
        str,
        typer.Argument(
            metavar="DATASET",
            help="yes:FOLDER, movielens:FOLDER, mpd:FOLDER, FILE.parquet, FILE.csv or FILE.tsv. "
            "A file of plays has the columns playlist_id, item_id and optionally title, artist, "
            "position, played_at.",
        ),
    ],
    out: Annotated[Path, typer.Option("--out", metavar="MODEL", help="Folder to save to.")],
    items: Annotated[
        Path | None,
        typer.Option(help="File of items (item_id, and what describes them) for a file of plays."),
    ] = None,
    config: Annotated[Path | None, typer.Option(help="TOML file of parameters.")] = None,
    seed: Annotated[int | None, typer.Option(help="Seed; overrides the config's.", min=0)] = None,
    quiet: Annotated[bool, typer.Option("--quiet", help="No progress bars.")] = False,
) -> None:
    """Learn from playlists and save a model; a model that is already there is replaced."""
    from hybrid_rec.cli.fit import run_fit

    run_fit(dataset, out, items=items, config=config, seed=seed, quiet=quiet)


@app.command()
def update(
    model: ModelFolder,
    playlists: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="New plays, as for fit; where they have titles and no --items are given, items "
            "that the model lacks are taken from there.",
        ),
    ] = None,
    items: Annotated[
        Path | None, typer.Option(metavar="FILE", help="New items, as for fit.")
    ] = None,
    remove: Annotated[
        list[str] | None,
        typer.Option(metavar="ID", help="Item never to be recommended again; repeat for more."),
    ] = None,
    extend: Annotated[
        bool, typer.Option("--extend", help="Go on with playlists whose ids are known.")
    ] = False,
    skip_unknown: SkipUnknown = False,
    out: Annotated[
        Path | None, typer.Option(metavar="MODEL2", help="Folder to save to; by default MODEL.")
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", help="No progress bars.")] = False,
) -> None:
    """Teach a saved model new playlists and items, or let it forget some, without a new fit."""
    from hybrid_rec.cli.update import run_update

    run_update(
        model, out or model, playlists=playlists, items=items, remove=remove, extend=extend,
        skip_unknown=skip_unknown, quiet=quiet,
    )  # fmt: skip


@app.command()
def recommend(
    model: ModelFolder,
    item: Items,
    k: Count = 10,
    weight: Weight = None,
    skip_unknown: SkipUnknown = False,
    mmr: Annotated[
        float | None, typer.Option(metavar="X", help="Diversity from 0 to 1; see diversity.mmr.")
    ] = None,
    artist_cap: Annotated[
        int | None, typer.Option(metavar="N", help="Most items of one artist.")
    ] = None,
    explain: Explain = False,
    as_json: AsJson = False,
) -> None:
    """Continue one playlist, given by the items in it."""
    from hybrid_rec.cli.ask import run_recommend

    run_recommend(
        model, item, k, weight=weight, skip_unknown=skip_unknown, mmr=mmr, artist_cap=artist_cap,
        explain=explain, as_json=as_json,
    )  # fmt: skip


@app.command()
def similar(
    model: ModelFolder,
    item: Items,
    k: Count = 10,
    weight: Weight = None,
    skip_unknown: SkipUnknown = False,
    explain: Explain = False,
    as_json: AsJson = False,
) -> None:
    """Items similar to each of the given ones."""
    from hybrid_rec.cli.ask import run_similar

    run_similar(
        model, item, k, weight=weight, skip_unknown=skip_unknown, explain=explain, as_json=as_json
    )


@app.command()
def score(
    model: ModelFolder,
    paths: Annotated[
        list[str],
        typer.Argument(
            metavar="[PLAYLISTS] OUT",
            help="A CSV, TSV or Parquet file of playlists, or a folder of them (none with --items "
            "and --new-items), and the folder to write to; paths or URLs.",
        ),
    ],
    k: Annotated[int, typer.Option("-k", "--k", metavar="K", help="How many a query.")] = 100,
    items: Annotated[
        bool, typer.Option("--items", help="Similar items of every item of the catalogue.")
    ] = False,
    new_items: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Items near to new ones, given by title and artist."),
    ] = None,
    chunk_size: Annotated[int, typer.Option(help="Queries a part: bounds the memory.")] = 1_000,
    workers: Annotated[int, typer.Option(help="Processes, which share one model.")] = 1,
    strict: Annotated[bool, typer.Option("--strict", help="Stop at the first bad row.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="No progress bars.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the manifest.")] = False,
) -> None:
    """Score playlists by the million, from files to files; a run that was stopped goes on."""
    from hybrid_rec.cli.score import run_score

    run_score(
        model, paths, k=k, items=items, new_items=new_items, chunk_size=chunk_size,
        workers=workers, strict=strict, quiet=quiet, as_json=as_json,
    )  # fmt: skip


@app.command()
def evaluate(
    dataset: Annotated[
        str,
        typer.Argument(metavar="DATASET", help="As for fit; by default the demo's world."),
    ] = SYNTHETIC,
    split: SplitName = "continuation",
    report: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Write report.html and more there.")
    ] = None,
    baselines: Annotated[
        str | None,
        typer.Option(help="Names joined by commas, or none; by default five that fit anywhere."),
    ] = None,
    studies: Annotated[
        str,
        typer.Option(
            help="cold-penalty, training-noise (both fit again) or diversity, joined by commas."
        ),
    ] = "",
    ann: Annotated[
        str | None,
        typer.Option(metavar="FACTORY", help="Tell what this approximate index costs in hits."),
    ] = None,
    items: ItemsFile = None,
    config: ConfigFile = None,
    part: Annotated[str, typer.Option(help="Which held-out part: validation or test.")] = "test",
    seeds: SeedRule = "half",
    n_seeds: SeedCount = 5,
    min_length: MinLength = 10,
    max_length: MaxLength = None,
    k: Annotated[str, typer.Option("-k", "--k", help="Cut-offs, joined by commas.")] = "10,100,500",
    seed: Seed = 0,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Measure the hybrid beside baselines on held-out playlists; a table, and a report if asked."""
    from hybrid_rec.cli.evaluate import Request, run_command

    run_command(
        Request(
            dataset=dataset, items=items, split=split, report=report, baselines=baselines,
            studies=studies, ann=ann, config=config, part=part, seeds=seeds, n_seeds=n_seeds,
            min_length=min_length, max_length=max_length, k=k, seed=seed, quiet=quiet,
            as_json=as_json,
        )
    )  # fmt: skip


@app.command()
def tune(
    dataset: Annotated[str, typer.Argument(metavar="DATASET", help="As for fit.")],
    budget: Annotated[
        float, typer.Option(metavar="MINUTES", help="Time for everything; one fit always runs.")
    ],
    out: Annotated[
        Path,
        typer.Option(metavar="FILE", help="TOML file to write; the trials go beside it, as CSV."),
    ],
    trials: Annotated[int | None, typer.Option(help="End after so many trials.")] = None,
    fusion_trials: Annotated[
        int, typer.Option(help="Trials of weights and cold start with the same vectors.")
    ] = 12,
    metric: Annotated[
        str, typer.Option(help="What to improve, such as hit_rate@10 or recall@100.")
    ] = "ndcg@500",
    ranking: Annotated[
        bool, typer.Option("--ranking", help="Measure with the learned ranking: far slower.")
    ] = False,
    sample: Annotated[int, typer.Option(help="Search on at most so many playlists.")] = 20_000,
    items: ItemsFile = None,
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
    """Search Word2Vec and fusion settings on validation playlists; Ctrl-C keeps the best so far."""
    from hybrid_rec.cli.tune import TuneRequest, run_tune

    run_tune(
        TuneRequest(
            dataset=dataset, items=items, out=out, budget=budget, trials=trials,
            fusion_trials=fusion_trials, metric=metric, ranking=ranking, sample=sample,
            config=config, split=split, seeds=seeds, n_seeds=n_seeds, min_length=min_length,
            max_length=max_length, seed=seed, quiet=quiet, as_json=as_json,
        )
    )  # fmt: skip


@app.command()
def info(
    model: ModelFolder,
    measure: Annotated[
        bool,
        typer.Option("--measure", help="Compare its index with exact search; kept in the model."),
    ] = False,
    queries: Annotated[int, typer.Option(help="Queries of each kind that are measured.")] = 200,
    as_json: AsJson = False,
) -> None:
    """What a saved model holds: counts, index, configuration, versions, files."""
    from hybrid_rec.cli.info import run_info

    run_info(model, measure=measure, n_queries=queries, as_json=as_json)


@app.command()
def plan(
    dataset: Annotated[str, typer.Argument(metavar="DATASET", help="As for fit.")],
    items: ItemsFile = None,
    config: ConfigFile = None,
    queries: Annotated[
        int | None, typer.Option(help="Playlists to be scored; by default those of the data set.")
    ] = None,
    k: Annotated[int, typer.Option("-k", "--k", metavar="K", help="How many a query.")] = 100,
    workers: Annotated[int, typer.Option(help="Processes that score.")] = 1,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """What memory, disk and time a fit and a scoring run would take; nothing is written."""
    from hybrid_rec.cli.planning.command import run_plan

    run_plan(
        dataset, items=items, config=config, n_queries=queries, k=k, workers=workers,
        quiet=quiet, as_json=as_json,
    )  # fmt: skip


def run(arguments: list[str] | None = None) -> int:
    """Run the command and return its exit code.

    That is 0, 2 for a user's mistake, 1 for what the machine refuses, 130 for Ctrl-C.
    """
    given = sys.argv[1:] if arguments is None else arguments
    try:
        with insistent_interrupts():
            result = app(args=given or ["--help"], standalone_mode=False)
        sys.stdout.flush()
    except StoppedEarlyError as stopped:
        complain(f"hybrid-rec: {stopped}")
        return EXIT_INTERRUPTED
    except HybridRecError as error:
        hint = str(error)
        for in_python, option in _OPTIONS.items():
            hint = hint.replace(f"pass {in_python}", f"pass {option}")
        complain(f"hybrid-rec: {hint}")
        return EXIT_STOPPED if isinstance(error, RunError) else EXIT_MISTAKE
    except (KeyboardInterrupt, typer.Abort):
        result = EXIT_INTERRUPTED
    except BrokenPipeError:
        # The reader of a pipe has gone, which is no error.
        _drop_output()
        return 0
    except OSError as error:
        if error.filename is not None:
            raise
        _drop_output()
        complain(f"hybrid-rec: the output cannot be written: {error.strerror}.")
        return EXIT_MISTAKE
    except Exception as error:
        # typer carries its own copy of click, whose usage errors have no public name.
        usage = getattr(error, "format_message", None)
        if usage is None:
            raise
        complain(f"hybrid-rec: {usage()} Try hybrid-rec --help.")
        return EXIT_MISTAKE
    # typer may turn Ctrl-C into the exit code by itself.
    if result == EXIT_INTERRUPTED:
        complain(INTERRUPTED)
    return result if isinstance(result, int) else 0


def _drop_output() -> None:
    """Send what is still buffered nowhere, for Python writes it when it ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def main() -> None:
    """Entry point of the console script."""
    sys.exit(run())

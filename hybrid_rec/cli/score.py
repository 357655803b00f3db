"""`hybrid-rec score`: millions of queries, from files to files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hybrid_rec.cli.options import (
    Columns,
    DateFormat,
    Encoding,
    ListLength,
    ModelFolder,
    OneOfEach,
    Quiet,
    Where,
    table_options,
)
from hybrid_rec.cli.paths import check_model, check_output, check_table
from hybrid_rec.cli.scored import (
    ManifestAsJson,
    OfAllItems,
    Strict,
    check_asked,
    print_result,
)
from hybrid_rec.core.errors import ConfigError

if TYPE_CHECKING:
    from hybrid_rec.batch.result import BatchResult


def score(
    model: ModelFolder,
    paths: Annotated[
        list[str],
        typer.Argument(
            metavar="[PLAYLISTS] OUT",
            help="A CSV, TSV or Parquet file of playlists as for fit, or a folder of them, and the "
            "folder to write to; paths or URLs. With --items or --new-items the folder alone.",
        ),
    ],
    k: ListLength = 100,
    items: OfAllItems = False,
    new_items: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            help="Find the similar items of new ones, which the file describes by the "
            "columns that the model knows, such as title.",
        ),
    ] = None,
    distinct: OneOfEach = None,
    where: Where = None,
    columns: Columns = None,
    encoding: Encoding = None,
    date_format: DateFormat = None,
    chunk_size: Annotated[
        int, typer.Option(help="Queries in each output file; fewer take less memory.")
    ] = 1_000,
    workers: Annotated[int, typer.Option(help="Number of processes; they share one model.")] = 1,
    temp: Annotated[
        str | None,
        typer.Option(
            metavar="FOLDER",
            help="Where rows are sorted that do not stand together by playlist; in OUT by default.",
        ),
    ] = None,
    learn: Annotated[
        bool,
        typer.Option("--learn", help="Learn from all PLAYLISTS before the first is scored."),
    ] = False,
    strict: Strict = False,
    quiet: Quiet = False,
    as_json: ManifestAsJson = False,
) -> None:
    """Score millions of playlists, from files to files.

    A run that was stopped continues when the same command is given again.

    Examples:
        hybrid-rec score model plays.csv recommendations -k 20
        hybrid-rec score model nearest --items
    """
    written = table_options(columns, encoding, date_format)
    check_asked("score", paths, written, items=items, new_items=new_items, strict=strict)
    if temp is not None and (items or new_items is not None):
        raise ConfigError("--temp must be given with playlists alone, as nothing else is sorted.")
    if learn and (items or new_items is not None):
        raise ConfigError("--learn must be given with playlists alone, as it learns from them.")
    check_model(model)
    if new_items is not None:
        check_table(new_items, "new items")
    elif not items:
        check_table(paths[0], "playlists")
    check_output(Path(paths[-1]))

    from hybrid_rec.batch.run import score_items, score_new_items, score_playlists

    settings: dict[str, Any] = {
        "k": k, "distinct": distinct, "where": where, "chunk_size": chunk_size,
        "workers": workers, "progress": not quiet,
    }  # fmt: skip

    def run() -> BatchResult:
        if items:
            return score_items(model, paths[0], **settings)
        if new_items is not None:
            del written["date_format"]
            return score_new_items(model, new_items, paths[0], strict=strict, **written, **settings)
        return score_playlists(
            model, paths[0], paths[1], strict=strict, temp=temp, learn=learn, **written, **settings
        )

    print_result(run, as_json=as_json)

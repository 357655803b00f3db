"""`hybrid-rec plan`: what a fit and a scoring run would take."""

from __future__ import annotations

from typing import Annotated

import typer

from hybrid_rec.cli.options import (
    AsJson,
    Columns,
    ConfigFile,
    DatasetName,
    DateFormat,
    Encoding,
    ItemsFile,
    ListLength,
    Quiet,
    table_options,
)
from hybrid_rec.cli.paths import check_dataset


def plan(
    dataset: DatasetName,
    items: ItemsFile = None,
    columns: Columns = None,
    encoding: Encoding = None,
    date_format: DateFormat = None,
    config: ConfigFile = None,
    queries: Annotated[
        int | None,
        typer.Option(help="Number of playlists to score; by default those of the data set."),
    ] = None,
    k: ListLength = 100,
    workers: Annotated[int, typer.Option(help="Number of processes that score.")] = 1,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Estimate what a fit and a scoring run will take.

    That is memory, disk and time. Sizes are computed and times are measured on a sample of the
    work; nothing is written.

    Examples:
        hybrid-rec plan plays.csv --items items.csv
        hybrid-rec plan plays.parquet --queries 1000000 --workers 4
    """
    check_dataset(dataset, items)

    from hybrid_rec.cli.planning.command import run_plan

    run_plan(
        dataset, items=items, written=table_options(columns, encoding, date_format),
        config=config, n_queries=queries, k=k, workers=workers, quiet=quiet, as_json=as_json,
    )  # fmt: skip

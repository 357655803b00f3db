"""`hybrid-rec spark score`: millions of queries, from files to files, on a cluster."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from hybrid_rec.cli.options import (
    Columns,
    DateFormat,
    Encoding,
    ListLength,
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
from hybrid_rec.cli.spark.options import Master
from hybrid_rec.core.choices import ARCHIVES


def score(
    model: Annotated[
        str,
        typer.Argument(
            metavar="MODEL",
            help="A saved model: a folder that all hosts see at this path, or a .tar.gz or .zip of "
            "one, as a path or a URL.",
        ),
    ],
    paths: Annotated[
        list[str],
        typer.Argument(
            metavar="[PLAYLISTS] OUT",
            help="CSV, TSV or Parquet as for score, and the folder to write to: paths that all "
            "hosts see, or URLs. With --items or --new-items the folder alone.",
        ),
    ],
    k: ListLength = 100,
    items: OfAllItems = False,
    new_items: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Find the similar items of new ones, as for score."),
    ] = None,
    distinct: OneOfEach = None,
    where: Where = None,
    columns: Columns = None,
    encoding: Encoding = None,
    date_format: DateFormat = None,
    chunk_size: Annotated[
        int, typer.Option(help="Queries in each output file, about; fewer take less memory.")
    ] = 1_000,
    strict: Strict = False,
    master: Master = None,
    quiet: Quiet = False,
    as_json: ManifestAsJson = False,
) -> None:
    """Score millions of playlists on a Spark cluster.

    The rows are those of hybrid-rec score. A run that was stopped continues when the same command
    is given again.

    Examples:
        hybrid-rec spark score /shared/model /shared/plays /shared/out --master yarn
        hybrid-rec spark score model.tar.gz s3://lake/playlists s3://lake/out
    """
    written = table_options(columns, encoding, date_format)
    check_asked("spark score", paths, written, items=items, new_items=new_items, strict=strict)
    source = None if items else new_items if new_items is not None else paths[0]
    if not model.lower().endswith(ARCHIVES):
        check_model(Path(model))
    if source is not None:
        check_table(source, "playlists" if new_items is None else "new items")
    check_output(Path(paths[-1]))

    from hybrid_rec.spark.scoring.run import score_files
    from hybrid_rec.spark.session import spark_session

    run = partial(
        score_files, spark_session(master), model, source, paths[-1], k,
        new_items=new_items is not None, distinct=distinct, where=where, chunk_size=chunk_size,
        strict=strict, progress=not quiet, **written,
    )  # fmt: skip
    print_result(run, as_json=as_json)

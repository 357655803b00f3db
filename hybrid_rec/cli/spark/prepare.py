"""`hybrid-rec spark prepare`: plays become a data set that every other step reads."""

from __future__ import annotations

from typing import Annotated

import typer

from hybrid_rec.cli.options import Columns, DateFormat, Encoding, ItemsFile, table_options
from hybrid_rec.cli.paths import check_output
from hybrid_rec.cli.spark.options import Master, SharedOut
from hybrid_rec.core.console import write, write_lines
from hybrid_rec.core.errors import ConfigError

_MPD = "mpd:"


def prepare(
    source: Annotated[
        str,
        typer.Argument(
            metavar="SOURCE",
            help="mpd:FOLDER, or plays: a file or folder of Parquet, CSV, TSV or JSON Lines, or "
            "table:NAME of the session's catalogue.",
        ),
    ],
    out: SharedOut,
    items: ItemsFile = None,
    columns: Columns = None,
    encoding: Encoding = None,
    date_format: DateFormat = None,
    skip_damaged: Annotated[
        bool,
        typer.Option("--skip-damaged", help="List files that are damaged, and leave them out."),
    ] = False,
    drop_copies: Annotated[
        bool,
        typer.Option("--drop-copies", help="Drop playlists that are exact copies of earlier ones."),
    ] = False,
    master: Master = None,
) -> None:
    """Prepare plays on a Spark cluster for the steps that follow.

    Playlists, items, their order and the report are those of fit on one machine, and
    prepared:OUT is what fit, evaluate, tune and plan read.

    Examples:
        hybrid-rec spark prepare plays prepared --items items.csv
        hybrid-rec spark prepare mpd:FOLDER prepared --master spark://HOST:7077
    """
    check_output(out)
    written = table_options(columns, encoding, date_format)

    from hybrid_rec.spark.mpd import read_mpd
    from hybrid_rec.spark.plays import read_plays
    from hybrid_rec.spark.preparation import prepare as prepared
    from hybrid_rec.spark.session import spark_session

    session = spark_session(master)
    if source.startswith(_MPD):
        given = [name for name, value in {**written, "items": items}.items() if value is not None]
        if given:
            raise ConfigError(
                f"{given[0]} can only be given for plays in a file or table, but {source} has a "
                "form of its own; leave it out."
            )
        rows = read_mpd(session, source.removeprefix(_MPD), skip_damaged=skip_damaged)
    else:
        rows = read_plays(session, source, skip_damaged=skip_damaged, **written)
    done = prepared(rows, out, items=items, drop_copies=drop_copies)
    write_lines(done.report)
    for file, reason in done.damaged.items():
        write(f"left out {file}: {reason}")
    write(f"prepared in {out}; fit it with: hybrid-rec fit prepared:{out} --out MODEL")

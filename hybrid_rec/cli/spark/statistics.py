"""`hybrid-rec spark statistics`: neighbours of items, and how often all is played."""

from __future__ import annotations

from typing import Annotated

import typer

from hybrid_rec.cli.paths import check_output
from hybrid_rec.cli.spark.options import Master, PreparedFolder, SharedOut
from hybrid_rec.core.console import write


def statistics(
    prepared: PreparedFolder,
    out: SharedOut,
    neighbours: Annotated[
        int | None,
        typer.Option(
            "--neighbours",
            metavar="N",
            help="Neighbours of each item; by default ranking.statistics.item_neighbours.",
            min=1,
        ),
    ] = None,
    longest_playlist: Annotated[
        int | None,
        typer.Option(
            "--longest-playlist",
            metavar="N",
            help="Items of a playlist that count at most, 0 for all; by default as in a fit.",
            min=0,
        ),
    ] = None,
    master: Master = None,
) -> None:
    """Count neighbours and plays over all playlists.

    The weights of neighbours are those of a fit on one machine; plays are counted for items and
    artists.

    Examples:
        hybrid-rec spark statistics prepared counted --neighbours 50
    """
    check_output(out)

    from hybrid_rec.spark.session import spark_session
    from hybrid_rec.spark.statistics import count_neighbours

    rows = count_neighbours(
        spark_session(master),
        prepared,
        out,
        n_neighbours=neighbours,
        longest_playlist=longest_playlist,
    )
    for name, count in rows.items():
        write(f"{name:<12}{count:>14,} rows")
    write(f"statistics in {out}")

"""`hybrid-rec spark sample`: some playlists, and the exact counts of all."""

from __future__ import annotations

from typing import Annotated

import typer

from hybrid_rec.cli.paths import check_output
from hybrid_rec.cli.spark.options import Master, PreparedFolder, SharedOut
from hybrid_rec.core.console import write, write_lines


def sample(
    prepared: PreparedFolder,
    out: SharedOut,
    playlists: Annotated[
        int, typer.Option("--playlists", metavar="N", help="Playlists to draw.", min=1)
    ],
    master: Master = None,
) -> None:
    """Draw playlists to fit on, with the exact counts of all.

    Items keep their share of history. fit prepared:OUT counts the plays of the whole for
    popularity and shrinkage.

    Examples:
        hybrid-rec spark sample prepared some --playlists 20000
        hybrid-rec fit prepared:some --out model
    """
    check_output(out)

    from hybrid_rec.spark.sampling import sample as drawn
    from hybrid_rec.spark.session import spark_session

    write_lines(drawn(spark_session(master), prepared, out, playlists))
    write(f"sample in {out}; fit it with: hybrid-rec fit prepared:{out} --out MODEL")

"""`hybrid-rec map`: a page that shows all items in two dimensions."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hybrid_rec.cli.options import ModelFolder, Quiet
from hybrid_rec.cli.paths import check_model, check_output
from hybrid_rec.core.console import write
from hybrid_rec.core.words import how_many


def map(  # noqa: A001  # the name of the command
    model: ModelFolder,
    out: Annotated[
        Path, typer.Argument(metavar="OUT", help="The HTML file to write, such as map.html.")
    ],
    block: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Block by which items are near, such as cooccurrence; by default the whole score.",
        ),
    ] = None,
    playlists: Annotated[
        bool, typer.Option("--playlists", help="Give the training playlists places, too.")
    ] = False,
    seed: Annotated[
        int, typer.Option("--seed", help="The same seed draws the same map.", min=0)
    ] = 0,
    quiet: Quiet = False,
) -> None:
    """Draw a map of all items.

    It is one page, which a browser opens without a network.

    Examples:
        hybrid-rec map model map.html
        hybrid-rec map model map.html --playlists --block cooccurrence
    """
    check_model(model)
    check_output(out)

    from hybrid_rec.recommender import HybridRecommender

    n = HybridRecommender.load(model, mmap=True).map(
        out, block=block, playlists=playlists, seed=seed, progress=not quiet
    )
    write(f"{how_many(n, 'points')} drawn in {out}")

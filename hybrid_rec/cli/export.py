"""`hybrid-rec export`: vectors of a model for other tools."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hybrid_rec.cli.options import ModelFolder
from hybrid_rec.cli.paths import check_model, check_output
from hybrid_rec.core.choices import ExportTo
from hybrid_rec.core.console import write


def export(
    model: ModelFolder,
    out: Annotated[
        Path, typer.Argument(metavar="OUT", help="Folder to write: new, empty, or an export.")
    ],
    to: Annotated[
        ExportTo,
        typer.Option(
            "--to",
            "--format",
            help="TensorBoard's Embedding Projector, the text of word2vec, Parquet, or LanceDB.",
        ),
    ],
    block: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Block whose vectors are written; by default cooccurrence, or every one to "
            "parquet and lance.",
        ),
    ] = None,
    playlists: Annotated[
        bool, typer.Option("--playlists", help="Write the training playlists, not the items.")
    ] = False,
    sample: Annotated[
        int | None, typer.Option(metavar="N", help="Write so many, drawn at random.")
    ] = None,
    seed: Annotated[int, typer.Option("--seed", help="Seed of the draw.", min=0)] = 0,
) -> None:
    """Write vectors to a folder that other tools read.

    They are those of the items, or of the training playlists.

    Examples:
        hybrid-rec export model vectors --to word2vec
        hybrid-rec export model projector --to projector --sample 10000
    """
    check_model(model)
    check_output(out)

    from hybrid_rec.recommender import HybridRecommender

    n = HybridRecommender.load(model, mmap=True).export(
        out, to, block=block, playlists=playlists, sample=sample, seed=seed
    )
    write(f"{n:,} {'playlists' if playlists else 'items'} written to {out}")

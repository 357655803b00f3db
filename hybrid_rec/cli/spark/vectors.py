"""`hybrid-rec spark vectors`: co-occurrence vectors of all playlists."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from hybrid_rec.cli.paths import check_output
from hybrid_rec.cli.spark.options import Master, PreparedFolder, SharedOut
from hybrid_rec.core.console import write


def vectors(
    prepared: PreparedFolder,
    out: SharedOut,
    method: Annotated[
        Literal["als", "word2vec"],
        typer.Option(help="ALS, the factors of implicit feedback, or Word2Vec, both of MLlib."),
    ] = "als",
    size: Annotated[
        int | None,
        typer.Option(
            "--size",
            metavar="N",
            help="Numbers of a vector; by default cooccurrence.vector_size, as fit needs it.",
            min=1,
        ),
    ] = None,
    partitions: Annotated[
        int | None, typer.Option(metavar="N", help="Partitions that Word2Vec learns in.", min=1)
    ] = None,
    iterations: Annotated[
        int | None,
        typer.Option(metavar="N", help="Passes; by default they follow from partitions.", min=1),
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of the first vectors.", min=0)] = 0,
    master: Master = None,
) -> None:
    """Learn co-occurrence vectors of all playlists.

    OUT is what fit --cooccurrence-vectors takes.

    Examples:
        hybrid-rec spark vectors prepared vectors
        hybrid-rec spark vectors prepared vectors --method word2vec --partitions 8
        hybrid-rec fit prepared:some --cooccurrence-vectors vectors --out model
    """
    check_output(out)

    from hybrid_rec.spark.session import spark_session
    from hybrid_rec.spark.vectors import learn_vectors

    count = learn_vectors(
        spark_session(master),
        prepared,
        out,
        method=method,
        size=size,
        partitions=partitions,
        iterations=iterations,
        seed=seed,
    )
    write(f"vectors of {count:,} items in {out}; fit with: --cooccurrence-vectors {out}")

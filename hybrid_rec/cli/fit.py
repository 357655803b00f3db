"""`hybrid-rec fit`: learn from a data set and save a model."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hybrid_rec.cli.configuration import read_config
from hybrid_rec.cli.options import (
    Columns,
    ConfigFile,
    DateFormat,
    Encoding,
    Quiet,
    table_options,
)
from hybrid_rec.cli.paths import check_dataset, check_output, check_table
from hybrid_rec.core.console import write, write_lines
from hybrid_rec.core.progress import as_progress

if TYPE_CHECKING:
    from hybrid_rec.blocks.block_set import BlockSet
    from hybrid_rec.data.catalog import Catalog


def fit(
    dataset: Annotated[
        str,
        typer.Argument(
            metavar="DATASET",
            help="One of {datasets}; a FILE or FOLDER may be a URL. A file of plays has the "
            "columns playlist_id and item_id, and optionally title, artist, position, played_at "
            "and weight.",
        ),
    ],
    out: Annotated[Path, typer.Option("--out", metavar="MODEL", help="Folder to save to.")],
    items: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            help="File of items for a file of plays: item_id, and title, artist, tags and whatever "
            "else blocks are made from.",
        ),
    ] = None,
    columns: Columns = None,
    encoding: Encoding = None,
    date_format: DateFormat = None,
    config: ConfigFile = None,
    seed: Annotated[
        int | None,
        typer.Option(help="Seed of everything random; overrides that of the config.", min=0),
    ] = None,
    cooccurrence_vectors: Annotated[
        Path | None,
        typer.Option(
            "--cooccurrence-vectors",
            metavar="FILE",
            help="Vectors of items that were made elsewhere, in place of those that would be "
            "learned: Parquet with item_id and vector, a folder of it, or word2vec's .txt or .bin.",
        ),
    ] = None,
    quiet: Quiet = False,
) -> None:
    """Learn from playlists and save a model.

    A model that is already there is replaced once the new one is complete.

    Examples:
        hybrid-rec fit plays.csv --items items.csv --out model
        hybrid-rec fit plays.parquet --columns playlist_id=user --out model
        hybrid-rec fit yes:FOLDER --config hybrid.toml --out model
    """
    check_dataset(dataset, items)
    check_output(out)
    if cooccurrence_vectors is not None:
        check_table(cooccurrence_vectors, "co-occurrence vectors")
    written = table_options(columns, encoding, date_format)
    settings = read_config(config, seed)

    from hybrid_rec.data.datasets import read_dataset
    from hybrid_rec.model.held_out import held_out_told
    from hybrid_rec.model.storage import check_target
    from hybrid_rec.model.weights import weights_told
    from hybrid_rec.recommender import HybridRecommender

    check_target(out)
    progress = as_progress(not quiet)
    playlists, catalog, report = read_dataset(dataset, items=items, progress=progress, **written)
    write_lines(report)
    with warnings.catch_warnings():
        # The report says it.
        warnings.filterwarnings("ignore", "nothing learned", UserWarning)
        recommender = HybridRecommender(settings).fit(
            playlists, catalog, cooccurrence_vectors=cooccurrence_vectors, progress=progress
        )
    with progress.stage("saving"):
        recommender.save(out)
    model = recommender.model_
    for stage, seconds in model.timings.items():
        write(f"{stage:<22}{seconds:8.2f} s")
    counts = ", ".join(f"{count:,} {source}" for source, count in model.source_counts().items())
    write(f"items by source: {counts}")
    write(_columns_told(catalog, model.blocks))
    told = weights_told(settings, has_ranking=model.ranking is not None)
    write(f"block weights: {told}")
    write(f"co-occurrence: {held_out_told(model.held_out)}")
    if model.choice is not None:
        write(f"index: {model.choice}")
    write(f"saved to {out}")


def _columns_told(catalog: Catalog, blocks: BlockSet) -> str:
    """Which columns of the items became blocks, and which none is made from."""
    made = [
        f"{block.name} from {', '.join(block.config.columns)}"
        for block in blocks.blocks
        if block.config.columns
    ]
    unused = [name for name in catalog.columns if name not in blocks.column_kinds]
    told = f"blocks: {'; '.join(made) or 'none'}"
    return f"{told}; no block uses: {', '.join(unused)}" if unused else told

"""`hybrid-rec update`: teach a saved model more playlists and items."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hybrid_rec.cli.options import (
    Columns,
    DateFormat,
    Encoding,
    ModelFolder,
    Quiet,
    SkipUnknown,
    table_options,
)
from hybrid_rec.cli.paths import check_model, check_output, check_table
from hybrid_rec.core.console import write
from hybrid_rec.core.errors import ConfigError
from hybrid_rec.core.progress import as_progress
from hybrid_rec.core.words import how_many


def update(
    model: ModelFolder,
    playlists: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            help="File of new plays, as for fit. Where it has titles and no --items are given, "
            "items that the model lacks are taken from it.",
        ),
    ] = None,
    items: Annotated[
        str | None, typer.Option(metavar="FILE", help="File of new items, as for fit.")
    ] = None,
    columns: Columns = None,
    encoding: Encoding = None,
    date_format: DateFormat = None,
    remove: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ID", help="Item never to be recommended again; repeat the option for more."
        ),
    ] = None,
    extend: Annotated[
        bool,
        typer.Option("--extend", help="Add the plays to playlists whose ids are known already."),
    ] = False,
    skip_unknown: SkipUnknown = False,
    out: Annotated[
        Path | None, typer.Option(metavar="MODEL2", help="Folder to save to; by default MODEL.")
    ] = None,
    quiet: Quiet = False,
) -> None:
    """Teach a saved model new playlists and items.

    This takes a fraction of a fit. Items can be removed in the same way. The old model stays
    complete until the new one is written.

    Examples:
        hybrid-rec update model --playlists new_plays.csv --items new_items.csv
        hybrid-rec update model --remove one --out smaller
    """
    if playlists is None and items is None and not remove:
        raise ConfigError("an update must be given --playlists, --items or --remove, got none.")
    written = table_options(columns, encoding, date_format)
    check_model(model)
    for path, what in ((playlists, "plays"), (items, "items")):
        if path is not None:
            check_table(path, f"a file of {what}")
    check_output(out or model)

    from hybrid_rec.data.readers.tidy import items_of_plays, read_new
    from hybrid_rec.data.report import MISSING_IDS
    from hybrid_rec.model.storage import check_target
    from hybrid_rec.recommender import HybridRecommender

    target = out or model
    check_target(target)
    progress = as_progress(not quiet)
    with progress.stage("reading"):
        plays, new_items, n_missing = read_new(playlists, items, **written)
    with progress.stage("loading the model"):
        recommender = HybridRecommender.load(model)
    before = recommender.model_
    if new_items is None and plays is not None:
        new_items = items_of_plays(plays, before.catalog)
    recommender.update(
        plays,
        new_items,
        remove=remove or None,
        on_known="extend" if extend else "raise",
        on_unknown="skip" if skip_unknown else "raise",
        progress=progress,
    )
    if n_missing:
        write(f"dropped: {how_many(n_missing, MISSING_IDS)}")
    after = recommender.model_
    with progress.stage("saving"):
        recommender.save(target)
    for stage, seconds in after.timings.items():
        write(f"{stage:<22}{seconds:8.2f} s")
    for what, old, new in (
        ("items", len(before.catalog), len(after.catalog)),
        ("removed items", len(before.removed), len(after.removed)),
        ("playlists", len(before.playlists), len(after.playlists)),
        ("plays", before.playlists.n_plays, after.playlists.n_plays),
    ):
        write(f"{what:<22}{old:>10,} -> {new:,}")
    write(f"saved to {target}")

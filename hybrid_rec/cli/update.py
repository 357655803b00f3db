"""What `hybrid-rec update` does: files in, a saved model updated."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from hybrid_rec.core.console import write
from hybrid_rec.core.errors import ConfigError
from hybrid_rec.data.readers.tidy import items_of_plays, read_items, read_plays
from hybrid_rec.model.storage import check_target
from hybrid_rec.recommender import HybridRecommender


def run_update(
    folder: Path,
    out: Path,
    *,
    playlists: Path | None,
    items: Path | None,
    remove: Sequence[str] | None,
    extend: bool,
    skip_unknown: bool,
    quiet: bool,
) -> None:
    """Update the model in `folder` and save it to `out`; see `HybridRecommender.update`.

    The old model stays whole until the new one is written.

    Raises:
        HybridRecError: Whatever is wrong with the model or the files.
    """
    if playlists is None and items is None and not remove:
        raise ConfigError("an update must be given --playlists, --items or --remove, got none.")
    check_target(out)
    plays = None if playlists is None else read_plays(playlists)
    new_items = None if items is None else read_items(items)
    recommender = HybridRecommender.load(folder)
    before = recommender.model_
    if new_items is None and plays is not None:
        new_items = items_of_plays(plays, before.catalog)
    recommender.update(
        plays,
        new_items,
        remove=remove or None,
        on_known="extend" if extend else "raise",
        on_unknown="skip" if skip_unknown else "raise",
        progress=not quiet,
    )
    after = recommender.model_
    recommender.save(out)
    for stage, seconds in after.timings.items():
        write(f"{stage:<22}{seconds:8.2f} s")
    for what, old, new in (
        ("items", len(before.catalog), len(after.catalog)),
        ("removed items", len(before.removed), len(after.removed)),
        ("playlists", len(before.playlists), len(after.playlists)),
        ("plays", before.playlists.n_plays, after.playlists.n_plays),
    ):
        write(f"{what:<22}{old:>10,} -> {new:,}")
    write(f"saved to {out}")

"""Drawn: the map of a model, from its vectors to the page."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hybrid_rec.core.arrays import Rows
from hybrid_rec.core.checks import check_block, check_flag, check_seed
from hybrid_rec.core.config import COOCCURRENCE
from hybrid_rec.core.errors import ArtifactError
from hybrid_rec.core.files import check_writable, replace_text
from hybrid_rec.core.progress import Progress
from hybrid_rec.core.words import how_many
from hybrid_rec.explore.map.colours import by_region, colourings
from hybrid_rec.explore.map.layout import laid_out
from hybrid_rec.explore.map.neighbours import neighbours
from hybrid_rec.explore.map.page import page
from hybrid_rec.explore.map.points import Points, vectors_of
from hybrid_rec.explore.map.regions import regions_of
from hybrid_rec.explore.map.terms import Terms
from hybrid_rec.model.fitted import Model
from hybrid_rec.model.nearest import NearestItems

NEIGHBOURS = 10
"""Neighbours that the page shows by each block."""


def draw(
    recommender: NearestItems,
    path: Path,
    *,
    block: str | None,
    playlists: bool,
    seed: int,
    progress: Progress,
) -> int:
    """Write the map of a model to a file and say how many points it has.

    See `HybridRecommender.map` for arguments and errors.
    """
    model = recommender.model_
    blocks = (COOCCURRENCE, *model.blocks.names)
    if block is not None:
        check_block(block, blocks)
    check_flag(playlists, "playlists")
    check_seed(seed)
    check_file(path)
    points = Points.of(model, playlists=bool(playlists))
    places = laid_out(vectors_of(model, points, block, seed), seed, progress)
    with progress.stage("names of regions"):
        regions, codes = regions_of(places, Terms.of(model, points), seed)
    widest = [" · ".join(region.terms) for region in regions if region.level == 0]
    colours = [by_region(codes, widest), *colourings(model, points)]
    facts = {
        "items": _items(model, points.items),
        "playlists": _playlists(model),
        "placed": len(points.playlists),
        "regions": [asdict(region) for region in regions if region.terms],
        "blocks": list(blocks),
        "neighbours": NEIGHBOURS,
        "colours": [{"name": c.name, "values": c.values, "ends": c.ends} for c in colours],
        "by": block or "the whole score",
    }
    arrays: dict[str, NDArray[Any]] = {
        "places": places.astype(np.float32).ravel(),
        "plays": model.playlists.play_counts[points.items].astype(np.int32),
        **_held(model, points.items),
    }
    number_of = _numbers(points.items, len(model.catalog))
    for name in blocks:
        near = neighbours(recommender, points.items, name, NEIGHBOURS, progress)
        arrays[f"near {name}"] = number_of[near].astype(np.int32).ravel()
    for number, colour in enumerate(colours):
        arrays[f"colour {number}"] = colour.codes
    title = f"Map of {how_many(len(points.items), 'items')}"
    try:
        replace_text(path.resolve(), page(title, facts, arrays))
    except (OSError, RuntimeError, ValueError) as error:
        raise ArtifactError(f"file {path} cannot be written: {error}.") from None
    return len(points)


def check_file(path: Path) -> None:
    """Refuse a path that no page can be written to.

    Raises:
        ArtifactError: If it is a folder, or cannot be written.
    """
    try:
        target = path.resolve()
        if target.is_dir():
            raise ArtifactError(
                f"a map must be written to a file, but {path} is a folder; name a file such as "
                f"{path / 'map.html'}."
            )
        check_writable(target)
    except (OSError, RuntimeError, ValueError) as error:
        raise ArtifactError(f"file {path} cannot be written: {error}.") from None


def _items(model: Model, rows: Rows) -> dict[str, Any]:
    """Ids, titles and artists, the latter by numbers of a list."""
    artists = model.catalog.artists[rows].tolist()
    known = {artist: number for number, artist in enumerate(dict.fromkeys(artists))}
    return {
        "ids": model.catalog.item_ids[rows].tolist(),
        "titles": [title or "" for title in model.catalog.titles[rows]],
        "artists": [artist or "" for artist in known],
        "artist": [known[artist] for artist in artists],
    }


def _playlists(model: Model) -> dict[str, Any]:
    names = model.playlists.names
    return {
        "ids": model.playlists.playlist_ids.tolist(),
        "names": None if names is None else names.tolist(),
    }


def _held(model: Model, items: Rows) -> dict[str, NDArray[Any]]:
    """The items of each playlist, one behind the other, and where each begins."""
    number_of = _numbers(items, len(model.catalog))
    held = number_of[model.playlists.rows]
    owners = model.playlists.owners
    kept = held >= 0
    sizes = np.bincount(owners[kept], minlength=len(model.playlists))
    return {
        "held": held[kept].astype(np.int32),
        "held from": np.concatenate([[0], np.cumsum(sizes)]).astype(np.int32),
    }


def _numbers(rows: Rows, n_items: int) -> Rows:
    """The number of the point of each row, `(n_items + 1,)`; -1 for none, and for row -1."""
    numbers = np.full(n_items + 1, -1, np.int64)
    numbers[rows] = np.arange(len(rows))
    return numbers

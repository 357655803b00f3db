"""All that a model knows of one item."""

from __future__ import annotations

from typing import Any

import numpy as np

from hybrid_rec.blocks.cold_start import SOURCES
from hybrid_rec.core.config import COOCCURRENCE
from hybrid_rec.model.nearest import NearestItems


def item_card(recommender: NearestItems, item_id: str, k: int = 5) -> dict[str, Any]:
    """What a model knows of an item, as JSON can hold it.

    Args:
        recommender: A fitted model.
        item_id: An id of its catalogue.
        k: Neighbours wanted by each block.

    Returns:
        `columns` (all of the catalogue), `plays`, `source` (where its place comes from),
        `playlists` (all it is in, `playlist_id` and `name`), and `neighbours`: by block, the
        nearest items by this block alone, with `item_id`, `title`, `artist` and `score`. A block
        that says nothing of the item has none.

    Raises:
        UnknownItemError: For an unknown id.
    """
    model = recommender.model_
    row = int(model.catalog.rows([item_id])[0])
    playlists = model.playlists
    holding = np.unique(playlists.owners[playlists.rows == row])
    names = [""] * len(holding) if playlists.names is None else playlists.names[holding].tolist()
    neighbours = {}
    for block in (COOCCURRENCE, *model.blocks.names):
        found = recommender.similar_items([item_id], k, weights=block).to_frame()
        near = found[(found["score"] > 0) & (found["source"] != "popularity")]
        neighbours[block] = near[["item_id", "title", "artist", "score"]].to_dict("records")
    return {
        "item_id": item_id,
        "columns": model.catalog.table.slice(row, 1).drop_columns(["item_id"]).to_pylist()[0],
        "plays": int(playlists.play_counts[row]),
        "source": SOURCES[model.sources[row]],
        "playlists": [
            {"playlist_id": playlists.playlist_ids[place], "name": name}
            for place, name in zip(holding.tolist(), names, strict=True)
        ],
        "neighbours": neighbours,
    }

"""Neighbours: the items that `similar_items` finds by one block alone, for all items at once."""

from __future__ import annotations

import numpy as np

from hybrid_rec.core.arrays import Rows
from hybrid_rec.core.progress import Progress
from hybrid_rec.model.nearest import NearestItems
from hybrid_rec.model.search import POPULARITY_SOURCE

_CHUNK = 2048


def neighbours(
    recommender: NearestItems, rows: Rows, block: str, k: int, progress: Progress
) -> Rows:
    """Rows of the k nearest items of some items by one block, `(n, k)`.

    Best first, as `similar_items` has them; -1 where the block says that no more are alike.

    Args:
        recommender: A fitted recommender.
        rows: Rows of items.
        block: Name of a block.
        k: Neighbours wanted of each.
        progress: Told of the items that are done.
    """
    near = np.full((len(rows), k), -1, np.int64)
    with progress.stage(f"nearest by {block}", len(rows)) as advance:
        for start in range(0, len(rows), _CHUNK):
            part = slice(start, start + _CHUNK)
            near[part] = _asked(recommender, rows[part], block, k)
            advance(len(rows[part]))
    return near


def _asked(recommender: NearestItems, rows: Rows, block: str, k: int) -> Rows:
    """What `similar_items` itself answers."""
    catalog = recommender.model_.catalog
    found = recommender.similar_items(catalog.item_ids[rows].tolist(), k, weights=block)
    told = (found.scores > 0) & (found.sources != POPULARITY_SOURCE)
    near = np.full(told.shape, -1, np.int64)
    near[told] = catalog.rows(found.item_ids[told])
    return near

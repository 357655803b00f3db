"""Neighbours: the items that `similar_items` finds by one block alone, for all items at once."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from hybrid_rec.core.arrays import Rows
from hybrid_rec.core.progress import Progress
from hybrid_rec.data.queries import as_singles
from hybrid_rec.model.nearest import NearestItems
from hybrid_rec.model.search import POPULARITY_SOURCE
from indexes.base import NO_ROW, NO_SCORE
from indexes.faiss_index import FaissIndex
from indexes.hybrid import HybridQueries
from indexes.hybrid_queries import weighted
from indexes.posting_lists import PostingLists
from indexes.selection import best

_CHUNK = 2048
# Found beyond k, because rounding may change which rows are the last of k.
_SPARE = 16
# More than rounding can change of the cosine of two rows.
_SLACK = 1e-5


def neighbours(
    recommender: NearestItems, rows: Rows, block: str, k: int, progress: Progress
) -> Rows:
    """Rows of the k nearest items of some items by one block, `(n, k)`.

    Best first, as `similar_items` has them; -1 where the block says that no more are alike.

    Args:
        recommender: A fitted recommender.
        rows: Rows of all items that may be found, ascending.
        block: Name of a block.
        k: Neighbours wanted of each.
        progress: Told of the items that are done.
    """
    index = recommender.model_.index
    with progress.stage(f"nearest by {block}", len(rows)) as advance:
        if block in index.one_hot:
            near = _by_labels(recommender, rows, block, k)
            advance(len(rows))
            return near
        near = np.full((len(rows), k), NO_ROW, np.int64)
        vectors = FaissIndex.build(index.blocks(rows)[block]) if index.index.exact else None
        for start in range(0, len(rows), _CHUNK):
            part = slice(start, start + _CHUNK)
            if vectors is None:
                near[part] = _asked(recommender, rows[part], block, k)
            else:
                near[part] = _by_vectors(recommender, vectors, rows, part, block, k)
            advance(len(rows[part]))
    return near


def _asked(recommender: NearestItems, rows: Rows, block: str, k: int) -> Rows:
    """What `similar_items` itself answers."""
    catalog = recommender.model_.catalog
    found = recommender.similar_items(catalog.item_ids[rows].tolist(), k, weights=block)
    told = (found.scores > 0) & (found.sources != POPULARITY_SOURCE)
    near = np.full(told.shape, NO_ROW, np.int64)
    near[told] = catalog.rows(found.item_ids[told])
    return near


def _by_vectors(
    recommender: NearestItems, vectors: FaissIndex, rows: Rows, part: slice, block: str, k: int
) -> Rows:
    """The same by comparing the vectors of many items at a time, where the block is dense."""
    model = recommender.model_
    asked = rows[part]
    singles = as_singles(model.catalog.item_ids[asked].tolist(), model.catalog, "raise")
    own = HybridQueries({block: model.queries(singles).dense[block]})
    places = vectors.proposals(np.asarray(own.dense[block], np.float32), k + 1 + _SPARE)
    found = np.where(places < 0, NO_ROW, rows[places])
    # Scored as a search scores them, over all blocks, so that ties are the same.
    queries, _ = weighted(own, {block: 1.0}, model.index.layout, {})
    scores = model.index.index.scores(queries, found)
    scores[found == asked[:, None]] = NO_SCORE
    result = best(found, scores, k)
    last = np.where(found == asked[:, None], np.inf, scores).min(axis=1)
    more = places.shape[1] < len(rows)
    unsure = (last >= result.scores[:, -1] - _SLACK) & (result.scores[:, -1] > 0) & more
    near = np.where(result.scores > 0, result.rows, NO_ROW)
    if unsure.any():
        near[unsure] = _asked(recommender, asked[unsure], block, k)
    return near


def _by_labels(recommender: NearestItems, rows: Rows, block: str, k: int) -> Rows:
    """The same where the block is sparse: items with the same labels have the same neighbours."""
    model = recommender.model_
    labels = model.index.one_hot[block]
    postings = PostingLists({block: labels}, labels.shape[0])
    kinds: dict[bytes, list[int]] = {}
    for place, row in enumerate(rows.tolist()):
        span = slice(labels.indptr[row], labels.indptr[row + 1])
        key = labels.indices[span].tobytes() + labels.data[span].tobytes()
        kinds.setdefault(key, []).append(place)
    first = rows[[places[0] for places in kinds.values()]]
    singles = as_singles(model.catalog.item_ids[first].tolist(), model.catalog, "raise")
    queries = {block: sparse.csr_array(model.queries(singles).sparse[block], dtype=np.float32)}
    near = np.full((len(rows), k), NO_ROW, np.int64)
    for number, places in enumerate(kinds.values()):
        found, scores = postings.scores(queries, number)
        kept = np.isin(found, model.removed, invert=True) & (scores > 0)
        listed = best(found[kept][None], scores[kept][None], k + 1).rows[0]
        for place in places:
            others = listed[(listed != rows[place]) & (listed != NO_ROW)][:k]
            near[place, : len(others)] = others
    return near

"""Items that are not in the catalogue, placed by their artist, title, tags or company."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse

from hybrid_rec.blocks.cold_start import SOURCES, artist_means, climb, trust_of
from hybrid_rec.blocks.queries import (
    ARTIST_BLOCK,
    COOCCURRENCE,
    TAG_BLOCK,
    TITLE,
    playlist_queries,
    with_prior,
)
from hybrid_rec.core.errors import DataError
from hybrid_rec.data.catalog import (
    Catalog,
    ObjectArray,
    RowArray,
    id_column,
    is_missing,
    require_columns,
    tag_lists,
    text_column,
)
from hybrid_rec.data.playlists import Playlists
from hybrid_rec.model.fit import Model
from indexes.hybrid import HybridQueries

CONTEXT_SOURCE = "context"


@dataclass(frozen=True)
class NewItems:
    """New items as queries, and how each was placed."""

    queries: HybridQueries
    """One query an item."""
    query_ids: ObjectArray
    """Their ids: the column `item_id`, or "0", "1", ..."""
    sources: ObjectArray
    """"context", or a rung of the cold-start ladder, `(n,)` strings."""
    context: Playlists | None
    """The catalogue items that each was seen with, if that was given."""


def place_new_items(model: Model, frame: pd.DataFrame) -> NewItems:
    """New items as queries against the model.

    An item is placed by the mean of the items it was seen with (`context`), or else by the
    cold-start ladder: its artist's items, the text map of its title and tags, or these alone.

    Args:
        model: Where to place them.
        frame: Columns `title` and `artist`; optionally `item_id`, `tags` (lists of strings) and
            `context` (lists of item ids of the catalogue, such as the rest of a new playlist).

    Raises:
        DataError: If a column is missing or an entry is of the wrong kind.
        UnknownItemError: If a context names an item that the catalogue lacks.
    """
    require_columns(frame, ("title", "artist"), "new items")
    ids = (
        id_column(frame["item_id"], "item_id").to_numpy()
        if "item_id" in frame.columns
        else np.arange(len(frame)).astype(str).astype(object)
    )
    titles = model.titles.encode(text_column(frame["title"]))
    artist_of = model.artists.codes(text_column(frame["artist"]))
    lists = tag_lists(frame["tags"]) if "tags" in frame.columns else [()] * len(frame)
    tags = model.tags.multi_hot(lists)
    vectors, rungs = _climb(model, titles, tags, artist_of)
    sources = np.array(SOURCES, dtype=object)[rungs]
    context = _context(frame, model.catalog)
    if context is not None:
        seen = np.asarray(playlist_queries(model.index, context).dense[COOCCURRENCE])
        placed = seen.any(axis=1)
        vectors[placed], sources[placed] = seen[placed], CONTEXT_SOURCE
    hot = {ARTIST_BLOCK: model.artists.one_hot(artist_of)}
    if len(model.tags):
        hot[TAG_BLOCK] = tags
    dense = with_prior({COOCCURRENCE: vectors, TITLE: titles}, len(frame))
    return NewItems(HybridQueries(dense, hot), ids, sources, context)


def _climb(
    model: Model, titles: Any, tags: sparse.csr_array, artist_of: RowArray
) -> tuple[Any, Any]:
    """The ladder of `cold_start.climb`, with the means of only those artists that are asked for."""
    n_artists = len(model.artists)
    wanted = np.zeros(n_artists, dtype=bool)
    wanted[artist_of[artist_of >= 0]] = True
    column = model.index.one_hot[ARTIST_BLOCK].tocoo()
    asked = wanted[column.col] & (model.sources[column.row] == 0)
    rows = column.row[asked].astype(np.int64)
    trust = trust_of(model.playlists.play_counts[rows], model.config.cold_start.shrinkage)
    vectors = model.index.blocks(rows)[COOCCURRENCE]
    means, known = artist_means(vectors, trust, column.col[asked], n_artists)
    ladder = model.config.cold_start.ladder
    return climb(titles, tags, artist_of, means, known, model.text_map, ladder=ladder)


def _context(frame: pd.DataFrame, catalog: Catalog) -> Playlists | None:
    if "context" not in frame.columns:
        return None
    lists: list[list[Any]] = []
    for row, entry in enumerate(frame["context"]):
        if is_missing(entry):
            lists.append([])
        elif isinstance(entry, list | tuple | np.ndarray):
            lists.append(list(entry))
        else:
            raise DataError(f"context must be a list of item ids, got {entry!r} at row {row}.")
    return Playlists.from_lists(lists, catalog)

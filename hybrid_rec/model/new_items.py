"""Items that are not in the catalogue, placed by what describes them or by their company."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from hybrid_rec.blocks.cold_start import SOURCES
from hybrid_rec.blocks.pooling import as_queries
from hybrid_rec.core.arrays import Objects, Rows
from hybrid_rec.core.checks import is_listing
from hybrid_rec.core.config import COOCCURRENCE
from hybrid_rec.core.errors import DataError
from hybrid_rec.core.progress import Progress
from hybrid_rec.core.quoting import quoted
from hybrid_rec.data.catalog import Catalog
from hybrid_rec.data.columns import id_column, is_missing, require_columns
from hybrid_rec.data.frames import Frame, as_frame, is_frame
from hybrid_rec.data.item_table import ITEM_ID, TITLE, item_array
from hybrid_rec.data.playlists import Playlists
from hybrid_rec.model.fitted import Model
from indexes.hybrid import HybridQueries

NewItemsTable = Frame | Mapping[str, Any] | Sequence[Mapping[str, Any]]
"""New items as a table, as a dict of one, or as a list of dicts."""
CONTEXT_SOURCE = CONTEXT = "context"
_NOTHING = np.empty(0, np.int64)


@dataclass(frozen=True)
class NewItems:
    """New items as queries, and how each was placed."""

    queries: HybridQueries
    """One query an item."""
    query_ids: Objects
    """Their ids: the column `item_id`, or "0", "1", ..."""
    sources: Objects
    """"context", or a source of the cold-start fallback, `(n,)` strings."""
    context: Playlists
    """The catalogue items that each was seen with; none where that was not given."""
    titles: Sequence[str | None]
    """Their titles, `(n,)`; None for a missing one."""
    groups: Rows
    """Code of each one's group, `(n,)`; -1 for none or one that the model does not know."""


def place_new_items(model: Model, frame: pd.DataFrame) -> NewItems:
    """New items as queries against the model.

    An item is placed by the mean of the items it was seen with (`context`), or else by the
    cold-start fallback: the items of its group, the map from what describes it, or nothing.

    Args:
        model: Where to place them.
        frame: Any of the columns that the model's blocks are made from, missing cells included;
            optionally `item_id` and `context` (lists of item ids of the catalogue, such as the
            rest of a new playlist).

    Raises:
        DataError: If no column tells anything, or an entry is of the wrong kind.
        UnknownItemError: If a context names an item that the catalogue lacks.
    """
    known = list(model.blocks.column_kinds)
    require_columns(frame, (), "new items", optional=[ITEM_ID, CONTEXT, *known])
    check_describes([str(name) for name in frame.columns], known, "new items")
    ids = (
        id_column(frame[ITEM_ID], ITEM_ID).to_numpy()
        if ITEM_ID in frame.columns
        else np.arange(len(frame)).astype(str).astype(object)
    )
    items = model.blocks.items_of(frame)
    described = model.blocks.encode(items, Progress())
    group_of = model.blocks.groups(items)
    vectors, codes = model.fallback(group_of).places(described, group_of)
    sources = np.array(SOURCES, dtype=object)[codes]
    context = _context(frame, model.catalog)
    seen = np.asarray(model.queries(context).dense[COOCCURRENCE])
    placed = seen.any(axis=1)
    vectors[placed], sources[placed] = seen[placed], CONTEXT_SOURCE
    queries = as_queries(vectors, described, len(frame))
    titles = (
        item_array(frame[TITLE], TITLE).to_pylist()
        if TITLE in frame.columns
        else [None] * len(frame)
    )
    return NewItems(queries, ids, sources, context, titles, group_of)


def new_items_frame(items: NewItemsTable) -> pd.DataFrame:
    """New items as a frame, one row an item; what a dict leaves out is missing.

    Raises:
        DataError: For anything but a frame, a dict or a list of dicts.
    """
    if is_frame(items):
        return as_frame(items, "new items")
    dicts: Any = [items] if isinstance(items, Mapping) else items
    is_list = isinstance(dicts, Sequence) and not isinstance(dicts, str)
    if not is_list or not dicts or not all(isinstance(entry, Mapping) for entry in dicts):
        raise DataError(
            "new items must be a DataFrame, a dict of one item or a list of dicts, got "
            f"{quoted(items)}."
        )
    names = list(dict.fromkeys(name for entry in dicts for name in entry))
    columns = {
        name: pd.Series([entry.get(name) for entry in dicts], dtype=object) for name in names
    }
    # Numbers keep their kind, lists stay cells.
    return pd.DataFrame(columns).infer_objects()


def check_describes(columns: Sequence[str], known: Sequence[str], what: str) -> None:
    """Raise a DataError unless one of the columns tells something of a new item.

    Args:
        columns: What there is.
        known: Columns that the model's blocks are made from.
        what: How an error message names the items.
    """
    if not {CONTEXT, *known} & set(columns):
        raise DataError(
            f"{what} must have some of the columns {', '.join([*known, CONTEXT])}, found "
            f"{', '.join(columns) or 'none'}; rename or add them."
        )


def _context(frame: pd.DataFrame, catalog: Catalog) -> Playlists:
    if CONTEXT not in frame.columns:
        return Playlists.from_rows(np.zeros(len(frame), np.int64), _NOTHING, len(catalog))
    lists: list[list[Any]] = []
    for row, entry in enumerate(frame[CONTEXT]):
        if is_missing(entry):
            lists.append([])
        elif isinstance(entry, list | tuple | np.ndarray) and is_listing(entry):
            lists.append(list(entry))
        else:
            raise DataError(
                f"context must be a list of item ids, got {quoted(entry)} at row {row}."
            )
    return Playlists.from_lists(lists, catalog)

"""The rows of a chunk as queries of the model, and what of them is rejected and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from hybrid_rec.batch.chunks import LONGEST, Chunk
from hybrid_rec.batch.input import FILE, ROW
from hybrid_rec.batch.layout import CONTEXT, ID, ITEM, ITEMS, NAME, WEIGHT
from hybrid_rec.core.arrays import Mask, Objects, Rows
from hybrid_rec.core.errors import DataError
from hybrid_rec.core.quoting import quoted
from hybrid_rec.core.words import how_many
from hybrid_rec.data.catalog import Catalog
from hybrid_rec.data.playlist_names import as_names
from hybrid_rec.data.playlists import Playlists
from hybrid_rec.data.report import MISSING_IDS, UNKNOWN_ITEMS

MISSING_ID = "missing id"
REPEATED = "the id stood before"
EMPTY = "empty list"
MISSING_ITEM = "missing item_id"
UNKNOWN_ITEM = "unknown item_id"
UNREADABLE_ORDER = "unreadable position or played_at"
UNREADABLE_WEIGHT = "unreadable weight"
TOO_LONG = f"rows beyond the first {LONGEST:,} of a playlist"

# As the report of `fit` has it, where that drops the same.
_IN_WORDS = {
    MISSING_ID: MISSING_IDS,
    MISSING_ITEM: MISSING_IDS,
    UNKNOWN_ITEM: UNKNOWN_ITEMS,
    UNREADABLE_ORDER: "rows with an unreadable position or played_at",
    UNREADABLE_WEIGHT: "rows with an unreadable weight",
    REPEATED: "queries whose id stood before",
    EMPTY: "empty lists",
    TOO_LONG: f"playlists with more than {LONGEST:,} rows",
}

REJECTED = pa.schema(
    {
        "file": pa.string(),
        "row": pa.int64(),
        "query_id": pa.string(),
        "item_id": pa.string(),
        "reason": pa.string(),
    }
)
"""Rows count from 0 in each file, without the header. Where a whole playlist is meant, `row` is its
first one and `item_id` is null."""


class Rejections:
    """Collects what is rejected of one chunk."""

    def __init__(self) -> None:
        self._rows: list[Rows] = []
        self._plays: list[Rows] = []
        self._items: list[Objects] = []
        self._reasons: list[Objects] = []

    def add(
        self,
        reason: str,
        rows: Rows,
        plays: Rows | None = None,
        items: Objects | None = None,
    ) -> None:
        """Reject rows of the chunk, or single plays in them.

        Args:
            reason: Why.
            rows: Rows of the chunk's table, `(n,)`.
            plays: Which plays in the chunk, `(n,)`, to list them in their order.
            items: Their item ids, `(n,)`.
        """
        if len(rows):
            self._rows.append(rows)
            self._plays.append(np.full(len(rows), -1) if plays is None else plays)
            self._items.append(np.full(len(rows), None) if items is None else items)
            self._reasons.append(np.full(len(rows), reason, dtype=object))

    def table(self, chunk: Chunk, files: Sequence[str]) -> pa.Table | None:
        """The rejected rows in the order of the chunk; None for none."""
        if not self._rows:
            return None
        rows, plays = np.concatenate(self._rows), np.concatenate(self._plays)
        order = np.lexsort((plays, rows))
        taken = chunk.table.select([FILE, ROW, ID]).take(pa.array(rows[order]))
        columns = [
            np.array(files, dtype=object)[np.asarray(taken[FILE])],
            taken[ROW],
            taken[ID].cast(pa.string()),
            np.concatenate(self._items)[order],
            np.concatenate(self._reasons)[order],
        ]
        return pa.table(
            [
                column if isinstance(column, pa.ChunkedArray) else pa.array(column, field.type)
                for column, field in zip(columns, REJECTED, strict=True)
            ],
            schema=REJECTED,
        )


def without_id(rows: pa.Table, files: Sequence[str]) -> pa.Table:
    """Rows of tidy input that belong to no playlist, as they are listed.

    Args:
        rows: Rows as `TableReader.batches` gives them.
        files: The names of the input files.
    """
    n_rows = rows.num_rows
    nothing = pa.nulls(n_rows, pa.string())
    names = np.array(files, dtype=object)[np.asarray(rows[FILE])]
    reasons = np.full(n_rows, MISSING_ID, dtype=object)
    columns = [pa.array(names, pa.string()), rows[ROW], nothing, nothing, reasons]
    return pa.table(columns, schema=REJECTED)


def in_words(reasons: Mapping[str, int]) -> str:
    """What was rejected for which reasons, in the words of the report that `fit` prints.

    Args:
        reasons: Reason -> count.
    """
    counts: dict[str, int] = {}
    for reason, count in reasons.items():
        words = _IN_WORDS[reason]
        counts[words] = counts.get(words, 0) + count
    return ", ".join(how_many(count, words) for words, count in counts.items())


def refused(complaint: str) -> DataError:
    """The error for the first rejected row where every row must be good."""
    return DataError(
        f"input must be without bad rows, but {complaint} (rows count from 0, without the header); "
        "mend it, or do without strict: bad rows are then left out and listed."
    )


def complaint_of(rejected: pa.Table) -> str:
    """The first rejected row, for a message."""
    first = rejected.slice(0, 1).to_pylist()[0]
    item = "" if first["item_id"] is None else f" {quoted(first['item_id'])}"
    query = quoted(first["query_id"])
    return f"{first['file']}, row {first['row']}, query {query}: {first['reason']}{item}"


class _Plays:
    """The plays of a chunk, of which the bad ones drop out, each with its reason.

    Args:
        rows: The row of each in the chunk's table, `(n_plays,)`.
        items: Their item ids.
        kept: Which are left.
        rejections: Where the reasons go.
    """

    def __init__(self, rows: Rows, items: pa.Array, kept: Mask, rejections: Rejections) -> None:
        self.rows, self.kept = rows, kept
        self.ids = np.array(items.to_pylist(), dtype=object)
        self._rejections = rejections
        self.drop((self.ids == None) | (self.ids == ""), MISSING_ITEM)  # noqa: E711  # each one

    def drop(self, bad: Mask, reason: str, *, listed: Mask | None = None) -> None:
        """Drop plays and list them, or only those of them that are `listed`."""
        bad = self.kept & bad
        named = np.flatnonzero(bad if listed is None else bad & listed)
        self._rejections.add(reason, self.rows[named], named, self.ids[named])
        self.kept &= ~bad

    def find(self, catalog: Catalog) -> Rows:
        """The catalogue row of each play that is left; those that have none drop out."""
        found = np.full(len(self.ids), -1, np.int64)
        found[self.kept] = catalog.rows(self.ids[self.kept].tolist(), "negative")
        self.drop(found < 0, UNKNOWN_ITEM)
        return found


def playlists_of(chunk: Chunk, catalog: Catalog, rejections: Rejections) -> tuple[Playlists, int]:
    """The playlists of a chunk in play order, without what is rejected, and how many rows they use.

    A playlist of which nothing is left stays, as an empty one. Plays with the same position or time
    stand in the order of the catalogue, so that the order of the rows changes nothing.

    Args:
        chunk: Plays, or lists of items.
        catalog: The items that they refer to.
        rejections: Where the reasons go.
    """
    kept, asked = _sound(chunk, rejections)
    if ITEM in chunk.table.column_names:
        items, row_of = chunk.table[ITEM].combine_chunks(), np.arange(chunk.n_rows)
    else:
        items, row_of = _flat(chunk, ITEMS)
        rejections.add(EMPTY, np.setdiff1d(np.flatnonzero(kept), row_of))
    owners = chunk.owners[row_of]
    plays = _Plays(row_of, items, kept[row_of], rejections)
    place = np.arange(len(owners)) - np.searchsorted(owners, owners)
    plays.drop(place >= LONGEST, TOO_LONG, listed=place == LONGEST)
    order = None if chunk.order is None else chunk.order.read(chunk.table[chunk.order.name])
    if order is not None:
        plays.drop(order.unreadable, UNREADABLE_ORDER)
    weights = None
    if WEIGHT in chunk.table.column_names:
        weights = chunk.table[WEIGHT].to_numpy()
        plays.drop(np.isnan(weights), UNREADABLE_WEIGHT)
    rows = plays.find(catalog)
    keys = () if order is None else (np.where(order.missing, 0, rows), *order.sort_keys)
    left = np.flatnonzero(plays.kept)
    n_used = len(np.unique(row_of[left]))
    left = left[np.lexsort((*(key[left] for key in keys), owners[left]))]
    lengths = np.bincount(owners[left], minlength=len(chunk.repeated))[asked]
    called = _names(chunk)
    names = None if called is None else called[asked]
    ids = _ids(chunk)[asked]
    told = None if weights is None else weights[left].astype(np.float32)
    found = Playlists.from_rows(lengths, rows[left], len(catalog), ids, names=names, weights=told)
    return found, n_used


def new_items_of(chunk: Chunk, catalog: Catalog, rejections: Rejections) -> pd.DataFrame:
    """The new items of a chunk as `HybridRecommender.recommend_for_new_items` takes them."""
    kept, asked = _sound(chunk, rejections)
    table = chunk.table
    frame: dict[str, Any] = {"item_id": _ids(chunk)}
    for name in table.column_names:
        if name not in (FILE, ROW, ID, CONTEXT):
            frame[name] = _described(table[name])
    if CONTEXT in table.column_names:
        items, row_of = _flat(chunk, CONTEXT)
        plays = _Plays(row_of, items, kept[row_of], rejections)
        plays.find(catalog)
        ends = np.searchsorted(row_of[plays.kept], np.arange(1, chunk.n_rows))
        frame[CONTEXT] = [part.tolist() for part in np.split(plays.ids[plays.kept], ends)]
    return pd.DataFrame(frame)[asked]


def _described(column: pa.ChunkedArray) -> pd.Series[Any]:
    """A column of new items: numbers with NaN for missing ones, or text or lists with None."""
    if pa.types.is_floating(column.type):
        return pd.Series(column.to_numpy())
    return pd.Series(column.to_pylist(), dtype=object)


def _sound(chunk: Chunk, rejections: Rejections) -> tuple[Mask, Mask]:
    """Which rows are of a query that is asked, and which queries are."""
    nameless = np.asarray(chunk.table[ID].is_null(), dtype=bool)
    rejections.add(MISSING_ID, np.flatnonzero(nameless))
    repeated = np.flatnonzero(chunk.repeated)
    rejections.add(REPEATED, np.searchsorted(chunk.owners, repeated))
    asked = ~chunk.repeated & (_ids(chunk) != None)  # noqa: E711  # element by element
    return ~nameless & asked[chunk.owners], asked


def _ids(chunk: Chunk) -> Objects:
    """The id of each query; None where it has none."""
    first = np.searchsorted(chunk.owners, np.arange(len(chunk.repeated)))
    return np.array(chunk.table[ID].take(pa.array(first)).to_pylist(), dtype=object)


def _names(chunk: Chunk) -> Objects | None:
    """What each query is called, "" for no name; the first name where its rows have several."""
    if NAME not in chunk.table.column_names:
        return None
    texts = as_names(chunk.table[NAME].to_pylist())
    given = np.flatnonzero(texts != "")
    names: Objects = np.full(len(chunk.repeated), "", dtype=object)
    names[chunk.owners[given[::-1]]] = texts[given[::-1]]
    return names


def _flat(chunk: Chunk, name: str) -> tuple[pa.Array, Rows]:
    """The entries of a column of lists, and the row of each."""
    lists = chunk.table[name].combine_chunks()
    sizes = np.asarray(pc.fill_null(pc.list_value_length(lists), 0), dtype=np.int64)
    return lists.flatten(), np.repeat(np.arange(chunk.n_rows), sizes)

"""Tidy plays: one row a play, from a file or a DataFrame."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from hybrid_rec.core.arrays import Mask
from hybrid_rec.core.errors import DataError
from hybrid_rec.data.arrow_types import TEXT
from hybrid_rec.data.catalog import Catalog
from hybrid_rec.data.columns import id_column
from hybrid_rec.data.paths import located
from hybrid_rec.data.play_order import ORDER_COLUMNS
from hybrid_rec.data.playlists import Playlists
from hybrid_rec.data.readers.item_columns import played_items, without_text
from hybrid_rec.data.report import MISSING_IDS, RESPELLED, UNKNOWN_ITEMS, Dataset, finish
from hybrid_rec.data.tables import ROWS_FROM_0, read_table, wanted_columns

ITEM_COLUMNS, LIST_COLUMNS = ("title", "artist"), ("tags",)
"""What plays tell of their items, and which columns of items hold lists, unless one says more."""

_ROWS_WITH_ID = " Rows count from 0, without the header and without rows that lack an id."
# Stands for a missing id while plays are read, and in no catalogue, so that such rows are skipped.
_NO_ID = "\x00 no id"
_PLAYS = ("playlist_id", "item_id")
# What no item is described by.
_RESERVED = frozenset((*_PLAYS, *ORDER_COLUMNS, "playlist_name"))


def read_tidy(
    plays: str | Path | pd.DataFrame,
    items: str | Path | pd.DataFrame | None = None,
    *,
    item_columns: Sequence[str] = ITEM_COLUMNS,
    lists: Sequence[str] = LIST_COLUMNS,
    drop_copies: bool = False,
) -> Dataset:
    """Tidy plays, one row a play, from CSV, TSV, Parquet or a DataFrame.

    Ids are strings or integers; in CSV and TSV "007" stays "007" and only empty cells are
    missing. Playlists stand in order of first appearance; plays within one by `position`, else by
    `played_at`, else as they stand.

    Args:
        plays: Columns `playlist_id` and `item_id`; optionally `position`, `played_at` (a time, or
            seconds since 1970) and, where no `items` are given, the `item_columns`.
        items: A column `item_id`, and any others: all of them are handed to `Catalog.from_frame`.
            In CSV and TSV a column is of numbers if all its cells are finite numbers or empty, but
            for `title` and `artist`. Plays of other items are dropped and counted. Without `items`
            the catalogue is every item that is played, in order of first appearance.
        item_columns: Columns of the plays that describe their items, where no `items` are given.
            All but `title` and `artist` must be there. An item with several titles, say, keeps the
            most frequent one, the first among equals.
        lists: Columns that hold lists of strings, joined by "|", in CSV and TSV. All but `tags`
            must be there.
        drop_copies: Drop playlists with the same items in the same order as an earlier one.

    Raises:
        DataError: If a file is missing, damaged or lacks a column, if an id or time cannot be
            read, or if `items` gives an id two titles, naming the place.
    """
    source = "DataFrame" if isinstance(plays, pd.DataFrame) else str(plays)
    frame = _plays_frame(plays, () if items is not None else item_columns, lists)
    dropped: dict[str, int] = {}
    notes: dict[str, int] = {}
    if items is not None:
        catalog, dropped["items with missing ids"] = _catalog_of_items(items, lists)
    with located(source, "" if isinstance(plays, pd.DataFrame) else ROWS_FROM_0):
        frame, missing, n_unnamed = _mark_missing_ids(frame)
        if items is None:
            catalog, notes[RESPELLED] = _catalog_of_plays(frame[~missing], item_columns)
        playlists = Playlists.from_frame(frame, catalog, on_unknown="skip")
    n_missing = int(missing.sum())
    return finish(
        source,
        playlists,
        catalog,
        playlists_read=len(playlists) - n_unnamed,
        plays_read=len(frame),
        dropped={
            MISSING_IDS: n_missing,
            UNKNOWN_ITEMS: len(frame) - n_missing - playlists.n_plays,
            **dropped,
        },
        notes=notes,
        drop_copies=drop_copies,
    )


def read_plays(path: str | Path, *, item_columns: Sequence[str] = ITEM_COLUMNS) -> pd.DataFrame:
    """The plays in a CSV, TSV or Parquet file, for `Playlists.from_frame`; see `read_tidy`.

    Raises:
        DataError: If the file is missing, damaged or lacks a column.
    """
    return _plays_frame(path, item_columns, LIST_COLUMNS)


def read_items(items: str | Path | pd.DataFrame, *, lists: Sequence[str] = LIST_COLUMNS) -> Catalog:
    """The items in a table, with all its columns, those without an id left out; see `read_tidy`.

    Raises:
        DataError: If a file is missing, damaged, lacks a column or gives an id two titles.
    """
    return _catalog_of_items(items, lists)[0]


def items_of_plays(
    plays: pd.DataFrame, known: Catalog, *, item_columns: Sequence[str] = ITEM_COLUMNS
) -> Catalog | None:
    """The items of plays that a catalogue lacks, if the plays describe their items.

    Raises:
        DataError: If an item id is missing.
    """
    if not set(item_columns) & set(plays.columns):
        return None
    ids = id_column(plays["item_id"], "item_id")
    unknown = known.rows(ids, "negative") < 0
    if not unknown.any():
        return None
    return _catalog_of_plays(plays.assign(item_id=ids)[unknown], item_columns)[0]


def _plays_frame(
    plays: str | Path | pd.DataFrame, item_columns: Sequence[str], lists: Sequence[str]
) -> pd.DataFrame:
    """The columns of plays that are read."""
    describing = _names(item_columns, "item_columns")
    reserved = [name for name in describing if name in _RESERVED]
    if reserved:
        raise DataError(
            f"item_columns must be columns that describe items, got {reserved[0]!r}; leave it out."
        )
    required = (*_PLAYS, *(name for name in describing if name not in ITEM_COLUMNS))
    optional = (*ORDER_COLUMNS, *describing)
    joined = [name for name in _names(lists, "lists") if name in describing]
    return _tidy_frame(plays, "plays", required, optional, joined)


def _items_frame(items: str | Path | pd.DataFrame, lists: Sequence[str]) -> pd.DataFrame:
    """All columns of items."""
    joined = _names(lists, "lists")
    required = ("item_id", *(name for name in joined if name not in LIST_COLUMNS))
    return _tidy_frame(items, "items", required, None, joined)


def _tidy_frame(
    data: str | Path | pd.DataFrame,
    what: str,
    required: Sequence[str],
    optional: Sequence[str] | None,
    lists: Sequence[str],
) -> pd.DataFrame:
    """Columns of a table: the required ones, and the optional or else all others that it has."""
    if isinstance(data, pd.DataFrame):
        found = [str(name) for name in data.columns]
        columns = wanted_columns(what, found, required, found if optional is None else optional)
        if data.empty:
            raise DataError(f"{what} must hold at least one row, got an empty DataFrame.")
        return data.set_axis(found, axis="columns")[columns]
    table = read_table(Path(data), f"a file of {what}", required, optional)
    if Path(data).suffix.lower() != ".parquet":
        texts = frozenset(("playlist_id", "item_id", *ORDER_COLUMNS, *ITEM_COLUMNS))
        return without_text(table, texts, lists)
    for number, name in enumerate(table.column_names):
        if pa.types.is_integer(table[name].type) and name in (*_PLAYS, *ITEM_COLUMNS):
            # pandas would make floats of integers with gaps.
            table = table.set_column(number, name, table[name].cast(TEXT))
    return table.to_pandas()  # type: ignore[no-any-return]


def _names(names: Sequence[str], what: str) -> tuple[str, ...]:
    if isinstance(names, str) or not all(isinstance(name, str) for name in names):
        raise DataError(f"{what} must be a list of names of columns, got {names!r}.")
    return tuple(names)


def _mark_missing_ids(plays: pd.DataFrame) -> tuple[pd.DataFrame, Mask, int]:
    """Plays with ids as strings, which rows lack an id, and 1 if a playlist stands for those.

    Such rows stay, as plays of an item that no catalogue has, so that the rows that errors name
    are those of the input.
    """
    no_playlist, no_item = _missing_ids(plays["playlist_id"]), _missing_ids(plays["item_id"])
    missing = no_playlist | no_item
    ids = {
        "playlist_id": _filled_ids(plays["playlist_id"], no_playlist),
        "item_id": _filled_ids(plays["item_id"], missing),
    }
    return plays.assign(**ids), missing, int(no_playlist.any())


def _missing_ids(column: pd.Series[Any]) -> Mask:
    return (column.isna() | (column == "")).to_numpy(dtype=bool)


def _filled_ids(column: pd.Series[Any], missing: Mask) -> pd.Series[Any]:
    what = str(column.name)
    if not missing.any():
        return id_column(column, what)
    present = column[~missing]
    if pd.api.types.is_float_dtype(column.dtype) and (present % 1 == 0).all():
        # This is what pandas makes of integers with gaps; whole floats without gaps are refused.
        column = column.where(~missing, 0).astype(np.int64)
    return id_column(column.astype(object).where(~missing, _NO_ID), what)


def _catalog_of_plays(plays: pd.DataFrame, item_columns: Sequence[str]) -> tuple[Catalog, int]:
    """The catalogue of the items of plays, and how many of these stand in several spellings."""
    items, n_respelled = played_items(plays, item_columns)
    # Where no play has an id there is no item, which is told later, with the number of plays.
    catalog = Catalog.from_frame(items) if len(items) else Catalog.from_columns([], [], [])
    return catalog, n_respelled


def _catalog_of_items(
    items: str | Path | pd.DataFrame, lists: Sequence[str]
) -> tuple[Catalog, int]:
    """The catalogue of a table of items, and how many of its rows lack an id."""
    frame = _items_frame(items, lists)
    missing = _missing_ids(frame["item_id"])
    frame = frame.assign(item_id=_filled_ids(frame["item_id"], missing))[~missing]
    if isinstance(items, pd.DataFrame):
        return Catalog.from_frame(frame), int(missing.sum())
    with located(items, _ROWS_WITH_ID):
        return Catalog.from_frame(frame), int(missing.sum())

"""Tidy plays: one row a play, from a file or a DataFrame."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from hybrid_rec.core.errors import DataError
from hybrid_rec.data.catalog import Catalog
from hybrid_rec.data.columns import id_column, missing_ids, without_ids
from hybrid_rec.data.paths import located
from hybrid_rec.data.play_order import order_of
from hybrid_rec.data.playlists import Playlists
from hybrid_rec.data.readers.item_columns import played_items
from hybrid_rec.data.readers.tidy_frames import (
    ITEM_COLUMNS,
    LIST_COLUMNS,
    Given,
    Table,
    as_given,
    check_columns_used,
    items_frame,
    plays_frame,
)
from hybrid_rec.data.remote import named_by_url
from hybrid_rec.data.report import MISSING_IDS, NOT_LIKED, RESPELLED, UNKNOWN_ITEMS, Dataset, finish
from hybrid_rec.data.tables import ROWS_FROM_0, TableOptions

_ROWS_WITH_ID = " Rows count from 0, without the header and without rows that lack an id."


@named_by_url()
def read_tidy(
    plays: Table,
    items: Table | Catalog | None = None,
    *,
    item_columns: Sequence[str] = ITEM_COLUMNS,
    lists: Sequence[str] = LIST_COLUMNS,
    drop_copies: bool = False,
    columns: Mapping[str, str] | None = None,
    encoding: str | None = None,
    date_format: str | None = None,
) -> Dataset:
    """Tidy plays, one row a play, from CSV, TSV, Parquet, a DataFrame or another table.

    CSV and TSV may be packed by gzip or zstd (`.csv.gz`, `.csv.zst`), and semicolons or tabs may
    part the cells of CSV. Ids are strings or integers; in CSV and TSV "007" stays "007" and only
    empty cells are missing. Rows that lack an id are dropped and counted. Playlists stand in order
    of first appearance; plays within one by `position`, else by `played_at`, else as they stand.

    Args:
        plays: Columns `playlist_id` and `item_id`; optionally `position`, `played_at` (a time, a
            date as text, or a number since 1970 in seconds, milliseconds, microseconds or
            nanoseconds), `playlist_name` (the same in all rows of a playlist), `weight` (see
            `Playlists.from_frame`) and, where no `items` are given, the `item_columns`. Or one row
            a playlist in play order, with a list in `item_ids` (in CSV and TSV joined by "|").
        items: A `Catalog`, or a table with a column `item_id` and any others, all of which are
            handed to `Catalog.from_frame`. In CSV and TSV a column is of numbers if all its cells
            are finite numbers or empty, but for `title` and `artist`. Plays of other items are
            dropped and counted. Without `items` the catalogue is every item that is played, in
            order of first appearance.
        item_columns: Columns of the plays that describe their items, where no `items` are given.
            All but `title` and `artist` must be there. An item with several titles, say, keeps the
            most frequent one, the first among equals.
        lists: Columns that hold lists of strings, joined by "|", in CSV and TSV. All but `tags`
            must be there.
        drop_copies: Drop playlists with the same items in the same order as an earlier one.
        columns: What columns are called here, and what they are called in the tables, such as
            `{"playlist_id": "user", "item_id": "track"}`.
        encoding: Of CSV and TSV, such as "utf-16"; None for UTF-8.
        date_format: How `played_at` is written: "day-first", "month-first" or "year-first"; "s",
            "ms", "us" or "ns"; or a format of `strptime` such as "%d/%m/%Y". By default the whole
            column tells, and one that can be read in two ways is refused.

    Raises:
        DataError: If a file is missing, damaged or lacks a column, if an id or time cannot be
            read, or if `items` gives an id two titles, naming the place.
        ConfigError: If `columns`, `encoding` or `date_format` is none that can be used.
    """
    options = TableOptions.of(columns, encoding, date_format)
    given = _given(plays, "plays")
    known = items if isinstance(items, Catalog) else as_given(items, "items")
    described = None if isinstance(known, Catalog) else known
    check_columns_used(options, given, described, () if known is not None else item_columns)
    source = "DataFrame" if isinstance(given, pd.DataFrame) else str(given)
    frame = plays_frame(given, () if known is not None else item_columns, lists, options)
    dropped: dict[str, int] = {}
    notes: dict[str, int] = {}
    if isinstance(known, Catalog):
        catalog = known
    elif known is not None:
        catalog, dropped["items with missing ids"] = _catalog_of_items(known, lists, options)
    with located(source, "" if isinstance(given, pd.DataFrame) else ROWS_FROM_0):
        missing = without_ids(frame)
        if known is None:
            frame = frame.assign(item_id=id_column(frame["item_id"], "item_id", missing))
            catalog, notes[RESPELLED] = _catalog_of_plays(frame[~missing], item_columns)
        found = Playlists.from_frame(
            frame, catalog, on_unknown="skip", on_missing="skip", date_format=date_format
        )
    playlists = found.liked()
    n_missing = int(missing.sum())
    n_not_liked = found.n_plays - playlists.n_plays
    return finish(
        source,
        playlists,
        catalog,
        playlists_read=len(playlists),
        plays_read=len(frame),
        dropped={
            MISSING_IDS: n_missing,
            UNKNOWN_ITEMS: len(frame) - n_missing - found.n_plays,
            **dropped,
            **({NOT_LIKED: n_not_liked} if n_not_liked else {}),
        },
        notes=notes,
        drop_copies=drop_copies,
    )


@named_by_url()
def read_plays(
    plays: Table,
    *,
    item_columns: Sequence[str] = ITEM_COLUMNS,
    columns: Mapping[str, str] | None = None,
    encoding: str | None = None,
    date_format: str | None = None,
) -> pd.DataFrame:
    """Tidy plays as a frame for `HybridRecommender.update` and `Playlists.from_frame`.

    Args:
        plays: See `read_tidy`.
        item_columns: Columns that describe items, and are kept.
        columns: See `read_tidy`.
        encoding: See `read_tidy`.
        date_format: See `read_tidy`.

    Returns:
        Columns `playlist_id` and `item_id`, and those of `position`, `played_at` (as times),
        `playlist_name` and `item_columns` that there are; one row a play, also where an id is
        missing.

    Raises:
        DataError: If the file is missing, damaged or lacks a column, or a time cannot be read.
        ConfigError: See `read_tidy`.
    """
    options = TableOptions.of(columns, encoding, date_format)
    given = _given(plays, "plays")
    check_columns_used(options, given, item_columns=item_columns)
    return _timed(given, item_columns, options)


@named_by_url()
def read_items(
    items: Table,
    *,
    lists: Sequence[str] = LIST_COLUMNS,
    columns: Mapping[str, str] | None = None,
    encoding: str | None = None,
) -> Catalog:
    """The items in a table, with all its columns, those without an id left out; see `read_tidy`.

    Raises:
        DataError: If a file is missing, damaged, lacks a column or gives an id two titles.
        ConfigError: See `read_tidy`.
    """
    options = TableOptions.of(columns, encoding, None)
    return _catalog_of_items(_given(items, "items"), lists, options)[0]


def items_with_ids(items: Table) -> tuple[Catalog, int]:
    """What `read_items` gives, and how many rows lack an id.

    Raises:
        DataError: See `read_items`.
    """
    return _catalog_of_items(_given(items, "items"), LIST_COLUMNS, TableOptions())


@named_by_url()
def read_new(
    plays: Table | None,
    items: Table | None,
    *,
    columns: Mapping[str, str] | None = None,
    encoding: str | None = None,
    date_format: str | None = None,
) -> tuple[pd.DataFrame | None, Catalog | None, int]:
    """New plays without the rows that lack an id, new items, and how many rows were left out.

    Args:
        plays: See `read_plays`; None for none.
        items: See `read_items`; None for none.
        columns: See `read_tidy`; of both tables.
        encoding: See `read_tidy`.
        date_format: See `read_tidy`.

    Raises:
        DataError: See `read_plays` and `read_items`.
        ConfigError: See `read_tidy`.
    """
    options = TableOptions.of(columns, encoding, date_format)
    given, described = as_given(plays, "plays"), as_given(items, "items")
    check_columns_used(options, given, described)
    new_items = None
    if described is not None:
        new_items = _catalog_of_items(described, LIST_COLUMNS, options)[0]
    if given is None:
        return None, new_items, 0
    frame = _timed(given, ITEM_COLUMNS, options)
    missing = without_ids(frame)
    return frame[~missing], new_items, int(missing.sum())


def items_of_plays(
    plays: pd.DataFrame, known: Catalog, *, item_columns: Sequence[str] = ITEM_COLUMNS
) -> Catalog | None:
    """The items of plays that a catalogue lacks, if the plays describe their items.

    Raises:
        DataError: If an item id is missing.
    """
    if not set(item_columns) & set(plays.columns):
        return None
    missing = without_ids(plays)
    plays = plays.assign(item_id=id_column(plays["item_id"], "item_id", missing))[~missing]
    unknown = known.rows(plays["item_id"], "negative") < 0
    if not unknown.any():
        return None
    return _catalog_of_plays(plays[unknown], item_columns)[0]


def _given(table: Table, what: str) -> Given:
    """A table that must be there as a file or a DataFrame."""
    given = as_given(table, what)
    if given is None:
        raise DataError(f"{what} must be a file or a table, got None.")
    return given


def _timed(plays: Given, item_columns: Sequence[str], options: TableOptions) -> pd.DataFrame:
    """The columns of plays that are read, and `played_at` as times."""
    frame = plays_frame(plays, item_columns, LIST_COLUMNS, options)
    with located("DataFrame" if isinstance(plays, pd.DataFrame) else plays, ROWS_FROM_0):
        times = order_of(frame, options.date_format)[1]
    return frame if times is None else frame.assign(played_at=times)


def _catalog_of_plays(plays: pd.DataFrame, item_columns: Sequence[str]) -> tuple[Catalog, int]:
    """The catalogue of the items of plays, and how many of these stand in several spellings."""
    items, n_respelled = played_items(plays, item_columns)
    # Where no play has an id there is no item, which is told later, with the number of plays.
    catalog = Catalog.from_frame(items) if len(items) else Catalog.from_columns([], [], [])
    return catalog, n_respelled


def _catalog_of_items(
    items: Given, lists: Sequence[str], options: TableOptions
) -> tuple[Catalog, int]:
    """The catalogue of a table of items, and how many of its rows lack an id."""
    frame = items_frame(items, lists, options)
    missing = missing_ids(frame["item_id"])
    with located("DataFrame" if isinstance(items, pd.DataFrame) else items, ROWS_FROM_0):
        ids = id_column(frame["item_id"], "item_id", missing)
    frame = frame.assign(item_id=ids)[~missing]
    if isinstance(items, pd.DataFrame):
        return Catalog.from_frame(frame), int(missing.sum())
    with located(items, _ROWS_WITH_ID):
        return Catalog.from_frame(frame), int(missing.sum())

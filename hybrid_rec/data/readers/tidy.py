"""Tidy plays: one row a play, from a file or a DataFrame."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from hybrid_rec.core.errors import DataError
from hybrid_rec.data.catalog import Catalog, ObjectArray, RowArray, id_column, text_column
from hybrid_rec.data.paths import located
from hybrid_rec.data.playlists import Playlists
from hybrid_rec.data.report import MISSING_IDS, RESPELLED, UNKNOWN_ITEMS, Dataset, finish
from hybrid_rec.data.tables import ROWS_FROM_0, read_table, wanted_columns

_ROWS_WITH_ID = " Rows count from 0, without the header and without rows that lack an id."
# Stands for a missing id while plays are read, and in no catalogue, so that such rows are skipped.
_NO_ID = "\x00 no id"


def read_tidy(
    plays: str | Path | pd.DataFrame,
    items: str | Path | pd.DataFrame | None = None,
    *,
    drop_copies: bool = False,
) -> Dataset:
    """Tidy plays, one row a play, from CSV, TSV, Parquet or a DataFrame.

    Ids are strings or integers; in CSV and TSV "007" stays "007" and only empty cells are
    missing. Playlists stand in order of first appearance; plays within one by `position`, else by
    `played_at`, else as they stand.

    Args:
        plays: Columns `playlist_id` and `item_id`; optionally `position`, `played_at` (a time, or
            seconds since 1970) and, where no `items` are given, `title` and `artist`.
        items: Columns `item_id`, `title`, `artist` and optionally `tags`: lists of strings, in
            CSV and TSV joined by "|". Plays of other items are dropped and counted. Without
            `items` the catalogue is every item that is played, in order of first appearance; an id
            with several titles or artists keeps the most frequent one, the first among equals.
        drop_copies: Drop playlists with the same items in the same order as an earlier one.

    Raises:
        DataError: If a file is missing, damaged or lacks a column, if an id or time cannot be
            read, or if `items` gives an id two titles, naming the place.
    """
    source = "DataFrame" if isinstance(plays, pd.DataFrame) else str(plays)
    texts = ("title", "artist") if items is None else ()
    frame = _tidy_frame(
        plays, "plays", ("playlist_id", "item_id"), ("position", "played_at", *texts)
    )
    dropped: dict[str, int] = {}
    notes: dict[str, int] = {}
    if items is not None:
        catalog, dropped["items with missing ids"] = _catalog_of_items(items)
    with located(source, "" if isinstance(plays, pd.DataFrame) else ROWS_FROM_0):
        frame, missing, n_unnamed = _mark_missing_ids(frame)
        if items is None:
            catalog, notes[RESPELLED] = _catalog_of_plays(frame[~missing])
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


def read_plays(path: str | Path) -> pd.DataFrame:
    """The plays in a CSV, TSV or Parquet file, for `Playlists.from_frame`; see `read_tidy`.

    Raises:
        DataError: If the file is missing, damaged or lacks a column.
    """
    optional = ("position", "played_at", "title", "artist")
    return _tidy_frame(path, "plays", ("playlist_id", "item_id"), optional)


def read_items(path: str | Path) -> Catalog:
    """The items in a CSV, TSV or Parquet file, those without an id left out; see `read_tidy`.

    Raises:
        DataError: If the file is missing, damaged, lacks a column or gives an id two titles.
    """
    return _catalog_of_items(path)[0]


def items_of_plays(plays: pd.DataFrame, known: Catalog) -> Catalog | None:
    """The items of plays that a catalogue lacks, if the plays tell their titles or artists.

    Raises:
        DataError: If an item id is missing.
    """
    if not {"title", "artist"} & set(plays.columns):
        return None
    ids = id_column(plays["item_id"], "item_id")
    unknown = known.rows(ids, "negative") < 0
    if not unknown.any():
        return None
    return _catalog_of_plays(plays.assign(item_id=ids)[unknown])[0]


def _tidy_frame(
    data: str | Path | pd.DataFrame, what: str, required: Sequence[str], optional: Sequence[str]
) -> pd.DataFrame:
    if isinstance(data, pd.DataFrame):
        columns = wanted_columns(what, [str(name) for name in data.columns], required, optional)
        if data.empty:
            raise DataError(f"{what} must hold at least one row, got an empty DataFrame.")
        return data[columns]
    types = {"position": pa.float64()}
    table = read_table(Path(data), f"a file of {what}", required, optional, types)
    for number, name in enumerate(table.column_names):
        column = table[name]
        if pa.types.is_integer(column.type) and name in required:
            # pandas would make floats of integers with gaps.
            table = table.set_column(number, name, column.cast(pa.large_string()))
        elif name == "played_at" and pa.types.is_large_string(column.type):
            with suppress(pa.ArrowInvalid):  # not seconds, so left as text for pandas to read
                table = table.set_column(number, name, column.cast(pa.float64()))
    return table.to_pandas()  # type: ignore[no-any-return]


def _mark_missing_ids(plays: pd.DataFrame) -> tuple[pd.DataFrame, NDArray[np.bool_], int]:
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


def _missing_ids(column: pd.Series[Any]) -> NDArray[np.bool_]:
    return (column.isna() | (column == "")).to_numpy(dtype=bool)


def _filled_ids(column: pd.Series[Any], missing: NDArray[np.bool_]) -> pd.Series[Any]:
    what = str(column.name)
    if not missing.any():
        return id_column(column, what)
    present = column[~missing]
    if pd.api.types.is_float_dtype(column.dtype) and (present % 1 == 0).all():
        # This is what pandas makes of integers with gaps; whole floats without gaps are refused.
        column = column.where(~missing, 0).astype(np.int64)
    return id_column(column.astype(object).where(~missing, _NO_ID), what)


def _catalog_of_plays(plays: pd.DataFrame) -> tuple[Catalog, int]:
    """The items of plays in order of first appearance, and how many stand in several spellings."""
    codes, ids = pd.factorize(plays["item_id"])
    texts: dict[str, ObjectArray] = {}
    respelled = np.zeros(len(ids), dtype=bool)
    for name in ("title", "artist"):
        texts[name] = np.full(len(ids), None, dtype=object)
        if name in plays.columns:
            texts[name], several = _most_frequent(codes, text_column(plays[name]), len(ids))
            respelled |= several
    catalog = Catalog.from_columns(np.asarray(ids), texts["title"], texts["artist"])
    return catalog, int(respelled.sum())


def _most_frequent(
    codes: RowArray, texts: ObjectArray, n_items: int
) -> tuple[ObjectArray, NDArray[np.bool_]]:
    """The most frequent text of each item, the first among equals, and which have several."""
    spellings, values = pd.factorize(texts)
    known = spellings >= 0
    pairs, first, counts = np.unique(
        codes[known] * max(len(values), 1) + spellings[known],
        return_index=True,
        return_counts=True,
    )
    items, chosen = np.divmod(pairs, max(len(values), 1))
    order = np.lexsort((first, -counts, items))
    items, starts = np.unique(items[order], return_index=True)
    result = np.full(n_items, None, dtype=object)
    result[items] = values[chosen[order][starts]]
    return result, np.bincount(pairs // max(len(values), 1), minlength=n_items) > 1


def _catalog_of_items(items: str | Path | pd.DataFrame) -> tuple[Catalog, int]:
    """The catalogue of a table of items, and how many of its rows lack an id."""
    frame = _tidy_frame(items, "items", ("item_id", "title", "artist"), ("tags",))
    missing = _missing_ids(frame["item_id"])
    frame = frame.assign(item_id=_filled_ids(frame["item_id"], missing))[~missing]
    if isinstance(items, pd.DataFrame):
        return Catalog.from_frame(frame), int(missing.sum())
    if "tags" in frame.columns and Path(items).suffix.lower() != ".parquet":
        joined = frame["tags"].fillna("").str.split("|")
        frame = frame.assign(tags=joined.map(lambda tags: [tag for tag in tags if tag]))
    with located(items, _ROWS_WITH_ID):
        return Catalog.from_frame(frame), int(missing.sum())

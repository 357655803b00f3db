"""Plays as a caller holds them, in a tidy table or a sparse matrix, as rows of a catalogue."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from scipy import sparse

from hybrid_rec.core.arrays import Floats, Mask, Objects, Rows
from hybrid_rec.core.errors import DataError
from hybrid_rec.core.quoting import quoted
from hybrid_rec.data.catalog import Catalog
from hybrid_rec.data.columns import check_whole_text, id_column, missing_ids, require_columns
from hybrid_rec.data.date_text import Times
from hybrid_rec.data.frames import Frame, as_frame, as_values
from hybrid_rec.data.ids import as_item_ids
from hybrid_rec.data.play_order import order_of
from hybrid_rec.data.play_weights import WEIGHT, weight_column
from hybrid_rec.data.playlist_names import names_in

OnUnknown = Literal["raise", "skip"]
Missing = Literal["error", "negative"]


@dataclass(frozen=True, eq=False)
class Plays:
    """Plays of a catalogue, playlist by playlist; see `Playlists.from_rows`."""

    lengths: Rows
    rows: Rows
    n_items: int
    playlist_ids: Objects | Sequence[str] | None
    times: Times | None = None
    names: Objects | None = None
    weights: Floats | None = None


def plays_of_frame(
    plays: Frame,
    catalog: Catalog,
    unknown: Missing,
    missing: Missing,
    date_format: str | None,
    names: Frame | None,
) -> Plays:
    """The plays of a tidy table; see `Playlists.from_frame`."""
    frame = as_frame(plays, "plays")
    require_columns(frame, ("playlist_id", "item_id"), "plays", optional=(WEIGHT,))
    called = None if names is None else as_frame(names, "names")
    nameless: Mask | None = None
    empty: Mask | None = None
    if missing == "negative":
        nameless = missing_ids(frame["playlist_id"])
        empty = nameless | missing_ids(frame["item_id"])
    codes, playlist_ids = pd.factorize(id_column(frame["playlist_id"], "playlist_id", nameless))
    item_codes, item_ids = pd.factorize(id_column(frame["item_id"], "item_id", empty))
    # A missing id has the code -1, and no row.
    found = np.append(catalog.rows(item_ids, unknown), -1)
    weights = weight_column(frame[WEIGHT], empty) if WEIGHT in frame.columns else None
    keys, times = order_of(frame, date_format)
    order = np.lexsort((*keys, codes))
    order = order[codes[order] >= 0]
    ids = np.asarray(playlist_ids)
    return Plays(
        np.bincount(codes[codes >= 0], minlength=len(playlist_ids)),
        found[item_codes][order],
        len(catalog),
        ids,
        None if times is None else times[order],
        names_in(frame, called, codes, ids),
        None if weights is None else weights[order],
    )


def plays_of_matrix(
    matrix: Any,
    catalog: Catalog,
    unknown: Missing,
    playlist_ids: Sequence[Any] | None,
    item_ids: Sequence[Any] | None,
) -> Plays:
    """The entries of a sparse matrix; see `Playlists.from_csr`."""
    if not sparse.issparse(matrix) or matrix.ndim != 2:
        raise DataError(
            "matrix must be a sparse matrix of scipy, (n_playlists, n_items), got "
            f"{type(matrix).__name__}."
        )
    held = sparse.csr_array(matrix)
    if not (
        np.issubdtype(held.dtype, np.integer)
        or np.issubdtype(held.dtype, np.floating)
        or held.dtype == np.bool_
    ):
        raise DataError(f"matrix must hold real numbers, got {held.dtype}.")
    n_playlists, n_columns = held.shape
    ids = None if item_ids is None else _ids(item_ids, "item_ids", n_columns, "column")
    own = None if playlist_ids is None else _ids(playlist_ids, "playlist_ids", n_playlists, "line")
    if ids is None and n_columns != len(catalog):
        raise DataError(
            f"matrix must have a column for each of the {len(catalog)} items of the catalogue, got "
            f"{n_columns}; pass item_ids to say which items they are."
        )
    rows = np.arange(n_columns) if ids is None else catalog.rows(ids, unknown)
    values = held.data.astype(np.float64)
    odd = np.flatnonzero(~np.isfinite(values))
    if len(odd):
        line = int(np.searchsorted(held.indptr, odd[0], side="right")) - 1
        raise DataError(
            f"matrix must hold finite numbers, but line {line} holds {values[odd[0]]}; mend it."
        )
    stored = values != 0
    owners = np.repeat(np.arange(n_playlists), np.diff(held.indptr))[stored]
    equal = bool((values[stored] == 1).all())
    return Plays(
        np.bincount(owners, minlength=n_playlists),
        rows[held.indices[stored]],
        len(catalog),
        own,
        weights=None if equal else values[stored].astype(np.float32),
    )


def _ids(given: Any, what: str, wanted: int, of: str) -> list[str]:
    ids = as_item_ids(as_values(given), what)
    if len(ids) != wanted:
        raise DataError(
            f"{what} must have one entry for each {of} of the matrix, {wanted}, got {len(ids)}."
        )
    check_whole_text(ids, what)
    if len(set(ids)) < len(ids):
        twice = next(name for number, name in enumerate(ids) if name in ids[:number])
        raise DataError(f"{what} must be different, but {quoted(twice)} stands there twice.")
    return ids

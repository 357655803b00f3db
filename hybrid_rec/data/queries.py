"""What a caller asks for: one list of item ids or many, as playlists of a catalogue."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
from scipy import sparse

from hybrid_rec.core.checks import check_choice, is_listing
from hybrid_rec.core.errors import DataError, UnknownItemError
from hybrid_rec.core.quoting import quoted
from hybrid_rec.data.catalog import Catalog
from hybrid_rec.data.frames import Frame, SparseMatrix, as_frame, as_values, is_frame
from hybrid_rec.data.ids import as_item_ids
from hybrid_rec.data.playlist_names import names_for
from hybrid_rec.data.playlists import OnUnknown, Playlists

Queries: TypeAlias = (
    "Playlists | Sequence[Any] | pd.Series[Any] | pd.Index[Any] | Frame | SparseMatrix"
)
"""One list of item ids or many, or what `Playlists` are made of."""


def parse_queries(
    queries: Queries,
    catalog: Catalog,
    on_unknown: OnUnknown,
    names: Any = None,
) -> tuple[Playlists, int]:
    """One list of item ids or many, as playlists of `catalog`, and how many ids were skipped.

    Args:
        queries: `["a", "b"]` is one query, `[["a"], ["b", "c"]]` are two, `[]` is one empty
            query; a column of pandas, pyarrow or polars is like a list; `Playlists` of the same
            catalogue pass through, and are made of tables of plays and sparse matrices.
        catalog: The items that the ids refer to.
        on_unknown: "raise" or "skip" for ids that the catalogue lacks.
        names: What each query is called; None for none, whatever `Playlists` are called.

    Raises:
        DataError: If ids and lists are mixed, an id is neither a string nor an integer, or `names`
            are not as many texts as there are queries.
        UnknownItemError: If an id is unknown and `on_unknown` is "raise".
    """
    check_choice(on_unknown, ("raise", "skip"), "on_unknown")
    if is_frame(queries):
        plays = as_frame(queries, "queries")
        parsed = Playlists.from_frame(plays, catalog, on_unknown=on_unknown)
        if names is not None:
            parsed = replace(parsed, names=names_for(names, len(parsed)))
        return parsed, len(plays) - parsed.n_plays
    if sparse.issparse(queries):
        queries = Playlists.from_csr(queries, catalog)
    if isinstance(queries, Playlists):
        if queries.n_items != len(catalog):
            raise DataError(
                f"playlists must refer to the model's catalogue of {len(catalog)} items, "
                f"got a catalogue of {queries.n_items}."
            )
        return replace(queries, names=names_for(names, len(queries))), 0
    queries = as_values(queries)
    if not is_listing(queries) or not isinstance(queries, Sequence | np.ndarray):
        raise DataError(
            f"queries must be a list of item ids or a list of lists, got {quoted(queries)}."
        )
    nested = [not isinstance(entry, str | int | float | np.generic | None) for entry in queries]
    if any(nested) and not all(nested):
        raise DataError("queries must be all item ids (one query) or all lists (many), not both.")
    lists = list(queries) if nested and all(nested) else [queries]
    lists = [list(entry) if isinstance(entry, Iterator) else entry for entry in lists]
    try:
        parsed = Playlists.from_lists(lists, catalog, on_unknown=on_unknown, names=names)
    except UnknownItemError as error:
        raise UnknownItemError(f"{error} Or pass on_unknown='skip'.") from None
    return parsed, sum(map(len, lists)) - parsed.n_plays


def as_singles(item_ids: Sequence[Any], catalog: Catalog, on_unknown: OnUnknown) -> Playlists:
    """Playlists of one item each, that are called by its id; a skipped item has none.

    Args:
        item_ids: Ids of the catalogue.
        catalog: The items that they refer to.
        on_unknown: See `parse_queries`.

    Raises:
        DataError: For ids that are neither strings nor integers.
        UnknownItemError: If an id is unknown and `on_unknown` is "raise".
    """
    if isinstance(item_ids, str):
        raise DataError(f"item_ids must be a list of item ids, got the string {quoted(item_ids)}.")
    rows = parse_queries([as_item_ids(item_ids)], catalog, on_unknown)[0].rows
    ids = catalog.item_ids[rows]
    return Playlists.from_rows(np.ones(len(rows), np.int64), rows, len(catalog), ids)

"""Names of playlists: checked, and found in tables."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from hybrid_rec.core.arrays import Mask, Objects, Rows
from hybrid_rec.core.checks import is_listing
from hybrid_rec.core.errors import DataError
from hybrid_rec.core.quoting import quoted
from hybrid_rec.data.columns import id_column, is_missing, require_columns, text_column

NAME = "playlist_name"
"""The column of plays that holds the name of their playlist."""


def as_names(names: Any, what: str = "names") -> Objects:
    """Names as strings, `(n,)`; "" for one that is missing or blank.

    Half of a character becomes U+FFFD.

    Args:
        names: A list, an array or a column of strings and missing values.
        what: How an error message names it.

    Raises:
        DataError: With the place of the first that is not text.
    """
    if isinstance(names, str) or not is_listing(names):
        raise DataError(f"{what} must be a list of texts, got {quoted(names)}.")
    given = list(names)
    for place, name in enumerate(given):
        if not isinstance(name, str) and not is_missing(name):
            raise DataError(
                f"{what} must be texts, got {quoted(name)} at {place}; write names as text."
            )
    found = text_column(pd.Series(given, dtype=object))
    found[found == None] = ""  # noqa: E711  # element by element
    return found


def names_for(names: Any, n_playlists: int, what: str = "names") -> Objects | None:
    """One name for each playlist as a caller gives them, `(n_playlists,)`; None for none at all.

    Raises:
        DataError: If they are not as many texts as there are playlists.
    """
    if names is None:
        return None
    found = as_names(names, what)
    check_number_of_names(found, n_playlists, what)
    return _unless_empty(found)


def check_number_of_names(names: Objects | None, n_playlists: int, what: str = "names") -> None:
    """Raise a DataError unless there are none or one for each playlist."""
    if names is not None and len(names) != n_playlists:
        raise DataError(
            f'{what} must have one entry per playlist, {n_playlists}, got {len(names)}; write "" '
            "for a playlist without a name."
        )


def names_in(
    plays: pd.DataFrame, names: pd.DataFrame | None, codes: Rows, playlist_ids: Objects
) -> Objects | None:
    """The name of each playlist, from a table of names or a column of plays; None for none at all.

    Args:
        plays: Plays, perhaps with a column `playlist_name`.
        names: Columns `playlist_id` and `name`, or None.
        codes: The playlist of each play, `(n_plays,)`; negative for one that belongs to none.
        playlist_ids: Ids of the playlists.

    Raises:
        DataError: If a name is not text, is of an unknown playlist, or a playlist has two; or if
            there are both, the table and the column.
    """
    if names is None:
        if NAME not in plays.columns:
            return None
        return _one_each(codes, _column(plays[NAME], NAME), playlist_ids)
    require_columns(names, ("playlist_id", "name"), "names")
    if NAME in plays.columns:
        raise DataError(f"names must be given once, but plays have a column {NAME}; leave one out.")
    ids = id_column(names["playlist_id"], "playlist_id of names")
    owners = pd.Index(playlist_ids).get_indexer(pd.Index(ids))
    if (owners < 0).any():
        row = int(np.flatnonzero(owners < 0)[0])
        raise DataError(
            f"names must be of playlists that have plays, but {quoted(ids.iloc[row])} at row {row} "
            "has none; leave the row out."
        )
    return _one_each(owners, _column(names["name"], "name"), playlist_ids)


def renamed(before: Objects | None, n_before: int, target: Rows, later: Any) -> Objects | None:
    """The names of playlists of which some get others, and of new ones; None for none at all.

    Args:
        before: `(n_before,)` names, or None.
        n_before: How many playlists there were.
        target: The playlist that each of the later names is for, `(n_later,)`.
        later: `(n_later,)` names, or None; an empty one leaves a name as it is.
    """
    if before is None and later is None:
        return None
    n_after = max(n_before, int(target.max(initial=-1)) + 1)
    names = np.full(n_after, "", dtype=object)
    names[:n_before] = "" if before is None else before
    if later is not None:
        given = _given(later)
        names[target[given]] = later[given]
    return names


def _column(column: pd.Series[Any], what: str) -> Objects:
    """The names in a column in which most stand many times."""
    try:
        codes, different = pd.factorize(column)
        return np.append(as_names(different), "")[codes]
    except (TypeError, DataError):
        # Once more as a whole, for the message to say the row.
        return as_names(column, what)


def _one_each(owners: Rows, names: Objects, playlist_ids: Objects) -> Objects | None:
    """The one name of each playlist, of names that stand beside their owners."""
    named = np.flatnonzero(_given(names) & (owners >= 0))
    found = np.full(len(playlist_ids), "", dtype=object)
    # The first of each playlist is written last.
    found[owners[named[::-1]]] = names[named[::-1]]
    odd = named[found[owners[named]] != names[named]]
    if len(odd):
        row, owner = int(odd[0]), int(owners[odd[0]])
        raise DataError(
            f"a playlist must have one name, but {quoted(playlist_ids[owner])} is called "
            f"{quoted(found[owner])} and, at row {row}, {quoted(names[row])}; choose one."
        )
    return _unless_empty(found)


def _given(names: Objects) -> Mask:
    return np.asarray(names != "", dtype=bool)


def _unless_empty(names: Objects) -> Objects | None:
    return names if _given(names).any() else None

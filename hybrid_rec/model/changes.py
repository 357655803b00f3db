"""Changes: what an update brings, read and checked before anything is computed."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import count, islice
from typing import Any, Literal, get_args

import numpy as np

from hybrid_rec.core.arrays import Rows
from hybrid_rec.core.checks import check_choice, is_listing
from hybrid_rec.core.errors import DataError
from hybrid_rec.core.quoting import quoted
from hybrid_rec.data.catalog import Catalog
from hybrid_rec.data.columns import without_ids
from hybrid_rec.data.frames import Frame, as_frame, is_frame
from hybrid_rec.data.playlist_growth import of_grown
from hybrid_rec.data.playlists import OnUnknown, Playlists
from hybrid_rec.data.report import MISSING_IDS
from hybrid_rec.model.filters import filter_rows
from hybrid_rec.model.fitted import Model

OnKnown = Literal["raise", "extend"]
NewPlaylists = Playlists | Frame | Iterable[Iterable[Any]]


@dataclass(frozen=True, eq=False)
class Changes:
    """What a model is to know afterwards; all of it fits together."""

    catalog: Catalog
    """Known items at the rows they have, then the new ones."""
    playlists: Playlists
    """Known playlists with what was added to them, then the new ones, of that catalogue."""
    touched: Rows
    """Playlists that are new or were added to, ascending."""
    gained: Rows
    """New plays of each item, `(n_items,)`."""
    removed: Rows
    """Rows that may not be recommended, ascending."""


def read_changes(
    model: Model,
    new_playlists: NewPlaylists | None,
    new_items: Catalog | Frame | None,
    remove: Iterable[Any] | None,
    *,
    on_known: OnKnown,
    on_unknown: OnUnknown,
) -> Changes:
    """What an update brings; arguments and errors as in `HybridRecommender.update`."""
    if new_playlists is None and new_items is None and remove is None:
        raise DataError(
            "an update must be given new_playlists, new_items or remove, got none of them."
        )
    check_choice(on_known, get_args(OnKnown), "on_known")
    catalog, brought = model.catalog, np.empty(0, np.int64)
    if new_items is not None:
        items = new_items if isinstance(new_items, Catalog) else Catalog.from_frame(new_items)
        catalog = catalog.extended(items)
        brought = catalog.rows(items.item_ids)
    out = filter_rows(catalog, remove, on_unknown, "remove")
    gone = np.empty(0, np.int64) if out is None else out
    both = np.intersect1d(gone, brought)
    if len(both):
        raise DataError(
            f"an item must be brought or removed, but {quoted(catalog.item_ids[both[0]])} is in "
            "both new_items and remove; leave it out of one."
        )
    own = model.playlists
    before = replace(own, n_items=len(catalog), elsewhere=of_grown(own.elsewhere, len(catalog)))
    playlists, touched = before, np.empty(0, np.int64)
    if new_playlists is not None:
        added = _parsed(new_playlists, before, len(model.catalog), catalog, on_unknown).liked()
        playlists, touched = _joined(before, added, on_known)
    return Changes(
        catalog,
        playlists,
        touched,
        playlists.play_counts - before.play_counts,
        np.union1d(np.setdiff1d(model.removed, brought), gone),
    )


def _parsed(
    given: NewPlaylists, before: Playlists, n_known: int, catalog: Catalog, on_unknown: OnUnknown
) -> Playlists:
    """New playlists as rows of the grown catalogue."""
    if isinstance(given, Playlists):
        if given.n_items not in (n_known, len(catalog)):
            raise DataError(
                f"new_playlists must refer to the model's catalogue of {n_known} items, or to it "
                f"with the new items, of {len(catalog)}, but refer to one of {given.n_items}."
            )
        return replace(given, n_items=len(catalog), elsewhere=None)
    if is_frame(given):
        given = as_frame(given, "new_playlists")
        added = Playlists.from_frame(given, catalog, on_unknown=on_unknown, on_missing="skip")
        n_missing = int(without_ids(given).sum())
        if n_missing:
            warnings.warn(f"dropped {n_missing:,} {MISSING_IDS} of new_playlists.", stacklevel=2)
        return added
    if not is_listing(given):
        raise DataError(
            "new_playlists must be Playlists, a DataFrame or a list of lists of item ids, "
            f"got {quoted(given)}."
        )
    many: Any = given
    lists: list[Any] = list(many)
    taken = set(before.playlist_ids)
    free = (name for name in map(str, count(len(before))) if name not in taken)
    names = list(islice(free, len(lists)))
    return Playlists.from_lists(lists, catalog, playlist_ids=names, on_unknown=on_unknown)


def _joined(before: Playlists, added: Playlists, on_known: OnKnown) -> tuple[Playlists, Rows]:
    """All playlists, and which of them are new or longer than before."""
    number_of = {name: number for number, name in enumerate(before.playlist_ids)}
    numbers = np.array([number_of.get(name, -1) for name in added.playlist_ids], dtype=np.int64)
    known = np.flatnonzero(numbers >= 0)
    if len(known) and on_known == "raise":
        raise DataError(
            f"new playlists must have new ids, but {len(known)} are known, such as "
            f"{quoted(added.playlist_ids[known[0]])}; pass on_known='extend' to go on with them, "
            "or give them ids of their own."
        )
    joined = before.extended(added, numbers)
    fresh = np.arange(len(before), len(joined))
    return joined, np.union1d(numbers[known], fresh)

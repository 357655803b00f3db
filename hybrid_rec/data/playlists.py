"""Playlists: ragged rows of a catalogue, as two integer arrays."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal

import numpy as np
import pandas as pd
from scipy import sparse

from hybrid_rec.core.arrays import Mask, Objects, Rows, read_only
from hybrid_rec.core.checks import check_choice, is_listing
from hybrid_rec.core.errors import DataError
from hybrid_rec.core.quoting import quoted
from hybrid_rec.data.catalog import Catalog, check_catalog
from hybrid_rec.data.columns import check_whole_text, id_column, missing_ids, require_columns
from hybrid_rec.data.date_text import Times
from hybrid_rec.data.ids import as_item_ids
from hybrid_rec.data.play_order import first_plays, order_of
from hybrid_rec.data.playlist_arrays import check_arrays
from hybrid_rec.data.playlist_growth import extended
from hybrid_rec.data.playlist_names import names_for, names_in

OnUnknown = Literal["raise", "skip"]


@dataclass(frozen=True, eq=False)
class Playlists:
    """Playlists (users, sessions, baskets) as rows of one catalogue, in play order.

    Playlist `i` is `rows[offsets[i]:offsets[i + 1]]`. Items may repeat within a playlist.

    Examples:
        >>> catalog = Catalog.from_columns(["a", "b"], ["One", "Two"], ["U2", None])
        >>> playlists = Playlists.from_lists([["a", "b", "a"], ["b"]], catalog)
        >>> len(playlists), playlists[0].tolist(), playlists.play_counts.tolist()
        (2, [0, 1, 0], [2, 2])
    """

    offsets: Rows
    """Where each playlist starts and the last one ends, `(n_playlists + 1,)` int64."""
    rows: Rows
    """Catalogue rows of all plays, `(n_plays,)` int64."""
    playlist_ids: Objects
    """Playlist ids, `(n_playlists,)` strings."""
    n_items: int
    """Size of the catalogue that the rows refer to."""
    times: Times | None = None
    """When each play happened, `(n_plays,)` datetime64[us], or None where not known."""
    names: Objects | None = None
    """What each playlist is called, `(n_playlists,)` strings, "" for no name; or None."""
    elsewhere: Rows | None = None
    """Where these are a sample: plays of each item in the playlists that are not here, `(n_items,)`
    int64; None where these are all."""

    def __post_init__(self) -> None:
        check_arrays(self)
        for name in ("offsets", "rows", "playlist_ids", "times", "names", "elsewhere"):
            array = getattr(self, name)
            if array is not None:
                object.__setattr__(self, name, read_only(array))

    @classmethod
    def from_frame(
        cls,
        plays: pd.DataFrame,
        catalog: Catalog,
        *,
        on_unknown: OnUnknown = "raise",
        on_missing: OnUnknown = "raise",
        date_format: str | None = None,
        names: pd.DataFrame | None = None,
    ) -> Playlists:
        """Playlists from a tidy table, one row a play.

        Playlists stand in order of first appearance; plays within one by `position`, else by
        `played_at`, else as they stand.

        Args:
            plays: Columns `playlist_id` and `item_id`; optionally `position` (a number) and
                `played_at` (a time, a date as text, or a number since 1970 in seconds,
                milliseconds, microseconds or nanoseconds), and `playlist_name`.
            catalog: The items that `item_id` refers to.
            on_unknown: What to do with items that the catalogue lacks: "raise" or "skip".
            on_missing: What to do with rows without a `playlist_id` or `item_id`: "raise" or
                "skip".
            date_format: How `played_at` is written where it could be read in two ways; see
                `read_tidy`.
            names: What playlists are called: columns `playlist_id` and `name`.

        Raises:
            DataError: If a column or an id is missing, or a position or time cannot be read, or can
                be read in two ways; if a name is not text or a playlist has two.
            ConfigError: For another `date_format`.
            UnknownItemError: If an item is unknown and `on_unknown` is "raise".
        """
        require_columns(plays, ("playlist_id", "item_id"), "plays")
        check_catalog(catalog)
        nameless = empty = None
        if _missing(on_missing, "on_missing") == "negative":
            nameless = missing_ids(plays["playlist_id"])
            empty = nameless | missing_ids(plays["item_id"])
        codes, playlist_ids = pd.factorize(id_column(plays["playlist_id"], "playlist_id", nameless))
        item_codes, item_ids = pd.factorize(id_column(plays["item_id"], "item_id", empty))
        # A missing id has the code -1, and no row.
        found = np.append(catalog.rows(item_ids, _missing(on_unknown)), -1)
        keys, times = order_of(plays, date_format)
        order = np.lexsort((*keys, codes))
        order = order[codes[order] >= 0]
        rows = found[item_codes]
        lengths = np.bincount(codes[codes >= 0], minlength=len(playlist_ids))
        times = None if times is None else times[order]
        ids = np.asarray(playlist_ids)
        called = names_in(plays, names, codes, ids)
        return cls.from_rows(lengths, rows[order], len(catalog), ids, times, called)

    @classmethod
    def from_lists(
        cls,
        lists: Iterable[Iterable[Any]],
        catalog: Catalog,
        *,
        playlist_ids: Sequence[str] | None = None,
        on_unknown: OnUnknown = "raise",
        names: Sequence[Any] | None = None,
    ) -> Playlists:
        """Playlists from lists of item ids; their own ids are "0", "1", ... unless given.

        Raises:
            DataError: If an entry is not a list of strings or integers, or `playlist_ids` are not,
                or `names` are not as many texts.
            UnknownItemError: If an item is unknown and `on_unknown` is "raise".
        """
        missing = _missing(on_unknown)
        check_catalog(catalog)
        if not is_listing(lists):
            raise DataError(f"lists must be a list of lists of item ids, got {quoted(lists)}.")
        flat: list[str] = []
        lengths = []
        for number, items in enumerate(lists):
            ids = as_item_ids(items, f"the items of playlist {number}")
            flat.extend(ids)
            lengths.append(len(ids))
        rows = catalog.rows(flat, missing)
        called = names_for(names, len(lengths))
        if playlist_ids is None:
            return cls.from_rows(lengths, rows, len(catalog), names=called)
        own = as_item_ids(playlist_ids, "playlist_ids")
        check_whole_text(own, "playlist_ids")
        return cls.from_rows(lengths, rows, len(catalog), own, names=called)

    @classmethod
    def from_rows(
        cls,
        lengths: Sequence[int] | Rows,
        rows: Rows,
        n_items: int,
        playlist_ids: Sequence[str] | Objects | None = None,
        times: Times | None = None,
        names: Objects | None = None,
    ) -> Playlists:
        """Playlists from their lengths and the rows of all plays; negative rows are skipped."""
        sizes = np.asarray(lengths, dtype=np.int64)
        known = rows >= 0
        if not known.all():
            owner = np.repeat(np.arange(len(sizes)), sizes)
            sizes = np.bincount(owner[known], minlength=len(sizes))
        own = np.arange(len(sizes)).astype(str) if playlist_ids is None else playlist_ids
        return cls(
            offsets=np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64),
            rows=np.ascontiguousarray(rows[known], dtype=np.int64),
            playlist_ids=np.array(own, dtype=object),
            n_items=n_items,
            times=None if times is None else times[known],
            names=names,
        )

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __getitem__(self, number: int) -> Rows:
        """Rows of one playlist in play order; negative numbers count from the end."""
        if not -len(self) <= number < len(self):
            raise IndexError(f"playlist must be in [0, {len(self)}), got {number}.")
        number %= len(self)
        return self.rows[self.offsets[number] : self.offsets[number + 1]]

    def __iter__(self) -> Iterator[Rows]:
        return (self[number] for number in range(len(self)))

    @cached_property
    def n_named(self) -> int:
        """Number of playlists that have a name."""
        return 0 if self.names is None else int((self.names != "").sum())

    @property
    def n_plays(self) -> int:
        """Number of plays over all playlists."""
        return len(self.rows)

    @cached_property
    def lengths(self) -> Rows:
        """Plays in each playlist, `(n_playlists,)` int64."""
        return np.diff(self.offsets)

    @cached_property
    def owners(self) -> Rows:
        """The playlist of each play, `(n_plays,)` int64."""
        return np.repeat(np.arange(len(self), dtype=np.int64), self.lengths)

    @cached_property
    def play_counts(self) -> Rows:
        """Plays of each item, `(n_items,)` int64; 0 for a cold item."""
        return np.bincount(self.rows, minlength=self.n_items).astype(np.int64)

    @cached_property
    def known_plays(self) -> Rows:
        """Plays of each item here and in the playlists that these are a sample of, `(n_items,)`."""
        return self.play_counts if self.elsewhere is None else self.play_counts + self.elsewhere

    @cached_property
    def playlist_counts(self) -> Rows:
        """Playlists that hold each item at least once, `(n_items,)` int64."""
        return np.bincount(self.matrix().indices, minlength=self.n_items).astype(np.int64)

    def counts(self) -> sparse.csr_array:
        """Plays of each item in each playlist, sparse `(n_playlists, n_items)` float32."""
        counts = sparse.csr_array(
            (np.ones(self.n_plays, np.float32), self.rows.copy(), self.offsets.copy()),
            shape=(len(self), self.n_items),
        )
        counts.sum_duplicates()
        return counts

    def matrix(self) -> sparse.csr_array:
        """Which items stand in which playlist, sparse ones `(n_playlists, n_items)` float32."""
        matrix = self.counts()
        matrix.data.fill(1.0)
        return matrix

    def select(self, numbers: Rows | Mask) -> Playlists:
        """The playlists at `numbers` (or where a mask is true), in that order."""
        chosen = np.flatnonzero(numbers) if numbers.dtype == np.bool_ else np.asarray(numbers)
        sizes = self.lengths[chosen]
        offsets = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
        plays = np.arange(offsets[-1]) - np.repeat(offsets[:-1], sizes)
        plays += np.repeat(self.offsets[:-1][chosen], sizes)
        return replace(
            self,
            offsets=offsets,
            rows=self.rows[plays],
            playlist_ids=self.playlist_ids[chosen],
            times=None if self.times is None else self.times[plays],
            names=None if self.names is None else self.names[chosen],
        )

    def select_plays(self, mask: Mask) -> Playlists:
        """The same playlists with only the plays where `mask` is true; some may become empty."""
        sizes = np.bincount(self.owners[mask], minlength=len(self))
        return replace(
            self,
            offsets=np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64),
            rows=self.rows[mask],
            times=None if self.times is None else self.times[mask],
        )

    def extended(self, other: Playlists, numbers: Rows) -> Playlists:
        """These playlists with the plays of others behind them.

        Where there are times, plays of `other` without any count as made at the latest time known.
        A playlist that goes on takes the name that it has in `other`, if it has one there.

        Args:
            other: Playlists of the same catalogue.
            numbers: The playlist here that each of `other` goes on with, `(len(other),)`; -1 for
                none, so that it becomes a playlist of its own.
        """
        return extended(self, other, numbers)

    def distinct(self) -> Playlists:
        """The same playlists, each item only at its first place."""
        return self.select_plays(first_plays(self.rows, self.owners))

    def to_lists(self, catalog: Catalog) -> list[list[str]]:
        """Item ids of each playlist."""
        return [catalog.item_ids[rows].tolist() for rows in self]


def _missing(on_unknown: Any, name: str = "on_unknown") -> Literal["error", "negative"]:
    """What `Catalog.rows` is to do with unknown ids."""
    check_choice(on_unknown, ("raise", "skip"), name)
    return "error" if on_unknown == "raise" else "negative"

"""Playlists: ragged rows of a catalogue, as two integer arrays."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from hybrid_rec.core.arrays import Floats, Objects, Rows
from hybrid_rec.core.checks import check_choice, is_listing
from hybrid_rec.core.errors import DataError
from hybrid_rec.core.quoting import quoted
from hybrid_rec.data.catalog import Catalog, check_catalog
from hybrid_rec.data.columns import check_whole_text
from hybrid_rec.data.date_text import Times
from hybrid_rec.data.frames import Frame
from hybrid_rec.data.ids import as_item_ids
from hybrid_rec.data.playlist_growth import extended
from hybrid_rec.data.playlist_names import names_for
from hybrid_rec.data.playlist_rows import PlaylistRows
from hybrid_rec.data.plays import Missing, OnUnknown, Plays, plays_of_frame, plays_of_matrix

__all__ = ["OnUnknown", "Playlists"]


@dataclass(frozen=True, eq=False, repr=False)
class Playlists(PlaylistRows):
    """Playlists (users, sessions, baskets) as rows of one catalogue, in play order.

    Playlist `i` is `rows[offsets[i]:offsets[i + 1]]`. Items may repeat within a playlist.

    Examples:
        >>> catalog = Catalog.from_columns(["a", "b"], ["One", "Two"], ["U2", None])
        >>> playlists = Playlists.from_lists([["a", "b", "a"], ["b"]], catalog)
        >>> len(playlists), playlists[0].tolist(), playlists.play_counts.tolist()
        (2, [0, 1, 0], [2, 2])
    """

    @classmethod
    def from_frame(
        cls,
        plays: Frame,
        catalog: Catalog,
        *,
        on_unknown: OnUnknown = "raise",
        on_missing: OnUnknown = "raise",
        date_format: str | None = None,
        names: Frame | None = None,
    ) -> Playlists:
        """Playlists from a tidy table, one row a play.

        Playlists stand in order of first appearance; plays within one by `position`, else by
        `played_at`, else as they stand.

        Args:
            plays: A DataFrame or another table, see `Catalog.from_frame`, with columns
                `playlist_id` and `item_id`; optionally `position` (a number) and
                `played_at` (a time, a date as text, or a number since 1970 in seconds,
                milliseconds, microseconds or nanoseconds), `playlist_name`, and `weight`: how much
                a play counts, such as a rating, a count or seconds; below 0 for a dislike.
            catalog: The items that `item_id` refers to.
            on_unknown: What to do with items that the catalogue lacks: "raise" or "skip".
            on_missing: What to do with rows without a `playlist_id` or `item_id`: "raise" or
                "skip".
            date_format: How `played_at` is written where it could be read in two ways; see
                `read_tidy`.
            names: What playlists are called: columns `playlist_id` and `name`.

        Raises:
            DataError: If a column or an id is missing, or a position or time cannot be read, or can
                be read in two ways; if a weight is no number; if a name is not
                text or a playlist has two.
            ConfigError: For another `date_format`.
            UnknownItemError: If an item is unknown and `on_unknown` is "raise".
        """
        check_catalog(catalog)
        unknown, missing = _missing(on_unknown), _missing(on_missing, "on_missing")
        return cls._of(plays_of_frame(plays, catalog, unknown, missing, date_format, names))

    @classmethod
    def from_csr(
        cls,
        matrix: Any,
        catalog: Catalog,
        *,
        playlist_ids: Sequence[Any] | None = None,
        item_ids: Sequence[Any] | None = None,
        on_unknown: OnUnknown = "raise",
    ) -> Playlists:
        """Playlists from a sparse matrix, one line each, in the order of its columns.

        Args:
            matrix: Any sparse matrix of scipy, `(n_playlists, n_columns)`. Entries other than 0 are
                plays, and their values are weights unless all of them are 1; see `from_frame`.
            catalog: The items.
            playlist_ids: Of the lines; without them "0", "1", ...
            item_ids: Of the columns; without them they are the items of the catalogue in its order.
            on_unknown: What to do with items that the catalogue lacks: "raise" or "skip".

        Raises:
            DataError: If there is no such matrix, a value is not finite, or ids are not as many and
                different.
            UnknownItemError: If an item is unknown and `on_unknown` is "raise".
        """
        check_catalog(catalog)
        unknown = _missing(on_unknown)
        return cls._of(plays_of_matrix(matrix, catalog, unknown, playlist_ids, item_ids))

    @classmethod
    def _of(cls, plays: Plays) -> Playlists:
        return cls.from_rows(
            plays.lengths, plays.rows, plays.n_items, plays.playlist_ids, plays.times, plays.names,
            plays.weights,
        )  # fmt: skip

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
        weights: Floats | None = None,
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
            weights=None if weights is None else weights[known],
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

    def to_lists(self, catalog: Catalog) -> list[list[str]]:
        """Item ids of each playlist."""
        return [catalog.item_ids[rows].tolist() for rows in self]


def _missing(on_unknown: Any, name: str = "on_unknown") -> Missing:
    """What `Catalog.rows` is to do with unknown ids."""
    check_choice(on_unknown, ("raise", "skip"), name)
    return "error" if on_unknown == "raise" else "negative"

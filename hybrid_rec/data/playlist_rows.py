"""The arrays of playlists, what is counted in them, and parts of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Self

import numpy as np
import pandas as pd
from scipy import sparse

from hybrid_rec.core.arrays import Doubles, Floats, Mask, Objects, Rows, read_only
from hybrid_rec.core.words import how_many
from hybrid_rec.data.date_text import Times
from hybrid_rec.data.play_order import first_plays
from hybrid_rec.data.play_weights import relative
from hybrid_rec.data.playlist_arrays import check_arrays
from hybrid_rec.data.short_html import short_html


@dataclass(frozen=True, eq=False)
class PlaylistRows:
    """Ragged rows of a catalogue; see `Playlists`."""

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
    weights: Floats | None = None
    """Weights of the plays, `(n_plays,)`, below 0 for dislikes; None where each counts 1."""
    elsewhere: Rows | None = None
    """Where these are a sample: plays of each item in the playlists that are not here, `(n_items,)`
    int64; None where these are all."""

    def __post_init__(self) -> None:
        check_arrays(self)
        for name in ("offsets", "rows", "playlist_ids", "times", "names", "weights", "elsewhere"):
            array = getattr(self, name)
            if array is not None:
                object.__setattr__(self, name, read_only(array))

    def __repr__(self) -> str:
        beside = [
            *([how_many(self.n_named, "names")] if self.n_named else []),
            *([name for name in ("times", "weights") if getattr(self, name) is not None]),
        ]
        told = f"; {', '.join(beside)}" if beside else ""
        counts = f"{how_many(len(self), 'playlists')}, {how_many(self.n_plays, 'plays')}"
        return f"{type(self).__name__}({counts} of {how_many(self.n_items, 'items')}{told})"

    def _repr_html_(self) -> str:
        some = slice(0, 20)
        frame = pd.DataFrame({"playlist_id": self.playlist_ids[some], "plays": self.lengths[some]})
        if self.names is not None:
            frame.insert(1, "name", self.names[some])
        return short_html(repr(self), frame)

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

    @cached_property
    def shares(self) -> Floats:
        """How much each play counts, `(n_plays,)` float32; the mean of each playlist is 1.

        It is the weight by the mean one of the playlist, at most 4. Weights must be above 0; see
        `liked`.
        """
        if self.weights is None:
            return np.ones(self.n_plays, np.float32)
        return relative(self.weights, self.owners, len(self))

    @cached_property
    def played(self) -> Rows | Doubles:
        """Plays of each item, each as much as it counts, known ones elsewhere too, `(n_items,)`."""
        if self.weights is None:
            return self.known_plays
        here = np.bincount(self.rows, self.shares, minlength=self.n_items)
        return here if self.elsewhere is None else here + self.elsewhere

    def counts(self) -> sparse.csr_array:
        """Plays of each item, each as much as it counts, `(n_playlists, n_items)` float32."""
        shares = np.ones(self.n_plays, np.float32) if self.weights is None else self.shares.copy()
        counts = sparse.csr_array(
            (shares, self.rows.copy(), self.offsets.copy()),
            shape=(len(self), self.n_items),
        )
        counts.sum_duplicates()
        return counts

    def strengths(self) -> sparse.csr_array:
        """The mean of how much the plays of each item in each playlist count, as `matrix`."""
        if self.weights is None:
            return self.matrix()
        strengths = self.counts()
        strengths.data /= replace(self, weights=None).counts().data
        return strengths

    def liked(self) -> Self:
        """The same playlists with only the plays whose weights are above 0."""
        if self.weights is None or (self.weights > 0).all():
            return self
        return self.select_plays(self.weights > 0)

    def disliked(self) -> Self:
        """The same playlists with only the plays of weights below 0, which become positive."""
        if self.weights is None:
            return self.select_plays(np.zeros(self.n_plays, dtype=bool))
        found = self.select_plays(self.weights < 0)
        return replace(found, weights=None if found.weights is None else -found.weights)

    def matrix(self) -> sparse.csr_array:
        """Which items stand in which playlist, sparse ones `(n_playlists, n_items)` float32."""
        matrix = self.counts()
        matrix.data.fill(1.0)
        return matrix

    def select(self, numbers: Rows | Mask) -> Self:
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
            weights=None if self.weights is None else self.weights[plays],
            names=None if self.names is None else self.names[chosen],
        )

    def select_plays(self, mask: Mask) -> Self:
        """The same playlists with only the plays where `mask` is true; some may become empty."""
        sizes = np.bincount(self.owners[mask], minlength=len(self))
        return replace(
            self,
            offsets=np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64),
            rows=self.rows[mask],
            times=None if self.times is None else self.times[mask],
            weights=None if self.weights is None else self.weights[mask],
        )

    def distinct(self) -> Self:
        """The same playlists, each item only at its first place."""
        return self.select_plays(first_plays(self.rows, self.owners))

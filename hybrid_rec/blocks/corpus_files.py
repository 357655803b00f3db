"""Playlists as text files, for training on several threads that wait neither for each other nor us.

gensim reads such a file in batches, and of a batch it silently drops what exceeds 10,000 words. So
that nothing is dropped, a batch holds whole lines of at most 9,999 plays together, and a line of a
word that is no item fills it up to where gensim stops reading.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hybrid_rec.blocks.excerpts import Excerpts
from hybrid_rec.core.arrays import Rows
from hybrid_rec.core.errors import RunError
from hybrid_rec.data.playlists import Playlists

_GENSIM_BATCH = 10_000
# One less, for gensim has room for that many lines in a batch, the one that fills it included.
_LONGEST_BATCH = _GENSIM_BATCH - 1
_NO_ITEM = b"x"
# Plays that are put in order and turned into text at once, to bound memory.
_CHUNK = 1_000_000


def item_tokens(n_items: int) -> NDArray[np.bytes_]:
    """The row of each item as text of one width, leading zeros included, `(n_items,)`."""
    width = len(str(max(n_items - 1, 0)))
    powers = 10 ** np.arange(width - 1, -1, -1)
    digits = (np.arange(n_items)[:, None] // powers % 10 + ord("0")).astype(np.uint8)
    return np.ascontiguousarray(digits).view(f"S{width}").reshape(n_items)


def shuffled(rows: Rows, owners: Rows, rng: np.random.Generator) -> Rows:
    """The plays of each playlist in a random order; playlists stay where they are.

    Args:
        rows: Plays, playlist after playlist.
        owners: The playlist of each play, ascending.
        rng: Draws one number a play, so that whole playlists can also be shuffled in parts.
    """
    return rows[np.lexsort((rng.random(len(rows)), owners))]


@dataclass
class CorpusFile:
    """What one thread reads."""

    path: Path
    """Where it is."""
    lines: int = 0
    """Its lines, those that fill a batch included."""
    words: int = 0
    """Its words, those that fill a batch included."""


class CorpusFiles:
    """Playlists in a folder, one file a thread, each with about as many plays.

    Args:
        playlists: What is written; of `Excerpts` the next one every time.
        folder: Where to; it must exist.
        n_files: How many files.
        rng: Draws a new order of each playlist for every `write`; None leaves play order.
    """

    def __init__(
        self,
        playlists: Playlists | Excerpts,
        folder: Path,
        n_files: int,
        rng: np.random.Generator | None,
    ) -> None:
        self._excerpts = playlists if isinstance(playlists, Excerpts) else Excerpts(playlists)
        self._playlists = playlists = self._excerpts.playlists
        self._rng = rng
        self._written = False
        tokens = item_tokens(playlists.n_items)
        self._text = np.full((len(tokens), tokens.itemsize + 1), ord(" "), np.uint8)
        self._text[:, :-1] = tokens.view(np.uint8).reshape(len(tokens), -1)
        self.parts = [CorpusFile(folder / f"{number}.txt") for number in range(n_files)]

    def write(self) -> None:
        """Write all files; if nothing would change in them they stay as they are.

        Raises:
            RunError: If the folder has no room for them, or refuses.
        """
        if self._written and all(part.path.exists() for part in self.parts):
            return
        self._playlists = self._excerpts.next()
        shares = np.linspace(0, self._playlists.n_plays, len(self.parts) + 1)
        bounds = np.searchsorted(self._playlists.offsets, shares)
        # Playlists without plays may stand behind the last one that has some.
        bounds[-1] = len(self._playlists)
        for part, first, last in zip(self.parts, bounds[:-1], bounds[1:], strict=True):
            try:
                self._write_part(part, int(first), int(last))
            except OSError as error:
                size = self._playlists.n_plays * self._text.shape[1] / 1e6
                raise RunError(
                    f"the temporary folder {part.path.parent} must take {size:,.0f} MB of "
                    f"playlists, but: {error.strerror}. Point TMPDIR to another one, or set "
                    "`cooccurrence.workers` to 1, which needs none."
                ) from error
        self._written = self._rng is None and not self._excerpts.differ

    def clear(self) -> None:
        """Empty the files, so that a thread that still reads one comes to its end."""
        for part in self.parts:
            with suppress(OSError):
                part.path.write_bytes(b"")

    def _write_part(self, part: CorpusFile, first: int, last: int) -> None:
        part.lines = part.words = 0
        with part.path.open("wb") as file:
            for lines, text in self._batches(first, last):
                file.write(text)
                part.lines += lines
                part.words += _GENSIM_BATCH + 1

    def _batches(self, first: int, last: int) -> Iterator[tuple[int, bytes]]:
        """Number of lines and text of each batch of the playlists from `first` to `last`."""
        offsets = self._playlists.offsets
        while first < last:
            # At least one playlist, however long.
            stop = int(np.searchsorted(offsets, offsets[first] + _CHUNK, side="right")) - 1
            stop = min(max(stop, first + 1), last)
            rows = self._playlists.rows[offsets[first] : offsets[stop]]
            lengths = np.diff(offsets[first : stop + 1])
            if self._rng is not None:
                rows = shuffled(rows, np.repeat(np.arange(len(lengths)), lengths), self._rng)
            yield from self._fill(rows, _line_ends(lengths))
            first = stop

    def _fill(self, rows: Rows, ends: Rows) -> Iterator[tuple[int, bytes]]:
        start = line = 0
        while line < len(ends):
            stop = int(np.searchsorted(ends, start + _LONGEST_BATCH, side="right"))
            end = int(ends[stop - 1])
            text = self._text[rows[start:end]]
            text[ends[line:stop] - start - 1, -1] = ord("\n")
            missing = _GENSIM_BATCH + 1 - (end - start)
            yield stop - line + 1, text.tobytes() + b" ".join([_NO_ITEM] * missing) + b"\n"
            start, line = end, stop


def _line_ends(lengths: Rows) -> Rows:
    """Where lines end: with each playlist, and within one that is too long for a batch."""
    pieces = -(-lengths // _LONGEST_BATCH)
    owners = np.repeat(np.arange(len(lengths)), pieces)
    number = np.arange(len(owners)) - np.repeat(np.cumsum(pieces) - pieces, pieces)
    stops = np.cumsum(lengths)
    starts = stops - lengths
    ends: Rows = np.minimum(starts[owners] + (number + 1) * _LONGEST_BATCH, stops[owners])
    return ends

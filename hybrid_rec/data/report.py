"""Dataset: playlists and catalogue as read, and the report of what was dropped and why."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np

from hybrid_rec.core.arrays import Mask
from hybrid_rec.core.errors import DataError
from hybrid_rec.core.plain_text import plain_line
from hybrid_rec.core.words import how_many
from hybrid_rec.data.catalog import Catalog
from hybrid_rec.data.item_table import ARTIST, TITLE
from hybrid_rec.data.playlists import Playlists
from hybrid_rec.data.remote import address_of

SHORT = "playlists with fewer than two items"
COPIES = "exact copies of playlists"
UNKNOWN_ITEMS = "plays of items that the catalogue lacks"
MISSING_IDS = "rows with missing ids"
NOT_LIKED = "plays of weights of 0 or below"
LOST_WITH_PLAYLISTS = "plays of dropped playlists"

COPIES_KEPT = "exact copies of playlists kept"
FIRST_SPELLING = "item ids with several spellings, the first kept"
RESPELLED = "item ids with several spellings, the most frequent kept"


@dataclass(frozen=True)
class DatasetReport:
    """What a reader found, what it kept, and what it dropped and why.

    The counts add up: playlists read are those kept, the short ones and the copies dropped; plays
    read are those kept plus everything in `dropped` that counts plays or rows.
    """

    source: str
    """The file or folder, "DataFrame" or "synthetic"."""
    playlists_read: int
    """Playlists with an id of their own that the input holds, empty ones included."""
    plays_read: int
    """Plays (ratings, rows) that the input holds."""
    playlists_kept: int
    """Playlists in the data set."""
    plays_kept: int
    """Plays in the data set."""
    dropped: Mapping[str, int]
    """Reason -> count of what was left out. The reasons that all readers share always stand here,
    with 0 where they do not apply."""
    notes: Mapping[str, int]
    """What was kept but changed, or is worth knowing -> count; zeros are left out."""

    def __getstate__(self) -> dict[str, Any]:
        # The read-only views that readers put here cannot be pickled or copied.
        return {**vars(self), "dropped": dict(self.dropped), "notes": dict(self.notes)}

    def __setstate__(self, state: dict[str, Any]) -> None:
        for name, value in state.items():
            kept = MappingProxyType(value) if isinstance(value, dict) else value
            object.__setattr__(self, name, kept)

    def __str__(self) -> str:
        lines = [
            f"{plain_line(self.source)}: kept {self.playlists_kept:,} of "
            f"{how_many(self.playlists_read, 'playlists')}, "
            f"{self.plays_kept:,} of {how_many(self.plays_read, 'plays')}"
        ]
        lines += [f"  dropped: {how_many(n, why)}" for why, n in self.dropped.items() if n]
        lines += [f"  note: {how_many(n, what)}" for what, n in self.notes.items() if n]
        return "\n".join(lines)


@dataclass(frozen=True, eq=False)
class Dataset:
    """Playlists, the catalogue that they refer to, and the report of the reader.

    It unpacks: `playlists, catalog, report = read_yes(folder)`.
    """

    playlists: Playlists
    """At least one, each with at least two different items."""
    catalog: Catalog
    """All items, those without any play (cold items) included."""
    report: DatasetReport
    """What was dropped on the way, and why."""

    def __iter__(self) -> Iterator[Any]:
        return iter((self.playlists, self.catalog, self.report))


def finish(
    source: str,
    playlists: Playlists,
    catalog: Catalog,
    *,
    playlists_read: int,
    plays_read: int,
    dropped: Mapping[str, int],
    notes: Mapping[str, int] | None = None,
    drop_copies: bool = False,
) -> Dataset:
    """The end that all readers share: drop short playlists, perhaps copies too, and report.

    A playlist is short if it holds fewer than two *different* items: one item played twice says
    nothing about what goes together, and leaves nothing to recommend from once it is hidden. A
    copy has the same items in the same order as an earlier playlist, whatever its id and times.

    Args:
        source: What was read, for people.
        playlists: What the reader found, short playlists included.
        catalog: The items of `playlists`.
        playlists_read: Playlists in the input.
        plays_read: Plays in the input.
        dropped: What the reader itself has left out.
        notes: What the reader itself has changed.
        drop_copies: Drop copies; otherwise they are kept and counted in the notes.

    Raises:
        DataError: If no playlist is left.
    """
    keep = _with_two_items(playlists)
    n_long = int(keep.sum())
    copies = _copies(playlists, keep)
    n_copies = int(copies.sum())
    if drop_copies:
        keep &= ~copies
    kept = playlists if keep.all() else playlists.select(keep)
    report = report_of(
        source,
        Found(playlists_read, plays_read, n_long, n_copies, playlists.n_plays),
        (len(kept), kept.n_plays),
        {
            name: catalog.table[name].null_count
            for name in (TITLE, ARTIST)
            if name in catalog.columns
        },
        dropped=dropped,
        notes=notes,
        drop_copies=drop_copies,
    )
    return Dataset(kept, catalog, report)


@dataclass(frozen=True)
class Found:
    """Counts of what a reader has found, before short playlists and copies are dropped."""

    playlists_read: int
    """Playlists in the input."""
    plays_read: int
    """Plays in the input."""
    n_long: int
    """Playlists with two different items of the catalogue."""
    n_copies: int
    """Those of them that are copies of an earlier one."""
    n_plays: int
    """Plays of items of the catalogue."""


def report_of(
    source: str,
    found: Found,
    kept: tuple[int, int],
    missing: Mapping[str, int],
    *,
    dropped: Mapping[str, int],
    notes: Mapping[str, int] | None = None,
    drop_copies: bool = False,
) -> DatasetReport:
    """The report that all readers share, from counts alone; arguments as for `finish`.

    Args:
        source: What was read, for people.
        found: What was found.
        kept: Playlists and plays of the data set.
        missing: Items without a title, and without an artist, by the name of the column.
        dropped: What the reader itself has left out.
        notes: What the reader itself has changed.
        drop_copies: Whether copies are dropped.

    Raises:
        DataError: If no playlist is left.
    """
    n_playlists, n_plays = kept
    report = DatasetReport(
        source=address_of(source),
        playlists_read=found.playlists_read,
        plays_read=found.plays_read,
        playlists_kept=n_playlists,
        plays_kept=n_plays,
        dropped=MappingProxyType(
            {
                SHORT: found.playlists_read - found.n_long,
                COPIES: found.n_copies if drop_copies else 0,
                UNKNOWN_ITEMS: 0,
                MISSING_IDS: 0,
                **dropped,
                LOST_WITH_PLAYLISTS: found.n_plays - n_plays,
            }
        ),
        notes=_nonzero(
            {
                **{f"{name}s missing": count for name, count in missing.items()},
                COPIES_KEPT: 0 if drop_copies else found.n_copies,
                **(notes or {}),
            }
        ),
    )
    if n_playlists == 0:
        reasons = "; ".join(how_many(n, why) for why, n in report.dropped.items() if n)
        raise DataError(
            f"{source} must hold at least one playlist with two different items of the catalogue, "
            f"but none of {found.playlists_read:,} is left ({reasons or 'nothing was dropped'})."
        )
    return report


def _nonzero(counts: Mapping[str, int]) -> Mapping[str, int]:
    return MappingProxyType({what: count for what, count in counts.items() if count})


def _with_two_items(playlists: Playlists) -> Mask:
    # A playlist has two different items if and only if one differs from its first.
    filled = playlists.lengths > 0
    first = np.zeros(len(playlists), dtype=np.int64)
    first[filled] = playlists.rows[playlists.offsets[:-1][filled]]
    differs = playlists.rows != np.repeat(first, playlists.lengths)
    return np.bincount(playlists.owners[differs], minlength=len(playlists)) > 0


def _copies(playlists: Playlists, among: Mask) -> Mask:
    """Which playlists of `among` have the same rows as an earlier one of them."""
    copies = np.zeros(len(playlists), dtype=bool)
    seen: set[bytes] = set()
    for number in np.flatnonzero(among).tolist():
        # A digest, because the rows of a million playlists would stand in memory twice.
        digest = hashlib.blake2b(playlists[number].tobytes(), digest_size=16).digest()
        copies[number] = digest in seen
        seen.add(digest)
    return copies

"""Which items are one song: a single, an album and a remaster that go by the same name."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from hybrid_rec.blocks.credits import credit_names
from hybrid_rec.blocks.labels import Labels, fold
from hybrid_rec.blocks.text.cleaning import clean_title
from hybrid_rec.core.arrays import Rows
from hybrid_rec.data.catalog import Catalog


@dataclass(frozen=True, eq=False)
class Songs:
    """Which items are one song.

    Items are one song if they are of one group (artist) and their titles are the same but for what
    a release adds to them, see `clean_title`, accents, case, and whatever is no letter or digit.
    What says how it sounds ("Live") makes another song of it. An item without a title or group is
    a song by itself.
    """

    keys: Rows
    """A number for each item that is the same for items of one song, `(n_items,)`."""
    by_name: Mapping[tuple[int, str], int]
    """The number of each song by its group and its name."""

    @classmethod
    def of(cls, titles: Iterable[str | None], group_of: Rows) -> Songs:
        """The songs of some items.

        Args:
            titles: Titles; None for a missing one.
            group_of: Codes of groups, `(n_items,)`; -1 for none.

        Examples:
            >>> titles = ["Hey You", "Hey, You! (2011 Remaster)", "Hey You (Live)", "Hey You"]
            >>> Songs.of(titles, np.array([0, 0, 0, 1])).keys.tolist()
            [0, 0, 2, 3]
        """
        by_name: dict[tuple[int, str], int] = {}
        keys = np.arange(len(group_of))
        for row, song in enumerate(_songs(titles, group_of)):
            if song is not None:
                keys[row] = by_name.setdefault(song, row)
        return cls(keys, by_name)

    def find(self, titles: Iterable[str | None], group_of: Rows) -> Rows:
        """The numbers of the songs of other items, `(n,)`; -1 where these items have none of it.

        Args:
            titles: Titles; None for a missing one.
            group_of: Codes of groups, `(n,)`; -1 for none.
        """
        found = [
            -1 if song is None else self.by_name.get(song, -1) for song in _songs(titles, group_of)
        ]
        return np.array(found, dtype=np.int64)


def songs_of(catalog: Catalog) -> Songs:
    """The songs of a catalogue, by its titles and the first artist that each credit names.

    Args:
        catalog: Items; without artists each is a song by itself.
    """
    artists = [names[0] if names else None for names in credit_names(list(catalog.artists))]
    return Songs.of(catalog.titles, Labels.of(artists).codes(artists))


def _songs(titles: Iterable[str | None], group_of: Rows) -> Iterable[tuple[int, str] | None]:
    """Group and name of each song; None for an item that has none of both."""
    names: dict[str | None, str] = {None: ""}
    for title, group in zip(titles, group_of.tolist(), strict=True):
        if title not in names:
            names[title] = _name(title or "")
        yield (group, names[title]) if group >= 0 and names[title] else None


def _name(title: str) -> str:
    """What two spellings of a title have in common; "" if nothing is left."""
    whole = fold(clean_title(title))
    parted = unicodedata.normalize("NFKD", whole)
    return "".join(filter(str.isalnum, parted)) or whole

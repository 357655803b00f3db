"""Which items are one song: a single, an album and a remaster that go by the same name."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

import numpy as np

from hybrid_rec.blocks.credits import credit_names
from hybrid_rec.blocks.labels import Labels, fold
from hybrid_rec.blocks.text.cleaning import clean_title
from hybrid_rec.core.arrays import Rows
from hybrid_rec.data.catalog import Catalog


def song_keys(titles: Iterable[str | None], group_of: Rows) -> Rows:
    """A number for each item that is the same for items of one song, `(n_items,)` int64.

    Items are one song if they are of one group (artist) and their titles are the same but for what
    a release adds to them, see `clean_title`, accents, case, and whatever is no letter or digit.
    What says how it sounds ("Live") makes another song of it. An item without a title or group is
    a song by itself.

    Args:
        titles: Titles; None for a missing one.
        group_of: Codes of groups, `(n_items,)`; -1 for none.

    Examples:
        >>> titles = ["Hey You", "Hey You (2011 Remaster)", "hey, you!", "Hey You (Live)", "Hey You"]
        >>> song_keys(titles, np.array([0, 0, 0, 0, 1])).tolist()
        [0, 0, 0, 3, 4]
    """
    names: dict[str | None, str] = {None: ""}
    first: dict[tuple[int, str], int] = {}
    keys = np.arange(len(group_of))
    for row, (title, group) in enumerate(zip(titles, group_of.tolist(), strict=True)):
        if title not in names:
            names[title] = _name(title or "")
        if group >= 0 and names[title]:
            keys[row] = first.setdefault((group, names[title]), row)
    return keys


def songs_of(catalog: Catalog) -> Rows:
    """The song keys of a catalogue, by its titles and the first artist that each credit names.

    Args:
        catalog: Items; without artists each is a song by itself.
    """
    artists = [names[0] if names else None for names in credit_names(list(catalog.artists))]
    return song_keys(catalog.titles, Labels.of(artists).codes(artists))


def _name(title: str) -> str:
    """What two spellings of a title have in common; "" if nothing is left."""
    whole = fold(clean_title(title))
    parted = unicodedata.normalize("NFKD", whole)
    return "".join(filter(str.isalnum, parted)) or whole

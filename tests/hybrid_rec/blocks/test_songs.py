"""Song keys: what is one song, and what is not."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from hybrid_rec import Catalog
from hybrid_rec.blocks.songs import Songs, songs_of


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        ("Don't Stop", "Dont Stop", True),
        ("Café", "CAFE", True),
        ("Help! (2009 Remaster)", "Help!", True),
        ("Umbrella (feat. Jay-Z)", "Umbrella", True),
        ("Help!", "Help! (Live)", False),
        ("Part 1", "Part 2", False),
        ("???", "!!!", False),
    ],
)
def test_titles_of_one_group(first: str, second: str, same: bool) -> None:
    keys = Songs.of([first, second], np.array([4, 4])).keys
    assert (keys[0] == keys[1]) == same


def test_who_has_no_title_or_group_is_alone() -> None:
    keys = Songs.of([None, None, "Intro", "Intro", ""], np.array([0, 0, -1, -1, 0])).keys
    assert keys.tolist() == [0, 1, 2, 3, 4]


def test_guests_make_no_other_song() -> None:
    items = pd.DataFrame(
        {
            "item_id": ["a", "b", "c"],
            "title": ["Umbrella", "Umbrella", "Umbrella"],
            "artist": ["Rihanna", "Rihanna feat. Jay-Z", "The Baseballs"],
        }
    )
    assert songs_of(Catalog.from_frame(items)).keys.tolist() == [0, 0, 2]


def test_a_catalogue_without_artists_has_no_twins() -> None:
    items = pd.DataFrame({"item_id": ["a", "b"], "title": ["Emma", "Emma"]})
    assert songs_of(Catalog.from_frame(items)).keys.tolist() == [0, 1]


def test_other_items_find_their_songs() -> None:
    songs = Songs.of(["Help!", "Yesterday"], np.array([0, 0]))
    found = songs.find(["HELP", "Help!", None, "Something"], np.array([0, 1, 0, 0]))
    assert found.tolist() == [0, -1, -1, -1]

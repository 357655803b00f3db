"""Items found by what people type."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from hybrid_rec import Catalog, ConfigError, DataError, UnknownItemError
from hybrid_rec.data.choosing import check_known, choose_item

SONGS = [
    ("m1", "Fade to Black", "Metallica"),
    ("d1", "Fade to Black", "Dire Straits"),
    ("m2", "Nothing Else Matters", "Metallica"),
    ("b1", "Déjà Vu", "Beyoncé"),
    ("b2", "Halo", "Beyoncé"),
    ("n1", "99 Luftballons", "Nena"),
    ("g1", "Straße", "Motörhead"),
    ("c1", "!!!", "Chk"),
    ("j1", "上を向いて歩こう", "坂本 九"),
    ("x1", None, None),
    ("l1", "Love", "Lana Del Rey"),
    ("l2", "Glove", "Cure"),
]
PLAYS = np.arange(len(SONGS), dtype=np.int64)


@pytest.fixture(scope="module")
def songs() -> Catalog:
    return Catalog.from_frame(pd.DataFrame(SONGS, columns=["item_id", "title", "artist"]))


@pytest.mark.parametrize(
    ("text", "item"),
    [
        ("nothing else matters", "m2"),
        ("matters nothing ELSE", "m2"),
        ("Metallica - Fade to Black", "m1"),
        ("fade black dire", "d1"),
        ("nothin els maters", "m2"),
        ("beyonce", "b2"),
        ("deja vu", "b1"),
        ("luftbalons", "n1"),
        ("strasse motorhead", "g1"),
        ("!!!", "c1"),
        ("上を向いて", "j1"),
        ("love", "l1"),
    ],
)
def test_what_is_typed_finds_what_is_meant(songs: Catalog, text: str, item: str) -> None:
    found = songs.find(text, k=3)
    assert list(found.columns) == ["item_id", "title", "artist", "score"]
    assert found["item_id"][0] == item
    assert found["score"].is_monotonic_decreasing
    assert found["score"].between(0, 1).all()


def test_a_whole_title_or_artist_and_title_fit_entirely(songs: Catalog) -> None:
    for text in ("Halo", "halo beyonce", "BEYONCÉ: HALO"):
        assert songs.find(text, k=1)["score"][0] == pytest.approx(1)
    assert len(songs.find("fade", k=1)) == 1
    assert songs.find("qqqq xxxx").empty


def test_candidates_change_nothing(songs: Catalog) -> None:
    rng = np.random.default_rng(0)
    words = ["".join(rng.choice(list("abcdefgh"), 5)) for _ in range(200)]
    titles = [" ".join(rng.choice(words, 3)) for _ in range(2_000)]
    many = Catalog.from_columns([str(i) for i in range(2_000)], titles, ["x"] * 2_000)
    every = np.arange(2_000)
    for title in titles[:20]:
        scores = many.finder.scores(title, every)
        best = np.lexsort((every, -scores.round(4)))[:3]
        assert many.find(title, k=3)["item_id"].tolist() == best.astype(str).tolist()


@pytest.mark.parametrize("text", ["", "  ", None, 5])
def test_no_text_is_refused(songs: Catalog, text: object) -> None:
    with pytest.raises(DataError, match=r"^text must be a title"):
        songs.find(text)
    with pytest.raises(ConfigError, match="from 1 to 1,000"):
        songs.find("halo", k=0)


@pytest.mark.parametrize(
    ("title", "artist", "item"),
    [
        ("halo", None, "b2"),
        ("Fade To Black", "metallica", "m1"),
        ("fade to blak", "dire strait", "d1"),
        ("nothing else maters", None, "m2"),
        (None, "nena", "n1"),
        ("love", None, "l1"),
    ],
)
def test_one_item_is_chosen(songs: Catalog, title: str, artist: str, item: str) -> None:
    assert songs.item_ids[choose_item(songs, title, artist, PLAYS)] == item


def test_several_are_listed_the_most_played_first(songs: Catalog) -> None:
    told = r"fits several: d1 \(Fade to Black by Dire Straits\), m1 \(Fade to Black by Metallica\);"
    with pytest.raises(DataError, match=told):
        choose_item(songs, "fade to black", None, PLAYS)
    with pytest.raises(DataError, match=r"'beyonce' fits several: b2 .*, b1 "):
        choose_item(songs, None, "beyonce", PLAYS)


def test_nothing_like_it_names_the_nearest(songs: Catalog) -> None:
    with pytest.raises(UnknownItemError, match=r"nothing is like 'halogen'; nearest: b2 \(Halo"):
        choose_item(songs, "halogen", None, PLAYS)
    with pytest.raises(UnknownItemError, match="nothing is like 'halo' by 'nena'"):
        choose_item(songs, "halo", "nena", PLAYS)


def test_an_unknown_id_may_be_a_title_or_another_id(songs: Catalog) -> None:
    check_known(songs, ["m1"])
    with pytest.raises(UnknownItemError, match=r"Did you mean n1 \(99 Luftballons by Nena\)\?"):
        check_known(songs, ["m1", "99 luftbalons"])


def test_releases_of_one_song_are_one_match_and_what_is_removed_is_none() -> None:
    titles = ["Halo", "Halo (Remastered 2011)", "Halo", "Halo"]
    songs = Catalog.from_columns(list("abcd"), titles, ["U", "U", "U", "V"])
    plays, keys = np.array([1, 2, 3, 9]), np.array([0, 0, 0, 3])
    assert choose_item(songs, "halo", "u", plays, songs=keys) == 2
    assert choose_item(songs, "halo", "u", plays, songs=keys, removed=np.array([2])) == 0
    with pytest.raises(DataError, match=r"fits several: d .*, c "):
        choose_item(songs, "halo", None, plays, songs=keys)
    assert choose_item(songs, "halo", None, plays, songs=keys, removed=np.array([3])) == 2
    with pytest.raises(UnknownItemError):
        choose_item(songs, "halo", None, plays, songs=keys, removed=np.arange(4))

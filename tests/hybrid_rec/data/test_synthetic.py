"""The generated world holds the structure that it promises."""

from __future__ import annotations

import math
import re
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hybrid_rec.core.errors import ConfigError
from hybrid_rec.data.datasets import SyntheticDataset, synthetic_radio
from hybrid_rec.data.synthetic_names import GENRES


@pytest.fixture(scope="module")
def world() -> SyntheticDataset:
    return synthetic_radio()


def genre_of_play(world: SyntheticDataset) -> np.ndarray[Any, Any]:
    return world.truth.genre_of_item[world.playlists.rows]


def genres_in_playlists(world: SyntheticDataset) -> np.ndarray[Any, Any]:
    """Plays of each genre in each playlist, `(n_playlists, n_genres)`."""
    counts = np.zeros((len(world.playlists), len(world.truth.genres)), dtype=np.int64)
    np.add.at(counts, (world.playlists.owners, genre_of_play(world)), 1)
    return counts


def test_default_sizes(world: SyntheticDataset) -> None:
    playlists, catalog, report = world
    assert (len(catalog), len(playlists), len(world.truth.genres)) == (2000, 3000, 8)
    assert report.source == "synthetic"
    assert report.playlists_kept == report.playlists_read == 3000
    assert report.plays_kept == playlists.n_plays
    assert not any(report.dropped.values())
    assert report.notes == {"titles missing": 10, "artists missing": 10}


def test_the_world_follows_from_its_seed(world: SyntheticDataset) -> None:
    again, other = synthetic_radio(seed=0), synthetic_radio(seed=1)
    assert again.catalog == world.catalog
    assert np.array_equal(again.playlists.rows, world.playlists.rows)
    assert np.array_equal(again.truth.genre_of_item, world.truth.genre_of_item)
    assert other.catalog != world.catalog
    assert not np.array_equal(other.playlists.rows[:100], world.playlists.rows[:100])


def test_the_world_does_not_hang_on_global_random_state(world: SyntheticDataset) -> None:
    np.random.seed(5)  # noqa: NPY002
    before = np.random.get_state()[1].tolist()  # noqa: NPY002
    assert synthetic_radio().catalog == world.catalog
    assert np.random.get_state()[1].tolist() == before  # noqa: NPY002


def test_cold_items_are_exactly_those_in_no_playlist(world: SyntheticDataset) -> None:
    assert world.truth.cold.dtype == np.bool_
    assert np.array_equal(world.truth.cold, world.playlists.play_counts == 0)
    assert world.truth.cold.sum() == 200
    per_genre = np.bincount(world.truth.genre_of_item[world.truth.cold], minlength=8)
    assert per_genre.tolist() == [25] * 8


def test_genres_are_of_equal_size_and_spread_over_the_catalogue(world: SyntheticDataset) -> None:
    genres = world.truth.genre_of_item
    assert genres.dtype == np.int64
    assert np.bincount(genres).tolist() == [250] * 8
    assert (np.bincount(genres[:400], minlength=8) > 20).all()


def test_playlists_stay_mostly_within_a_genre(world: SyntheticDataset) -> None:
    def loyalty(world: SyntheticDataset) -> float:
        counts = genres_in_playlists(world)
        return float(counts.max(axis=1).sum() / counts.sum())

    # The genre played most need not be the playlist's own, so the shares are a little higher.
    assert 0.79 < loyalty(world) < 0.83
    assert loyalty(synthetic_radio(genre_loyalty=1.0)) == 1.0
    assert loyalty(synthetic_radio(genre_loyalty=0.125)) < 0.4


def test_playlists_have_the_mean_length_and_no_repeats(world: SyntheticDataset) -> None:
    assert world.playlists.lengths.mean() == pytest.approx(12.0, abs=0.2)
    assert world.playlists.lengths.min() >= 2
    assert world.playlists.distinct().n_plays == world.playlists.n_plays
    assert synthetic_radio(mean_length=2).playlists.lengths.tolist() == [2] * 3000


def test_popularity_follows_zipf(world: SyntheticDataset) -> None:
    counts = np.stack(
        [
            np.sort(world.playlists.play_counts[world.truth.genre_of_item == genre])[::-1]
            for genre in range(8)
        ]
    ).mean(axis=0)
    ranks = np.arange(1, 101)
    slope = np.polyfit(np.log(ranks[4:]), np.log(counts[4:100]), 1)[0]
    assert slope == pytest.approx(-1.0, abs=0.15)
    flat = synthetic_radio(popularity_exponent=0.0).playlists.play_counts
    assert flat.max() < 3 * np.median(flat)


def test_artists_belong_to_one_genre_and_differ_in_size(world: SyntheticDataset) -> None:
    artists = world.catalog.artists
    genres_of: dict[str, set[int]] = {}
    sizes: dict[str, int] = {}
    for artist, genre in zip(artists, world.truth.genre_of_item.tolist(), strict=True):
        if artist is not None:
            genres_of.setdefault(artist, set()).add(genre)
            sizes[artist] = sizes.get(artist, 0) + 1
    assert {len(genres) for genres in genres_of.values()} == {1}
    assert len(sizes) == pytest.approx(2000 / 8, rel=0.05)
    assert min(sizes.values()) == 1
    assert max(sizes.values()) > 20


def test_words_of_titles_tell_the_genre(world: SyntheticDataset) -> None:
    genres_of: dict[str, set[int]] = {}
    words = [set(re.findall(r"\w+", title or "")) for title in world.catalog.titles]
    for title_words, genre in zip(words, world.truth.genre_of_item.tolist(), strict=True):
        for word in title_words:
            genres_of.setdefault(word, set()).add(genre)
    telling = {word for word, genres in genres_of.items() if len(genres) == 1}
    assert len(telling) == 8 * 24
    titled = [title_words for title_words in words if title_words]
    assert all(title_words & telling for title_words in titled)


def test_titles_and_artists_are_readable_and_some_are_missing(world: SyntheticDataset) -> None:
    titles = [title for title in world.catalog.titles if title is not None]
    artists = [artist for artist in world.catalog.artists if artist is not None]
    assert len(set(titles)) == len(titles) == 1990
    assert len(artists) == 1990
    assert all(re.fullmatch(r"[A-Z][A-Za-z ]+( Part \d)?", text) for text in titles + artists)
    both = [
        title is None and artist is None
        for title, artist in zip(world.catalog.titles, world.catalog.artists, strict=True)
    ]
    assert not any(both)
    assert "tags" not in world.catalog.columns
    assert not synthetic_radio(n_items=100, missing_share=0.0).report.notes


def test_a_hundred_thousand_items() -> None:
    large = synthetic_radio(0, 100_000, 100_000)
    assert (len(large.catalog), len(large.playlists)) == (100_000, 100_000)
    assert large.truth.cold.sum() == 10_000
    titles = [title for title in large.catalog.titles if title is not None]
    assert len(set(titles)) == len(titles)


@settings(max_examples=60, deadline=None)
@given(
    n_genres=st.integers(1, 8),
    n_items=st.integers(16, 200),
    n_playlists=st.integers(1, 60),
    cold_share=st.sampled_from([0.0, 0.1, 0.5]),
    genre_loyalty=st.floats(0, 1),
    mean_length=st.floats(2, 30),
    seed=st.integers(0, 10),
)
def test_every_world_is_sound(
    n_genres: int,
    n_items: int,
    n_playlists: int,
    cold_share: float,
    genre_loyalty: float,
    mean_length: float,
    seed: int,
) -> None:
    cold_share = min(cold_share, 1 - 2 * n_genres / n_items)
    world = synthetic_radio(
        seed,
        n_items,
        n_playlists,
        n_genres=n_genres,
        cold_share=cold_share,
        genre_loyalty=genre_loyalty,
        mean_length=min(mean_length, n_items),
    )
    assert len(world.catalog) == n_items
    assert world.truth.genres == GENRES[:n_genres]
    assert world.playlists.distinct().lengths.min() >= 2
    assert world.playlists.distinct().n_plays == world.playlists.n_plays
    assert np.array_equal(world.truth.cold, world.playlists.play_counts == 0)
    planted = math.floor(cold_share * n_items) - n_genres
    assert world.truth.cold.sum() >= planted
    if n_genres > 1 and genre_loyalty == 1.0:
        assert ((genres_in_playlists(world) > 0).sum(axis=1) == 1).all()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"seed": -1}, "seed must be a whole number of at least 0, got -1"),
        ({"seed": "x"}, "seed must be a whole number of at least 0, got 'x'"),
        ({"n_items": 15}, "n_items must be a whole number of at least 16, got 15"),
        ({"n_items": 2000.0}, r"n_items must be a whole number of at least 16, got 2000\.0"),
        ({"n_playlists": 0}, "n_playlists must be a whole number of at least 1, got 0"),
        ({"n_genres": 0}, "n_genres must be a whole number from 1 to 8, got 0"),
        ({"n_genres": 9}, "n_genres must be a whole number from 1 to 8, got 9"),
        ({"cold_share": 1.0}, r"cold_share must be a number from 0 to 0\.992, got 1\.0"),
        ({"cold_share": -0.1}, r"cold_share must be a number from 0 .* got -0\.1"),
        ({"genre_loyalty": 1.1}, r"genre_loyalty must be a number from 0 to 1, got 1\.1"),
        ({"genre_loyalty": math.nan}, "genre_loyalty must be .* got nan"),
        ({"mean_length": 1.9}, r"mean_length must be a number from 2 to 2000, got 1\.9"),
        ({"mean_length": math.inf}, "mean_length must be a number from 2 to 2000, got inf"),
        ({"popularity_exponent": -1}, "popularity_exponent must be a number from 0 to 5, got -1"),
        ({"missing_share": 0.6}, r"missing_share must be a number from 0 to 0\.5, got 0\.6"),
    ],
)
def test_arguments_are_checked(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        synthetic_radio(**arguments)

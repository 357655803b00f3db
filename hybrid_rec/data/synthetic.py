"""A generated radio world with planted structure: the demo's data and the tests' known answers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hybrid_rec.core.arrays import Doubles, Mask, Objects, Rows
from hybrid_rec.core.errors import ConfigError
from hybrid_rec.core.quoting import quoted
from hybrid_rec.data.catalog import Catalog
from hybrid_rec.data.playlists import Playlists
from hybrid_rec.data.report import Dataset, finish
from hybrid_rec.data.synthetic_names import GENRES, artist_names, song_titles

_SONGS_PER_ARTIST = 8
# Rounds of drawing anew what repeats within a playlist; only tiny worlds need more.
_REDRAWS = 50


@dataclass(frozen=True, eq=False)
class SyntheticTruth:
    """What was planted in a generated world."""

    genres: tuple[str, ...]
    """Names of the genres."""
    genre_of_item: Rows
    """Genre of each item as a position in `genres`, `(n_items,)` int64."""
    cold: Mask
    """Which items are in no playlist, `(n_items,)`."""


@dataclass(frozen=True, eq=False)
class SyntheticDataset(Dataset):
    """A generated world; unpacks like any `Dataset`."""

    truth: SyntheticTruth
    """The planted answers."""


def synthetic_radio(
    seed: int = 0,
    n_items: int = 2000,
    n_playlists: int = 3000,
    *,
    n_genres: int = 8,
    cold_share: float = 0.1,
    genre_loyalty: float = 0.8,
    mean_length: float = 12.0,
    popularity_exponent: float = 1.0,
    missing_share: float = 0.005,
) -> SyntheticDataset:
    """A generated world of radio playlists; the same arguments give the same world.

    Genres are of equal size and have artists of their own, about eight songs an artist; every
    title holds a word that only its genre uses, and no two titles are the same. Every item that
    is not cold is played at least once, as long as there are plays enough, and no playlist
    repeats an item. Genres are not among the tags: they are the answer, not a hint.

    Args:
        seed: Seed of everything random.
        n_items: Items in the catalogue.
        n_playlists: Playlists, each of at least two items.
        n_genres: Genres, from 1 to 8.
        cold_share: Share of items in no playlist, in [0, 1).
        genre_loyalty: Share of plays from the playlist's own genre, in [0, 1]; all others come
            evenly from the other genres.
        mean_length: Plays in a playlist on average, in [2, n_items]; a genre with fewer items
            than that has shorter playlists.
        popularity_exponent: `s` in Zipf's law: within a genre the item of rank `r` is drawn in
            proportion to `r ** -s`, `s` in [0, 5]. 0 draws evenly.
        missing_share: Share of items without a title, and of others without an artist, in
            [0, 0.5].

    Raises:
        ConfigError: If an argument is out of range.

    Examples:
        >>> world = synthetic_radio(seed=0, n_items=80, n_playlists=100)
        >>> len(world.catalog), len(world.playlists), int(world.truth.cold.sum())
        (80, 100, 8)
    """
    _check_whole("seed", seed, 0)
    _check_whole("n_genres", n_genres, 1, len(GENRES))
    _check_whole("n_items", n_items, 2 * n_genres)
    _check_whole("n_playlists", n_playlists, 1)
    _check_real("cold_share", cold_share, 0.0, 1.0 - 2 * n_genres / n_items)
    _check_real("genre_loyalty", genre_loyalty, 0.0, 1.0)
    _check_real("mean_length", mean_length, 2.0, n_items)
    _check_real("popularity_exponent", popularity_exponent, 0.0, 5.0)
    _check_real("missing_share", missing_share, 0.0, 0.5)
    rng = np.random.default_rng(seed)
    genre_of_item = rng.permutation(np.arange(n_items, dtype=np.int64) % n_genres)
    catalog = _catalog(rng, genre_of_item, n_genres, missing_share)
    warm = [
        rng.permutation(np.flatnonzero(genre_of_item == genre))[
            round(cold_share * int((genre_of_item == genre).sum())) :
        ]
        for genre in range(n_genres)
    ]
    playlists = _playlists(
        rng, warm, n_items, n_playlists, genre_loyalty, mean_length, popularity_exponent
    )
    done = finish(
        "synthetic",
        playlists,
        catalog,
        playlists_read=len(playlists),
        plays_read=playlists.n_plays,
        dropped={},
    )
    truth = SyntheticTruth(GENRES[:n_genres], genre_of_item, done.playlists.play_counts == 0)
    return SyntheticDataset(done.playlists, catalog, done.report, truth)


def _check_whole(name: str, value: int, low: int, high: int | None = None) -> None:
    whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
    if not (whole and value >= low and (high is None or value <= high)):
        bounds = f"of at least {low}" if high is None else f"from {low} to {high}"
        raise ConfigError(f"{name} must be a whole number {bounds}, got {quoted(value)}.")


def _check_real(name: str, value: float, low: float, high: float) -> None:
    real = isinstance(value, int | float | np.floating) and not isinstance(value, bool)
    if not (real and math.isfinite(value) and low <= value <= high):
        raise ConfigError(f"{name} must be a number from {low:g} to {high:g}, got {quoted(value)}.")


def _catalog(
    rng: np.random.Generator, genre_of_item: Rows, n_genres: int, missing_share: float
) -> Catalog:
    n_items = len(genre_of_item)
    titles: Objects = np.empty(n_items, dtype=object)
    artists: Objects = np.empty(n_items, dtype=object)
    for genre, name in enumerate(GENRES[:n_genres]):
        rows = np.flatnonzero(genre_of_item == genre)
        titles[rows] = song_titles(rng, len(rows), name)
        n_artists = max(1, len(rows) // _SONGS_PER_ARTIST)
        names = np.array(artist_names(rng, n_artists, name), dtype=object)
        # Some artists have many songs and some have one, but each has one.
        weights = _zipf(n_artists, 0.7)
        further = rng.choice(n_artists, len(rows) - n_artists, p=weights)
        artists[rows] = names[rng.permutation(np.concatenate([np.arange(n_artists), further]))]
    n_missing = math.ceil(missing_share * n_items) if missing_share < 0.5 else n_items // 2
    gaps = rng.permutation(n_items)
    titles[gaps[:n_missing]] = None
    artists[gaps[n_missing : 2 * n_missing]] = None
    width = len(str(n_items - 1))
    return Catalog.from_columns([f"song-{i:0{width}}" for i in range(n_items)], titles, artists)


def _zipf(n_ranks: int, exponent: float) -> Doubles:
    weights = np.arange(1, n_ranks + 1, dtype=np.float64) ** -exponent
    result: Doubles = weights / weights.sum()
    return result


def _playlists(
    rng: np.random.Generator,
    warm: Sequence[Rows],
    n_items: int,
    n_playlists: int,
    genre_loyalty: float,
    mean_length: float,
    popularity_exponent: float,
) -> Playlists:
    """Playlists of the items in `warm`, one array a genre, the most popular first."""
    n_genres = len(warm)
    lengths = 2 + rng.poisson(mean_length - 2.0, size=n_playlists)
    owners = np.repeat(np.arange(n_playlists), lengths)
    genres = rng.integers(n_genres, size=n_playlists)[owners]
    if n_genres > 1:
        strays = rng.random(len(owners)) >= genre_loyalty
        away = rng.integers(1, n_genres, size=len(owners))
        genres = np.where(strays, (genres + away) % n_genres, genres)
    steps = [np.cumsum(_zipf(len(items), popularity_exponent)) for items in warm]

    def draw(wanted: Rows) -> Rows:
        drawn = np.empty(len(wanted), dtype=np.int64)
        for genre, items in enumerate(warm):
            places = np.flatnonzero(wanted == genre)
            ranks = np.searchsorted(steps[genre], rng.random(len(places)), side="right")
            # The last step can fall short of 1 by a rounding error.
            drawn[places] = items[np.minimum(ranks, len(items) - 1)]
        return drawn

    rows = draw(genres)
    suspects = np.arange(len(rows))
    for _ in range(_REDRAWS):
        again = suspects[_repeats(owners[suspects], rows[suspects], n_items)]
        if len(again) == 0:
            break
        rows[again] = draw(genres[again])
        touched = np.zeros(n_playlists, dtype=bool)
        touched[owners[again]] = True
        suspects = np.flatnonzero(touched[owners])
    _play_the_unplayed(rng, rows, genres, warm, n_items)
    rows[_repeats(owners, rows, n_items)] = -1
    width = len(str(n_playlists - 1))
    names = [f"mix-{i:0{width}}" for i in range(n_playlists)]
    return Playlists.from_rows(lengths, rows, n_items, names)


def _repeats(owners: Rows, rows: Rows, n_items: int) -> Mask:
    """Which plays repeat an earlier one of their playlist."""
    repeats = np.ones(len(rows), dtype=bool)
    repeats[np.unique(owners * n_items + rows, return_index=True)[1]] = False
    return repeats


def _play_the_unplayed(
    rng: np.random.Generator,
    rows: Rows,
    genres: Rows,
    warm: Sequence[Rows],
    n_items: int,
) -> None:
    """Put each item of `warm` that chance left out in place of a play of its genre, in `rows`."""
    counts = np.bincount(rows, minlength=n_items)
    spare = np.ones(len(rows), dtype=bool)
    spare[np.unique(rows, return_index=True)[1]] = False
    for genre, items in enumerate(warm):
        unplayed = items[counts[items] == 0]
        places = np.flatnonzero(spare & (genres == genre))
        n_placed = min(len(unplayed), len(places))
        rows[rng.choice(places, n_placed, replace=False)] = unplayed[:n_placed]

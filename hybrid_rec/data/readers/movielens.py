"""MovieLens: watch lists from ratings."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from hybrid_rec.core.errors import ConfigError
from hybrid_rec.core.progress import Progress
from hybrid_rec.core.quoting import quoted
from hybrid_rec.data.catalog import Catalog
from hybrid_rec.data.paths import existing_folder, located
from hybrid_rec.data.playlists import Playlists
from hybrid_rec.data.readers.registry import register_reader
from hybrid_rec.data.report import MISSING_IDS, UNKNOWN_ITEMS, Dataset, finish
from hybrid_rec.data.tables import ROWS_FROM_0, read_table

_YEAR = re.compile(r".*\S\s*\((?P<year>\d{4})(?:[-\u2013]\d{0,4})?\)\s*", re.DOTALL)
_NO_GENRES = "(no genres listed)"


def read_movielens(
    folder: str | Path, *, min_rating: float | None = None, drop_copies: bool = False
) -> Dataset:
    """Watch lists from MovieLens ratings: the movies of each user in order of time.

    The catalogue is all of `movies.csv`. Titles keep the year, or range of years, at their
    end, which tells films of one name apart; the first year is the column `year`, too. Genres
    become tags; there are no artists. Item ids are movie ids and
    playlist ids are user ids. Ratings of the same second keep their order in the file.

    Args:
        folder: Holds `ratings.csv` and `movies.csv`.
        min_rating: Keep only ratings of at least so many stars; None keeps all.
        drop_copies: Drop users with the same movies in the same order as an earlier one.

    Raises:
        ConfigError: If `min_rating` is no number.
        DataError: If a file is missing, damaged or lacks a column, naming the place.
    """
    if min_rating is not None and not (
        isinstance(min_rating, int | float) and np.isfinite(min_rating)
    ):
        raise ConfigError(f"min_rating must be a finite number or None, got {quoted(min_rating)}.")
    path = existing_folder(folder, "a folder of MovieLens data")
    catalog = _movies(path / "movies.csv")
    ratings = read_table(
        path / "ratings.csv",
        "the file of ratings",
        ("userId", "movieId", "rating", "timestamp"),
        types={
            "userId": pa.int64(),
            "movieId": pa.int64(),
            "rating": pa.float64(),
            "timestamp": pa.int64(),
        },
    )
    n_read = ratings.num_rows
    playlists_read = len(pc.unique(ratings["userId"].drop_null()))
    ratings = ratings.filter(
        pc.and_(pc.is_valid(ratings["userId"]), pc.is_valid(ratings["movieId"]))
    )
    dropped = {MISSING_IDS: n_read - ratings.num_rows}
    if min_rating is not None:
        n_rated = ratings.num_rows
        ratings = ratings.filter(pc.greater_equal(ratings["rating"], min_rating))
        dropped[f"ratings below {min_rating:g}"] = n_rated - ratings.num_rows
    codes, users = pd.factorize(ratings["userId"].to_numpy())
    movie_ids = pd.Index(catalog.item_ids.astype(np.int64))
    rows = movie_ids.get_indexer(pd.Index(ratings["movieId"].to_numpy())).astype(np.int64)
    times = ratings["timestamp"].cast(pa.timestamp("s")).to_numpy().astype("datetime64[us]")
    order = np.lexsort((times, codes))
    order = order[rows[order] >= 0]
    lengths = np.bincount(codes[order], minlength=len(users))
    playlists = Playlists(
        offsets=np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
        rows=rows[order],
        playlist_ids=users.astype(str).astype(object),
        n_items=len(catalog),
        times=times[order],
    )
    return finish(
        str(folder),
        playlists,
        catalog,
        playlists_read=playlists_read,
        plays_read=n_read,
        dropped={**dropped, UNKNOWN_ITEMS: len(rows) - playlists.n_plays},
        drop_copies=drop_copies,
    )


def _movies(file: Path) -> Catalog:
    table = read_table(
        file, "the file of movies", ("movieId", "title", "genres"), types={"movieId": pa.int64()}
    )
    frame = table.to_pandas().rename(columns={"movieId": "item_id"})
    genres = frame.pop("genres").fillna(_NO_GENRES)
    frame["tags"] = [[] if text == _NO_GENRES else text.split("|") for text in genres]
    frame["artist"] = None
    # Ids are checked against whole titles: a year can be all that sets two movies apart.
    with located(file, ROWS_FROM_0):
        catalog = Catalog.from_frame(frame)
    titles = [None if title is None else title.strip() for title in catalog.titles]
    years = [_year(title) for title in titles]
    shown = Catalog.from_columns(catalog.item_ids, titles, catalog.artists, catalog.tags)
    return Catalog(shown.table.append_column("year", pa.array(years, pa.int64())))


def _year(title: str | None) -> int | None:
    match = _YEAR.fullmatch(title or "")
    return int(match["year"]) if match else None


@register_reader("movielens")
def _read(place: str, progress: Progress) -> Dataset:
    del progress
    return read_movielens(place)

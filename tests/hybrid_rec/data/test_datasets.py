"""Readers give what the files hold, on small worlds, on odd text and on the real data."""

from __future__ import annotations

import copy
import csv
import json
import pickle
import subprocess
import sys
import tracemalloc
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv as pa_csv
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hybrid_rec.core.errors import ConfigError, DataError
from hybrid_rec.core.progress import Advance, Progress
from hybrid_rec.data.catalog import Catalog
from hybrid_rec.data.datasets import (
    Dataset,
    DatasetReport,
    SyntheticDataset,
    read_dataset,
    read_movielens,
    read_mpd,
    read_tidy,
    read_yes,
    read_yes_catalog,
    synthetic_radio,
)
from hybrid_rec.data.readers.tidy import items_of_plays, read_items, read_plays
from hybrid_rec.data.report import (
    COPIES,
    COPIES_KEPT,
    LOST_WITH_PLAYLISTS,
    MISSING_IDS,
    RESPELLED,
    SHORT,
    UNKNOWN_ITEMS,
)

SONGS = "0\tIron (w\\/ Bo)\tAda\n1\t\tBo\n2\tNA\t\n3\tWave\tBo\n"
TRAIN = "e0 e1 e2 e3 \n2 3 0 1 \n0 1 0 \n1 \n\n1 1 \n0 1 0 \n3 0 \n"
TAGS = "0 1 2\n#\n1\n1 0 1\n"
TAG_NAMES = "0, rock\n1, wjlb-fm\n2, rhythm, and blues\n"


def lists(dataset: Dataset) -> list[list[str]]:
    return dataset.playlists.to_lists(dataset.catalog)


def nonzero(report: DatasetReport) -> dict[str, int]:
    return {why: count for why, count in report.dropped.items() if count}


def assert_adds_up(report: DatasetReport) -> None:
    """Every playlist and play read is either kept or counted among the dropped."""
    dropped = dict(report.dropped)
    dropped.pop("items with missing ids", None)
    playlists = dropped.pop(SHORT) + dropped.pop(COPIES)
    assert report.playlists_read == report.playlists_kept + playlists
    assert report.plays_read == report.plays_kept + sum(dropped.values())


@pytest.fixture
def yes_folder(tmp_path: Path) -> Path:
    (tmp_path / "song_hash.txt").write_text(SONGS)
    (tmp_path / "train.txt").write_text(TRAIN)
    (tmp_path / "tags.txt").write_text(TAGS)
    (tmp_path / "tag_hash.txt").write_text(TAG_NAMES)
    return tmp_path


def test_yes_keeps_playlists_of_two_different_songs(yes_folder: Path) -> None:
    playlists, catalog, report = read_yes(yes_folder)
    assert playlists.to_lists(catalog) == [["0", "1", "0"], ["0", "1", "0"], ["3", "0"]]
    assert playlists.playlist_ids.tolist() == ["3", "7", "8"]
    assert (report.playlists_read, report.plays_read) == (6, 11)
    assert (report.playlists_kept, report.plays_kept) == (3, 8)
    assert nonzero(report) == {SHORT: 3, LOST_WITH_PLAYLISTS: 3}
    assert report.notes[COPIES_KEPT] == 1
    assert report.source == str(yes_folder)
    assert_adds_up(report)


def test_yes_drops_copies_on_demand(yes_folder: Path) -> None:
    dataset = read_yes(yes_folder, drop_copies=True)
    assert dataset.playlists.playlist_ids.tolist() == ["3", "8"]
    assert nonzero(dataset.report) == {SHORT: 3, COPIES: 1, LOST_WITH_PLAYLISTS: 6}
    assert COPIES_KEPT not in dataset.report.notes
    assert_adds_up(dataset.report)


def test_yes_texts_and_tags(yes_folder: Path) -> None:
    dataset = read_yes(yes_folder)
    catalog = dataset.catalog
    assert catalog.item_ids.tolist() == ["0", "1", "2", "3"]
    assert catalog.titles.tolist() == ["Iron (w/ Bo)", None, "NA", "Wave"]
    assert catalog.artists.tolist() == ["Ada", "Bo", None, "Bo"]
    assert catalog.tags == [("rock", "rhythm, and blues"), (), (), ("rock",)]
    assert dataset.report.notes["station tags left out"] == 1
    assert dataset.report.notes["titles missing"] == 1
    assert dataset.report.notes["artists missing"] == 1
    kept = read_yes(yes_folder, station_tags=True)
    assert kept.catalog.tags[3] == ("wjlb-fm", "rock")
    assert "station tags left out" not in kept.report.notes


def test_yes_catalog_needs_no_playlists_and_no_tags(yes_folder: Path) -> None:
    with_tags = read_yes(yes_folder).catalog
    (yes_folder / "train.txt").unlink()
    assert read_yes_catalog(yes_folder) == with_tags
    (yes_folder / "tags.txt").unlink()
    (yes_folder / "tag_hash.txt").unlink()
    assert "tags" not in read_yes_catalog(yes_folder).columns


def test_yes_reads_windows_line_ends_and_byte_order_marks(yes_folder: Path) -> None:
    expected = read_yes(yes_folder)
    for file in yes_folder.iterdir():
        file.write_bytes(b"\xef\xbb\xbf" + file.read_bytes().replace(b"\n", b"\r\n"))
    actual = read_yes(yes_folder)
    assert actual.catalog == expected.catalog
    assert lists(actual) == lists(expected)


def test_yes_does_not_cut_titles_at_unicode_line_separators(yes_folder: Path) -> None:
    songs = SONGS.replace("Wave", "Wa\u2028ve\x85")
    (yes_folder / "song_hash.txt").write_text(songs, encoding="utf-8")
    assert read_yes_catalog(yes_folder).titles[3] == "Wa\u2028ve\x85"


@pytest.fixture
def movielens_folder(tmp_path: Path) -> Path:
    (tmp_path / "movies.csv").write_text(
        "movieId,title,genres\n"
        "10,Toy Story (1995),Animation|Comedy\n"
        '20,"Matrix, The (1999)",Sci-Fi\n'
        "30,Babylon 5,(no genres listed)\n"
        "40,Desu nôto (2006\u20132007),(no genres listed)\n"
        "50,Toy Story (1996) ,\n"
        "60,(1984),Drama\n"
        "70,Death (note) (2001),Drama\n",
        encoding="utf-8",
    )
    (tmp_path / "ratings.csv").write_text(
        "userId,movieId,rating,timestamp\n"
        "2,10,5.0,300\n"
        "1,20,4.0,200\n"
        "2,20,3.5,100\n"
        "1,10,3.0,200\n"
        "2,99,5.0,50\n"
        ",10,5.0,50\n"
        "1,,5.0,50\n"
        "3,30,1.0,7\n"
    )
    return tmp_path


def test_movielens_watch_lists_stand_in_order_of_time(movielens_folder: Path) -> None:
    dataset = read_movielens(movielens_folder)
    assert dataset.playlists.playlist_ids.tolist() == ["2", "1"]
    assert lists(dataset) == [["20", "10"], ["20", "10"]]
    times = dataset.playlists.times
    assert times is not None
    assert times.astype("datetime64[s]").astype(np.int64).tolist() == [100, 300, 200, 200]
    assert (dataset.report.playlists_read, dataset.report.plays_read) == (3, 8)
    assert nonzero(dataset.report) == {
        MISSING_IDS: 2,
        UNKNOWN_ITEMS: 1,
        SHORT: 1,
        LOST_WITH_PLAYLISTS: 1,
    }
    assert_adds_up(dataset.report)


def test_movielens_titles_keep_their_year(movielens_folder: Path) -> None:
    catalog = read_movielens(movielens_folder).catalog
    assert dict(zip(catalog.item_ids, catalog.titles, strict=True)) == {
        "10": "Toy Story (1995)",
        "20": "Matrix, The (1999)",
        "30": "Babylon 5",
        "40": "Desu nôto (2006\u20132007)",
        "50": "Toy Story (1996)",
        "60": "(1984)",
        "70": "Death (note) (2001)",
    }
    years = dict(zip(catalog.item_ids, catalog.table["year"].to_pylist(), strict=True))
    assert (years["10"], years["40"], years["60"]) == (1995, 2006, None)

    assert catalog.tags[:5] == [("Animation", "Comedy"), ("Sci-Fi",), (), (), ()]
    assert set(catalog.artists) == {None}


def test_movielens_keeps_ratings_at_the_threshold(movielens_folder: Path) -> None:
    dataset = read_movielens(movielens_folder, min_rating=3.5)
    assert lists(dataset) == [["20", "10"]]
    assert dataset.report.dropped["ratings below 3.5"] == 2
    assert dataset.report.playlists_read == 3
    assert_adds_up(dataset.report)
    with pytest.raises(ConfigError, match=r"min_rating must be a finite number or None, got nan"):
        read_movielens(movielens_folder, min_rating=float("nan"))


PLAYS = pd.DataFrame(
    {
        "playlist_id": ["p", "p", "q", "q", "q", "p", None, "", "s"],
        "item_id": ["007", "b", "b", "c", None, "c", "b", "b", "z"],
        "title": ["NA", "Two", "two", "None", "x", "null", "y", "y", None],
        "artist": [None, "Bo", "Bo", "nan", "x", "nan", "y", "y", " "],
        "played_at": pd.to_datetime(["2020-01-03", *["2020-01-02"] * 4, *["2020-01-01"] * 4]),
    }
)


def test_tidy_catalogue_comes_from_the_plays() -> None:
    dataset = read_tidy(PLAYS)
    assert dataset.catalog.item_ids.tolist() == ["007", "b", "c", "z"]
    assert dataset.catalog.titles.tolist() == ["NA", "Two", "None", None]
    assert dataset.catalog.artists.tolist() == [None, "Bo", "nan", None]
    assert lists(dataset) == [["c", "b", "007"], ["b", "c"]]
    assert dataset.report.source == "DataFrame"
    assert (dataset.report.playlists_read, dataset.report.plays_read) == (3, 9)
    assert nonzero(dataset.report) == {MISSING_IDS: 3, SHORT: 1, LOST_WITH_PLAYLISTS: 1}
    assert dataset.report.notes == {"titles missing": 1, "artists missing": 2, RESPELLED: 2}
    assert_adds_up(dataset.report)


def test_tidy_does_not_change_its_frame() -> None:
    before = PLAYS.copy(deep=True)
    read_tidy(PLAYS)
    pd.testing.assert_frame_equal(PLAYS, before)


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".parquet", ".CSV"])
def test_tidy_files_equal_their_frame(tmp_path: Path, suffix: str) -> None:
    file = tmp_path / f"plays{suffix}"
    if suffix == ".parquet":
        PLAYS.to_parquet(file)
    else:
        PLAYS.to_csv(file, index=False, sep="\t" if suffix == ".tsv" else ",")
    actual, expected = read_tidy(file), read_tidy(PLAYS)
    assert actual.catalog == expected.catalog
    assert lists(actual) == lists(expected)
    assert np.array_equal(actual.playlists.times, expected.playlists.times)
    assert actual.report.dropped == expected.report.dropped
    assert actual.report.source == str(file)


def test_tidy_orders_by_position_before_time_before_row(tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {
            "playlist_id": ["p"] * 3,
            "item_id": ["a", "b", "c"],
            "played_at": [30, 10, 20],
            "position": [10, 9, 100],
        }
    )
    expected = {
        ("position", "played_at"): ["b", "a", "c"],
        ("played_at",): ["b", "c", "a"],
        (): ["a", "b", "c"],
    }
    for columns, items in expected.items():
        part = frame[["playlist_id", "item_id", *columns]]
        part.to_csv(tmp_path / "plays.csv", index=False)
        assert lists(read_tidy(part)) == [items]
        assert lists(read_tidy(tmp_path / "plays.csv")) == [items]


def test_tidy_times_in_csv_may_be_seconds_or_text(tmp_path: Path) -> None:
    file = tmp_path / "plays.csv"
    for first, second in [
        ("1577836800", "1577836801.5"),
        ("2020-01-01T00:00:00Z", "2020-01-01 02:00:01.500+02:00"),
    ]:
        file.write_text(f"playlist_id,item_id,played_at\np,a,{first}\np,b,{second}\n")
        times = read_tidy(file).playlists.times
        assert times is not None
        assert times.tolist() == [
            pd.Timestamp("2020-01-01").to_pydatetime(),
            pd.Timestamp("2020-01-01 00:00:01.500").to_pydatetime(),
        ]


def test_tidy_integer_ids_with_gaps_stay_integers(tmp_path: Path) -> None:
    frame = pd.DataFrame({"playlist_id": [1.0, 1.0, 1.0, None], "item_id": [7, 8, None, 9]})
    table = pa.table({name: pa.array(frame[name], pa.int64()) for name in frame})
    pa.parquet.write_table(table, tmp_path / "plays.parquet")
    for plays in (frame, frame.astype("Int64"), tmp_path / "plays.parquet"):
        dataset = read_tidy(plays)
        assert lists(dataset) == [["7", "8"]]
        assert dataset.playlists.playlist_ids.tolist() == ["1"]
        assert dataset.report.playlists_read == 1
        assert nonzero(dataset.report) == {MISSING_IDS: 2}


def test_tidy_without_texts_leaves_them_missing() -> None:
    dataset = read_tidy(PLAYS[["playlist_id", "item_id"]])
    assert set(dataset.catalog.titles) == set(dataset.catalog.artists) == {None}


def test_tidy_keeps_the_most_frequent_spelling_and_the_first_among_equals() -> None:
    spellings = ["x", "Y", "Y", None, "x", "z", None, None, None]
    frame = pd.DataFrame(
        {
            "playlist_id": [str(number // 2) for number in range(9)],
            "item_id": ["a", "a", "a", "a", "a", "b", "a", "b", "c"],
            "title": spellings,
            "artist": ["A", "A", "B", "B", "B", "C", "C", "C", "D"],
        }
    )
    dataset = read_tidy(frame)
    assert dataset.catalog.titles.tolist() == ["x", "z", None]
    assert dataset.catalog.artists.tolist() == ["B", "C", "D"]
    assert dataset.report.notes[RESPELLED] == 1


def write_items(folder: Path, suffix: str) -> Path | pd.DataFrame:
    tags: list[Any] = [["rock", "live"], [], ["pop"], []]
    frame = pd.DataFrame(
        {
            "item_id": ["c", "b", "cold", None],
            "title": ["See", None, "null", "x"],
            "artist": ["Bo", "Bo", None, "x"],
            "tags": tags,
        }
    )
    file = folder / f"items{suffix}"
    if suffix == ".parquet":
        frame.to_parquet(file)
    elif suffix == ".csv":
        frame["tags"] = ["rock|live", None, "pop", ""]
        frame.to_csv(file, index=False)
    else:
        return frame
    return file


@pytest.mark.parametrize("suffix", [".csv", ".parquet", "frame"])
def test_tidy_items_are_the_whole_catalogue(tmp_path: Path, suffix: str) -> None:
    dataset = read_tidy(PLAYS, write_items(tmp_path, suffix))
    assert dataset.catalog.item_ids.tolist() == ["c", "b", "cold"]
    assert dataset.catalog.titles.tolist() == ["See", None, "null"]
    assert dataset.catalog.artists.tolist() == ["Bo", "Bo", None]
    assert dataset.catalog.tags == [("rock", "live"), (), ("pop",)]
    assert lists(dataset) == [["c", "b"], ["b", "c"]]
    assert nonzero(dataset.report) == {
        MISSING_IDS: 3,
        UNKNOWN_ITEMS: 2,
        SHORT: 1,
        "items with missing ids": 1,
    }
    assert_adds_up(dataset.report)


DESCRIBED = pd.DataFrame(
    {
        "item_id": ["007", "b", "cold"],
        "title": ["1979", "NaN", None],
        "lyrics": ["la", None, "5 gold rings"],
        "year": [1979.0, 1e3, np.nan],
        "odd": ["1", "inf", None],
        "empty": [None, None, None],
        "tags": [["a", "b"], [], ["c"]],
        "genre": [["x"], ["y", "z"], []],
        "cover": ["0.5|1", "1|2", None],
    }
)


def write_described(folder: Path, suffix: str) -> Path:
    file = folder / f"items{suffix}"
    if suffix == ".parquet":
        DESCRIBED.set_index(np.array([3, 4, 5])).to_parquet(file)
    else:
        lists = {name: DESCRIBED[name].str.join("|") for name in ("tags", "genre")}
        DESCRIBED.assign(**lists).to_csv(file, sep="," if suffix == ".csv" else "\t")
    return file


def cells(frame: pd.DataFrame) -> dict[str, list[Any]]:
    """What is in a frame, by column; lists of any kind are lists, what is missing is None."""

    def plain(cell: Any) -> Any:
        is_list = isinstance(cell, list | tuple | np.ndarray)
        return list(cell) if is_list else None if pd.isna(cell) else cell

    return {name: [plain(cell) for cell in frame[name]] for name in frame.columns}


@pytest.fixture
def handed_over(monkeypatch: pytest.MonkeyPatch) -> list[pd.DataFrame]:
    """The frames that the catalogue is made of."""
    frames: list[pd.DataFrame] = []

    def from_frame(items: pd.DataFrame) -> Catalog:
        frames.append(items)
        ids = items["item_id"].tolist()
        return Catalog.from_columns(ids, [None] * len(ids), [None] * len(ids))

    monkeypatch.setattr(Catalog, "from_frame", from_frame)
    return frames


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".parquet", ""])
def test_items_keep_every_column(
    tmp_path: Path, handed_over: list[pd.DataFrame], suffix: str
) -> None:
    items = write_described(tmp_path, suffix) if suffix else DESCRIBED
    read_items(items, lists=["tags", "genre"])
    read_tidy(PLAYS, items, lists=["tags", "genre"])
    for frame in handed_over:
        assert cells(frame) == cells(DESCRIBED)
        assert frame["year"].dtype == np.float64
        assert not pd.api.types.is_numeric_dtype(frame["odd"].dtype)


def test_items_need_an_id_alone(tmp_path: Path, handed_over: list[pd.DataFrame]) -> None:
    (tmp_path / "items.csv").write_text("item_id\n007\nb\n")
    assert lists(read_tidy(PLAYS, tmp_path / "items.csv")) == [["b", "007"]]
    assert handed_over[0].columns.tolist() == ["item_id"]
    with pytest.raises(DataError, match="items must have the columns item_id, but lacks item_id"):
        read_items(DESCRIBED[["title"]])


def test_lists_are_split_where_they_are_named(
    tmp_path: Path, handed_over: list[pd.DataFrame]
) -> None:
    file = write_described(tmp_path, ".csv")
    read_items(file, lists=["cover"])
    assert cells(handed_over[0])["cover"] == [["0.5", "1"], ["1", "2"], []]
    assert cells(handed_over[0])["tags"] == ["a|b", None, "c"]
    with pytest.raises(DataError, match=r"items\.csv must have the columns item_id, moods, but la"):
        read_items(file, lists=["moods"])
    with pytest.raises(DataError, match="lists must be a list of names of columns, got 'tags'"):
        read_items(file, lists="tags")


@pytest.mark.parametrize("suffix", ["", ".csv", ".parquet"])
def test_plays_describe_their_items_by_the_columns_that_are_named(
    tmp_path: Path, handed_over: list[pd.DataFrame], suffix: str
) -> None:
    plays = pd.DataFrame(
        {
            "playlist_id": list("ppqqrr"),
            "item_id": list("ababab"),
            "genre": [["x"], ["z"], ["y", "x"], None, ["y", "x"], ["z"]],
            "year": [1, 5, 2, np.nan, 2, np.nan],
            "mood": ["sad", None, "glad", None, "sad", None],
            "unnamed": ["1"] * 6,
        }
    )
    file = tmp_path / f"plays{suffix}"
    if suffix == ".csv":
        plays.assign(genre=plays["genre"].str.join("|")).to_csv(file, index=False)
    elif suffix:
        plays.to_parquet(file)
    dataset = read_tidy(
        file if suffix else plays, item_columns=["mood", "genre", "year"], lists=["genre"]
    )
    assert [*map(cells, handed_over)] == [
        {
            "item_id": ["a", "b"],
            "mood": ["sad", None],
            "genre": [["y", "x"], ["z"]],
            "year": [2, 5],
        }
    ]
    assert handed_over[0]["year"].dtype == np.float64
    assert dataset.report.notes[RESPELLED] == 1
    known = Catalog.from_columns(["a"], [None], [None])
    unknown = items_of_plays(plays, known, item_columns=["mood"])
    assert unknown is not None
    assert unknown.item_ids.tolist() == ["b"]


def test_columns_that_describe_items_are_checked(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"plays must have the columns .* lacks mood"):
        read_tidy(PLAYS, item_columns=["title", "mood"])
    with pytest.raises(DataError, match="describe items, got 'played_at'; leave it out"):
        read_tidy(PLAYS, item_columns=["played_at"])
    (tmp_path / "plays.csv").write_text("playlist_id,item_id,title,played_at\np,a,One,5\n")
    frame = read_plays(tmp_path / "plays.csv", item_columns=())
    assert frame.columns.tolist() == ["playlist_id", "item_id", "played_at"]


def test_copies_have_the_same_items_in_the_same_order() -> None:
    orders = {"p": "ab", "q": "ba", "r": "ab", "s": "aab", "t": "ab"}
    plays = [(name, item) for name, items in orders.items() for item in items]
    frame = pd.DataFrame(plays, columns=["playlist_id", "item_id"])
    assert read_tidy(frame).report.notes[COPIES_KEPT] == 2
    dataset = read_tidy(frame, drop_copies=True)
    assert dataset.playlists.playlist_ids.tolist() == ["p", "q", "s"]
    assert dataset.report.dropped[COPIES] == 2


ids = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=4)
texts = st.one_of(
    st.none(),
    st.sampled_from(["NA", "null", "None", "nan", "", ' "x", ', "a\nb", "\t", "007", "1e5"]),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=6),
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    rows=st.lists(
        st.tuples(st.sampled_from(["p", "q", "", None]) | ids, st.none() | ids, texts, texts),
        max_size=12,
    ),
    tabs=st.booleans(),
)
def test_tidy_round_trip_through_a_file(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[Any, ...]], tabs: bool
) -> None:
    # Two sound plays, so that there is always something left to read.
    rows = [*rows, ("end", "first", "One", "U2"), ("end", "second", None, None)]
    columns = ["playlist_id", "item_id", "title", "artist"]
    frame = pd.DataFrame(rows, columns=columns, dtype=object)
    file = tmp_path_factory.mktemp("round") / f"plays.{'tsv' if tabs else 'csv'}"
    # Python 3.11 does not quote a lone carriage return by itself.
    frame.to_csv(file, index=False, sep="\t" if tabs else ",", quoting=csv.QUOTE_ALL)
    actual, expected = read_tidy(file), read_tidy(frame)
    assert actual.catalog == expected.catalog
    assert actual.playlists.playlist_ids.tolist() == expected.playlists.playlist_ids.tolist()
    assert lists(actual) == lists(expected)
    assert actual.report.dropped == expected.report.dropped
    assert_adds_up(actual.report)


def test_newlines_in_titles_survive_block_borders(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hybrid_rec.data.tables.csv_file._BLOCK_BYTES", 256)
    frame = pd.DataFrame({"playlist_id": "p", "item_id": [f"i{number}" for number in range(400)]})
    frame["title"] = [f"line\n{number},x\n" * (number % 4 + 1) for number in range(400)]
    frame.to_csv(tmp_path / "plays.csv", index=False)
    assert read_tidy(tmp_path / "plays.csv").catalog == read_tidy(frame).catalog


def test_a_million_rows_of_csv_are_read_in_seconds(tmp_path: Path) -> None:
    n_plays, rng = 1_000_000, np.random.default_rng(0)
    items = rng.integers(0, 50_000, n_plays)
    names = np.array([f"item {number}" for number in range(50_000)])
    table = {
        "playlist_id": np.arange(n_plays) // 20,
        "item_id": names[items],
        "title": np.char.add("Title, of ", names)[items],
        "artist": np.char.add("Artist ", (np.arange(50_000) // 9).astype(str))[items],
        "played_at": np.arange(n_plays),
    }
    file = tmp_path / "plays.csv"
    pa_csv.write_csv(pa.table(table), file)
    dataset = read_tidy(file)
    assert (len(dataset.playlists), dataset.playlists.n_plays) == (n_plays // 20, n_plays)
    assert dataset.catalog.item_ids[dataset.playlists.rows[7]] == names[items[7]]
    assert dataset.playlists.rows.dtype == np.int64


def track(number: int, **changes: Any) -> dict[str, Any]:
    full = {
        "pos": number,
        "artist_name": f"Artist {number}",
        "track_uri": f"spotify:track:{number}",
        "artist_uri": "spotify:artist:x",
        "track_name": f"Track {number}",
        "album_uri": "spotify:album:x",
        "duration_ms": 1000,
        "album_name": "Album",
    }
    return {**full, **changes}


def write_slice(folder: Path, start: int, playlists: list[dict[str, Any]]) -> Path:
    file = folder / f"mpd.slice.{start}-{start + 999}.json"
    file.write_text(json.dumps({"info": {"version": "v1"}, "playlists": playlists}, indent=1))
    return file


@pytest.fixture
def mpd_folder(tmp_path: Path) -> Path:
    write_slice(
        tmp_path,
        2000,
        [
            {"pid": 2000, "tracks": [track(3), track(1, pos=4), track(2, pos=0)]},
            {"pid": 2001, "tracks": [track(1)]},
            {"tracks": [track(8), track(9)]},
        ],
    )
    bare = {"track_uri": "spotify:track:4", "track_name": "Four", "artist_name": "Bo"}
    write_slice(
        tmp_path,
        0,
        [
            {"name": "x", "pid": 7, "num_followers": 1, "tracks": [track(1), track(2)]},
            {"pid": 8, "tracks": [bare, track(1, track_name="Respelled"), track(5, track_uri="")]},
            {"pid": 9, "tracks": []},
        ],
    )
    write_slice(
        tmp_path,
        10000,
        [{"pid": 10000, "tracks": [track(3, track_name=None), track(6, artist_name=" ")]}],
    )
    return tmp_path


def test_mpd_reads_slices_in_the_order_of_their_numbers(mpd_folder: Path) -> None:
    dataset = read_mpd(mpd_folder)
    assert dataset.playlists.playlist_ids.tolist() == ["7", "8", "2000", "10000"]
    assert [[uri[-1] for uri in items] for items in lists(dataset)] == [
        ["1", "2"],
        ["4", "1"],
        ["2", "3", "1"],
        ["3", "6"],
    ]
    assert dataset.catalog.item_ids[0] == "spotify:track:1"
    assert dataset.catalog.titles.tolist() == ["Track 1", "Track 2", "Four", "Track 3", "Track 6"]
    assert dataset.catalog.artists.tolist() == ["Artist 1", "Artist 2", "Bo", "Artist 3", None]
    assert (dataset.report.playlists_read, dataset.report.plays_read) == (6, 13)
    assert nonzero(dataset.report) == {SHORT: 2, MISSING_IDS: 3, LOST_WITH_PLAYLISTS: 1}
    assert dataset.report.notes["item ids with several spellings, the first kept"] == 1
    assert_adds_up(dataset.report)


def test_mpd_takes_a_folder_a_glob_the_unpacked_archive_or_one_slice(mpd_folder: Path) -> None:
    expected = lists(read_mpd(mpd_folder))
    assert lists(read_mpd(str(mpd_folder / "mpd.slice.*.json"))) == expected
    assert lists(read_mpd(str(mpd_folder / "*.slice.0-*.json"))) == expected[:2]
    assert lists(read_mpd(mpd_folder / "mpd.slice.0-999.json")) == expected[:2]
    (mpd_folder / "data").mkdir()
    for file in mpd_folder.glob("*.json"):
        file.rename(mpd_folder / "data" / file.name)
    assert lists(read_mpd(mpd_folder)) == expected


def test_mpd_fills_a_name_that_was_missing_at_first(tmp_path: Path) -> None:
    first = [track(1, track_name=None, artist_name=""), track(2)]
    write_slice(tmp_path, 0, [{"pid": 1, "tracks": first}, {"pid": 2, "tracks": [track(1)] * 2}])
    dataset = read_mpd(tmp_path)
    assert dataset.catalog.titles.tolist() == ["Track 1", "Track 2"]
    assert dataset.catalog.artists.tolist() == ["Artist 1", "Artist 2"]
    assert "item ids with several spellings, the first kept" not in dataset.report.notes


def test_mpd_reports_progress_over_slices(mpd_folder: Path) -> None:
    calls: list[Any] = []

    class Recorder(Progress):
        @contextmanager
        def stage(self, name: str, total: int | None = None) -> Iterator[Advance]:
            del name
            calls.append(total)
            yield calls.append

    read_mpd(mpd_folder, progress=Recorder())
    assert calls == [3, 1, 1, 1]


def test_mpd_keeps_no_slice_in_memory(tmp_path: Path) -> None:
    def peak(n_slices: int) -> int:
        folder = tmp_path / str(n_slices)
        folder.mkdir()
        for start in range(0, n_slices * 1000, 1000):
            tracks = [track(number) for number in range(30)]
            playlists = [{"pid": start + number, "tracks": tracks} for number in range(60)]
            write_slice(folder, start, playlists)
        tracemalloc.start()
        try:
            dataset = read_mpd(folder)
            assert len(dataset.playlists) == 60 * n_slices
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    peak(1)
    assert peak(8) < 1.5 * peak(2)


def test_read_dataset_knows_every_form(
    yes_folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    assert len(read_dataset(f"yes:{yes_folder}").playlists) == 3
    folder = tmp_path_factory.mktemp("other")
    write_slice(folder, 0, [{"pid": 1, "tracks": [track(1), track(2)]}])
    assert len(read_dataset(f"mpd:{folder}").playlists) == 1
    assert len(read_dataset(f"mpd:{folder}/*.json").playlists) == 1
    PLAYS.to_csv(folder / "plays.csv", index=False)
    PLAYS.to_csv(folder / "plays.tsv", index=False, sep="\t")
    PLAYS.to_parquet(folder / "plays.parquet")
    for suffix in ("csv", "tsv", "parquet"):
        assert len(read_dataset(f"{folder}/plays.{suffix}").playlists) == 2
    with_items = read_dataset(f"{folder}/plays.csv", items=write_items(folder, ".csv"))
    assert "cold" in with_items.catalog.item_ids
    synthetic = read_dataset("synthetic")
    assert isinstance(synthetic, SyntheticDataset)
    assert len(synthetic.catalog) == 2000


def test_read_dataset_reads_movielens(movielens_folder: Path) -> None:
    assert len(read_dataset(f"movielens:{movielens_folder}").playlists) == 2


@pytest.mark.parametrize("spec", ["", "yes:", "yes", "spotify:x", "plays.json", "some/folder"])
def test_read_dataset_lists_the_valid_forms(spec: str) -> None:
    with pytest.raises(DataError, match=r"one of movielens:FOLDER, mpd:FOLDER, .*, synthetic; got"):
        read_dataset(spec)


def test_read_dataset_refuses_items_for_sets_that_bring_their_own(yes_folder: Path) -> None:
    for spec in ("synthetic", f"yes:{yes_folder}"):
        with pytest.raises(DataError, match="items can only be given for plays in a file"):
            read_dataset(spec, items=PLAYS)


def test_report_reads_as_text() -> None:
    assert str(read_tidy(PLAYS).report).splitlines() == [
        "DataFrame: kept 2 of 3 playlists, 5 of 9 plays",
        "  dropped: 1 playlist with fewer than two items",
        "  dropped: 3 rows with missing ids",
        "  dropped: 1 play of dropped playlists",
        "  note: 1 title missing",
        "  note: 2 artists missing",
        "  note: 2 item ids with several spellings, the most frequent kept",
    ]


def test_report_cannot_be_changed() -> None:
    report = read_tidy(PLAYS).report
    with pytest.raises(TypeError):
        report.dropped[SHORT] = 0


def test_import_loads_neither_torch_nor_gensim() -> None:
    code = (
        "import sys, hybrid_rec.data.datasets; "
        "heavy = {'torch', 'gensim', 'sentence_transformers'}; "
        "print(sorted(heavy & {*sys.modules}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.stdout.strip(), done.stderr) == ("[]", "")


def test_real_yes_big(data_dir: Path) -> None:
    dataset = read_yes(data_dir / "yes_big")
    report = dataset.report
    assert (report.playlists_read, report.plays_read) == (18_139, 190_649)
    assert (report.playlists_kept, report.plays_kept) == (13_008, 185_518)
    assert nonzero(report) == {SHORT: 5_131, LOST_WITH_PLAYLISTS: 5_131}
    assert report.notes["titles missing"] == 2
    assert report.notes["station tags left out"] == 4
    assert report.notes[COPIES_KEPT] == 134
    assert "artists missing" not in report.notes
    catalog = dataset.catalog
    assert len(catalog) == 9_775
    row = catalog.rows(["2172"])[0]
    assert (catalog.titles[row], catalog.artists[row]) == ("More Than Words", "Extreme")
    assert catalog.titles[0] == "Gucci Time (w/ Swizz Beatz)"
    assert not any("\\/" in title for title in catalog.titles if title)
    lines = (data_dir / "yes_big" / "train.txt").read_text().split("\n")
    oracle = [line.split() for line in lines[2:] if len(set(line.split())) > 1]
    assert lists(dataset) == oracle
    assert lines[int(dataset.playlists.playlist_ids[500]) - 1].split() == oracle[500]
    assert_adds_up(report)


def test_real_yes_big_tags(data_dir: Path) -> None:
    folder = data_dir / "yes_big"
    stations = {"wjlb-fm", "wrif-fm", "whtd-fm", "wkqi-fm"}
    names = dict(line.split(", ", 1) for line in (folder / "tag_hash.txt").read_text().splitlines())
    raw = [
        {names[key] for key in line.split()} if line != "#" else set()
        for line in (folder / "tags.txt").read_text().splitlines()
    ]
    assert stations <= set().union(*raw)
    assert [set(tags) for tags in read_yes(folder).catalog.tags] == [t - stations for t in raw]
    assert [set(tags) for tags in read_yes(folder, station_tags=True).catalog.tags] == raw


def test_real_yes_big_without_copies(data_dir: Path) -> None:
    dataset = read_yes(data_dir / "yes_big", drop_copies=True)
    assert len(dataset.playlists) == 12_874
    assert dataset.report.dropped[COPIES] == 134
    assert max(Counter(map(tuple, lists(dataset))).values()) == 1


def test_real_yes_complete_is_a_catalogue_alone(data_dir: Path) -> None:
    catalog = read_yes_catalog(data_dir / "yes_complete")
    assert len(catalog) == 75_262
    assert sum(title is None for title in catalog.titles) == 6
    assert sum(artist is None for artist in catalog.artists) == 1
    with pytest.raises(DataError, match=r"train\.txt must be the file of playlists, found no such"):
        read_yes(data_dir / "yes_complete")


def test_real_movielens(data_dir: Path) -> None:
    folder = data_dir / "ml-latest-small"
    dataset = read_movielens(folder)
    report, catalog = dataset.report, dataset.catalog
    assert (report.playlists_kept, len(catalog), report.plays_kept) == (610, 9_742, 100_836)
    assert nonzero(report) == {}
    assert report.notes == {"artists missing": 9_742}
    assert int((dataset.playlists.play_counts == 0).sum()) == 18
    titles = dict(zip(catalog.item_ids, catalog.titles, strict=True))
    assert titles["1"] == "Toy Story (1995)"
    assert titles["171749"] == "Death Note: Desu nôto (2006\u20132007)"
    assert titles["40697"] == "Babylon 5"
    hamlets = [title for title in catalog.titles if (title or "").startswith("Hamlet (")]
    assert len(set(hamlets)) == len(hamlets) > 3
    assert sum(not tags for tags in catalog.tags) == 34
    ratings = pd.read_csv(folder / "ratings.csv").sort_values("timestamp", kind="stable")
    watched = ratings.groupby("userId")["movieId"].apply(lambda ids: [str(i) for i in ids])
    assert lists(dataset) == watched.tolist()
    assert dataset.playlists.playlist_ids.tolist() == [str(user) for user in watched.index]
    assert dataset.playlists.times is not None
    assert dataset.playlists.times.min() == pd.Timestamp(ratings["timestamp"].min(), unit="s")


def test_real_movielens_above_a_rating(data_dir: Path) -> None:
    report = read_movielens(data_dir / "ml-latest-small", min_rating=4).report
    assert (report.playlists_read, report.playlists_kept, report.plays_kept) == (610, 608, 48_579)
    assert nonzero(report) == {"ratings below 4": 52_256, SHORT: 2, LOST_WITH_PLAYLISTS: 1}
    assert_adds_up(report)


REAL_TIDY = {
    "triplej": {
        "read": (5_972, 134_943),
        "kept": (5_622, 134_592),
        "items": 15_602,
        "dropped": {SHORT: 350, LOST_WITH_PLAYLISTS: 351},
        "notes": {RESPELLED: 432},
    },
    "wfmu": {
        "read": (7_331, 226_232),
        "kept": (7_256, 226_155),
        "items": 179_896,
        "dropped": {SHORT: 75, LOST_WITH_PLAYLISTS: 77},
        "notes": {RESPELLED: 4, COPIES_KEPT: 1},
    },
    "classic_rock": {
        "read": (3_599, 37_673),
        "kept": (3_458, 37_532),
        "items": 2_231,
        "dropped": {SHORT: 141, LOST_WITH_PLAYLISTS: 141},
        "notes": {"titles missing": 2, "artists missing": 1, COPIES_KEPT: 87},
    },
}


@pytest.mark.parametrize("name", REAL_TIDY)
def test_real_tidy(data_dir: Path, name: str) -> None:
    expected = REAL_TIDY[name]
    file = data_dir / name / "plays.parquet"
    dataset = read_tidy(file)
    report = dataset.report
    assert (report.playlists_read, report.plays_read) == expected["read"]
    assert (report.playlists_kept, report.plays_kept) == expected["kept"]
    assert len(dataset.catalog) == expected["items"]
    assert nonzero(report) == expected["dropped"]
    assert report.notes == expected["notes"]
    assert_adds_up(report)
    frame = pd.read_parquet(file)
    kept = frame.groupby("playlist_id", sort=False)["item_id"].agg(list)
    kept = kept[[len(set(items)) > 1 for items in kept]]
    assert dataset.playlists.playlist_ids.tolist() == kept.index.tolist()
    assert Counter(map(tuple, lists(dataset))) == Counter(map(tuple, kept))


def test_real_triplej_keeps_ids_as_they_stand_and_the_usual_spelling(data_dir: Path) -> None:
    file = data_dir / "triplej" / "plays.parquet"
    dataset = read_tidy(file)
    assert any(name.endswith(" ") for name in dataset.playlists.playlist_ids)
    frame = pd.read_parquet(file)
    rows = dataset.catalog.rows(frame["item_id"].unique()[::50])
    for row in rows:
        titles = Counter(frame["title"][frame["item_id"] == dataset.catalog.item_ids[row]])
        assert dataset.catalog.titles[row] == titles.most_common(1)[0][0]


def test_real_classic_rock_without_copies(data_dir: Path) -> None:
    report = read_tidy(data_dir / "classic_rock" / "plays.parquet", drop_copies=True).report
    assert (report.playlists_kept, report.plays_kept) == (3_371, 36_377)
    assert nonzero(report) == {SHORT: 141, COPIES: 87, LOST_WITH_PLAYLISTS: 1_296}


@pytest.mark.parametrize("read", [read_yes, read_movielens, read_mpd])
def test_readers_take_strings_and_paths(read: Callable[..., Dataset], tmp_path: Path) -> None:
    for place in (tmp_path / "nowhere", str(tmp_path / "nowhere")):
        with pytest.raises(DataError, match="nowhere must be a folder of"):
            read(place)


def test_a_dataset_can_be_pickled_and_copied() -> None:
    world = synthetic_radio(n_items=50, n_playlists=20)
    for again in (pickle.loads(pickle.dumps(world)), copy.deepcopy(world)):
        assert again.report == world.report
        assert again.catalog == world.catalog
        assert again.playlists.rows.tolist() == world.playlists.rows.tolist()
        with pytest.raises(TypeError, match="does not support item assignment"):
            again.report.dropped["x"] = 1


def test_read_dataset_takes_a_path(tmp_path: Path) -> None:
    path = tmp_path / "plays.csv"
    path.write_text("playlist_id,item_id\np,a\np,b\n")
    assert len(read_dataset(path).playlists) == 1
    wrong: Any = 5
    with pytest.raises(DataError, match=r"a data set must be one of .*; got 5"):
        read_dataset(wrong)

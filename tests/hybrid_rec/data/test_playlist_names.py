"""Names of playlists: given, read, kept and refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from hybrid_rec.core.errors import DataError
from hybrid_rec.data.catalog import Catalog
from hybrid_rec.data.playlists import Playlists
from hybrid_rec.data.readers.mpd import read_mpd
from hybrid_rec.data.readers.tidy import read_plays, read_tidy

CATALOG = Catalog.from_columns(["a", "b", "c"], ["One", "Two", "Three"], ["U2", None, None])
PLAYS = pd.DataFrame({"playlist_id": ["q", "q", "p", "p"], "item_id": ["a", "b", "b", "c"]})


def named(*names: Any) -> pd.DataFrame:
    return PLAYS.assign(playlist_name=pd.Series(names, dtype=object))


def names_of(playlists: Playlists) -> list[str] | None:
    return None if playlists.names is None else playlists.names.tolist()


def test_without_names_there_are_none() -> None:
    playlists = Playlists.from_lists([["a"], ["b"]], CATALOG)
    assert playlists.names is None
    assert playlists.n_named == 0
    assert Playlists.from_frame(named(None, np.nan, "", " "), CATALOG).names is None


def test_lists_have_one_name_each() -> None:
    playlists = Playlists.from_lists([["a"], ["b"], ["c"]], CATALOG, names=["Mix", None, " "])
    assert names_of(playlists) == ["Mix", "", ""]
    assert playlists.n_named == 1


def test_a_frame_of_names_need_not_name_all() -> None:
    names = pd.DataFrame({"playlist_id": ["p"], "name": ["Christmas"]})
    assert names_of(Playlists.from_frame(PLAYS, CATALOG, names=names)) == ["", "Christmas"]


def test_a_column_of_plays_names_their_playlist() -> None:
    playlists = Playlists.from_frame(named("gym", None, "chill", "chill"), CATALOG)
    assert names_of(playlists) == ["gym", "chill"]


def test_names_follow_their_playlists() -> None:
    playlists = Playlists.from_lists(
        [["a", "a"], ["b"], ["c", "b"]], CATALOG, playlist_ids=["x", "y", "z"], names=list("XYZ")
    )
    assert names_of(playlists.select(np.array([2, 0]))) == ["Z", "X"]
    assert names_of(playlists.select(np.array([False, True, False]))) == ["Y"]
    assert names_of(playlists.select_plays(playlists.rows == 1)) == ["X", "Y", "Z"]
    assert names_of(playlists.distinct()) == ["X", "Y", "Z"]


@pytest.mark.parametrize(
    ("before", "later", "expected"),
    [
        (["X", "Y"], ["", "new"], ["X", "Y", "new"]),
        (["X", "Y"], ["X2", ""], ["X2", "Y", ""]),
        (None, ["X2", "new"], ["X2", "", "new"]),
        (["X", "Y"], None, ["X", "Y", ""]),
        (None, None, None),
    ],
)
def test_a_playlist_that_goes_on_keeps_its_name_unless_it_gets_another(
    before: list[str] | None, later: list[str] | None, expected: list[str] | None
) -> None:
    old = Playlists.from_lists([["a"], ["b"]], CATALOG, names=before)
    new = Playlists.from_lists([["c"], ["c"]], CATALOG, names=later)
    assert names_of(old.extended(new, np.array([0, -1]))) == expected


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["one"], "one entry per playlist, 2, got 1"),
        ("both", "must be a list of texts"),
        (["one", 2], "must be texts, got 2 at 1"),
    ],
)
def test_names_of_lists_are_checked(names: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        Playlists.from_lists([["a"], ["b"]], CATALOG, names=names)


def test_the_length_is_checked_wherever_playlists_are_made() -> None:
    with pytest.raises(DataError, match="one entry per playlist, 1, got 2"):
        Playlists.from_rows([1], np.array([0]), 3, names=np.array(["x", "y"], dtype=object))


@pytest.mark.parametrize(
    ("plays", "names", "message"),
    [
        (PLAYS, {"playlist_id": ["r"], "name": ["x"]}, "playlists that have plays, but 'r'"),
        (PLAYS, {"playlist_id": ["p"]}, "name missing"),
        (PLAYS, {"playlist_id": ["p", None], "name": ["x", "y"]}, "must not be missing"),
        (PLAYS, {"playlist_id": ["p"], "name": [7]}, "name must be texts, got 7 at 0"),
        (PLAYS, {"playlist_id": ["p", "p"], "name": ["x", "y"]}, "'p' is called 'x' and, at row 1"),
        (named("x", "y", "", ""), None, "'q' is called 'x' and, at row 1, 'y'"),
        (named("x", ["y"], "", ""), None, r"playlist_name must be texts, got \['y'\] at 1"),
        (named("x", "x", 3, ""), None, "playlist_name must be texts, got 3 at 2"),
        (named("x", "x", "", ""), {"playlist_id": ["p"], "name": ["x"]}, "given once"),
    ],
)
def test_names_in_frames_are_checked(
    plays: pd.DataFrame, names: dict[str, Any] | None, message: str
) -> None:
    table = None if names is None else pd.DataFrame(names)
    with pytest.raises(DataError, match=message):
        Playlists.from_frame(plays, CATALOG, names=table)


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_tidy_files_take_a_column(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"plays.{ending}"
    plays = named("2017", "2017", "Noël 🎄", "Noël 🎄")
    if ending == "csv":
        plays.to_csv(path, index=False)
    else:
        plays.to_parquet(path)
    assert names_of(read_tidy(path).playlists) == ["2017", "Noël 🎄"]
    assert read_plays(path)["playlist_name"].tolist() == ["2017", "2017", "Noël 🎄", "Noël 🎄"]


def test_tidy_files_with_one_row_a_playlist_take_a_column(tmp_path: Path) -> None:
    path = tmp_path / "lists.csv"
    path.write_text("playlist_name,item_ids\ngym,a|b\n,b|c\n", encoding="utf-8")
    assert names_of(read_tidy(path).playlists) == ["gym", ""]


def test_a_file_says_which_playlist_has_two_names(tmp_path: Path) -> None:
    path = tmp_path / "plays.csv"
    named("x", "y", "", "").to_csv(path, index=False)
    with pytest.raises(DataError, match=r"plays\.csv: a playlist must have one name"):
        read_tidy(path)


def mpd(folder: Path, *names: Any) -> Path:
    playlists = [
        {
            "pid": number,
            "name": name,
            "tracks": [{"track_uri": uri, "track_name": uri, "artist_name": "U2"} for uri in "ab"],
        }
        for number, name in enumerate(names)
    ]
    path = folder / "mpd.slice.0-999.json"
    path.write_text(json.dumps({"playlists": playlists}), encoding="utf-8")
    return path


def test_the_million_playlist_dataset_has_names(tmp_path: Path) -> None:
    assert names_of(read_mpd(mpd(tmp_path, "throwback ", None)).playlists) == ["throwback ", ""]
    assert read_mpd(mpd(tmp_path, None, "")).playlists.names is None
    assert names_of(read_mpd(mpd(tmp_path, "\ud800x")).playlists) == ["\ufffdx"]


def test_a_name_of_the_million_playlist_dataset_is_text(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="name must be text, got 7"):
        read_mpd(mpd(tmp_path, 7))

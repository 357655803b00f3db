"""Bad input gives a DataError that says where, what was expected and what was found."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hybrid_rec.core.errors import DataError
from hybrid_rec.data.datasets import (
    Dataset,
    read_movielens,
    read_mpd,
    read_tidy,
    read_yes,
    read_yes_catalog,
)

YES = {
    "song_hash.txt": "0\tIron\tAda\n1\tWave\tBo\n2\tRiver\tBo\n",
    "train.txt": "e0 e1 e2 \n1 1 0 \n0 1 \n\n2 1 0 \n",
    "tags.txt": "0\n#\n0 1\n",
    "tag_hash.txt": "0, rock\n1, pop\n",
}
MOVIELENS = {
    "movies.csv": 'movieId,title,genres\n1,Heat (1995),Drama\n2,"Matrix, The (1999)",Sci-Fi\n',
    "ratings.csv": "userId,movieId,rating,timestamp\n1,1,4.0,10\n1,2,3.0,20\n",
}
PLAYS = "playlist_id,item_id,title\np,a,One\np,b,Two\nq,a,One\nq,b,Two\n"
ITEMS = "item_id,title,artist\na,One,Ada\nb,Two,Bo\n"
SLICE = {
    "info": {},
    "playlists": [
        {"pid": 0, "tracks": [{"track_uri": "a", "track_name": "One", "artist_name": "Ada"}]},
        {
            "pid": 1,
            "tracks": [
                {"track_uri": "a", "track_name": "One", "artist_name": "Ada"},
                {"track_uri": "b", "track_name": "Two", "artist_name": "Bo"},
            ],
        },
    ],
}


def write(folder: Path, files: dict[str, str], **changes: str | bytes | None) -> Path:
    """`files` in `folder`, with the changed ones replaced, or left out where None."""
    for name, text in files.items():
        content = changes.get(name.split(".")[0], text)
        if content is not None:
            data = content if isinstance(content, bytes) else content.encode()
            (folder / name).write_bytes(data)
    return folder


def message_of(read: Callable[[], object]) -> str:
    with pytest.raises(DataError) as caught:
        read()
    assert type(caught.value) is DataError
    message = str(caught.value)
    assert "\n" not in message
    return message


def assert_says(message: str, *parts: str) -> None:
    for part in parts:
        assert part in message, f"{part!r} is not in {message!r}"


@pytest.mark.parametrize(
    ("changes", "parts"),
    [
        ({"song_hash": None}, ["song_hash.txt must be the file of songs", "found no such file"]),
        ({"song_hash": ""}, ["song_hash.txt must hold at least one song", "empty file"]),
        (
            {"song_hash": "0\tIron\tAda\n1\tWave\n"},
            ["song_hash.txt", "line 2 has 2 fields: '1\\tWave'"],
        ),
        (
            {"song_hash": "0\tIron\tAda\n1\tWave\tBo\tx\n"},
            ["song_hash.txt", "line 2 has 4 fields"],
        ),
        (
            {"song_hash": "0\tIron\tAda\n5\tWave\tBo\n"},
            ["song_hash.txt", "line 2 has '5' where 1 was expected"],
        ),
        (
            {"song_hash": "0\tIron\tAda\nx\tWave\tBo\n"},
            ["song_hash.txt", "line 2 has 'x' where 1 was expected"],
        ),
        (
            {"song_hash": "0\tIron\tAda\n1\tWave\tBo\n0\tGold\tAda\n"},
            ["song 0 stands as 'Iron' in line 1 and as 'Gold' in line 3"],
        ),
        (
            {"song_hash": "0\tIron\tAda\n1\tW\xe9\tBo\n".encode("latin-1")},
            ["song_hash.txt must be UTF-8", "line 2 holds the byte 0xe9"],
        ),
        ({"train": None}, ["train.txt must be the file of playlists", "found no such file"]),
        ({"train": ""}, ["train.txt must hold two header lines", "found 0 lines"]),
        ({"train": "e0 e1 e2\n1 1 0\n"}, ["train.txt", "found 2 lines in all"]),
        (
            {"train": "0 1 \n1 1 0\n0 1\n"},
            ["train.txt must hold 3 values in its header line 1", "found 2"],
        ),
        (
            {"train": "e0 e1 e2\n1 1 0 4\n0 1\n"},
            ["train.txt must hold 3 values in its header line 2", "found 4"],
        ),
        (
            {"train": "e0 e1 e2 \n1 1 0 \n0 1 \n\n0 x \n"},
            ["train.txt", "song numbers from 0 to 2", "line 5 has 'x'"],
        ),
        ({"train": "e0 e1 e2 \n1 1 0 \n0 1 \n0 3 \n"}, ["train.txt", "line 4 has '3'"]),
        ({"train": "e0 e1 e2 \n1 1 0 \n0 1 \n3 0 \n"}, ["train.txt", "line 4 has '3'"]),
        ({"train": "e0 e1 e2 \n1 1 0 \n-1 1 \n"}, ["train.txt", "line 3 has '-1'"]),
        ({"train": "e0 e1 e2 \n1 1 0 \n0 1 \n1 1.0\n"}, ["train.txt", "line 4 has '1.0'"]),
        (
            {"train": b"e0 e1 e2 \n1 1 0 \n0 1 \n\xff 1\n"},
            ["train.txt must be UTF-8", "line 4 holds the byte 0xff"],
        ),
        (
            {"train": "e0 e1 e2 \n1 1 0 \n1 1 \n2\n"},
            ["at least one playlist with two different items", "none of 2 is left", "2 playlists"],
        ),
        ({"tags": "0\n#\n"}, ["tags.txt must hold a line for each of the 3 songs", "found 2"]),
        ({"tags": "0\n#\n0\n1\n"}, ["tags.txt must hold a line for each", "found 4"]),
        ({"tags": "0\n7\n0\n"}, ["tags.txt", "line 2 has '7'"]),
        ({"tags": "0\n\n0\n"}, ["tags.txt", "line 2 has ''"]),
        ({"tags": None}, ["tags.txt must be the file of tags", "found no such file"]),
        ({"tag_hash": None}, ["tag_hash.txt must be the file of tag names", "no such file"]),
        ({"tag_hash": "0, rock\n1 pop\n"}, ["tag_hash.txt", "line 2 is '1 pop'"]),
        ({"tag_hash": "0, rock\n0, pop\n"}, ["tag_hash.txt", "once", "line 2 is '0, pop'"]),
    ],
)
def test_yes(tmp_path: Path, changes: dict[str, str | bytes | None], parts: list[str]) -> None:
    folder = write(tmp_path, YES, **changes)
    assert_says(message_of(lambda: read_yes(folder)), str(folder), *parts)


def test_yes_without_changes_is_sound(tmp_path: Path) -> None:
    assert len(read_yes(write(tmp_path, YES)).playlists) == 2


def test_a_folder_must_be_a_folder(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("")
    readers: list[Callable[[Path], object]] = [read_yes, read_yes_catalog, read_movielens]
    for read in readers:
        assert_says(message_of(lambda read=read: read(file)), str(file), "found a file")  # type: ignore[misc]
        assert_says(message_of(lambda read=read: read(tmp_path / "no")), "found nothing there")  # type: ignore[misc]


@pytest.mark.parametrize(
    ("changes", "parts"),
    [
        ({"movies": None}, ["movies.csv must be the file of movies", "no such file"]),
        ({"ratings": None}, ["ratings.csv must be the file of ratings", "no such file"]),
        ({"movies": ""}, ["movies.csv must name its columns (movieId, title, genres) in line 1"]),
        ({"movies": "movieId,title,genres\n"}, ["movies.csv must hold at least one row"]),
        (
            {"movies": "movieId,name\n1,Heat\n"},
            ["movies.csv must have the columns", "lacks title, genres; found movieId, name"],
        ),
        (
            {"movies": "movieId,title,genres\n1,Heat (1995),x\n1,Heat (1996),x\n"},
            ["movies.csv", "'1'", "different titles: 'Heat (1995)' at row 0", "at row 1"],
        ),
        (
            {"movies": "movieId,title,genres\n1,Heat,x\nx,Wave,y\n"},
            ["movies.csv", "row 3", "column 'movieId'", "'x'"],
        ),
        (
            {"movies": "movieId,title,genres\n1,Heat,x\n,Wave,y\n"},
            ["movies.csv: item_id must not be missing", "row 1"],
        ),
        (
            {"movies": "movieId,title,genres\n1,Heat,x\n2,W\xe9,y\n".encode("latin-1")},
            ["movies.csv must be UTF-8", "line 3 holds the byte 0xe9"],
        ),
        (
            {"ratings": "userId,movieId,rating,timestamp\n1,1,4.0,10\n1,2,3.0\n"},
            ["ratings.csv must have 4 sound values a row", "row 3", "got 3: 1,2,3.0"],
        ),
        (
            {"ratings": "userId,movieId,rating,timestamp\n1,1,4.0,10\n1,2,good,20\n"},
            ["ratings.csv", "row 3", "column 'rating'", "'good'"],
        ),
        (
            {"ratings": "userId,movieId,rating,timestamp\n1,1,4.0,10\n"},
            ["none of 1 is left", "1 playlist with fewer than two items"],
        ),
    ],
)
def test_movielens(
    tmp_path: Path, changes: dict[str, str | bytes | None], parts: list[str]
) -> None:
    folder = write(tmp_path, MOVIELENS, **changes)
    assert_says(message_of(lambda: read_movielens(folder)), str(folder), *parts)


def test_movielens_without_changes_is_sound(tmp_path: Path) -> None:
    assert len(read_movielens(write(tmp_path, MOVIELENS)).playlists) == 1


@pytest.mark.parametrize(
    ("content", "parts"),
    [
        ("", ["must name its columns (playlist_id, item_id) in line 1", "empty"]),
        ("\n", ["must name its columns"]),
        ("playlist_id,item_id\n", ["must hold at least one row"]),
        (
            "playlist,item_id\np,a\n",
            ["must have the columns playlist_id, item_id", "lacks playlist_id", "found playlist,"],
        ),
        ("playlist_id,item_id,item_id\np,a,b\n", ["each column once", "'item_id' twice"]),
        (
            "playlist_id,item_id\np,a\np\n",
            ["must have 2 sound values a row", "row 3", "Expected 2 columns, got 1: p"],
        ),
        ("playlist_id,item_id\np,a\np,b,c\n", ["row 3", "Expected 2 columns, got 3: p,b,c"]),
        (
            "playlist_id,item_id,title\np,a,One\np,b,Zo\xeb\n".encode("latin-1"),
            ["must be UTF-8", "line 3 holds the byte 0xeb"],
        ),
        (
            "playlist_id,item_id\np,a\n".encode("utf-16"),
            ["must be UTF-8", "is UTF-16", "--encoding utf-16"],
        ),
        (
            "playlist_id,item_id,position\np,a,1\np,b,two\n",
            ["position must be a number", "'two' at row 1", "Rows count from 0"],
        ),
        (
            "playlist_id,item_id,played_at\np,a,2020-01-01\np,,2020-01-01\np,b,noon\n",
            ["played_at must be a time", "'noon' at row 2", "Rows count from 0"],
        ),
        (
            'playlist_id,item_id,title\np,a,One\np,b,"Two\np,c,Three\np,d,Four\n',
            ["close every quote", "last row, 3,", "Two"],
        ),
        ('playlist_id,item_id,title\np,a,One\np,b,"Tw', ["close every quote", "'Tw'"]),
        (
            "playlist_id,item_id\np,a\nq,b\n",
            ["at least one playlist with two different items", "none of 2", "2 playlists with"],
        ),
        ("playlist_id,item_id\n,a\nq,\n", ["none of 1 is left", "2 rows with missing ids"]),
    ],
)
def test_tidy_csv(tmp_path: Path, content: str | bytes, parts: list[str]) -> None:
    file = tmp_path / "plays.csv"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    assert_says(message_of(lambda: read_tidy(file)), str(file), *parts)


@pytest.mark.parametrize(
    "ending",
    ["p,c,\n", "p,c,Three", "p,c,Three\n\n", 'p,c,"Th""ree"\n', 'p,c,"Th\nree"', 'p,c,12"\n', "\n"],
)
def test_closed_quotes_are_sound(tmp_path: Path, ending: str) -> None:
    file = tmp_path / "plays.csv"
    file.write_text(PLAYS + ending)
    assert len(read_tidy(file).playlists) == 2


def test_tidy_files(tmp_path: Path) -> None:
    assert_says(message_of(lambda: read_tidy(tmp_path / "no.csv")), "no.csv", "no such file")
    assert_says(message_of(lambda: read_tidy(tmp_path / "no.parquet")), "in Parquet", "no such")
    (tmp_path / "folder.csv").mkdir()
    assert_says(message_of(lambda: read_tidy(tmp_path / "folder.csv")), "found a folder")
    for name in ("plays.xlsx", "plays"):
        message = message_of(lambda name=name: read_tidy(tmp_path / name))  # type: ignore[misc]
        assert_says(message, name, "ends in .csv, .tsv, .parquet")


def test_tidy_parquet(tmp_path: Path) -> None:
    file = tmp_path / "plays.parquet"
    pd.DataFrame({"playlist_id": ["p"], "song": ["a"]}).to_parquet(file)
    message = message_of(lambda: read_tidy(file))
    assert_says(message, str(file), "lacks item_id; found playlist_id, song")
    pd.DataFrame({"playlist_id": ["p", "p"], "item_id": [0.5, 1.0]}).to_parquet(file)
    assert_says(
        message_of(lambda: read_tidy(file)), str(file), "item_id", "got 0.5 (float) at row 0"
    )
    pd.DataFrame({"playlist_id": [], "item_id": []}, dtype=object).to_parquet(file)
    assert_says(message_of(lambda: read_tidy(file)), str(file), "at least one row")
    file.write_text(PLAYS)
    assert_says(message_of(lambda: read_tidy(file)), str(file), "whole Parquet file")


def test_tidy_parquet_cut_anywhere(tmp_path: Path) -> None:
    whole, file = tmp_path / "whole.parquet", tmp_path / "plays.parquet"
    frame = pd.DataFrame({"playlist_id": ["p", "q"] * 500, "item_id": np.arange(1000).astype(str)})
    frame.to_parquet(whole)
    data = whole.read_bytes()
    for size in range(0, len(data) - 1, len(data) // 40):
        file.write_bytes(data[:size])
        assert_says(message_of(lambda: read_tidy(file)), str(file), f"{size} bytes", "cut short")


@settings(max_examples=150, deadline=None)
@given(place=st.floats(0, 1), junk=st.binary(min_size=1, max_size=16))
def test_a_damaged_parquet_never_fails_otherwise(
    tmp_path_factory: pytest.TempPathFactory, place: float, junk: bytes
) -> None:
    folder = tmp_path_factory.mktemp("damaged")
    file = folder / "plays.parquet"
    frame = pd.DataFrame({"playlist_id": ["p", "q"] * 50, "item_id": np.arange(100).astype(str)})
    frame.to_parquet(file)
    data = bytearray(file.read_bytes())
    start = int(place * (len(data) - len(junk)))
    data[start : start + len(junk)] = junk
    file.write_bytes(data)
    read_or_data_error(lambda: read_tidy(file))


def read_or_data_error(read: Callable[[], Dataset]) -> None:
    try:
        read()
    except DataError as error:
        message = str(error)
    else:
        return
    assert "\n" not in message


@pytest.mark.parametrize(
    ("frame", "parts"),
    [
        (pd.DataFrame(), ["plays must have the columns", "found none"]),
        (pd.DataFrame({"playlist_id": ["p"]}), ["lacks item_id; found playlist_id"]),
        (pd.DataFrame({"playlist_id": [], "item_id": []}), ["plays must hold at least one row"]),
        (
            pd.DataFrame([["p", "a", "b"]], columns=["playlist_id", "item_id", "item_id"]),
            ["plays must name each column once", "'item_id' twice"],
        ),
        (
            pd.DataFrame({"playlist_id": ["p"], "item_id": [1.5]}),
            ["item_id", "got 1.5 (float) at row 0"],
        ),
        (
            pd.DataFrame({"playlist_id": ["p", None, "p"], "item_id": ["a", "b", 1.5]}),
            ["item_id", "1.5 (float) at position 2"],
        ),
        (
            pd.DataFrame(
                {
                    "playlist_id": ["p", None, "p"],
                    "item_id": ["a", "b", "c"],
                    "position": ["1", "2", "x"],
                }
            ),
            ["position must be a number", "'x' at row 2"],
        ),
    ],
)
def test_tidy_frame(frame: pd.DataFrame, parts: list[str]) -> None:
    assert_says(message_of(lambda: read_tidy(frame)), *parts)


@pytest.mark.parametrize(
    ("items", "parts"),
    [
        ("id,title\na,One\n", ["lacks item_id; found id, title"]),
        ("item_id,title,artist,x,x\na,One,Ada,1,2\n", ["name each column once", "'x' twice"]),
        (
            "item_id,title,artist\na,One,Ada\nb,Two,Bo\na,Uno,Ada\n",
            ["item ids must be unique, but 'a'", "'One' at row 0 and 'Uno' at row 2", "from 0"],
        ),
        (
            "item_id,title,artist\na,One,Ada\na,One,Bo\n",
            ["'a' stands with different artists: 'Ada' at row 0 and 'Bo' at row 1"],
        ),
        ("item_id,title,artist\n", ["at least one row"]),
        ("item_id,title,artist\n,One,Ada\n", ["at least one item"]),
    ],
)
def test_tidy_items(tmp_path: Path, items: str, parts: list[str]) -> None:
    plays, file = tmp_path / "plays.csv", tmp_path / "items.csv"
    plays.write_text(PLAYS)
    file.write_text(ITEMS)
    assert len(read_tidy(plays, file).playlists) == 2
    file.write_text(items)
    message = message_of(lambda: read_tidy(plays, file))
    assert_says(message, str(file), *parts)
    assert str(plays) not in message


def test_tidy_plays_of_other_items_only(tmp_path: Path) -> None:
    plays = pd.DataFrame({"playlist_id": ["p", "p"], "item_id": ["x", "y"]})
    items = pd.DataFrame({"item_id": ["a"], "title": ["One"], "artist": ["Ada"]})
    message = message_of(lambda: read_tidy(plays, items))
    assert_says(message, "2 plays of items that the catalogue lacks")


def slice_with(change: Callable[[dict[str, Any]], object]) -> str:
    content = json.loads(json.dumps(SLICE))
    change(content)
    return json.dumps(content)


@pytest.mark.parametrize(
    ("content", "parts"),
    [
        ("", ["is no JSON", "line 1, column 1", "at the end of the file"]),
        ('{"playlists": [\n{"pid" 1}]}', ["line 2, column 8", "character 23", "Expecting ':'"]),
        (
            b'{"info": "\xe9",\n "playlists": []}',
            ["must be UTF-8", "line 1 holds the byte 0xe9"],
        ),
        ("[]", ["must be an object with a list 'playlists', found no object"]),
        ('{"songs": 1, "info": 2}', ["a list 'playlists', found the keys songs, info"]),
        ('{"playlists": {}}', ["a list 'playlists'"]),
        ('{"playlists": []}', ["none of 0 is left"]),
        ("[" * 100_000, ["is no JSON"]),
        (slice_with(lambda c: c["playlists"][1].pop("tracks")), ["'tracks'", "playlist 1 of"]),
        (slice_with(lambda c: c["playlists"].append(3)), ["'tracks'", "playlist 2 of"]),
        (
            slice_with(lambda c: c["playlists"][1]["tracks"].append("a")),
            ["a list 'tracks' of objects", "playlist 1 of"],
        ),
        (
            slice_with(lambda c: c["playlists"][1]["tracks"][0].update(track_uri=["a"])),
            ["track_uri must be text", "playlist 1 of"],
        ),
        (
            slice_with(lambda c: c["playlists"][0]["tracks"][0].update(track_name=5)),
            ["track_name must be text, got 5", "playlist 0 of"],
        ),
        (
            slice_with(lambda c: c["playlists"][1]["tracks"][1].update(artist_name="\ud800")),
            ["artist_name must be text", "playlist 1 of"],
        ),
        (
            slice_with(lambda c: c["playlists"][1].update(pid=1.5)),
            ["pid must be strings or integers, got 1.5", "playlist 1 of"],
        ),
    ],
)
def test_mpd(tmp_path: Path, content: str | bytes, parts: list[str]) -> None:
    file = tmp_path / "mpd.slice.0-999.json"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    assert_says(message_of(lambda: read_mpd(file)), str(file), *parts)


def test_mpd_cut_anywhere(tmp_path: Path) -> None:
    whole = json.dumps(SLICE, indent=1)
    file = tmp_path / "mpd.slice.0-999.json"
    file.write_text(whole)
    assert len(read_mpd(tmp_path).playlists) == 1
    for size in range(len(whole)):
        file.write_text(whole[:size])
        message = message_of(lambda: read_mpd(tmp_path))
        assert_says(message, str(file), f"of {size}) is no JSON")


def test_mpd_refuses_a_slice_given_twice(tmp_path: Path) -> None:
    for name in ("mpd.slice.0-999.json", "mpd.slice.0-999.copy.json"):
        (tmp_path / name).write_text(json.dumps(SLICE))
    message = message_of(lambda: read_mpd(tmp_path))
    assert_says(message, "pid must be unique", "playlist 0", "999.json", "999.copy.json")


def test_mpd_without_slices(tmp_path: Path) -> None:
    for place in (tmp_path, tmp_path / "no", f"{tmp_path}/*.json"):
        message = message_of(lambda place=place: read_mpd(place))  # type: ignore[misc]
        assert_says(message, str(place), "mpd.slice.*.json", "found none")


@settings(max_examples=150, deadline=None)
@given(
    name=st.sampled_from([*YES, *MOVIELENS, "plays.csv", "items.csv"]),
    place=st.floats(0, 1),
    n_cut=st.integers(0, 12),
    junk=st.binary(max_size=8) | st.sampled_from([b'"', b"\n", b",", b"\t", b"\x00", b"\r", b"0"]),
)
def test_damaged_text_never_fails_otherwise(
    tmp_path_factory: pytest.TempPathFactory, name: str, place: float, n_cut: int, junk: bytes
) -> None:
    folder = tmp_path_factory.mktemp("damaged")
    write(folder, {**YES, **MOVIELENS, "plays.csv": PLAYS, "items.csv": ITEMS})
    data = (folder / name).read_bytes()
    start = int(place * len(data))
    (folder / name).write_bytes(data[:start] + junk + data[start + n_cut :])
    read_or_data_error(lambda: read_yes(folder))
    read_or_data_error(lambda: read_movielens(folder))
    read_or_data_error(lambda: read_tidy(folder / "plays.csv", folder / "items.csv"))
    read_or_data_error(lambda: read_tidy(folder / "plays.csv"))


@pytest.mark.parametrize("name", ["a" * 300, "a\0b", "loop"])
def test_paths_that_no_file_system_takes(tmp_path: Path, name: str) -> None:
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    (tmp_path / "loop.csv").symlink_to(tmp_path / "loop.csv")
    for read in (read_yes, read_movielens, read_mpd):
        with pytest.raises(DataError, match=r"must be .* found "):
            read(tmp_path / name)
    with pytest.raises(DataError, match="must be a file of plays"):
        read_tidy(tmp_path / f"{name}.csv")

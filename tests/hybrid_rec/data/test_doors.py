"""One file, three doors: fit, update and score take, drop and refuse the same."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from hybrid_rec import (
    ConfigError,
    DataError,
    HybridConfig,
    HybridRecommender,
    read_dataset,
    read_plays,
    read_tidy,
    score_playlists,
)
from hybrid_rec.data.readers.tidy import read_items
from hybrid_rec.data.report import MISSING_IDS

ROWS = [("q1", "b", "3"), ("q1", "a", "1"), ("q1", None, "2"), (None, "c", "1"), ("q2", "c", "2"),
        ("q2", "d", "1")]  # fmt: skip
LISTS = {"q1": ["a", "b"], "q2": ["d", "c"]}
TEXT = "playlist_id,item_id,position\n" + "".join(
    ",".join(cell or "" for cell in row) + "\n" for row in ROWS
)


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    plays = [(f"p{number}", item) for number in range(8) for item in "abcd"]
    playlists, catalog, _ = read_tidy(pd.DataFrame(plays, columns=["playlist_id", "item_id"]))
    config = HybridConfig(
        titles={"encoder": "tfidf"}, cooccurrence={"epochs": 1}, ranking={"enabled": False}
    )
    folder = tmp_path_factory.mktemp("saved") / "model"
    HybridRecommender(config).fit(playlists, catalog).save(folder)
    return folder


def fitted(file: Any, **options: Any) -> dict[str, list[str]]:
    data = read_tidy(file, **options)
    lists = data.playlists.to_lists(data.catalog)
    return dict(zip(data.playlists.playlist_ids, lists, strict=True))


def updated(saved: Path, file: Path, **options: Any) -> dict[str, list[str]]:
    model = HybridRecommender.load(saved)
    plays = read_plays(file, **options)
    if plays["playlist_id"].isna().any() or plays["item_id"].isna().any():
        with pytest.warns(UserWarning, match=f"dropped 2 {MISSING_IDS}"):
            model.update(plays)
    else:
        model.update(plays)
    new = model.model_.playlists.select(np.arange(8, len(model.model_.playlists)))
    return dict(zip(new.playlist_ids, new.to_lists(model.model_.catalog), strict=True))


def scored(saved: Path, file: Path, out: Path, **options: Any) -> set[str]:
    score_playlists(saved, file, out, 1, **options)
    return set(pq.read_table(out / "part-000000.parquet")["query_id"].to_pylist())


def check_same(saved: Path, file: Path, **options: Any) -> None:
    assert fitted(file, **options) == LISTS
    assert updated(saved, file, **options) == LISTS
    assert scored(saved, file, file.parent / "out", **options) == set(LISTS)


def zstd(data: bytes) -> bytes:
    return bytes(pa.compress(data, "zstd", asbytes=True))


@pytest.mark.parametrize(
    ("name", "pack"),
    [
        ("a.csv", bytes),
        ("a.csv", lambda data: b"\xef\xbb\xbf" + data),
        ("a.csv", lambda data: data.replace(b",", b";")),
        ("a.csv", lambda data: data.replace(b",", b"\t")),
        ("a.CSV", lambda data: data.replace(b"\n", b"\r\n")),
        ("a.tsv", lambda data: data.replace(b",", b"\t")),
        ("a.csv.gz", gzip.compress),
        ("a.csv.gz", lambda data: gzip.compress(data[:30]) + gzip.compress(data[30:])),
        ("a.tsv.gz", lambda data: gzip.compress(data.replace(b",", b"\t"))),
        ("a.csv.zst", zstd),
        ("a.csv.gz", lambda data: gzip.compress(b"\xef\xbb\xbf" + data.replace(b",", b";"))),
    ],
)
def test_files_of_text(
    saved: Path, tmp_path: Path, name: str, pack: Callable[[bytes], bytes]
) -> None:
    (tmp_path / name).write_bytes(pack(TEXT.encode()))
    check_same(saved, tmp_path / name)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "latin-1", "cp1252", "utf-32"])
def test_files_in_another_encoding(saved: Path, tmp_path: Path, encoding: str) -> None:
    file = tmp_path / "a.csv"
    file.write_bytes(TEXT.replace("q1", "qé").encode(encoding))
    said = set()
    for read in (read_tidy, read_plays, lambda path: score_playlists(saved, path, tmp_path / "o")):
        with pytest.raises(
            DataError, match=r"a.csv must be UTF-8 text, but .* --encoding"
        ) as error:
            read(file)
        said.add(str(error.value).replace(str(file), file.name))
    assert len(said) == 1
    assert "\0" not in said.pop()
    assert fitted(file, encoding=encoding)["qé"] == ["a", "b"]
    assert updated(saved, file, encoding=encoding)["qé"] == ["a", "b"]
    assert scored(saved, file, tmp_path / "out", encoding=encoding) == {"qé", "q2"}
    packed = tmp_path / "b.csv.gz"
    packed.write_bytes(gzip.compress(file.read_bytes()))
    assert fitted(packed, encoding=encoding)["qé"] == ["a", "b"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (gzip.compress(b"a", mtime=0), "must be UTF-8 text, but holds gzip; name it .*a.csv.gz"),
        (zstd(b"a"), "must be UTF-8 text, but holds zstd; name it .*a.csv.zst"),
        (b"PK\x03\x04rest", "holds a ZIP archive or a workbook; convert it"),
        (b"PAR1rest", "holds Parquet; give it the ending .parquet"),
    ],
)
def test_what_is_no_text(saved: Path, tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "a.csv").write_bytes(content)
    with pytest.raises(DataError, match=message):
        read_tidy(tmp_path / "a.csv")
    with pytest.raises(DataError, match=message):
        score_playlists(saved, tmp_path / "a.csv", tmp_path / "out")


@pytest.mark.parametrize("end", [20, -12, -4])
def test_packed_files_that_are_cut_short(tmp_path: Path, end: int) -> None:
    file = tmp_path / "a.csv.gz"
    file.write_bytes(gzip.compress(TEXT.encode())[:end])
    with pytest.raises(DataError, match="must be a whole gzip file, found one that is damaged"):
        read_tidy(file)


def test_encodings_that_are_none_or_wrong(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_bytes(TEXT.encode())
    for encoding in ("klingon", "base64", 5, ""):
        with pytest.raises(ConfigError, match="encoding must be one that Python knows"):
            read_tidy(file, encoding=encoding)
    with pytest.raises(DataError, match="must be text in utf-16"):
        read_tidy(file, encoding="utf-16")
    file.write_bytes(TEXT.replace("q1", "qé").encode("latin-1"))
    with pytest.raises(DataError, match="must be text in ascii"):
        read_tidy(file, encoding="ascii")


def tables() -> dict[str, pa.Table]:
    users, items, positions = zip(*ROWS, strict=True)
    places = [int(position) for position in positions]
    plain = {"playlist_id": users, "item_id": items, "position": places}
    return {
        "plain": pa.table(plain),
        "dictionary": pa.table({name: pa.array(plain[name]).dictionary_encode() for name in plain}),
        "views": pa.table({**plain, "item_id": pa.array(items, pa.string_view())}),
        "empty texts": pa.table({**plain, "item_id": [item or "" for item in items]}),
        "floats": pa.table({**plain, "position": [float(place) for place in places]}),
        "with a list": pa.table({**plain, "tags": [["rock"]] * len(ROWS)}),
        "pandas": pa.Table.from_pandas(pd.DataFrame(plain).astype({"position": "Int64"})),
        "categories": pa.Table.from_pandas(pd.DataFrame(plain).astype("category")),
    }


@pytest.mark.parametrize("name", list(tables()))
def test_parquet_of_all_kinds(saved: Path, tmp_path: Path, name: str) -> None:
    pq.write_table(tables()[name], tmp_path / "a.parquet")
    check_same(saved, tmp_path / "a.parquet")
    frame = tables()[name].to_pandas()
    data = read_tidy(frame)
    assert data.playlists.to_lists(data.catalog) == list(LISTS.values())
    assert data.report.dropped[MISSING_IDS] == 2


@pytest.mark.parametrize("kind", [pa.int64(), pa.float64(), pa.int32(), pa.float32()])
def test_whole_numbers_are_ids_without_a_point(tmp_path: Path, saved: Path, kind: Any) -> None:
    file = tmp_path / "a.parquet"
    numbers = pa.array([7, 7, None, 9, 9], kind)
    pq.write_table(pa.table({"playlist_id": numbers, "item_id": list("abcda")}), file)
    assert fitted(file) == {"7": ["a", "b"], "9": ["d", "a"]}
    assert fitted(pd.read_parquet(file)) == fitted(file)
    assert scored(saved, file, tmp_path / "out") == {"7", "9"}


BIG = 76561197970982479


@pytest.mark.parametrize("column", ["playlist_id", "item_id"])
@pytest.mark.parametrize("number", [float(BIG), 1e19, 2.0**53, -(2.0**53)])
def test_large_ids_in_floats_are_refused(
    saved: Path, tmp_path: Path, column: str, number: float
) -> None:
    frame = pd.DataFrame({"playlist_id": ["p", "p", "q", "q"], "item_id": list("abcd")})
    frame[column] = pd.Series([number, 1, None, 2])
    frame.to_parquet(tmp_path / "a.parquet")
    frame.to_csv(tmp_path / "a.csv", index=False)
    model = HybridRecommender.load(saved)
    doors: list[Callable[[], Any]] = [
        lambda: read_tidy(frame),
        lambda: model.update(frame),
        lambda: read_items(frame) if column == "item_id" else read_tidy(frame),
        lambda: read_tidy(tmp_path / "a.parquet"),
        lambda: score_playlists(saved, tmp_path / "a.parquet", tmp_path / "out"),
    ]
    if number > 0:
        doors += [
            lambda: read_tidy(tmp_path / "a.csv"),
            lambda: score_playlists(saved, tmp_path / "a.csv", tmp_path / "out"),
        ]
    for door in doors:
        with pytest.raises(DataError, match=rf"{column} must hold ids with every digit, .* row 0"):
            door()
    if column == "item_id":
        asks: list[Callable[[], Any]] = [
            lambda: model.recommend([number]),
            lambda: model.recommend(["a"], allow=[number]),
            lambda: model.recommend(["a"], block=[number]),
        ]
        for ask in asks:
            with pytest.raises(DataError, match=r"as a float, .* read the column as Int64 or"):
                ask()


def test_ids_of_digits_and_an_e_are_texts(tmp_path: Path) -> None:
    ids = ["123e4567", "1e19", "5e12345678901234", "76561197970982479", "1.5e+3"]
    frame = pd.DataFrame({"playlist_id": ["p"] * 5, "item_id": ids})
    frame.to_csv(tmp_path / "a.csv", index=False)
    assert fitted(tmp_path / "a.csv") == {"p": ids}


def test_float32_holds_fewer_digits() -> None:
    frame = pd.DataFrame({"playlist_id": "p", "item_id": np.array([2**24, 1], np.float32)})
    with pytest.raises(DataError, match=r"whole numbers from 2\*\*24 on"):
        read_tidy(frame)


@pytest.mark.parametrize("place", ["csv", "parquet", "frame", "item_id"])
def test_a_list_in_each_row(saved: Path, tmp_path: Path, place: str) -> None:
    lists = pd.DataFrame({"playlist_id": ["q1", "q2"], "item_ids": [["a", "b"], ["d", "c"]]})
    if place == "frame":
        assert fitted(lists) == LISTS
        return
    if place == "csv":
        file = tmp_path / "a.csv"
        lists.assign(item_ids=lists["item_ids"].str.join("|")).to_csv(file, index=False)
    else:
        file = tmp_path / "a.parquet"
        lists.rename(columns={"item_ids": place if place == "item_id" else "item_ids"}).to_parquet(
            file
        )
    check_same(saved, file)


def test_columns_of_a_wrong_type_are_refused_in_the_same_words(saved: Path, tmp_path: Path) -> None:
    file = tmp_path / "a.parquet"
    good = pa.array(["p", "p"])
    wrong = {
        "playlist_id": [pa.array([["a"], ["b"]]), pa.array([True, False]), pa.array([b"a", b"b"])],
        "position": [pa.array([[1], [2]]), pa.array([True, False])],
        "played_at": [pa.array([[1], [2]]), pa.array([1, 2], pa.duration("s"))],
    }
    for name, arrays in wrong.items():
        for array in arrays:
            pq.write_table(pa.table({"playlist_id": good, "item_id": good} | {name: array}), file)
            said = set()
            for read in (read_tidy, read_plays, lambda path: score_playlists(saved, path, "no")):
                with pytest.raises(DataError, match=f"in the column {name}, found") as error:
                    read(file)
                said.add(str(error.value).replace(str(file), file.name))
            assert len(said) == 1


NAMES = {"playlist_id": "user", "item_id": "track", "position": "nr"}


def test_columns_with_other_names(saved: Path, tmp_path: Path) -> None:
    file, parquet = tmp_path / "a.csv", tmp_path / "a.parquet"
    text = TEXT.replace("playlist_id,item_id,position", "user,track,nr")
    file.write_text(text)
    for read in (read_tidy, read_plays, lambda path: score_playlists(saved, path, tmp_path / "o")):
        with pytest.raises(DataError, match=r"lacks playlist_id, item_id; found user, track, nr; "
                           r"'user' probably means playlist_id and 'track' probably means item_id: "
                           r"pass --columns playlist_id=user,item_id=track"):  # fmt: skip
            read(file)
    check_same(saved, file, columns=NAMES)
    assert fitted(pd.read_csv(file, dtype=str), columns=NAMES) == LISTS
    pq.write_table(tables()["plain"].rename_columns(list(NAMES.values())), parquet)
    (tmp_path / "out" / "manifest.json").unlink()
    assert fitted(parquet, columns=NAMES) == LISTS
    assert updated(saved, parquet, columns=NAMES) == LISTS
    assert scored(saved, parquet, tmp_path / "out2", columns=NAMES) == set(LISTS)
    data = read_dataset(str(file), columns=NAMES)
    assert len(data.playlists) == 2


def test_a_mapped_column_takes_the_place_of_one_of_that_name(saved: Path, tmp_path: Path) -> None:
    for file in (tmp_path / "a.csv", tmp_path / "a.parquet"):
        frame = pd.DataFrame(ROWS, columns=list(NAMES)).assign(user="x")
        frame = frame.rename(columns={"playlist_id": "user", "user": "playlist_id"})
        _ = frame.to_csv(file, index=False) if file.suffix == ".csv" else frame.to_parquet(file)
        assert fitted(file, columns={"playlist_id": "user"}) == LISTS
        assert scored(saved, file, tmp_path / f"o{file.suffix}", columns={"playlist_id": "user"}) \
            == set(LISTS)  # fmt: skip


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"playlist_id": "usr"}, r"'usr' \(for playlist_id\) is none of playlist_id, item_id, pos"),
        ({"user": "playlist_id"}, "must map names that are read, not 'user'"),
        ({"item": "playlist_id"}, "not 'item'; did you mean"),
        ({"playlist_id": "item_id", "item_id": "item_id"}, "'item_id' stands there twice"),
        ({1: "a"}, "must map names to those of the file"),
        ("playlist_id=user", "must map names to those of the file"),
        (np.array([1, 2]), "must map names to those of the file"),
    ],
)
def test_columns_that_cannot_be_mapped(
    saved: Path, tmp_path: Path, columns: Any, message: str
) -> None:
    file = tmp_path / "a.csv"
    file.write_text(TEXT)
    for read in (read_tidy, read_plays, lambda path, **options: score_playlists(
            saved, path, tmp_path / "out", **options)):  # fmt: skip
        with pytest.raises(ConfigError, match=message):
            read(file, columns=columns)


def test_columns_of_plays_and_items_are_named_together(tmp_path: Path) -> None:
    plays, items = tmp_path / "plays.csv", tmp_path / "items.csv"
    plays.write_text("user,track\np,a\np,b\n")
    items.write_text("track,name\na,One\nb,Two\n")
    columns = {"playlist_id": "user", "item_id": "track", "title": "name"}
    assert read_tidy(plays, items, columns=columns).catalog.titles.tolist() == ["One", "Two"]
    assert read_items(items, columns=columns).columns == ("title",)
    with pytest.raises(ConfigError, match=r"'no' .for year. is none of user, track, track, name"):
        read_tidy(plays, items, columns={**columns, "year": "no"})
    with pytest.raises(ConfigError, match="columns can only be given for plays in a file"):
        read_dataset("synthetic", columns=columns)


def test_a_date_format_goes_through_every_door(saved: Path, tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text("playlist_id,item_id,played_at\nq,a,02/03/2019\nq,b,01/04/2019\n")
    for read in (read_tidy, read_plays, lambda path: score_playlists(saved, path, tmp_path / "o")):
        with pytest.raises(DataError, match=r"fit day first and month first, .* --date-format day"):
            read(file)
    for date_format, order in (("day-first", ["a", "b"]), ("%m/%d/%Y", ["b", "a"])):
        assert fitted(file, date_format=date_format) == {"q": order}
        assert updated(saved, file, date_format=date_format) == {"q": order}
        assert scored(saved, file, tmp_path / order[0], date_format=date_format) == {"q"}


def test_plays_are_read_as_a_frame_that_update_takes(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(TEXT.replace("position", "played_at").replace("1\n", "9\n"))
    frame = read_plays(tmp_path / "a.csv")
    assert frame["playlist_id"].tolist()[:3] == ["q1"] * 3
    assert frame["item_id"].isna().tolist() == [False, False, True, False, False, False]
    assert str(frame["played_at"].dtype) == "datetime64[us]"
    assert fitted(frame)["q2"] == ["c", "d"]

"""Batch scoring against the oracle: what `recommend` says, playlist by playlist."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fsspec
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from hybrid_rec import (
    ArtifactError,
    ConfigError,
    DataError,
    HybridRecommender,
    Playlists,
    score_items,
    score_new_items,
    score_playlists,
)
from hybrid_rec.batch.chunks import Chunk, chunks
from hybrid_rec.batch.files import InputFiles
from hybrid_rec.batch.ids import SeenIds
from hybrid_rec.batch.input import TableReader
from hybrid_rec.batch.layout import ID, ITEM, Layout
from hybrid_rec.batch.queries import Rejections, new_items_of
from hybrid_rec.blocks.base import ColumnKind
from tests.scored import Lists, parts, read, same, truth


@pytest.fixture(scope="module")
def model(small_ranked: Path) -> HybridRecommender:
    return HybridRecommender.load(small_ranked)


@pytest.fixture(scope="module")
def lists(model: HybridRecommender) -> Lists:
    """Thirty playlists, cold items among them."""
    ids, rng = model.model_.catalog.item_ids, np.random.default_rng(0)
    return {f"p{number}": rng.choice(ids, rng.integers(1, 12)).tolist() for number in range(30)}


@pytest.fixture(scope="module")
def plays(lists: Lists, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The playlists as a tidy Parquet file."""
    path = tmp_path_factory.mktemp("plays") / "plays.parquet"
    tidy(lists).to_parquet(path, row_group_size=7)
    return path


def tidy(lists: Lists) -> pd.DataFrame:
    rows = [(name, item) for name, items in lists.items() for item in items]
    return pd.DataFrame(rows, columns=["playlist_id", "item_id"])


def rejected(out: Path) -> list[tuple[Any, ...]]:
    table = pq.read_table(out / "rejected.parquet")
    return [tuple(row.values()) for row in table.to_pylist()]


def layouts(lists: Lists, folder: Path) -> Iterator[Path]:
    """The same playlists in every way that can be read."""
    frame, ids = tidy(lists), list(lists)
    frame.to_csv(folder / "tidy.csv", index=False)
    yield folder / "tidy.csv"
    frame.assign(title="a\nb").to_csv(folder / "tidy.tsv", index=False, sep="\t")
    yield folder / "tidy.tsv"
    nested = pa.table({"playlist_id": ids, "item_ids": list(lists.values())})
    pq.write_table(nested, folder / "lists.parquet")
    yield folder / "lists.parquet"
    pq.write_table(nested.rename_columns(["playlist_id", "tracks"]), folder / "named.parquet")
    yield folder / "named.parquet"
    joined = pd.DataFrame({"playlist_id": ids, "item_ids": map("|".join, lists.values())})
    joined.to_csv(folder / "lists.csv", index=False)
    yield folder / "lists.csv"
    # A playlist straddles two files, and a file that is hidden is not read.
    several = folder / "several"
    (several / "b").mkdir(parents=True)
    frame[:11].to_parquet(several / "a.parquet")
    frame[11:50].to_csv(several / "b" / "c.csv", index=False)
    frame[50:].astype({"playlist_id": "category"}).to_parquet(several / "c.parquet")
    (several / "_metadata.parquet").write_bytes(b"not Parquet")
    yield several
    shuffled = frame.assign(position=frame.groupby("playlist_id").cumcount())
    shuffled = shuffled.sample(frac=1, random_state=0)
    shuffled["number"] = shuffled["playlist_id"].str[1:].astype(int)
    shuffled = shuffled.sort_values("number", kind="stable")
    shuffled.to_parquet(folder / "positions.parquet")
    yield folder / "positions.parquet"
    timed = shuffled.assign(
        played_at=pd.Timestamp("2020-01-01") + pd.to_timedelta(shuffled["position"], unit="h")
    ).drop(columns="position")
    timed.to_csv(folder / "times.csv", index=False)
    yield folder / "times.csv"
    timed.to_parquet(folder / "times.parquet")
    yield folder / "times.parquet"


def test_batch_equals_recommend_for_every_layout(
    small_ranked: Path, model: HybridRecommender, lists: Lists, plays: Path, tmp_path: Path
) -> None:
    expected = truth(model, lists, 7)
    result = score_playlists(small_ranked, plays, tmp_path / "out", 7, chunk_size=8)
    same(read(tmp_path / "out"), expected)
    assert [len(set(pd.read_parquet(part)["query_id"])) for part in parts(tmp_path / "out")] == [
        8, 8, 8, 6,
    ]  # fmt: skip
    assert result.parts_scored == 4
    schema = pq.read_schema(parts(tmp_path / "out")[0])
    assert {field.name: str(field.type) for field in schema} == {
        "query_id": "string", "rank": "int32", "item_id": "string",
        "score": "float", "source": "string",
    }  # fmt: skip
    assert pq.ParquetFile(parts(tmp_path / "out")[0]).metadata.row_group(0).column(
        0
    ).compression == ("ZSTD")
    bytes_of = [part.read_bytes() for part in parts(tmp_path / "out")]
    for number, path in enumerate(layouts(lists, tmp_path)):
        out = tmp_path / f"out{number}"
        score_playlists(small_ranked, path, out, 7, chunk_size=8)
        assert [part.read_bytes() for part in parts(out)] == bytes_of, path.name
        assert rejected(out) == []


def test_the_manifest_tells_what_was_done(
    small_ranked: Path, plays: Path, lists: Lists, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    result = score_playlists(small_ranked, plays, out, 5, chunk_size=20)
    manifest = json.loads((out / "manifest.json").read_text())
    assert manifest == result.manifest
    assert manifest["config"] == {"kind": "playlists", "k": 5, "chunk_size": 20}
    assert manifest["model"]["fingerprint"] == sha(small_ranked / "manifest.json")
    assert manifest["input"] == [
        {"name": "plays.parquet", "bytes": plays.stat().st_size, "sha256": sha(plays)}
    ]
    assert manifest["counts"]["queries"] == 30
    assert manifest["counts"]["rows"] == 150 == sum(manifest["counts"]["sources"].values())
    assert manifest["counts"]["input_rows"] == len(tidy(lists))
    assert {part["name"]: part["sha256"] for part in manifest["parts"]} == {
        path.name: sha(path) for path in parts(out)
    }
    assert manifest["rejected"]["sha256"] == sha(out / "rejected.parquet")
    assert manifest["timings"]["scoring_seconds"] > 0
    assert {path.name for path in out.iterdir()} == {
        ".lock", "job.json", "manifest.json", "rejected.parquet",
        "part-000000.parquet", "part-000001.parquet",
    }  # fmt: skip


def sha(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_two_workers_give_the_bytes_of_one(
    small_ranked: Path, model: HybridRecommender, lists: Lists, tmp_path: Path
) -> None:
    mixed = lists | {"bad": ["nope", "nil"], "worse": ["nope", lists["p0"][0]]}
    tidy(mixed).to_parquet(tmp_path / "plays.parquet")
    for workers in (1, 2):
        score_playlists(
            small_ranked, tmp_path / "plays.parquet", tmp_path / f"out{workers}", 5,
            chunk_size=3, workers=workers,
        )  # fmt: skip
    one, two = tmp_path / "out1", tmp_path / "out2"
    assert len(parts(one)) == 11
    for path in one.iterdir():
        if path.name != "manifest.json":
            assert path.read_bytes() == (two / path.name).read_bytes(), path.name
    manifests = [json.loads((out / "manifest.json").read_text()) for out in (one, two)]
    for manifest in manifests:
        del manifest["timings"]
    assert manifests[0] == manifests[1]


def test_bad_rows_are_listed_and_every_playlist_is_answered(
    small_ranked: Path, model: HybridRecommender, tmp_path: Path
) -> None:
    a, b, c = model.model_.catalog.item_ids[:3]
    frame = pd.DataFrame(
        [
            (None, a, 0), ("p", b, 2), ("p", a, 1), (None, c, 3), ("p", c, 3), ("q", "nope", 1),
            ("r", None, 1), ("r", "", 2), ("p", a, 1), ("s", c, "x"), ("s", b, None), ("s", a, 1),
        ],
        columns=["playlist_id", "item_id", "position"],
    )  # fmt: skip
    path, out = tmp_path / "plays.csv", tmp_path / "out"
    frame.to_csv(path, index=False)
    result = score_playlists(small_ranked, path, out, 4, chunk_size=2)
    same(read(out), truth(model, {"p": [a, a, b, c], "q": [], "r": [], "s": [a, b]}, 4))
    assert set(read(out).query("query_id in ['q', 'r']")["source"]) == {"popularity"}
    assert rejected(out) == [
        ("plays.csv", 0, None, None, "missing id"),
        ("plays.csv", 3, None, None, "missing id"),
        ("plays.csv", 5, "q", "nope", "unknown item_id"),
        ("plays.csv", 6, "r", None, "missing item_id"),
        ("plays.csv", 7, "r", None, "missing item_id"),
        ("plays.csv", 9, "s", c, "unreadable position or played_at"),
    ]
    assert result.manifest["rejected"]["reasons"]["missing id"] == 2
    counts = result.manifest["counts"]
    assert [counts[name] for name in ("rejected", "used_rows", "input_rows")] == [6, 6, 12]
    assert (
        ", 6 rejected (4 rows with missing ids, 1 play of items that the catalogue lacks, "
        "1 row with an unreadable position or played_at), 6 of 12 input rows used: " in str(result)
    )
    with pytest.raises(DataError, match=r"plays\.csv, row 0, .*missing id .*without strict"):
        score_playlists(small_ranked, path, tmp_path / "strict", strict=True)
    assert parts(tmp_path / "strict") == []
    # A strict run that has written nothing does not stand in the way of the mended input.
    score_playlists(small_ranked, path, tmp_path / "strict", 3)


def test_dates_are_read_in_one_way_in_all_chunks_and_files(
    small_ranked: Path,
    model: HybridRecommender,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    catalog, recommend = model.model_.catalog, HybridRecommender.recommend
    asked: dict[str, list[str]] = {}

    def remembered(self: HybridRecommender, queries: Any, *args: Any, **options: Any) -> Any:
        if isinstance(queries, Playlists):
            asked.update(zip(queries.playlist_ids, queries.to_lists(catalog), strict=True))
        return recommend(self, queries, *args, **options)

    monkeypatch.setattr(HybridRecommender, "recommend", remembered)
    a, b, c = model.model_.catalog.item_ids[:3]
    rows = [("p", a, "soon"), ("p", b, "02/03/2020"), ("p", c, "01/04/2020"), ("q", a, "1/5/2020")]
    names = ["playlist_id", "item_id", "played_at"]
    (tmp_path / "in").mkdir()
    pd.DataFrame(rows, columns=names).to_csv(tmp_path / "in" / "a.csv", index=False)
    last = pd.DataFrame([("r", a, "27/02/2020"), ("r", b, "26/02/2020")], columns=names)
    last.to_csv(tmp_path / "in" / "b.csv", index=False)
    for size in (1, 2, 5):
        out = tmp_path / str(size)
        score_playlists(small_ranked, tmp_path / "in", out, 3, chunk_size=size)
        assert asked == {"p": [b, c], "q": [a], "r": [b, a]}
        asked.clear()
        reason = "unreadable position or played_at"
        assert rejected(out) == [("a.csv", 0, "p", a, reason)]


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        (["2020-01-02", "5"], r"not both, but '5' at row 0 of b.csv .* '2020-01-02' at row 0 of a"),
        (["1600000000", "1600000000000"], "of one unit since 1970, but '1600000000' at row 0 of a"),
        (["02/03/2020", "03/04/2020"], "row 0 of b.csv fit day first and month first, and no"),
        (["27/02/2020", "02/27/2020"], "'27/02/2020' at row 0 of a.csv cannot be month first"),
        (["20200101", "20200102"], "'20200101' at row 0 of a.csv reads as a date without"),
    ],
)
def test_times_that_fit_refuses_are_refused(
    small_ranked: Path, tmp_path: Path, cells: list[str], message: str
) -> None:
    (tmp_path / "in").mkdir()
    for name, cell in zip("ab", cells, strict=True):
        text = f"playlist_id,item_id,played_at\n{name},x,{cell}\n"
        (tmp_path / "in" / f"{name}.csv").write_text(text)
    with pytest.raises(DataError, match=message):
        score_playlists(small_ranked, tmp_path / "in", tmp_path / "out", 3)
    assert not (tmp_path / "out").exists()


def test_files_may_tell_the_order_in_several_types(
    small_ranked: Path, model: HybridRecommender, tmp_path: Path
) -> None:
    a, b = model.model_.catalog.item_ids[:2].tolist()
    folder = tmp_path / "plays"
    folder.mkdir()
    times = pd.to_datetime(["2020-01-02", "2020-01-01"])
    frame = pd.DataFrame({"playlist_id": ["p", "p"], "item_id": [a, b], "played_at": times})
    frame.to_parquet(folder / "a.parquet")
    frame.assign(playlist_id="q").to_csv(folder / "b.csv", index=False)
    frame.assign(playlist_id="r", played_at=times.date).to_parquet(folder / "c.parquet")
    score_playlists(small_ranked, folder, tmp_path / "out", 3)
    same(read(tmp_path / "out"), truth(model, {name: [b, a] for name in "pqr"}, 3))
    assert rejected(tmp_path / "out") == []


def test_empty_lists_and_lists_without_names(
    small_ranked: Path, model: HybridRecommender, tmp_path: Path
) -> None:
    a, b, c = model.model_.catalog.item_ids[:3]
    path, out = tmp_path / "lists.parquet", tmp_path / "out"
    lists = [[a, None, "x", b], [], None, [c]]
    pq.write_table(pa.table({"item_ids": lists}), path, row_group_size=3)
    score_playlists(small_ranked, path, out, 3, chunk_size=3)
    same(read(out), truth(model, {"0": [a, b], "1": [], "2": [], "3": [c]}, 3))
    assert rejected(out) == [
        ("lists.parquet", 0, "0", None, "missing item_id"),
        ("lists.parquet", 0, "0", "x", "unknown item_id"),
        ("lists.parquet", 1, "1", None, "empty list"),
        ("lists.parquet", 2, "2", None, "empty list"),
    ]
    (tmp_path / "lists.csv").write_text(f"item_ids\n{a}|{b}\n\n{c}\n")
    score_playlists(small_ranked, tmp_path / "lists.csv", tmp_path / "csv", 3)
    same(read(tmp_path / "csv"), truth(model, {"0": [a, b], "1": [], "2": [c]}, 3))


def test_integer_ids_are_written_out(small_ranked: Path, tmp_path: Path) -> None:
    pd.DataFrame({"playlist_id": [7, 7], "item_id": [1, 2]}).to_parquet(tmp_path / "p.parquet")
    score_playlists(small_ranked, tmp_path / "p.parquet", tmp_path / "out", 1)
    assert read(tmp_path / "out")["query_id"].tolist() == ["7"]
    assert [row[3] for row in rejected(tmp_path / "out")] == ["1", "2"]


def test_items(small_ranked: Path, model: HybridRecommender, tmp_path: Path) -> None:
    out = tmp_path / "out"
    result = score_items(small_ranked, out, 3, chunk_size=128)
    expected = model.similar_items(model.model_.catalog.item_ids.tolist(), 3).to_frame()
    same(read(out), expected)
    assert [part["queries"] for part in result.manifest["parts"]] == [128, 128, 44]
    assert "hybrid" in result.manifest["counts"]["sources"]


def test_items_that_were_removed_are_not_asked(small_ranked: Path, tmp_path: Path) -> None:
    model = HybridRecommender.load(small_ranked)
    ids = model.model_.catalog.item_ids.tolist()
    model.update(remove=ids[:10] + ids[40:41])
    model.save(tmp_path / "model")
    result = score_items(tmp_path / "model", tmp_path / "out", 3, chunk_size=10)
    assert read(tmp_path / "out")["query_id"].unique().tolist() == ids[10:40] + ids[41:]
    assert [part["queries"] for part in result.manifest["parts"]][:5] == [0, 10, 10, 10, 9]


def test_new_items(small_ranked: Path, model: HybridRecommender, tmp_path: Path) -> None:
    catalog = model.model_.catalog
    a, b = catalog.item_ids[:2]
    artist = catalog.artists[0]
    frame = pd.DataFrame(
        {
            "item_id": ["n1", "n2", None, "n1", "n3", "n4"],
            "title": ["Love", None, "x", "y", catalog.titles[5], "z"],
            "artist": [artist, None, "x", artist, None, "nobody"],
            "tags": [["a", "b"], None, [], [], [], []],
            "context": [[a, "bad", b], None, [], [], [], []],
        }
    )
    frame.to_parquet(tmp_path / "new.parquet")
    joined = frame.copy()
    for column in ("tags", "context"):
        joined[column] = frame[column].map(lambda entries: "|".join(entries or []) or None)
    joined.to_csv(tmp_path / "new.csv", index=False)
    kept = frame.iloc[[0, 1, 4, 5]].assign(context=pd.Series({0: [a, b]}, dtype=object))
    expected = model.recommend_for_new_items(kept, 4)
    for name in ("new.parquet", "new.csv"):
        out = tmp_path / f"out-{name}"
        score_new_items(small_ranked, tmp_path / name, out, 4, chunk_size=2)
        same(read(out), expected.to_frame())
        assert read(out)["query_source"].tolist() == expected.query_sources.repeat(4).tolist()  # type: ignore[union-attr]
        assert rejected(out) == [
            (name, 0, "n1", "bad", "unknown item_id"),
            (name, 2, None, None, "missing id"),
            (name, 3, "n1", None, "the id stood before"),
        ]
    frame[["title", "artist"]].to_parquet(tmp_path / "unnamed.parquet")
    score_new_items(small_ranked, tmp_path / "unnamed.parquet", tmp_path / "out", 1, chunk_size=4)
    assert read(tmp_path / "out")["query_id"].tolist() == ["0", "1", "2", "3", "4", "5"]


COLUMNS: dict[str, ColumnKind] = {
    "title": "text", "row": "text", "tempo": "numbers", "genre": "strings", "cover": "vector",
}  # fmt: skip


def new_items(folder: Path, suffix: str, columns: dict[str, ColumnKind] = COLUMNS) -> Chunk:
    """What is read of new items that any columns describe."""
    rows: dict[str, Any] = {
        "item_id": [1, 2],
        "row": ["x", ""],
        "tempo": [120, None],
        "genre": [["a", "b"], None],
        "cover": [[0.5, 1], None],
    }
    frame = pd.DataFrame(rows)
    path = folder / f"new{suffix}"
    if suffix == ".csv":
        for name in ("genre", "cover"):
            frame[name] = frame[name].map(lambda cells: "|".join(map(str, cells or [])))
        frame.assign(unknown="?").to_csv(path, index=False)
    else:
        frame.assign(unknown=True).to_parquet(path)
    reader = TableReader(InputFiles(path, "new items"), new_items=True, columns=columns)
    (chunk,) = chunks(reader.batches(), reader.layout, 10)
    return chunk


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_new_items_have_the_columns_that_the_model_knows(
    model: HybridRecommender, tmp_path: Path, suffix: str
) -> None:
    chunk = new_items(tmp_path, suffix)
    frame = new_items_of(chunk, model.model_.catalog, Rejections())
    assert frame.columns.tolist() == ["item_id", "row", "genre", "tempo", "cover"]
    assert frame["item_id"].tolist() == ["1", "2"]
    assert frame["row"].tolist() == ["x", None]
    assert frame["genre"].tolist() == [["a", "b"], None]
    assert frame["cover"].tolist() == [[0.5, 1.0], None]
    np.testing.assert_array_equal(frame["tempo"], [120.0, np.nan])


def test_new_items_need_one_column_that_the_model_knows(tmp_path: Path) -> None:
    with pytest.raises(
        DataError,
        match=r"new\.csv must have at least one of the columns title, context; found item_id, row,",
    ):
        new_items(tmp_path, ".csv", {"title": "text", "item_id": "text"})


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"tempo": "text"}, "hold strings or integers in the column tempo, found double; convert"),
        ({"row": "numbers"}, "hold numbers in the column row, found .*string; convert"),
        ({"cover": "strings"}, "hold lists of strings or integers in the column cover, found list"),
        ({"genre": "vector"}, "hold lists of numbers in the column genre, found list"),
        ({"tempo": "vector"}, "hold lists of numbers in the column tempo, found double"),
    ],
)
def test_new_items_of_a_wrong_type(
    tmp_path: Path, columns: dict[str, ColumnKind], message: str
) -> None:
    with pytest.raises(DataError, match=rf"new\.parquet must {message}"):
        new_items(tmp_path, ".parquet", columns)


def test_new_items_in_text_that_are_no_numbers(tmp_path: Path) -> None:
    for column, kind in (("row", "numbers"), ("genre", "vector")):
        with pytest.raises(DataError, match=rf"new\.csv must hold numbers.* '{column}', but row 2"):
            new_items(tmp_path, ".csv", {column: kind})


def test_urls(small_ranked: Path, plays: Path, tmp_path: Path) -> None:
    memory = fsspec.filesystem("memory")
    memory.pipe("/batch/in/plays.parquet", plays.read_bytes())
    memory.pipe("/batch/in/_SUCCESS", b"")
    out = tmp_path / "out"
    score_playlists(small_ranked, f"file://{plays}", f"file://{out}", 5, chunk_size=9)
    try:
        url = "memory://batch/out"
        first = score_playlists(small_ranked, "memory://batch/in", url, 5, chunk_size=9)
        assert first.parts_scored == 4
        for path in parts(out):
            assert memory.cat(f"/batch/out/{path.name}") == path.read_bytes()
        assert not memory.exists("/batch/out/_work")
        again = score_playlists(small_ranked, "memory://batch/in", url, 5, chunk_size=9)
        assert (again.parts_scored, again.manifest) == (0, first.manifest)
        with pytest.raises(DataError, match="config k was 5 and is 6 now"):
            score_playlists(small_ranked, "memory://batch/in", url, 6, chunk_size=9)
        with pytest.raises(DataError, match="no such file"):
            score_playlists(small_ranked, "memory://batch/absent", url)
        with pytest.raises(DataError, match="must be outside of the input"):
            score_playlists(small_ranked, "memory://batch/in", "memory://batch/in/out")
    finally:
        memory.rm("/batch", recursive=True)


def damaged(plays: Path, folder: Path) -> dict[str, tuple[Any, str]]:
    whole = plays.read_bytes()
    nothing = {"playlist_id": pa.array([], pa.string()), "item_id": pa.array([], pa.string())}

    def parquet(**columns: Any) -> bytes:
        pq.write_table(pa.table(columns), folder / "made")
        return (folder / "made").read_bytes()

    return {
        "cut.parquet": (whole[:-50], "must be a whole Parquet file"),
        "torn.parquet": (whole[:60] + b"\x99" * 80 + whole[140:], "must be a whole Parquet file"),
        "no.parquet": (b"", "must be a whole Parquet file"),
        "empty.parquet": (parquet(**nothing), "must hold at least one row"),
        "floats.parquet": (
            parquet(playlist_id=[1.5], item_id=["a"]),
            r"got 1.5 \(float\) at row 0",
        ),
        "bools.parquet": (parquet(playlist_id=["p"], item_id=[True]), "item_id, found bool"),
        "nested.parquet": (parquet(playlist_id=["p"], item_ids=[[1.5]]), "lists of strings or int"),
        "order.parquet": (
            parquet(playlist_id=["p"], item_id=["a"], position=[True]),
            "position, found bool",
        ),
        "lacks.parquet": (parquet(playlist_id=["p"]), "lacks item_id"),
        "twice.csv": (b"playlist_id,item_id,item_id\np,a,b\n", "each column once"),
        "no.csv": (b"", "must name its columns"),
        "head.csv": (b"playlist_id,item_id\n", "must hold at least one row"),
        "wide.csv": (b"playlist_id,item_id\np,a,b\n", "Expected 2 columns, got 3"),
        "latin.csv": (b"playlist_id,item_id\np,\xff\n", "line 2 holds the byte 0xff"),
        "quote.csv": (b'playlist_id,item_id\np,"a\nq,b\n', "must close every quote"),
        "plays.txt": (b"", "no such file"),
    }


def test_damaged_input_is_one_line(small_ranked: Path, plays: Path, tmp_path: Path) -> None:
    for name, (content, message) in damaged(plays, tmp_path).items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(DataError, match=message) as caught:
            score_playlists(small_ranked, tmp_path / name, tmp_path / f"out-{name}")
        assert "\n" not in str(caught.value)
        assert name in str(caught.value) or "at least one row" in message
    mixed = tmp_path / "mixed"
    mixed.mkdir()
    pd.DataFrame({"playlist_id": ["p"], "item_id": ["a"]}).to_parquet(mixed / "a.parquet")
    pq.write_table(pa.table({"item_ids": [["a"]]}), mixed / "b.parquet")
    with pytest.raises(DataError, match=r"b\.parquet must have the same columns as a\.parquet"):
        score_playlists(small_ranked, mixed, tmp_path / "out")


def test_other_mistakes(small_ranked: Path, plays: Path, tmp_path: Path) -> None:
    foreign = tmp_path / "foreign"
    foreign.mkdir()
    (foreign / "thesis.tex").write_text("mine")
    tidy({"p": ["a"]}).to_parquet(tmp_path / "p.parquet")
    cases: list[tuple[type[Exception], str, Any]] = [
        (DataError, "must be new, empty or hold scores", (small_ranked, plays, foreign)),
        (
            DataError,
            "must be a folder, found a file",
            (small_ranked, plays, foreign / "thesis.tex"),
        ),
        (DataError, "must be outside of the model", (small_ranked, plays, small_ranked / "out")),
        (DataError, "must be outside of the input", (small_ranked, foreign.parent, foreign)),
        (DataError, "Protocol not known", (small_ranked, plays, "zz://b")),
        (DataError, "no such file", (small_ranked, tmp_path / "absent.csv", foreign)),
        (DataError, "must be a path or a URL", (small_ranked, "", foreign)),
        (ArtifactError, "must be a saved model", (foreign, plays, tmp_path / "out")),
        (ConfigError, "'k' parameter", (small_ranked, plays, tmp_path / "out", 0)),
    ]
    for error, message, arguments in cases:
        with pytest.raises(error, match=message):
            score_playlists(*arguments)
    for name in ("chunk_size", "workers"):
        for value in (0, True, 1.5, 10**9):
            with pytest.raises(ConfigError, match=f"'{name}' parameter"):
                score_playlists(small_ranked, plays, tmp_path / "out", **{name: value})
    assert [path.name for path in foreign.iterdir()] == ["thesis.tex"]
    # What failed before anything was written leaves the way free.
    score_playlists(small_ranked, plays, tmp_path / "out", 2)


def test_input_is_read_no_further_than_needed() -> None:
    pulled = 0

    def endless() -> Iterator[pa.Table]:
        nonlocal pulled
        while True:
            ids = [f"p{(pulled * 10 + row) // 4}" for row in range(10)]
            pulled += 1
            yield pa.table({ID: pa.array(ids, pa.large_string()), ITEM: ["i"] * 10})

    layout = Layout({ID: "playlist_id", ITEM: "item_id"}, {}, {})
    cut = chunks(endless(), layout, 5)
    for number in range(4):
        chunk = next(cut)
        assert chunk.number == number
        assert chunk.n_rows == 20
        assert chunk.table[ID].to_pylist()[::4] == [f"p{number * 5 + i}" for i in range(5)]
        assert pulled * 10 <= (number + 1) * 20 + 10
        assert not chunk.repeated.any()


def test_one_endless_playlist_is_cut(
    small_ranked: Path, model: HybridRecommender, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hybrid_rec.batch.chunks.LONGEST", 6)
    monkeypatch.setattr("hybrid_rec.batch.queries.LONGEST", 6)
    monkeypatch.setattr("hybrid_rec.batch.survey.LONGEST", 6)
    monkeypatch.setattr("hybrid_rec.batch.input._BATCH_ROWS", 4)
    ids = model.model_.catalog.item_ids.tolist()
    lists = {"a": ids[:2], "long": ids[:50], "b": ids[3:5]}
    tidy(lists).to_parquet(tmp_path / "plays.parquet")
    result = score_playlists(small_ranked, tmp_path / "plays.parquet", tmp_path / "out", 3)
    expected = {name: lists[name][:6] for name in sorted(lists)}
    same(read(tmp_path / "out"), truth(model, expected, 3))
    counts = result.manifest["counts"]
    assert [counts[name] for name in ("used_rows", "input_rows")] == [10, 54]
    assert [row[1:4] for row in rejected(tmp_path / "out")] == [(8, "long", ids[6])]


def test_seen_ids() -> None:
    rng, seen, before = np.random.default_rng(0), SeenIds(), set[str | None]()
    for size in (3, 50, 1, 1, 20, 200, 0, 5):
        ids = [None if i == 0 else str(i) for i in rng.integers(0, 500, size)]
        found = seen.add(pa.array(ids, pa.large_string())).tolist()
        for name, again in zip(ids, found, strict=True):
            assert again == (name is not None and name in before)
            before.add(name)

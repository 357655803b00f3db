"""Preparation on a real cluster against the readers of one machine, row for row."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from pyspark.sql import SparkSession

from hybrid_rec import DataError, read_dataset, read_mpd, read_tidy, synthetic_radio
from hybrid_rec.cli.app import run
from hybrid_rec.data.prepared import read_manifest
from hybrid_rec.spark import prepare, read_plays
from hybrid_rec.spark import read_mpd as read_slices
from tests.prepared_data import assert_same, write_prepared


def track(number: int, **changes: Any) -> dict[str, Any]:
    return {
        "track_uri": f"uri:{number}", "track_name": f"Track {number}",
        "artist_name": f"Artist {number % 3}", "pos": 0, **changes,
    }  # fmt: skip


def write_slices(folder: Path) -> None:
    """Two slices: without plays, pid or uri, short, copied, spelled in two ways, out of order."""
    first = [
        {"pid": 3, "name": "Chill", "tracks": [track(1, pos=2), track(2, pos=0), track(3, pos=1)]},
        {"pid": 1, "name": "empty", "tracks": []},
        {"pid": 2, "name": "solo", "tracks": [track(1), track(1, pos=1)]},
        {"pid": 9, "tracks": [track(4, track_name=None), track(1, track_name="Other"), {"x": 1}]},
    ]
    second = [
        {"pid": 1000, "name": " ", "tracks": [track(2), track(3, pos=1), track(1, pos=2)]},
        {"name": "no pid", "tracks": [track(9)]},
        {"pid": 1002, "name": "é\u2028", "tracks": [track(4), track(5, pos=1), track(4, pos=2)]},
    ]
    for start, playlists in ((0, first), (1000, second)):
        file = folder / f"mpd.slice.{start}-{start + 999}.json"
        file.write_text(json.dumps({"playlists": playlists}))


def partitions(spark: SparkSession, count: int) -> None:
    spark.conf.set("spark.sql.shuffle.partitions", str(count))


def test_slices_are_prepared_as_one_machine_reads_them(
    spark: SparkSession, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    slices, out = tmp_path / "slices", tmp_path / "out"
    slices.mkdir()
    write_slices(slices)
    expected = read_mpd(slices)
    damaged = slices / "mpd.slice.2000-2999.json"
    damaged.write_text('{"playlists": [{"pid": 7, "na')
    rows = read_slices(spark, slices)
    with pytest.raises(DataError, match=r"2000-2999\.json .* is no JSON.*, or --skip-damaged"):
        prepare(rows, out)
    assert not out.exists()

    partitions(spark, 7)
    command = ["spark", "prepare", f"mpd:{slices}", str(out), "--skip-damaged"]
    assert run(command) == 0
    assert f"left out {damaged}" in capsys.readouterr().out
    assert_same(read_dataset(f"prepared:{out}"), expected)
    manifest = read_manifest(out)[1]
    assert list(manifest.damaged) == [str(damaged)]

    # However the cluster cuts it, the files are the same.
    damaged.unlink()
    partitions(spark, 1)
    again = prepare(read_slices(spark, slices), out)
    assert str(again.report) == str(expected.report)
    assert read_manifest(out)[1].files == manifest.files
    partitions(spark, 4)

    twice = json.loads((slices / "mpd.slice.0-999.json").read_text())
    damaged.write_text(json.dumps({"playlists": twice["playlists"][:1]}))
    with pytest.raises(DataError, match=r"playlist 3 stands twice, in .*0-999.* and in .*2000"):
        prepare(read_slices(spark, slices), out)


PLAYS = pd.DataFrame(
    {
        "playlist_id": ["b", "b", "a", "a", "a", "c", "d", "d", "", "e", "e", "b", "f", "f"],
        "item_id": ["7", "007", "7", "x", "y", "x", "7", "007", "x", "", "q", "7", "y", "x"],
        "played_at": [
            "27/02/2019 21:10",
            "1/3/2019",
            "",
            "3/4/2019",
            "2/4/2019",
            *["1/5/2019"] * 9,
        ],
        "playlist_name": ["Chill", "", "gym", "gym", *[""] * 8, " ", "f's"],
        "title": ["One", "", "one", "X", "Y", "X", "One", "Zero", "X", "", "Q", "one", "", "X"],
        "artist": ["U2", "", "", "Them", *[""] * 9, "Them"],
    }
)
ITEMS = (
    "item_id,title,artist,tags,year\n7,One,U2,rock|pop,1991\nx,X,,,\ny,Y,Them,a,2000\ncold,C,,,\n"
)


def test_tidy_plays_are_prepared_as_one_machine_reads_them(
    spark: SparkSession, tmp_path: Path
) -> None:
    plays, items, out = tmp_path / "plays.csv", tmp_path / "items.csv", tmp_path / "out"
    PLAYS.to_csv(plays, index=False)
    items.write_text(ITEMS)
    done = prepare(read_plays(spark, plays), out, items=items)
    expected = read_tidy(plays, items)
    assert_same(read_dataset(f"prepared:{out}"), expected)
    assert str(done.report) == str(expected.report)

    # In three files of three formats, which stand in the order of their names.
    parts = tmp_path / "parts"
    parts.mkdir()
    PLAYS[:5].to_csv(parts / "1.csv", index=False)
    PLAYS[5:9].to_json(parts / "2.jsonl", orient="records", lines=True)
    PLAYS[9:].to_parquet(parts / "3.parquet", index=False)
    prepare(read_plays(spark, parts), out, drop_copies=True)
    assert_same(read_dataset(f"prepared:{out}"), read_tidy(plays, drop_copies=True))

    # A table has no order but that of the column that tells it.
    spark.createDataFrame(PLAYS[PLAYS["played_at"] != ""]).createOrReplaceTempView("plays")
    prepare(read_plays(spark, "table:plays"), out)
    found = read_dataset(f"prepared:{out}")
    assert found.playlists.playlist_ids.tolist() == ["a", "b", "d", "f"]
    lists = found.playlists.to_lists(found.catalog)
    assert lists == [["y", "x"], ["7", "007", "7"], ["007", "7"], ["x", "y"]]


def test_what_cannot_be_prepared_is_said_in_one_line(
    spark: SparkSession, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    odd = PLAYS.assign(playlist_name=["Chill", "Other", *[""] * 12])
    odd.to_csv(tmp_path / "named.csv", index=False)
    with pytest.raises(DataError, match="'b' is called 'Chill' and 'Other'"):
        prepare(read_plays(spark, tmp_path / "named.csv"), out)
    PLAYS.assign(played_at=[*["1/2/2019"] * 13, "soon"]).to_csv(tmp_path / "a.csv", index=False)
    with pytest.raises(DataError, match=r"1/2/2019.* fit day first and month first"):
        read_plays(spark, tmp_path / "a.csv")
    with pytest.raises(DataError, match=r"a\.csv: played_at .* got 'soon' at row 13"):
        prepare(read_plays(spark, tmp_path / "a.csv", date_format="day-first"), out)
    out.mkdir()
    (out / "mine.txt").touch()
    for source, told in (
        (tmp_path / "none.csv", "found no such file"),
        (tmp_path / "named.csv", "holds something else"),
        ("table:nothing", "must be a table"),
    ):
        assert run(["spark", "prepare", str(source), str(out)]) == 2
        error = capsys.readouterr().err
        assert told in error
        assert error.count("\n") == 1
    world = synthetic_radio(n_items=20, n_playlists=10)
    prepared = str(write_prepared(world, tmp_path / "prepared"))
    for name, source, *more in (
        ("prepare", str(tmp_path / "named.csv")), ("sample", prepared, "--playlists", "1"),
        ("statistics", prepared), ("vectors", prepared),
    ):  # fmt: skip
        assert run(["spark", name, source, "s3://lake/out", *more]) == 2
        assert "a path that driver and workers share, got the URL" in capsys.readouterr().err

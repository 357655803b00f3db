"""`radio`, `export` and `similar-playlists` on the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hybrid_rec import HybridRecommender
from hybrid_rec.cli.app import run


def test_radio_prints_an_order(small_ranked: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model = HybridRecommender.load(small_ranked)
    item = model.model_.catalog.item_ids[3]
    asked = ["radio", str(small_ranked), "--item", item, "--length", "7", "--drift", "0.5"]
    assert run([*asked, "--json"]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    expected = model.radio([item], 7, drift=0.5).item_ids[0].tolist()
    assert [row["item_id"] for row in rows] == expected
    assert run(["radio", str(small_ranked), "--length", "3"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 4


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["radio", "--length", "0"], "'length' parameter must be an integer from 1"),
        (["radio", "--length", "301"], "'length' parameter must be an integer from 1 to 300"),
        (["radio", "--item", "no-such"], "unknown: 'no-such'"),
        (["radio", "--drift", "2"], "'drift' parameter must be a number from 0 to 1"),
        (["map", "map.html", "--block", "mood"], "'block' parameter must be one of cooccurrence"),
        (["map", "/dev/null/map.html"], "file /dev/null/map.html cannot be written"),
        (["map", "."], "must be written to a file, but . is a folder"),
        (["similar-playlists"], "must be given --playlist ID, or --item ID or --title TEXT or"),
        (["similar-playlists", "--playlist", "no-such"], "got 'no-such'"),
    ],
)
def test_a_mistake_is_one_line(
    small_ranked: Path, arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    command, *options = arguments
    assert run([command, str(small_ranked), *options]) == 2
    told = capsys.readouterr().err.splitlines()
    assert len(told) == 1
    assert message in told[0]


def test_export_writes_a_folder(
    small_ranked: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = str(tmp_path / "out")
    assert run(["export", str(small_ranked), out, "--format", "parquet"]) == 0
    assert capsys.readouterr().out == f"300 items written to {out}\n"
    assert run(["export", str(small_ranked), out, "--to", "word2vec", "--sample", "9"]) == 0
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "export.json", "vectors.txt",
    ]  # fmt: skip
    assert run(["export", str(small_ranked), str(small_ranked), "--to", "parquet"]) == 2
    assert run(["export", str(small_ranked), str(small_ranked / "x"), "--to", "parquet"]) == 2


def test_similar_playlists_tells_names_and_shared_songs(
    small_ranked: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    playlist = HybridRecommender.load(small_ranked).model_.playlists.playlist_ids[4]
    asked = ["similar-playlists", str(small_ranked), "--playlist", playlist, "-k", "3"]
    assert run([*asked, "--json"]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert len(rows) == 3
    assert set(rows[0]) == {"rank", "playlist_id", "name", "score", "shared", "songs"}


def test_map_writes_a_page(
    small_ranked: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "map.html"
    asked = ["map", str(small_ranked), str(out), "--block", "title", "--playlists", "--quiet"]
    assert run(asked) == 0
    told = capsys.readouterr()
    assert told.out == f"700 points drawn in {out}\n"
    assert told.err == ""
    assert "<title>Map of 300 items" in out.read_text("utf-8")
    assert run(["map", str(small_ranked), str(small_ranked / "map.html")]) == 2
    assert "must be outside of the saved model" in capsys.readouterr().err

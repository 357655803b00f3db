"""Batch runs whose answers are filtered by an expression over the catalogue's columns."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from hybrid_rec import (
    ConfigError,
    DataError,
    HybridRecommender,
    score_items,
    score_new_items,
    score_playlists,
)
from hybrid_rec.cli.app import run

WHERE = "item_id < 'song-020' and not artist == 'Nobody'"
FEW = {f"song-{number:03d}" for number in range(20)}


@pytest.fixture(scope="module")
def lists(small_ranked: Path) -> list[list[str]]:
    ids = HybridRecommender.load(small_ranked).model_.catalog.item_ids
    return [[ids[n], ids[-n - 1]] for n in range(0, 40, 2)] + [[]]


@pytest.fixture(scope="module")
def plays(lists: list[list[str]], tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("plays") / "lists.parquet"
    pd.DataFrame({"item_ids": lists}).to_parquet(path)
    return path


def parts(out: Path) -> pd.DataFrame:
    return pd.concat([pd.read_parquet(path) for path in sorted(out.glob("part-*.parquet"))])


def test_lists_have_k_of_what_passes(
    small_ranked: Path, lists: list[list[str]], plays: Path, tmp_path: Path
) -> None:
    model = HybridRecommender.load(small_ranked)
    result = score_playlists(
        small_ranked, plays, tmp_path / "out", 9, where=WHERE, chunk_size=8, workers=2
    )
    found = parts(tmp_path / "out")
    assert set(found["item_id"]) <= FEW
    assert (found.groupby("query_id").size() == 9).all()
    expected = model.recommend(lists, 9, where=WHERE)
    assert found["item_id"].tolist() == expected.item_ids.ravel().tolist()
    assert result.manifest["config"]["where"] == WHERE

    score_items(small_ranked, tmp_path / "items", 9, where=WHERE)
    found = parts(tmp_path / "items")
    assert set(found["item_id"]) <= FEW
    assert (found.groupby("query_id").size() == 9).all()

    described = tmp_path / "new.csv"
    described.write_text("item_id,title\nx,One\ny,Two\n")
    score_new_items(small_ranked, described, tmp_path / "new", 9, where=WHERE)
    assert set(parts(tmp_path / "new")["item_id"]) <= FEW
    assert len(parts(tmp_path / "new")) == 18


def test_a_run_goes_on_with_the_same_expression_only(
    small_ranked: Path, plays: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    score_playlists(small_ranked, plays, out, 3, where=WHERE)
    with pytest.raises(
        DataError, match=r"its config where was .*song-020.* and is .artist ==.*U2.* now"
    ):
        score_playlists(small_ranked, plays, out, 3, where="artist == 'U2'")
    with pytest.raises(DataError, match=r"its config where was .*song-020.* and is not there now"):
        score_playlists(small_ranked, plays, out, 3)
    assert score_playlists(small_ranked, plays, out, 3, where=WHERE).parts_scored == 0


def test_what_is_no_such_expression_writes_nothing(
    small_ranked: Path, plays: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    for where, error, told in (
        ("yaer > 1990", ConfigError, "columns of the catalogue"),
        ("artist = 'U2'", ConfigError, "equal is written =="),
        ("artist == 'Nobody'", DataError, "must let some item through"),
    ):
        with pytest.raises(error, match=told):
            score_playlists(small_ranked, plays, out, 3, where=where)
        command = ["score", str(small_ranked), str(plays), str(out), "--where", where, "--quiet"]
        assert run(command) == 2
        message = capsys.readouterr().err
        assert told in message
        assert message.count("\n") == 1
        assert not out.exists()


def test_the_command_takes_an_expression(
    small_ranked: Path, plays: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["score", str(small_ranked), str(plays), str(tmp_path / "out"), "-k", "4", "--quiet"]
    assert run([*command, "--where", WHERE, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["config"]["where"] == WHERE
    assert set(parts(tmp_path / "out")["item_id"]) <= FEW

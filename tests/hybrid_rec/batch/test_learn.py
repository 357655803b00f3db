"""Batch runs that learn from all playlists before the first is scored."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from hybrid_rec import DataError, HybridRecommender, score_playlists
from hybrid_rec.batch.journal import Journal
from hybrid_rec.batch.scoring import Scored
from hybrid_rec.cli.app import run


@pytest.fixture(scope="module")
def lists(small_ranked: Path) -> list[list[str]]:
    model = HybridRecommender.load(small_ranked).model_
    cold = model.catalog.item_ids[np.flatnonzero(model.playlists.play_counts == 0)[:3]]
    ids = model.catalog.item_ids
    return [[ids[n], ids[n + 30], cold[n % 3]] for n in range(20)]


@pytest.fixture(scope="module", params=["grouped", "log"])
def plays(
    request: pytest.FixtureRequest, lists: list[list[str]], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    rows = [
        (f"p{number:02}", item, place)
        for number, items in enumerate(lists)
        for place, item in enumerate(items)
    ]
    frame = pd.DataFrame(rows, columns=["playlist_id", "item_id", "position"])
    if request.param == "log":
        frame = frame.sort_values("position", kind="stable")
    path = tmp_path_factory.mktemp("plays") / "plays.parquet"
    frame.to_parquet(path)
    return path


def answers(out: Path) -> list[dict[str, object]]:
    return [
        row
        for path in sorted(out.glob("part-*.parquet"))
        for row in pq.read_table(path).to_pylist()
    ]


@pytest.mark.parametrize("workers", [1, 2])
def test_a_run_answers_as_the_learned_model_does(
    small_ranked: Path, plays: Path, lists: list[list[str]], tmp_path: Path, workers: int
) -> None:
    before = sorted((path, path.stat().st_mtime_ns) for path in small_ranked.rglob("*"))
    result = score_playlists(
        small_ranked, plays, tmp_path / "out", 5, chunk_size=7, workers=workers, learn=True
    )
    expected = HybridRecommender.load(small_ranked).learned(lists).recommend(lists, 5)
    found = answers(tmp_path / "out")
    assert [row["item_id"] for row in found] == expected.item_ids.ravel().tolist()
    assert [row["score"] for row in found] == expected.scores.ravel().tolist()
    assert result.manifest["config"]["learn"] is True
    assert not [path for path in (tmp_path / "out").iterdir() if path.is_dir()]
    assert sorted((path, path.stat().st_mtime_ns) for path in small_ranked.rglob("*")) == before


def test_a_stopped_run_gives_the_same(
    small_ranked: Path, plays: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, out = tmp_path / "whole", tmp_path / "out"
    score_playlists(small_ranked, plays, whole, 5, chunk_size=7, learn=True)
    commit = Journal.commit

    def stopping(journal: Journal, scored: Scored) -> None:
        if len(journal.finished) == 1:
            raise KeyboardInterrupt
        commit(journal, scored)

    with monkeypatch.context() as patch:
        patch.setattr(Journal, "commit", stopping)
        with pytest.raises(KeyboardInterrupt):
            score_playlists(small_ranked, plays, out, 5, chunk_size=7, learn=True)
    with pytest.raises(DataError, match="learn"):
        score_playlists(small_ranked, plays, out, 5, chunk_size=7)
    result = score_playlists(small_ranked, plays, out, 5, chunk_size=7, learn=True)
    assert result.parts_scored == 2
    assert answers(out) == answers(whole)


def test_only_playlists_are_learned_from(
    small_ranked: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["score", str(small_ranked), str(tmp_path / "out"), "--items", "--learn"]) == 2
    assert "--learn must be given with playlists alone" in capsys.readouterr().err

"""Evaluations on a cluster give the report of one machine."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
from pyspark.sql import SparkSession

from hybrid_rec import synthetic_radio
from hybrid_rec.cli.app import run

CONFIG = "[blocks.title]\nenabled = false\n[ranking]\ncases = 50\ntrees = 5\ncandidates = 50\n"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    (tmp_path / "quick.toml").write_text(CONFIG)
    return tmp_path / "quick.toml"


@pytest.fixture
def plays(tmp_path: Path) -> list[str]:
    world = synthetic_radio(seed=5, n_items=120, n_playlists=200)
    lists = world.playlists.to_lists(world.catalog)
    frame = pd.DataFrame({"playlist_id": range(len(lists)), "item_id": lists})
    frame.explode("item_id").to_csv(tmp_path / "plays.csv", index=False)
    world.catalog.to_frame().to_parquet(tmp_path / "items.parquet")
    return [str(tmp_path / "plays.csv"), "--items", str(tmp_path / "items.parquet")]


def test_the_same_report(
    spark: SparkSession, plays: list[str], config: Path, tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    told = []
    for split, folder, more in (
        ("continuation", "here", []), ("continuation", "there", ["--spark"]),
        ("item-to-item", "items", []), ("item-to-item", "items-there", ["--spark"]),
    ):  # fmt: skip
        command = ["evaluate", *plays, "--config", str(config), "--baselines", "popularity"]
        options = ["--split", split, "-k", "5,10", "--quiet", "--json", "--min-length", "5"]
        code = run([*command, *options, "--report", str(tmp_path / folder), *more])
        printed = capsys.readouterr()
        assert code == 0, printed.err
        rows = [json.loads(line) for line in printed.out.splitlines()]
        told.append([{k: v for k, v in row.items() if "second" not in k} for row in rows])
    assert told[1] == told[0]
    assert told[3] == told[2]


def test_the_master_goes_with_spark(plays: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["evaluate", *plays, "--master", "local[1]", "--quiet"]) == 2
    assert "--master must go with --spark" in capsys.readouterr().err

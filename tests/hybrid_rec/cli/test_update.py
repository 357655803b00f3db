"""`hybrid-rec update`: files in, a saved model updated, the old one whole until then."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from hybrid_rec import HybridRecommender
from hybrid_rec.cli.app import run
from hybrid_rec.core.files import files_in
from hybrid_rec.data.synthetic import SyntheticDataset


@pytest.fixture
def model(fitted: HybridRecommender, tmp_path: Path) -> Path:
    fitted.save(tmp_path / "model")
    return tmp_path / "model"


@pytest.fixture
def plays(tmp_path: Path) -> Path:
    """Two new playlists and a known one, with an item that is new."""
    path = tmp_path / "plays.csv"
    path.write_text(
        "playlist_id,item_id,title,artist\n"
        "x,song-001,,\nx,new-1,A New Song,Nobody Yet\n"
        "y,new-1,A New Song,Nobody Yet\ny,song-002,,\n"
    )
    return path


def test_playlists_bring_their_items(
    model: Path, plays: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "after"
    before = {name: (model / name).read_bytes() for name in files_in(model)}
    assert run(["update", str(model), "--playlists", str(plays), "--out", str(out), "--quiet"]) == 0
    told = capsys.readouterr()
    assert told.err == ""
    assert f"{'playlists':<22}     1,500 -> 1,502" in told.out
    assert f"{'items':<22}     1,000 -> 1,001" in told.out
    after = HybridRecommender.load(out)
    assert after.model_.catalog.artists[-1] == "Nobody Yet"
    assert after.similar_items(["new-1"], 5).query_ids.tolist() == ["new-1"]
    assert {name: (model / name).read_bytes() for name in files_in(model)} == before


def test_items_and_removal_in_place(model: Path, tmp_path: Path, world: SyntheticDataset) -> None:
    items = tmp_path / "items.parquet"
    pd.DataFrame({"item_id": [7, 8], "title": ["a", "b"], "artist": [None, "c"]}).to_parquet(items)
    arguments = ["--items", str(items), "--remove", "song-001", "--remove", "8", "--quiet"]
    assert run(["update", str(model), *arguments]) == 2
    assert run(["update", str(model), *arguments[:-3], "--quiet"]) == 0
    after = HybridRecommender.load(model).model_
    assert after.catalog.item_ids[-2:].tolist() == ["7", "8"]
    assert after.removed.tolist() == world.catalog.rows(["song-001"]).tolist()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "must be given --playlists, --items or --remove"),
        (["--remove", "nobody"], "unknown: 'nobody'"),
        (["--playlists", "absent.csv"], "found no such file"),
        (["--playlists", "KNOWN"], "pass on_known='extend'"),
        (["--playlists", "UNKNOWN"], "unknown: 'nobody'"),
    ],
)
def test_mistakes(
    model: Path,
    tmp_path: Path,
    world: SyntheticDataset,
    arguments: list[str],
    message: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "unknown.csv").write_text("playlist_id,item_id\nx,nobody\nx,song-001\n")
    known = world.playlists.playlist_ids[3]
    (tmp_path / "known.csv").write_text(f"playlist_id,item_id\n{known},song-001\n")
    paths = {name.upper(): str(tmp_path / f"{name}.csv") for name in ("known", "unknown")}
    given = [paths.get(argument, argument) for argument in arguments]
    before = {name: (model / name).read_bytes() for name in files_in(model)}
    assert run(["update", str(model), *given, "--quiet"]) == 2
    told = capsys.readouterr().err
    assert message.replace("pass on_known='extend'", "pass --extend") in told
    assert told.count("\n") == 1
    assert {name: (model / name).read_bytes() for name in files_in(model)} == before


def test_options_that_let_them_through(
    model: Path, tmp_path: Path, world: SyntheticDataset
) -> None:
    known = world.playlists.playlist_ids[3]
    path = tmp_path / "plays.csv"
    path.write_text(f"playlist_id,item_id\n{known},song-001\n{known},nobody\n")
    options = ["--extend", "--skip-unknown", "--quiet"]
    assert run(["update", str(model), "--playlists", str(path), *options]) == 0
    after = HybridRecommender.load(model).model_
    assert after.playlists.lengths[3] == world.playlists.lengths[3] + 1
    assert len(after.playlists) == len(world.playlists)


_KILLED = """
import os, pathlib, signal, sys
from hybrid_rec.cli.app import run
rename = pathlib.Path.rename
def killing(self, target):
    os.kill(os.getpid(), signal.SIGKILL)
pathlib.Path.rename = killing
run(["update", sys.argv[1], "--remove", "song-001", "--quiet"])
"""


def test_a_killed_update_leaves_the_old_model_whole(model: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(model, tmp_path / "copy")
    killed = subprocess.run([sys.executable, "-c", _KILLED, str(model)], check=False)
    assert killed.returncode == -signal.SIGKILL
    assert not len(HybridRecommender.load(model).model_.removed)
    assert files_in(copy) == files_in(model)
    for name in files_in(copy):
        assert (copy / name).read_bytes() == (model / name).read_bytes()

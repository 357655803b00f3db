"""`hybrid-rec tune`, from options to files."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from evaluation.evaluations import Evaluation
from evaluation.harness import evaluate
from evaluation.tuning import tuner
from evaluation.tuning.spaces import Space, Whole
from hybrid_rec import HybridConfig
from hybrid_rec.cli import trial_journal
from hybrid_rec.cli.app import run
from hybrid_rec.data.synthetic import SyntheticDataset

BASE = (
    '[titles]\nencoder = "tfidf"\ntfidf_size = 16\n[cooccurrence]\nepochs = 1\nvector_size = 8\n'
    "window = 5\n[ranking]\ncases = 50\ntrees = 10\n[weights]\npopularity = 30.0\n"
)
SMALL: Space = {"cooccurrence.epochs": Whole(1, 4)}


@pytest.fixture(scope="module")
def plays(world: SyntheticDataset, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The world as a tidy CSV file."""
    path = tmp_path_factory.mktemp("data") / "plays.csv"
    frame = world.catalog.to_frame()[["item_id", "title", "artist"]].iloc[world.playlists.rows]
    frame.insert(0, "playlist_id", world.playlists.playlist_ids[world.playlists.owners])
    frame.to_csv(path, index=False)
    return str(path)


@pytest.fixture
def arguments(plays: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.setattr(tuner, "fit_space", lambda _playlists: SMALL)
    base = tmp_path / "base.toml"
    base.write_text(BASE)
    return ["tune", plays, "--budget", "10", "--config", str(base)]


def tuned(arguments: list[str], out: Path, *more: str) -> int:
    return run([*arguments, "--out", str(out), *more])


def without_seconds(path: Path) -> pd.DataFrame:
    return pd.read_csv(path).drop(columns="seconds")


def test_config_trials_and_table(
    arguments: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "new" / "tuned.toml"
    limits = ("--trials", "6", "--weight-trials", "4", "--metric", "hit_rate@10", "--seed", "3")
    assert tuned(arguments, out, *limits) == 0
    printed = capsys.readouterr()
    assert {path.name for path in out.parent.iterdir()} == {"tuned.toml", "tuned.trials.csv"}
    trials = pd.read_csv(out.with_name("tuned.trials.csv"))
    assert sorted(trials["trial"]) == list(range(6))
    assert trials["hit_rate@10"].is_monotonic_decreasing
    best, base = trials.iloc[0], trials.set_index("trial").loc[0]
    assert best["gain"] > 0
    assert base["weights.popularity"] == 30

    config = HybridConfig.from_toml(out)
    assert config.weights.popularity == best["weights.popularity"]
    assert config.cooccurrence.epochs == best["cooccurrence.epochs"]
    assert (config.titles.tfidf_size, config.ranking.trees, config.seed) == (16, 10, 3)
    assert config.ranking.enabled
    header = out.read_text()
    for text in (
        f"best: trial {int(best['trial'])} of 6", f"hit_rate@10 {best['hit_rate@10']:.4f}",
        f"has {base['hit_rate@10']:.4f}", "plays.csv", "validation", "linear score", "seed 3",
    ):  # fmt: skip
        assert text in header

    lines = [line for line in printed.err.splitlines() if line.startswith("trial ")]
    assert len(lines) == 6
    assert "trial 5 (fit 1): hit_rate@10 0." in lines[5]
    assert "of 10 min" in lines[5]
    rows = [line.split("\t") for line in printed.out.splitlines() if "\t" in line]
    assert rows[0][:4] == ["rank", "trial", "fit", "hit_rate@10"]
    assert [int(row[1]) for row in rows[1:]] == trials["trial"].tolist()
    assert f"best: trial {int(best['trial'])} of 6" in printed.out
    assert tuned(arguments, out, "--trials", "1") == 0
    assert len(pd.read_csv(out.with_name("tuned.trials.csv"))) == 1


def test_json_lines_alone_and_the_same_again(
    arguments: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("a.toml", "b.toml"):
        given = ("--trials", "5", "--weight-trials", "2", "--json", "--quiet", "--sample", "300")
        assert tuned(arguments, tmp_path / name, *given) == 0
    printed = capsys.readouterr()
    assert printed.err == ""
    records = [json.loads(line) for line in printed.out.splitlines()]
    assert [record["rank"] for record in records] == [1, 2, 3, 4, 5] * 2
    assert {"trial", "fit", "ndcg@500", "gain", "low", "high"} < set(records[0])
    tables = [without_seconds(tmp_path / f"{name}.trials.csv") for name in "ab"]
    pd.testing.assert_frame_equal(*tables)
    assert (tmp_path / "a.toml").read_text() == (tmp_path / "b.toml").read_text()


def test_a_terminal_shows_what_changed(
    arguments: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setattr(trial_journal, "_SHOWN", 2)
    assert tuned(arguments, tmp_path / "t.toml", "--trials", "3", "--quiet") == 0
    printed = capsys.readouterr().out
    assert "the best 2 of them; all are in" in printed
    assert "changed" in printed
    assert "popularity=" in printed


def test_ctrl_c_keeps_what_there_is(
    arguments: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    calls = iter(range(100))

    def interrupted(*given: Any, **named: Any) -> Evaluation:
        if next(calls) == 3:
            raise KeyboardInterrupt
        return evaluate(*given, **named)

    monkeypatch.setattr(tuner, "evaluate", interrupted)
    out = tmp_path / "tuned.toml"
    assert tuned(arguments, out, "--quiet") == 130
    printed = capsys.readouterr()
    assert printed.err == f"hybrid-rec: interrupted; the best of 3 trials is in {out}.\n"
    trials = pd.read_csv(tmp_path / "tuned.trials.csv")
    assert len(trials) == 3
    assert HybridConfig.from_toml(out).weights.popularity == trials["weights.popularity"][0]
    assert "best: trial" in printed.out


def test_ctrl_c_before_the_first_trial_leaves_nothing(
    arguments: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def interrupted(*_given: object, **_named: object) -> object:
        raise KeyboardInterrupt

    monkeypatch.setattr(tuner, "evaluate", interrupted)
    assert tuned(arguments, tmp_path / "new" / "tuned.toml", "--quiet") == 130
    assert capsys.readouterr().err == "hybrid-rec: interrupted; nothing was saved.\n"
    assert not (tmp_path / "new").exists()


def test_a_real_ctrl_c_in_the_middle_of_training(plays: str, tmp_path: Path) -> None:
    base = tmp_path / "base.toml"
    base.write_text(BASE)
    code = "from hybrid_rec.__main__ import main; main()"
    process = subprocess.Popen(
        [sys.executable, "-c", code, "tune", plays, "--budget", "10", "--config", str(base),
         "--out", str(tmp_path / "tuned.toml"), "--weight-trials", "1"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=dict(os.environ),
    )  # fmt: skip
    # The next fit is under way as soon as the first trial is told.
    alarm = threading.Timer(120, process.kill)
    alarm.start()
    try:
        assert process.stderr is not None
        while not process.stderr.readline().startswith("trial 0"):
            assert process.poll() is None
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate()
    finally:
        alarm.cancel()
        process.kill()
    assert process.returncode == 130
    assert "Traceback" not in errors
    assert "hybrid-rec: interrupted; the best of" in errors
    assert HybridConfig.from_toml(tmp_path / "tuned.toml").titles.tfidf_size == 16


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (["--budget", "0"], "--budget must be minutes above 0, got 0"),
        (["--budget", "-3"], "--budget must be minutes above 0"),
        (["--budget", "nan"], "--budget must be minutes above 0"),
        (["--budget", "x"], "'--budget'"),
        (["--metric", "magic@5"], "metric must be one of hit_rate"),
        (["--metric", "ndcg"], "such as ndcg@500"),
        (["--trials", "0"], "trials must be at least 1, got 0"),
        (["--weight-trials", "0"], "weight trials must be at least 1, got 0"),
        (["--sample", "0"], "at least 1 playlist, got 0"),
        (["--sample", "30"], "at least 10 held-out playlists"),
        (["--min-length", "1000"], "at least one"),
        (["--split", "magic"], "split must be one of challenge, cold-items"),
        (["--split", "global-time"], "must have the time of every play"),
        (["--out", "."], "--out must name a file"),
        (["--out", ".."], "--out must name a new file or an earlier result"),
        (["--out", "notes.txt"], "--out must name a new file or an earlier result"),
        (["--out", "taken.toml"], "taken.trials.csv holds something else"),
        (["--out", "notes.txt/x.toml"], "cannot be written"),
        (["--out", "x" * 300], "cannot be written"),
        (["--out", "nul\0.toml"], "null byte"),
        (["--config", "absent.toml"], "config file must be readable"),
    ],
)
def test_mistakes_are_one_line_and_exit_2(
    more: list[str],
    message: str,
    arguments: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "notes.txt").write_text("mine, not = toml")
    (tmp_path / "taken.trials.csv").write_text("mine\n")
    assert run([*arguments, "--out", "tuned.toml", "--quiet", *more]) == 2
    printed = capsys.readouterr()
    assert printed.err.count("\n") == 1
    assert message in printed.err
    kept = {"base.toml", "notes.txt", "taken.trials.csv"}
    assert {path.name for path in tmp_path.iterdir()} == kept
    assert (tmp_path / "notes.txt").read_text() == "mine, not = toml"


def test_without_optuna_one_line_says_how_to_get_it(
    arguments: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setitem(sys.modules, "optuna", None)
    assert tuned(arguments, tmp_path / "tuned.toml") == 2
    printed = capsys.readouterr().err
    assert printed.count("\n") == 1
    assert "pip install 'hybrid-rec[tune]'" in printed

"""The command, run as a user runs it: in a process of its own, mostly."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest

from hybrid_rec import HybridRecommender
from hybrid_rec.cli.app import app, run
from hybrid_rec.core.console import print_frame
from hybrid_rec.data.synthetic import SyntheticDataset

COMMAND = [sys.executable, "-c", "from hybrid_rec.__main__ import main; main()"]
QUICK = (
    '[titles]\nencoder = "tfidf"\n[cooccurrence]\nepochs = 2\nvector_size = 16\n'
    "[ranking]\nenabled = false\n"
)


@pytest.fixture(scope="module")
def plays(world: SyntheticDataset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The world as a tidy CSV file."""
    path = tmp_path_factory.mktemp("data") / "plays.csv"
    catalog, playlists = world.catalog, world.playlists
    frame = catalog.to_frame()[["item_id", "title", "artist"]].iloc[playlists.rows]
    frame.insert(0, "playlist_id", playlists.playlist_ids[playlists.owners])
    frame.to_csv(path, index=False)
    return path


@pytest.fixture(scope="module")
def config(plays: Path) -> Path:
    path = plays.with_name("hybrid.toml")
    path.write_text(QUICK)
    return path


@pytest.fixture(scope="module")
def model(fitted: HybridRecommender, plays: Path) -> Path:
    fitted.save(plays.with_name("model"))
    return plays.with_name("model")


def ask(*arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *map(str, arguments)], capture_output=True, text=True, check=False
    )


def test_fit_then_ask(plays: Path, config: Path, tmp_path: Path) -> None:
    out = tmp_path / "model"
    fitting = ask("fit", plays, "--out", out, "--config", config, "--seed", 3, "--quiet")
    assert (fitting.returncode, fitting.stderr) == (0, "")
    assert "1,500 of 1,500 playlists" in fitting.stdout
    assert "items by source" in fitting.stdout
    assert HybridRecommender.load(out).config.seed == 3
    answer = ask("recommend", out, "--item", "song-001", "--item", "song-002", "-k", 4)
    assert (answer.returncode, answer.stderr) == (0, "")
    lines = answer.stdout.splitlines()
    assert lines[0].split("\t") == ["rank", "item_id", "title", "artist", "score", "source"]
    assert [line.split("\t")[0] for line in lines[1:]] == ["1", "2", "3", "4"]


def test_fit_names_columns_that_no_block_uses(tmp_path: Path) -> None:
    plays, items = tmp_path / "plays.csv", tmp_path / "items.csv"
    plays.write_text("playlist_id,item_id\n1,a\n1,b\n2,b\n2,c\n3,a\n3,c\n")
    items.write_text("item_id,tags,year,album\na,x|y,1990,q\nb,y,1991,r\nc,x,1992,s\n")
    fitting = ask("fit", plays, "--items", items, "--out", tmp_path / "model", "--quiet")
    assert (fitting.returncode, fitting.stderr) == (0, "")
    assert "blocks: tags from tags; no block uses: year, album\n" in fitting.stdout


def test_progress_goes_to_stderr(plays: Path, config: Path, tmp_path: Path) -> None:
    fitting = ask("fit", plays, "--out", tmp_path / "model", "--config", config)
    assert "co-occurrence, epochs" in fitting.stderr
    assert "co-occurrence, epochs" not in fitting.stdout


def test_json_lines(model: Path, fitted: HybridRecommender) -> None:
    answer = ask("similar", model, "--item", "song-001", "--item", "song-002", "-k", 3, "--json")
    records = [json.loads(line) for line in answer.stdout.splitlines()]
    truth = fitted.similar_items(["song-001", "song-002"], 3).to_frame()
    assert records == [
        {name: value.item() if hasattr(value, "item") else value for name, value in row.items()}
        for row in truth.to_dict(orient="records")
    ]
    assert list(records[0]) == [
        "query_id", "rank", "item_id", "title", "artist", "score", "source",
    ]  # fmt: skip


def test_missing_texts_are_null_in_json(model: Path, world: SyntheticDataset) -> None:
    row = next(r for r, title in enumerate(world.catalog.titles) if title is None)
    item_id = world.catalog.item_ids[row]
    answer = ask("similar", model, "--item", "song-001", "-k", 1000, "--json")
    record = next(r for r in map(json.loads, answer.stdout.splitlines()) if r["item_id"] == item_id)
    assert record["title"] is None


def test_weights_and_unknown_ids(model: Path, fitted: HybridRecommender) -> None:
    answer = ask(
        "recommend", model, "--item", "song-001", "--item", "nope", "--skip-unknown",
        "--weight", "artist=5", "--weight", "popularity=0", "-k", 3,
    )  # fmt: skip
    truth = fitted.recommend(["song-001"], 3, weights={"artist": 5, "popularity": 0})
    assert [line.split("\t")[1] for line in answer.stdout.splitlines()[1:]] == truth.item_ids[
        0
    ].tolist()


def test_no_weights_leave_the_ranking_on(
    ranked: HybridRecommender, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ranked.save(tmp_path / "ranked")
    asked = ["recommend", str(tmp_path / "ranked"), "--item", "song-001", "-k", "4", "--json"]
    for arguments, weights in ((asked, None), ([*asked, "--weight", "artist=1"], {"artist": 1})):
        assert run(arguments) == 0
        scores = [json.loads(line)["score"] for line in capsys.readouterr().out.splitlines()]
        truth = ranked.recommend(["song-001"], 4, weights=weights)
        assert scores == truth.scores[0].tolist()


@pytest.mark.parametrize("command", ["recommend", "similar"])
def test_explanations_are_a_column_or_an_object(
    command: str,
    model: Path,
    fitted: HybridRecommender,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = [command, str(model), "--item", "song-001", "-k", "3", "--explain"]
    found = (fitted.recommend if command == "recommend" else fitted.similar_items)(
        ["song-001"], 3, explain=True
    )
    assert found.explanations is not None
    assert run([*asked, "--json"]) == 0
    records = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    wanted = [json.loads(json.dumps(entry.to_dict())) for entry in found.explanations[0]]
    assert [record["explanation"] for record in records] == wanted
    assert run(asked) == 0
    lines = [line.split("\t") for line in capsys.readouterr().out.splitlines()]
    assert lines[0][-1] == "explanation"
    assert [line[-1] for line in lines[1:]] == [entry.text for entry in found.explanations[0]]
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "300")
    assert run(asked) == 0
    assert found.explanations[0, 0].text in capsys.readouterr().out


def test_diversity_of_one_call(
    model: Path, fitted: HybridRecommender, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ["recommend", str(model), "--item", "song-001", "--mmr", "0.7", "--artist-cap", "1"]
    assert run([*asked, "--json"]) == 0
    ids = [json.loads(line)["item_id"] for line in capsys.readouterr().out.splitlines()]
    truth = fitted.recommend(["song-001"], diversity={"mmr": 0.7, "artist_cap": 1})
    assert ids == truth.item_ids[0].tolist() != fitted.recommend(["song-001"]).item_ids[0].tolist()


def test_info(model: Path) -> None:
    plain = ask("info", model)
    assert plain.returncode == 0
    for text in ("items ", "1000", "weights.artist", "index.faiss", "faiss-cpu"):
        assert text in plain.stdout
    assert json.loads(ask("info", model, "--json").stdout)["counts"]["items"] == 1000


def test_demo_runs_offline_and_tells_its_story() -> None:
    environment = os.environ | {"HF_HUB_OFFLINE": "1", "COLUMNS": "120"}
    demo = subprocess.run(
        [*COMMAND, "demo"], capture_output=True, text=True, check=True, env=environment
    )
    for text in ("similar to the most played", "continued", "nobody has played", "artist", "text"):
        assert text in demo.stdout
    assert "The loaded model gives the same answer." in demo.stdout
    assert "hit" in demo.stdout


def test_help_is_complete() -> None:
    commands = {
        "demo", "fit", "recommend", "similar", "plan", "score", "update", "evaluate",
        "tune", "info", "find", "show", "radio", "map", "export", "similar-playlists",
    }  # fmt: skip
    for command in sorted(commands):
        text = ask(command, "--help").stdout
        for line in text.splitlines():
            words = line.split()
            if words and words[0].startswith("--"):
                assert len(words) > 2 or words[0] in ("--help", "--json"), line
    top = ask("--help").stdout
    assert all(name in top for name in commands)
    assert ask("--version").stdout.startswith("hybrid-rec 0.")
    registered = {c.name or c.callback.__name__ for c in app.registered_commands}  # type: ignore[union-attr]
    assert registered == commands


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["fit", "absent.csv", "--out", "m"], "absent.csv"),
        (["fit", "yes:absent", "--out", "m"], "absent"),
        (["fit", "nonsense", "--out", "m"], "a data set must be one of"),
        (["fit", "PLAYS"], "--out"),
        (["fit", "PLAYS", "--out", "m", "--config", "absent.toml"], "config file must be readable"),
        (["fit", "PLAYS", "--out", "m", "--seed", str(2**32)], "'seed' parameter"),
        (["demo", "--seed", str(2**32)], "'seed' parameter"),
        (["evaluate", "--seed", str(2**32)], "'seed' parameter"),
        (["fit", "PLAYS", "--out", "hybrid.toml/m"], "cannot be written"),
        (["fit", "PLAYS", "--out", "m" * 250], "cannot be written"),
        (["recommend", "MODEL", "--item", "song-001", "-k", str(10**12)], "must be at most"),
        (["fit", "PLAYS", "--out", "."], "must be new, empty or hold a model"),
        (["recommend", "absent", "--item", "1"], "must be a saved model"),
        (["recommend", "MODEL", "--item", "nope"], "unknown: 'nope'"),
        (["similar", "MODEL", "--item", "nope"], "Or pass --skip-unknown."),
        (["recommend", "MODEL"], "--item"),
        (["recommend", "MODEL", "--item", "song-001", "-k", "0"], "'k' parameter must be"),
        (["recommend", "MODEL", "--item", "song-001", "-k", "x"], "valid integer"),
        (["recommend", "MODEL", "--item", "song-001", "--weight", "artist"], "BLOCK=NUMBER"),
        (["similar", "MODEL", "--item", "song-001", "--weight", "art=1"], "did you mean 'artist'"),
        (["recommend", "MODEL", "--item", "song-001", "--mmr", "2"], "'mmr' parameter"),
        (["info", "absent"], "must be a saved model"),
        (["nonsense"], "No such command"),
    ],
)
def test_mistakes_are_one_line_and_exit_2(
    plays: Path,
    config: Path,
    model: Path,
    arguments: list[str],
    message: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(config.parent)
    places = {"PLAYS": str(plays), "MODEL": str(model)}
    assert run([places.get(argument, argument) for argument in arguments]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.count("\n") == 1
    assert message in printed.err
    assert "Traceback" not in printed.err


def test_a_table_on_a_terminal(
    model: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "120")
    assert run(["similar", str(model), "--item", "song-001", "-k", "2"]) == 0
    printed = capsys.readouterr().out
    assert "Similar to song-001" in printed
    assert "item id" in printed
    assert "\t" not in printed


def test_an_item_without_title_or_artist_is_named_as_such(
    model: Path,
    world: SyntheticDataset,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "120")
    for texts, told in ((world.catalog.titles, "(no title) by"), (world.catalog.artists, "(no a")):
        row = next(row for row, text in enumerate(texts) if text is None)
        assert run(["similar", str(model), "--item", world.catalog.item_ids[row], "-k", "1"]) == 0
        assert told in capsys.readouterr().out


def test_ctrl_c_leaves_no_half_written_model(plays: Path, tmp_path: Path) -> None:
    slow = tmp_path / "slow.toml"
    slow.write_text(QUICK.replace("epochs = 2", "epochs = 100000"))
    process = subprocess.Popen(
        [*COMMAND, "fit", str(plays), "--out", str(tmp_path / "model"), "--config", str(slow)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline()
        time.sleep(1)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 130
    assert "Traceback" not in errors
    assert errors.rstrip().endswith("hybrid-rec: interrupted; nothing was saved.")
    assert [path.name for path in tmp_path.iterdir()] == ["slow.toml"]


def test_a_closed_pipe_is_no_error(model: Path) -> None:
    line = " ".join(
        [f"'{sys.executable}'", "-c", '"from hybrid_rec.__main__ import main; main()"', "similar"]
    )
    command = f"{line} '{model}' --item song-001 -k 999 | head -1; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
    assert done.stderr == ""
    assert done.stdout.startswith("query_id")


def test_the_command_alone_prints_the_help() -> None:
    alone, asked = ask(), ask("--help")
    assert (alone.returncode, alone.stderr) == (0, "")
    assert alone.stdout == asked.stdout
    assert alone.stdout.count("\n") > 5


_INTERRUPTED = """
import sys
class Interrupt:
    def find_spec(self, name, path=None, target=None):
        if name == "hybrid_rec.cli.app":
            raise KeyboardInterrupt
sys.meta_path.insert(0, Interrupt())
from hybrid_rec.__main__ import main
main()
"""


def test_ctrl_c_while_the_command_is_still_imported() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _INTERRUPTED], capture_output=True, text=True, check=False
    )
    assert done.returncode == 130
    assert done.stderr == "hybrid-rec: interrupted; nothing was saved.\n"


def test_a_full_disk_behind_the_output_is_one_line(model: Path) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [*COMMAND, "info", str(model)],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 2
    assert done.stderr == "hybrid-rec: the output cannot be written: No space left on device.\n"


@pytest.mark.parametrize("terminal", [True, False])
def test_an_item_that_is_asked_for_twice_is_answered_once(
    model: Path,
    terminal: bool,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: terminal)
    answers = []
    for items in (["song-001"], ["song-001", "song-001"]):
        given = [argument for item in items for argument in ("--item", item)]
        assert run(["similar", str(model), "-k", "3", *given]) == 0
        answers.append(capsys.readouterr().out)
    assert answers[0] == answers[1]


@pytest.mark.parametrize("separator", ["\n", "\r\n", "\r", "\t", "\x85", "\u2028"])
def test_a_title_never_breaks_a_row_of_tabs(
    separator: str, capsys: pytest.CaptureFixture[str]
) -> None:
    frame = pd.DataFrame({"item_id": ["a", "b"], "title": [f"One{separator}Two", "Three"]})
    print_frame(frame, title="")
    assert capsys.readouterr().out.splitlines() == ["item_id\ttitle", "a\tOne Two", "b\tThree"]

"""The help of every command: whole sentences, examples that run, and completion in the shell."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from hybrid_rec.cli.app import app, run
from hybrid_rec.cli.examples import examples_of

ROOT = Path(__file__).resolve().parents[3]
COMMAND = [sys.executable, "-c", "from hybrid_rec.__main__ import main; main()"]
TOP: Any = typer.main.get_command(app)


def commands(group: Any = TOP, path: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
    """All commands, those of groups in groups too, by what is typed."""
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, (*path, name))
        else:
            yield " ".join([*path, name]), command


COMMANDS = dict(commands())
EXAMPLES = [(name, line) for name, command in COMMANDS.items() for line in examples_of(command)]
# A search takes the minutes that it is given, the demo and the cluster have tests of their own, and
# the others name data sets that are not here.
NOT_RUN = re.compile(r"hybrid-rec (tune|demo|spark)|FOLDER|\.parquet|tuned\.toml|prepared:")
# The playlists of the example are few and short.
ADDED = {
    "fit": "--config quick.toml",
    "plan": "--config quick.toml",
    "evaluate": "--config quick.toml --min-length 4 -k 5",
}


def help_of(*path: str) -> str:
    done = subprocess.run(
        [*COMMAND, *path, "--help"], capture_output=True, text=True, check=True,
        env=os.environ | {"COLUMNS": "80"},
    )  # fmt: skip
    return done.stdout


@pytest.mark.parametrize("name", COMMANDS)
def test_every_help_is_in_whole_sentences_and_ends_with_examples(
    name: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert run([*name.split(), "--help"]) == 0
    text = capsys.readouterr().out
    examples = examples_of(COMMANDS[name])
    assert examples
    assert text.endswith("\nExamples:\n" + "".join(f"  {line}\n" for line in examples))
    assert text.count("Examples:") == 1
    assert all(len(line) <= 80 for line in text.splitlines())
    described = (
        text.partition("\n\n")[2].partition("\n\nArguments:")[0].partition("\n\nOptions:")[0]
    )
    for sentence in described.split("\n\n"):
        assert re.fullmatch(r" +[A-Z].*\.", sentence, flags=re.DOTALL), sentence
    for parameter in COMMANDS[name].params:
        told = parameter.help
        assert told, parameter.name
        assert re.fullmatch(r"(--)?[A-Za-z0-9\[].*[.\]]", told), told


@pytest.mark.parametrize(("name", "line"), EXAMPLES, ids=[line for _, line in EXAMPLES])
def test_every_example_is_a_command_line(name: str, line: str) -> None:
    words = shlex.split(line)
    assert words[0] == "hybrid-rec"
    own = words[1 : 1 + len(name.split())]
    # An example may show what comes next, which is another command.
    found = next(other for other in COMMANDS if words[1:][: len(other.split())] == other.split())
    assert found == name or own != name.split()
    command = COMMANDS[found]
    command.make_context(found, words[1 + len(found.split()) :])


def test_the_examples_run_in_their_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for file in (ROOT / "docs" / "example").iterdir():
        shutil.copy(file, tmp_path)
    monkeypatch.chdir(tmp_path)
    Path("new_plays.csv").write_text("playlist_id,item_id\nnew,one\nnew,into-the-black\n")
    Path("new_items.csv").write_text(
        "item_id,title,artist\ninto-the-black,Into the Black,Metallica\n"
    )
    for _, line in EXAMPLES:
        if NOT_RUN.search(line):
            continue
        added = ADDED.get(line.split()[1], "")
        assert run(shlex.split(f"{line} {added}")[1:]) == 0, (line, capsys.readouterr().err)


@pytest.mark.parametrize("path", [(), ("spark",)])
def test_the_list_of_commands_cuts_no_sentence(path: tuple[str, ...]) -> None:
    text = help_of(*path)
    listed = text.partition("\nCommands:\n")[2].partition("\n\n")[0].splitlines()
    group = TOP.commands[path[0]] if path else TOP
    assert [line.split()[0] for line in listed] == list(group.commands)
    assert all(line.endswith(".") and not line.endswith("..") for line in listed)
    assert path or text.rstrip().endswith("hybrid-rec recommend --help")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_can_be_shown_for_every_shell(shell: str) -> None:
    script = complete(shell, None)
    assert "_HYBRID_REC_COMPLETE" in script
    assert "hybrid-rec" in script


def complete(shell: str, typed: str | None) -> str:
    """What the command answers a shell; without `typed` the script that installs the completion."""
    environment = os.environ | {"_HYBRID_REC_COMPLETE": f"complete_{shell}"}
    if typed is None:
        environment["_HYBRID_REC_COMPLETE"] = f"source_{shell}"
    else:
        environment |= {
            "COMP_WORDS": typed, "COMP_CWORD": str(typed.count(" ")),
            "_TYPER_COMPLETE_ARGS": typed, "_TYPER_COMPLETE_FISH_ACTION": "get-args",
        }  # fmt: skip
    # Named as it is when it is installed.
    code = "import sys; sys.argv[0] = 'hybrid-rec'; from hybrid_rec.__main__ import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, env=environment
    )
    assert "Traceback" not in done.stderr, done.stderr
    return done.stdout


def test_commands_and_options_are_completed() -> None:
    assert complete("bash", "hybrid-rec reco").split() == ["recommend"]
    assert set(complete("bash", "hybrid-rec s").split()) >= {"show", "similar", "score"}
    options = complete("bash", "hybrid-rec evaluate --st").split()
    assert options == ["--studies"]


def test_completion_shows_no_braces() -> None:
    told = complete("fish", "hybrid-rec evaluate --")
    assert "--studies" in told
    assert "{" not in told

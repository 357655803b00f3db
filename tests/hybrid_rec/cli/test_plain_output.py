"""What reaches the terminal: no command prints a control character that was in its data."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import unicodedata
from pathlib import Path

import pandas as pd
import pytest

from hybrid_rec.cli.app import COMMANDS, run
from hybrid_rec.core.console import print_frame, print_table
from hybrid_rec.core.plain_output import plain_output
from hybrid_rec.core.progress import RichProgress
from tests.hybrid_rec.cli.hostile_world import NASTY, SAFE_WIDE, World, arguments_of, hostile_world

# The demo reads nothing.
READING = [command for command in COMMANDS if command != "demo"]
JSON = "--json"
# These learn, and print no tables that others do not print.
SLOW = ("fit", "update", "evaluate", "tune")
NOWHERE = World(Path("f"), Path("plays"), Path("items"), Path("config"), Path("model"), "an id")
SPOILED = [
    (command, name)
    for command in READING
    for name in ("plays", "items", "config", "model", "item_id")
    if str(getattr(NOWHERE, name)) in arguments_of(command, NOWHERE, Path())
]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return hostile_world(tmp_path_factory.mktemp("world"))


def unprintable(text: str) -> set[str]:
    """The characters that a terminal may take for a command, but for line ends and joiners."""
    kinds = {"Cc", "Cf", "Cs", "Zl", "Zp"}
    return {c for c in text if unicodedata.category(c) in kinds} - {"\n", "\u200d"}


@pytest.mark.parametrize("command", READING)
def test_output_in_a_pipe(
    command: str, world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(arguments_of(command, world, tmp_path)) == 0
    printed = capsys.readouterr()
    assert unprintable(printed.out) <= {"\t"}
    assert unprintable(printed.err) == set()
    widths = {line.count("\t") for line in printed.out.splitlines() if "\t" in line}
    # The split and the comparison are two tables.
    assert len(widths) <= (2 if command == "evaluate" else 1)


@pytest.mark.parametrize("command", READING)
def test_output_as_json(
    command: str, world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = arguments_of(command, world, tmp_path)
    assert run([command, JSON, *given[1:]]) in (0, 2)
    printed = capsys.readouterr()
    assert unprintable(printed.out) == set()
    for line in printed.out.splitlines():
        json.loads(line)


@pytest.mark.parametrize(
    ("command", "columns"),
    [(command, "200") for command in READING]
    + [(command, n) for command in READING if command not in SLOW for n in ("20", "1", "0", "x")],
)
def test_output_on_a_terminal_of_any_width(
    command: str,
    columns: str,
    world: World,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", columns)
    # Then rich neither colours nor moves the cursor, so that what is left comes from the data.
    monkeypatch.setenv("TERM", "dumb")
    assert run(arguments_of(command, world, tmp_path)) == 0
    printed = capsys.readouterr()
    assert unprintable(printed.out) | unprintable(printed.err) == set()


@pytest.mark.parametrize(("command", "spoiled"), SPOILED)
def test_complaints(
    command: str,
    spoiled: str,
    world: World,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    good = str(getattr(world, spoiled))
    given = arguments_of(command, world, tmp_path)
    assert run([f"{good}\x1b[2J\u202e\nx" if word == good else word for word in given]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.count("\n") == 1
    assert unprintable(printed.err) == set()
    assert len(printed.err) <= 1_100


@pytest.mark.parametrize("command", READING)
def test_a_long_complaint_is_cut(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([command, f"--{'x' * 200_000}"]) == 2
    error = capsys.readouterr().err
    assert len(error) <= 1_001
    assert error.startswith("hybrid-rec: No such option")
    assert error.endswith("Try hybrid-rec --help.\n")


def test_what_libraries_write_is_plain_too(capsys: pytest.CaptureFixture[str]) -> None:
    before = sys.stdout, sys.stderr
    with plain_output(), plain_output():
        sys.stdout.writelines([f"{NASTY}\n"])
        sys.stderr.write(NASTY)
    assert (sys.stdout, sys.stderr) == before
    printed = capsys.readouterr()
    assert unprintable(printed.out) == unprintable(printed.err) == set()
    assert printed.out.count("|") == printed.err.count("|") == 1


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def test_bars_are_drawn_while_what_is_written_beside_them_is_plain(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    with plain_output(), RichProgress().stage(f"[red] {NASTY}", 1) as advance:
        sys.stderr.write("beside \x1b[2J\n")
        sys.stderr.write(f"{NASTY}\n")
        advance(1)
    written = terminal.getvalue()
    assert "\x1b[" in written  # rich's own
    assert "beside \\x1b[2J\n" in written
    assert not set("\x9b\u202e\u2066\ufeff\x07\x7f") & set(written)
    assert "\x1b[2J" not in written
    assert "\x1b]52" not in written


def test_a_table_shows_texts_to_the_letter_and_in_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from rich.cells import cell_len

    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "120")
    titles = ["[red]a[/] :fire: [/x]", SAFE_WIDE, "plain", "two\nlines\there"]
    print_frame(
        pd.DataFrame({"title": titles, "n": [1] * 4, "[b]": ["x"] * 4}), title="[i]T[/] \x9b"
    )
    lines = capsys.readouterr().out.splitlines()
    text = "\n".join(lines)
    for shown in (titles[0], titles[1], "two lines here", "[i]T[/] \\x9b", "[b]"):
        assert shown in text
    rows = [line for line in lines if line.rstrip().endswith("x")]
    assert len({cell_len(line.rstrip()) for line in rows}) == 1
    assert len(rows) == 4


def test_a_log_gets_the_same_table(capsys: pytest.CaptureFixture[str]) -> None:
    with plain_output():
        print_table(pd.DataFrame({"title": [NASTY]}), title=NASTY)
    assert unprintable(capsys.readouterr().out) == set()


def test_a_fault_of_ours_is_shown_whole_and_plain(tmp_path: Path) -> None:
    code = (
        "import sys; from hybrid_rec import __main__; from hybrid_rec.cli import app\n"
        "import logging, warnings\n"
        f"nasty = {NASTY!r} + '\\nagain'\n"
        "def run():\n"
        "    logging.warning(nasty)\n"
        "    warnings.warn(nasty)\n"
        "    raise RuntimeError(nasty)\n"
        "app.run = run\n__main__.main()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    assert done.returncode == 1
    error = done.stderr.decode()
    assert error.startswith("WARNING:root:")
    assert "\nhybrid-rec: warning: \\x1b]52;c;Zm9v" in error
    assert "`x` again\nTraceback" in error
    assert unprintable(error) == set()


def test_a_shadowing_folder_with_such_a_name(tmp_path: Path) -> None:
    home = tmp_path / NASTY.replace("/", "").replace("\r", "")
    (home / "indexes").mkdir(parents=True)
    (home / "indexes" / "__init__.py").touch()
    code = "import sys; sys.argv[0] = 'hybrid-rec'; import hybrid_rec"
    path = f"{home}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True, check=False, cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": path},
    )  # fmt: skip
    assert done.returncode == 2
    assert unprintable(done.stderr.decode()) == set()
    assert done.stderr.decode().count("\n") == 1

"""Odd paths and streams, for all commands: one line and exit code 2, or the whole work done."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from hybrid_rec.cli.app import COMMANDS, app, run
from tests.hybrid_rec.cli.hostile_world import World, arguments_of, hostile_world

READING = [command for command in COMMANDS if command != "demo"]
COMMAND = [sys.executable, "-m", "hybrid_rec"]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return hostile_world(tmp_path_factory.mktemp("world"), plain=True)


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Paths that lead to nothing of use, by what is there."""
    folder = tmp_path_factory.mktemp("places")
    for suffix in ("", ".csv", ".parquet", ".toml"):
        (folder / f"loop{suffix}").symlink_to(f"loop{suffix}")
        (folder / f"folder{suffix}").mkdir()
        (folder / f"folder{suffix}" / "mine.txt").write_text("mine")
        (folder / f"bytes{suffix}").write_bytes(bytes(range(256)) * 9)
    return {
        name: str(folder / name)
        for name in ("loop", "folder", "bytes", "bytes/under", "long" * 2000, "no")
    }


def quiet(command: str) -> list[str]:
    """The option that leaves errors alone on standard error, where there is one."""
    group = typer.main.get_command(app)
    known = {name for p in group.commands[command].params for name in p.opts}  # type: ignore[attr-defined]
    return ["--quiet"] if "--quiet" in known else []


def assert_refused(code: int, capsys: pytest.CaptureFixture[str]) -> str:
    printed = capsys.readouterr()
    assert (code, printed.out) == (2, ""), printed
    assert printed.err.count("\n") == 1, printed.err
    assert printed.err.startswith("hybrid-rec: ")
    assert len(printed.err) <= 1_001
    return printed.err


@pytest.mark.parametrize(
    "kind", ["loop", "folder", "bytes", "bytes/under", "long" * 2000, "no", ""]
)
@pytest.mark.parametrize("command", READING)
def test_inputs_that_cannot_be_read(
    command: str,
    kind: str,
    world: World,
    places: dict[str, str],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    good = arguments_of(command, world, tmp_path)
    good[1:1] = quiet(command)
    inputs = {str(p): p.suffix for p in (world.plays, world.items, world.config, world.model)}
    for place, word in enumerate(good):
        if word in inputs:
            odd = places[kind] + inputs[word] if kind else ""
            code = run([*good[:place], odd, *good[place + 1 :]])
            assert_refused(code, capsys)
    assert [path.name for path in tmp_path.iterdir()] == []


@pytest.mark.parametrize("command", READING)
def test_outputs_that_cannot_be_written(
    command: str,
    world: World,
    places: dict[str, str],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    good = arguments_of(command, world, tmp_path)
    good[1:1] = quiet(command)
    before = {path: path.read_bytes() for path in world.model.rglob("*") if path.is_file()}
    for place, word in enumerate(good):
        if word.startswith(str(tmp_path)):
            bad = {
                "model": str(world.model / "deep" / "er"), "folder": places["folder"],
                "bytes": places["bytes"], "under": places["bytes/under"],
            }  # fmt: skip
            if command == "map":
                # One file, which takes the place of another.
                del bad["bytes"]
            for odd in bad.values():
                code = run([*good[:place], odd, *good[place + 1 :]])
                # What a scoring run cannot make may be there when it goes on.
                if command == "score" and odd == bad["under"]:
                    assert code in (1, 2)
                    capsys.readouterr()
                else:
                    told = assert_refused(code, capsys)
                    assert odd != bad["model"] or "must be outside of" in told
    after = {path: path.read_bytes() for path in world.model.rglob("*") if path.is_file()}
    assert after == before


@pytest.mark.parametrize("command", READING)
def test_bytes_that_are_no_text(
    command: str, world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    odd = b"na\xffme.csv".decode(errors="surrogateescape")
    code = run([*arguments_of(command, world, tmp_path), odd])
    assert "na\\udcffme.csv" in assert_refused(code, capsys)


def test_a_folder_that_is_gone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    gone = tmp_path / "gone"
    gone.mkdir()
    os.chdir(gone)
    gone.rmdir()
    assert "must be run in a folder that is there" in assert_refused(run(["info", "m"]), capsys)


def broken_pipe() -> io.TextIOWrapper:
    """A pipe whose reader has gone."""
    reader, writer = os.pipe()
    os.close(reader)
    return os.fdopen(writer, "w")


@pytest.mark.parametrize("command", READING)
def test_a_reader_that_has_gone_stops_nothing(
    command: str, world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = arguments_of(command, world, tmp_path)
    for stream in ("stdout", "stderr"):
        with broken_pipe() as pipe:
            monkeypatch.setattr(sys, stream, pipe)
            assert run(given) == 0
        monkeypatch.undo()
    for word in given:
        assert not word.startswith(str(tmp_path)) or Path(word).exists(), word


@pytest.mark.parametrize("command", READING)
def test_a_closed_output_is_one_line(
    command: str,
    world: World,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    given = arguments_of(command, world, tmp_path)
    given[1:1] = quiet(command)
    monkeypatch.setattr(sys, "stdout", None)
    assert "the output cannot be written" in assert_refused(run(given), capsys)


@pytest.mark.parametrize("command", READING)
def test_a_closed_standard_error_changes_nothing(
    command: str,
    world: World,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "stderr", None)
    assert run(arguments_of(command, world, tmp_path)) == 0
    assert run([command, "--nonsense"]) == 2
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252"])
@pytest.mark.parametrize("command", READING)
def test_an_encoding_without_the_letters(
    command: str, encoding: str, world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = arguments_of(command, world, tmp_path)
    for extra in ([], ["--json"]):
        out, err = (
            io.TextIOWrapper(io.BytesIO(), encoding=encoding, errors="strict") for _ in range(2)
        )
        monkeypatch.setattr(sys, "stdout", out)
        monkeypatch.setattr(sys, "stderr", err)
        code = run([command, *extra, *given[1:]])
        assert code == 0 or extra
        assert (out.errors, err.errors) == ("strict", "strict")
        written = out.buffer.getvalue().decode(encoding)
        monkeypatch.undo()
        if extra:
            for line in written.splitlines():
                json.loads(line)
        elif command in ("recommend", "similar"):
            assert "\\u65e5" in written


def in_a_shell(line: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """What a line of bash does; $H is the command."""
    quoted = " ".join(f"'{word}'" for word in COMMAND)
    return subprocess.run(
        ["bash", "-c", line.replace("$H", quoted)],
        capture_output=True, text=True, check=False, env=os.environ | environment,
    )  # fmt: skip


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize(
    ("line", "code", "told"),
    [
        ("$H --help | head -c 0; exit ${PIPESTATUS[0]}", 0, ""),
        ("$H info nothing 2>&1 | head -c 0; exit ${PIPESTATUS[0]}", 2, ""),
        ("$H --help >&-", 2, "the output cannot be written: Bad file descriptor"),
        ("$H --help >/dev/full", 2, "the output cannot be written: No space left"),
        ("$H info nothing 2>&-", 2, ""),
        ("$H info nothing 2>/dev/full", 2, ""),
        ("$H info nothing <&- >&- 2>&-", 2, ""),
    ],
)
def test_in_a_process_of_its_own(line: str, code: int, told: str, unbuffered: str) -> None:
    done = in_a_shell(line, PYTHONUNBUFFERED=unbuffered)
    assert done.returncode == code
    assert told in done.stderr
    assert done.stderr.count("\n") == bool(told)


def test_a_closed_descriptor_is_not_given_to_a_file_of_ours() -> None:
    code = (
        "import os, sys; from hybrid_rec.core.plain_output import plain_output\n"
        "with plain_output(): sys.stderr.write(str(os.open(os.devnull, os.O_RDONLY)))"
    )
    done = in_a_shell(f"'{sys.executable}' -c '{code}' <&- >&-")
    assert int(done.stderr) > 2

"""Folders and files that appear whole or not at all, and what killed saves leave beside them."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from hybrid_rec.core.files import (
    existing,
    files_in,
    is_ours,
    read_regular,
    replace_text,
    replacing,
    writing,
)


@pytest.fixture(scope="module")
def dead() -> int:
    """The number of a process that has ended."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def left_behind(folder: Path, content: str = "old") -> None:
    folder.mkdir()
    (folder / "content").write_text(content)


def replace(target: Path, content: str = "new") -> None:
    with replacing(target) as fresh:
        (fresh / "content").write_text(content)


@pytest.mark.parametrize("ending", ["", "-3"])
@pytest.mark.parametrize("name", ["model", "model.v2", "model[1]", "m*"])
def test_what_a_killed_save_moved_away_is_found_and_put_back(
    tmp_path: Path, dead: int, name: str, ending: str
) -> None:
    left_behind(tmp_path / f".{name}.old-{dead}{ending}")
    left_behind(tmp_path / f".{name}.saving-{dead}{ending}")
    target = tmp_path / name
    assert (existing(target) / "content").read_text() == "old"
    with pytest.raises(KeyError), replacing(target):
        raise KeyError
    assert (target / "content").read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize("other", [".model.v2.old-{}", ".model.v2.saving-{}", ".models.old-{}"])
def test_what_belongs_to_another_target_stays(tmp_path: Path, dead: int, other: str) -> None:
    theirs = tmp_path / other.format(dead)
    left_behind(theirs)
    assert existing(tmp_path / "model") == tmp_path / "model"
    replace(tmp_path / "model")
    replace(tmp_path / "model")
    assert sorted(tmp_path.iterdir()) == sorted([theirs, tmp_path / "model"])


def test_a_save_within_a_save_leaves_the_outer_one_alone(tmp_path: Path) -> None:
    with replacing(tmp_path / "model") as fresh:
        (fresh / "content").write_text("outer")
        replace(tmp_path / "model", "inner")
        assert (tmp_path / "model" / "content").read_text() == "inner"
    assert (tmp_path / "model" / "content").read_text() == "outer"
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


def test_only_what_the_format_names_may_be_replaced(tmp_path: Path) -> None:
    assert is_ours(tmp_path, "m.json", "ours")
    (tmp_path / "m.json").write_text('{"format": "ours", "files": {"a": 0}}')
    (tmp_path / "a").touch()
    assert is_ours(tmp_path, "m.json", "ours")
    assert not is_ours(tmp_path, "m.json", "theirs")
    assert not is_ours(tmp_path, "m.json", "ours", ("b",))
    (tmp_path / "b").touch()
    assert not is_ours(tmp_path, "m.json", "ours")
    assert is_ours(tmp_path, "m.json", "ours", ("a", "b"))


def test_folders_below_hold_what_the_format_names_too(tmp_path: Path) -> None:
    (tmp_path / "m.json").write_text('{"format": "ours", "files": {"blocks/a/x": 0}}')
    (tmp_path / "blocks" / "a").mkdir(parents=True)
    (tmp_path / "blocks" / "a" / "x").touch()
    assert files_in(tmp_path) == ["blocks/a/x", "m.json"]
    assert is_ours(tmp_path, "m.json", "ours")
    for name in ("blocks/x", "x", "blocks/a/y"):
        (tmp_path / name).touch()
        assert not is_ours(tmp_path, "m.json", "ours")
        (tmp_path / name).unlink()
    # Somebody else's folder is not ours to remove, even if it is empty.
    (tmp_path / "blocks" / "mine").mkdir()
    assert not is_ours(tmp_path, "m.json", "ours")


def test_a_file_is_replaced_whole_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "new" / "file.txt"
    replace_text(target, "één\n")
    assert target.read_bytes() == "één\n".encode()
    with pytest.raises(UnicodeEncodeError):
        replace_text(target, "half \ud800")
    monkeypatch.setattr(os, "fsync", lambda _descriptor: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        replace_text(target, "other")
    assert target.read_bytes() == "één\n".encode()
    assert [path.name for path in target.parent.iterdir()] == ["file.txt"]


def test_a_file_that_is_being_written_may_have_a_name_of_its_own(tmp_path: Path) -> None:
    target, temporary = tmp_path / "file", tmp_path / "work.tmp"
    target.write_bytes(b"old")
    with pytest.raises(TypeError), writing(target, temporary) as file:
        file.write("not bytes")
    assert (target.read_bytes(), temporary.exists()) == (b"old", False)
    with writing(target, temporary) as file:
        file.write(b"new")
        assert (target.read_bytes(), temporary.exists()) == (b"old", True)
    assert (target.read_bytes(), temporary.exists()) == (b"new", False)


def synced(monkeypatch: pytest.MonkeyPatch, refused: int | None = None) -> list[str]:
    """The names of what is brought to disk from now on; folders are refused with an error."""
    names: list[str] = []

    def fsync(descriptor: int) -> None:
        path = Path(f"/proc/self/fd/{descriptor}").readlink()
        if path.is_dir() and refused is not None:
            raise OSError(refused, os.strerror(refused))
        names.append(path.name)

    monkeypatch.setattr(os, "fsync", fsync)
    return names


def test_everything_is_on_disk_before_it_is_renamed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = synced(monkeypatch)
    with replacing(tmp_path / "model") as fresh:
        (fresh / "block").mkdir()
        (fresh / "block" / "weights").touch()
    assert {"block", "weights"} <= set(names)
    assert names[-1] == tmp_path.name
    names.clear()
    replace_text(tmp_path / "file", "text")
    assert len(names) == 2
    assert names[-1] == tmp_path.name


@pytest.mark.parametrize("refusal", [errno.EACCES, errno.EINVAL, errno.EBADF])
def test_platforms_that_cannot_bring_a_folder_to_disk_write_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, refusal: int
) -> None:
    names = synced(monkeypatch, refusal)
    replace(tmp_path / "model")
    replace_text(tmp_path / "file", "text")
    assert names[0] == "content"
    assert (tmp_path / "model" / "content").read_text() == "new"
    assert (tmp_path / "file").read_text() == "text"
    synced(monkeypatch, errno.EIO)
    with pytest.raises(OSError, match="Input/output"):
        replace_text(tmp_path / "file", "other")


def test_what_a_killed_write_left_is_removed_by_the_next(tmp_path: Path, dead: int) -> None:
    target = tmp_path / "file.txt"
    left = [tmp_path / f".file.txt.saving-{dead}-{number}" for number in (0, 7)]
    other = tmp_path / f".other.txt.saving-{dead}-0"
    for path in (*left, other):
        path.write_text("half")
    replace_text(target, "whole")
    assert sorted(tmp_path.iterdir()) == sorted([target, other])
    assert target.read_text() == "whole"


def test_a_file_of_a_write_that_goes_on_stays(tmp_path: Path) -> None:
    target = tmp_path / "file.txt"
    with writing(target) as outer:
        outer.write(b"outer")
        replace_text(target, "inner")
    assert target.read_text() == "outer"
    assert list(tmp_path.iterdir()) == [target]


def test_only_a_file_of_its_own_is_regular(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"abc")
    assert read_regular(path, 3) == b"abc"
    with pytest.raises(OSError, match="must have at most 2 bytes"):
        read_regular(path, 2)
    (tmp_path / "link").symlink_to(path)
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "folder").mkdir()
    for name, message in (
        ("link", "is a link"), ("fifo", "a folder or a device"), ("folder", "a folder or a device")
    ):  # fmt: skip
        with pytest.raises(OSError, match=message):
            read_regular(tmp_path / name, 3)
    with pytest.raises(FileNotFoundError):
        read_regular(tmp_path / "absent", 3)


@pytest.mark.parametrize("files", ["[[1]]", "[null]", "3", "null"])
def test_a_manifest_that_lists_no_names_is_not_ours(tmp_path: Path, files: str) -> None:
    (tmp_path / "m.json").write_text(f'{{"format": "ours", "files": {files}}}')
    assert not is_ours(tmp_path, "m.json", "ours")


def test_a_manifest_that_never_ends_is_not_ours(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "m.json")
    assert not is_ours(tmp_path, "m.json", "ours")
    (tmp_path / "m.json").unlink()
    (tmp_path / "m.json").write_text("[" * 100_000)
    assert not is_ours(tmp_path, "m.json", "ours")

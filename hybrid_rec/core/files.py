"""Folders and files that appear whole or not at all."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
import shutil
import stat
import sys
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from indexes.forks import lock_over_forks

_SAVING, _OLD = "saving", "old"

# Saves of one process are told apart by a number; those that are not over yet stand in `_live`.
_numbers = count()
_live: set[str] = set()
_swapping = lock_over_forks()

# Of a JSON file that tells what a folder holds.
LARGEST_MANIFEST = 1 << 26

# What a platform answers that cannot bring a folder to disk, as Windows and some network drives.
_NO_SYNC = {errno.EACCES, errno.EBADF, errno.EINVAL, errno.EISDIR, errno.ENOTSUP, errno.EPERM}


def sha256(path: Path) -> str:
    """SHA-256 of a file, hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read_regular(path: Path, most: int) -> bytes:
    """The content of a file that is one itself: no link, FIFO or device, which may never end.

    Args:
        path: The file.
        most: Bytes that it may have.

    Raises:
        OSError: If it cannot be read, is no file, or is larger.
    """
    if path.is_symlink():
        raise OSError(errno.EINVAL, "must be a file, but is a link", str(path))
    flags = (getattr(os, name, 0) for name in ("O_NOFOLLOW", "O_NONBLOCK", "O_BINARY"))
    descriptor = os.open(path, os.O_RDONLY | sum(flags))
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise OSError(errno.EINVAL, "must be a file, but is a folder or a device", str(path))
        if status.st_size > most:
            raise OSError(errno.EFBIG, f"must have at most {most} bytes", str(path))
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            return file.read(most)
    finally:
        os.close(descriptor)


def files_in(folder: Path) -> list[str]:
    """All files in a folder and below, as POSIX paths relative to it, sorted."""
    paths = (path for path in folder.rglob("*") if not path.is_dir() or path.is_symlink())
    return sorted(path.relative_to(folder).as_posix() for path in paths)


def is_ours(folder: Path, manifest: str, form: str, names: Collection[str] | None = None) -> bool:
    """Whether a path may be replaced: it is free, an empty folder, or one of our format, no more.

    Args:
        folder: Where to look.
        manifest: Name of the JSON file in it that has a key "format".
        form: What that key must be.
        names: Files that may be in the folder and below, as POSIX paths relative to it; None for
            the keys of "files" in the manifest.
    """
    with _swapping:
        if not folder.exists():
            return True
        if not folder.is_dir():
            return False
        if not any(folder.iterdir()):
            return True
        held = {path.relative_to(folder).as_posix() for path in folder.rglob("*")}
        try:
            content = json.loads(read_regular(folder / manifest, LARGEST_MANIFEST))
        except (OSError, ValueError, RecursionError):
            return False
    if not isinstance(content, dict) or content.get("format") != form:
        return False
    known = content.get("files") if names is None else names
    if not isinstance(known, Collection) or not all(isinstance(name, str) for name in known):
        return False
    folders = {str(above) for name in known for above in PurePosixPath(name).parents}
    ours = {manifest, *known, *folders}
    return all(name in ours or _is_left(name) for name in held)


def _is_left(name: str) -> bool:
    """Whether a killed `replace_text` left this file, which stands in nobody's way."""
    return re.fullmatch(rf"(?:.*/)?\.[^/]+\.{_SAVING}-\d+-\d+", name) is not None


def check_writable(target: Path) -> None:
    """Find out whether `replacing` can write to `target`, and leave everything as it was.

    Raises:
        OSError: If it cannot.
    """
    missing = [folder for folder in target.parents if not folder.exists()]
    probe = _sibling(target, _SAVING)
    with _swapping:
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            probe.mkdir()
            probe.rmdir()
        finally:
            for folder in missing:
                with suppress(OSError):
                    folder.rmdir()


@contextmanager
def replacing(target: Path) -> Iterator[Path]:
    """A new empty folder that takes the place of `target` if the block ends well.

    The old folder stays whole until the new one is complete and on disk. If the process is killed
    between the two renames, `existing` still finds the old one, and the next `replacing` puts it
    back. Of several threads that replace one folder the last to end wins.
    """
    fresh, old = _sibling(target, _SAVING), _sibling(target, _OLD)
    _live.update((fresh.name, old.name))
    try:
        with _swapping:
            target.parent.mkdir(parents=True, exist_ok=True)
            _sweep(target)
            fresh.mkdir()
        yield fresh
        for path in [*fresh.rglob("*"), fresh]:
            _sync(path)
        with _swapping:
            if target.exists():
                target.rename(old)
            fresh.rename(target)
        _sync(target.parent)
        shutil.rmtree(old, ignore_errors=True)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
        _live.difference_update((fresh.name, old.name))


@contextmanager
def writing(target: Path, temporary: Path | None = None) -> Iterator[BinaryIO]:
    """A file to write bytes to, which takes the place of `target` if the block ends well.

    Until then it has another name, and it is on disk before it is renamed: a reader sees the old
    file or the new one, never half of one. If the block fails, nothing is left behind; what a
    killed process left is removed.

    Args:
        target: What to write; folders above it are made.
        temporary: The name until then, on the same file system; without it, one beside `target`.

    Raises:
        OSError: If it cannot be written.
    """
    fresh = _sibling(target, _SAVING) if temporary is None else temporary
    target.parent.mkdir(parents=True, exist_ok=True)
    if temporary is None:
        with _swapping:
            _live.add(fresh.name)
            _sweep(target)
    try:
        with fresh.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(target)
    except BaseException:
        # Where the disk is full, half a file is in the way of what comes next.
        with suppress(OSError):
            fresh.unlink(missing_ok=True)
        raise
    finally:
        _live.discard(fresh.name)
    _sync(target.parent)


def replace_text(target: Path, text: str) -> None:
    """Write a UTF-8 file that appears whole or not at all, in place of the one that is there.

    Raises:
        OSError: If it cannot be written.
    """
    with writing(target) as file:
        file.write(text.encode())


def existing(target: Path) -> Path:
    """Where the content of `target` is: there, or beside it if a replacement was cut off."""
    if target.exists():
        return target
    return next((path for path, kind, _ in _siblings(target) if kind == _OLD), target)


def _sweep(target: Path) -> None:
    """Put back what a killed replacement moved away, and remove what it left half-written."""
    for path, kind, process in _siblings(target):
        if path.name in _live or _runs(process):
            continue
        if kind == _OLD and not target.exists():
            path.rename(target)
        elif path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            with suppress(OSError):
                path.unlink()


def _sibling(target: Path, kind: str) -> Path:
    return target.with_name(f".{target.name}.{kind}-{os.getpid()}-{next(_numbers)}")


def _siblings(target: Path) -> list[tuple[Path, str, int]]:
    """What replacements of `target` have beside it: folder, kind and process."""
    name = re.compile(rf"\.{re.escape(target.name)}\.({_SAVING}|{_OLD})-(\d+)(?:-\d+)?")
    try:
        paths = sorted(target.parent.iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return []
    found = [(path, name.fullmatch(path.name)) for path in paths]
    return [(path, match[1], int(match[2])) for path, match in found if match]


def _runs(process: int) -> bool:
    if process == os.getpid():
        return False
    if sys.platform == "win32":
        # There signal 0 is Ctrl-C.
        return True
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True


def _sync(path: Path) -> None:
    """Bring a file to disk, or the names in a folder where the platform can do that."""
    is_folder = path.is_dir()
    try:
        # Windows refuses it for a file that is open for reading alone.
        descriptor = os.open(path, os.O_RDONLY if is_folder else os.O_RDWR)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except OSError as error:
        if not is_folder or error.errno not in _NO_SYNC:
            raise

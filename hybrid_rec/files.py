"""Folders that appear whole or not at all."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_SAVING, _OLD = "saving", "old"


def sha256(path: Path) -> str:
    """SHA-256 of a file, hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def is_ours(folder: Path, manifest: str, form: str) -> bool:
    """Whether a folder may be replaced: it is empty, or its JSON manifest names our format.

    Args:
        folder: An existing path.
        manifest: Name of the JSON file in it that has a key "format".
        form: What that key must be.
    """
    if not folder.is_dir():
        return False
    if not any(folder.iterdir()):
        return True
    try:
        content = json.loads((folder / manifest).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(content, dict) and content.get("format") == form


@contextmanager
def replacing(target: Path) -> Iterator[Path]:
    """A new empty folder that takes the place of `target` if the block ends well.

    The old folder stays whole until the new one is complete and on disk. If the process is killed
    between the two renames, `existing` still finds the old one, and the next `replacing` puts it
    back.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    _sweep(target)
    fresh = _sibling(target, _SAVING)
    fresh.mkdir()
    try:
        yield fresh
        for path in [*fresh.iterdir(), fresh]:
            _sync(path)
        old = _sibling(target, _OLD)
        if target.exists():
            target.rename(old)
        fresh.rename(target)
        shutil.rmtree(old, ignore_errors=True)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def existing(target: Path) -> Path:
    """Where the content of `target` is: there, or beside it if a replacement was cut off."""
    if target.exists():
        return target
    return next(iter(sorted(target.parent.glob(f".{target.name}.{_OLD}-*"))), target)


def _sweep(target: Path) -> None:
    """Put back what a killed replacement moved away, and remove what it left half-written."""
    left = existing(target)
    if left != target:
        left.rename(target)
    for path in target.parent.glob(f".{target.name}.*-*"):
        kind, _, process = path.name.rpartition(".")[2].partition("-")
        if kind in (_SAVING, _OLD) and process.isdigit() and not _runs(int(process)):
            shutil.rmtree(path, ignore_errors=True)


def _sibling(target: Path, kind: str) -> Path:
    return target.with_name(f".{target.name}.{kind}-{os.getpid()}")


def _runs(process: int) -> bool:
    if process == os.getpid():
        return False
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

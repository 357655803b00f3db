"""Folders for temporary files, which the next run removes if a killed one could not."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import filelock

from hybrid_rec.core.errors import RunError
from hybrid_rec.data.paths import one_line

_PREFIX, _LOCK = "hybrid-rec-sort-", ".lock"


@contextmanager
def scratch_folder(parent: Path) -> Iterator[Path]:
    """A context that gives an empty folder in `parent`, and removes it at its end.

    Args:
        parent: Where; it is made if it is not there.

    Raises:
        RunError: If it cannot be written to.
    """
    try:
        parent.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=parent))
        lock = filelock.FileLock(folder / _LOCK, timeout=0)
        lock.acquire()
        files = folder / "files"
        files.mkdir()
    except (OSError, filelock.Timeout) as error:
        raise RunError(
            f"the folder for temporary files must be one that can be written to, but {parent} "
            f"cannot: {one_line(error)}; mend it, or name another one with --temp, and run the "
            "same command again."
        ) from None
    try:
        yield files
    finally:
        lock.release()
        shutil.rmtree(folder, ignore_errors=True)


def sweep(parent: Path) -> None:
    """Remove the folders in `parent` that killed runs have left; those at work hold a lock."""
    with suppress(OSError):
        for folder in parent.glob(f"{_PREFIX}*"):
            if folder.is_symlink() or not (folder / _LOCK).is_file():
                continue
            with suppress(OSError, filelock.Timeout):
                with filelock.FileLock(folder / _LOCK, timeout=0):
                    pass
                shutil.rmtree(folder, ignore_errors=True)

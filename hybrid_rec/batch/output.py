"""The folder that a batch run writes: files that appear whole, and the lock."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO

import filelock

from hybrid_rec.core.errors import DataError, RunError
from hybrid_rec.core.files import writing
from hybrid_rec.data.paths import one_line
from hybrid_rec.data.places import Place

FORMAT = "hybrid-rec scores"
JOB, WORK = "job.json", "_work"
_LOCK = ".lock"
_BLOCK_BYTES = 4 << 20
Json = dict[str, Any]


class OutFolder:
    """Files of one output folder, each of which appears whole or not at all.

    On a local file system a file is written under another name in `_work`, brought to disk and
    renamed. Object stores show an object once it is whole, but have no rename, so there, as on
    every other remote file system, files are written in place; what was cut off is noticed by its
    checksum and written again.

    Args:
        location: A path or a URL.
        writer: Tells the files that are being written from those of other processes which write
            the same ones at the same time; "" for one process alone.
    """

    def __init__(self, location: str | Path, writer: str = "") -> None:
        self._writer = writer
        self.place = Place.of(location, "the output folder")
        self.name = str(location)
        self._made = self._was_empty = False

    @property
    def working_folder(self) -> Path | None:
        """Where a run keeps what it needs until its end; None if it is not on this machine."""
        return Path(self._path(WORK)) if self.place.is_local else None

    @contextmanager
    def locked(self) -> Iterator[None]:
        """A context in which no other process of this machine writes to the folder.

        Nothing keeps two machines from it, nor two processes on a remote file system. A run that
        does the same job would write the same bytes, and another one is refused once the first
        has written its `job.json`.

        Raises:
            DataError: If another run holds the lock, or the folder holds something else.
            RunError: If it cannot be made.
        """
        with self._writable():
            self._refuse_others()
            self._made = self.place.is_local and not Path(self.place.path).exists()
        self._was_empty = set(self.names()) <= {_LOCK}
        if not self.place.is_local:
            yield
            return
        lock = filelock.FileLock(self._path(_LOCK), timeout=0)
        try:
            with self._writable():
                lock.acquire()
        except filelock.Timeout:
            raise DataError(
                f"{self.name} must be written by one run at a time, but another one is at work "
                "there; wait for its end, or choose another folder."
            ) from None
        try:
            yield
        except BaseException:
            # Nothing has begun before its job is noted.
            if self._was_empty and self.read_json(JOB) is None:
                with suppress(RunError):
                    self.withdraw()
            raise
        finally:
            lock.release()

    def _refuse_others(self) -> None:
        system, root = self.place.system, self.place.path
        if not system.exists(root):
            return
        if not system.isdir(root):
            raise DataError(f"{self.name} must be a folder, found a file; choose another path.")
        held = {path.rstrip("/").rsplit("/", 1)[-1] for path in system.ls(root, detail=False)}
        if not held <= {WORK, _LOCK} and (self.read_json(JOB) or {}).get("format") != FORMAT:
            raise DataError(
                f"{self.name} must be new, empty or hold scores that were begun here, but holds "
                "other files; choose another folder."
            )
        self._refuse_links()

    def _refuse_links(self) -> None:
        """Refuse to write through a link to another place, or to what is no file."""
        if not self.place.is_local:
            return
        folder = Path(self.place.path)
        work = folder / WORK
        inside = list(work.iterdir()) if work.is_dir() and not work.is_symlink() else []
        for path in sorted([*folder.iterdir(), *inside]):
            if path.is_symlink() or not (path.is_file() or path.is_dir()):
                kind = "a symbolic link" if path.is_symlink() else "a device or pipe"
                raise DataError(
                    f"{self.name} must hold files and folders of its own, but "
                    f"{path.relative_to(folder)} in it is {kind}; remove it, or choose another "
                    "folder."
                )

    def read_json(self, name: str) -> Json | None:
        """A JSON object; None if it is missing or was cut off."""
        try:
            content = json.loads(self.place.system.cat_file(self._path(name)))
        except (OSError, ValueError):
            return None
        return content if isinstance(content, dict) else None

    def write_json(self, name: str, content: Mapping[str, Any]) -> None:
        """Write a JSON object.

        Raises:
            RunError: If the disk is full or refuses.
        """
        self.write(name, (json.dumps(content, indent=2) + "\n").encode())

    def write(self, name: str, data: bytes) -> None:
        """Write a file.

        Raises:
            RunError: If the disk is full or refuses.
        """
        with self.writing(name) as file:
            file.write(data)

    @contextmanager
    def writing(self, name: str) -> Iterator[BinaryIO]:
        """A context that gives a file to write to, which appears at its end.

        Raises:
            RunError: If the disk is full or refuses.
        """
        with self._writable():
            if not self.place.is_local:
                with self.place.system.open(self._path(name), "wb") as file:
                    yield file
                return
            path = Path(self._path(name))
            with writing(path, Path(self._path(WORK), f"{path.name}{self._writer}.tmp")) as file:
                yield file

    @contextmanager
    def _writable(self) -> Iterator[None]:
        """A context that turns what the file system refuses into a RunError."""
        try:
            yield
        except (DataError, RunError, filelock.Timeout):
            raise
        except Exception as error:
            if self.place.is_local and not isinstance(error, OSError):
                raise
            raise RunError(
                f"{self.name} cannot be written: {one_line(error)}; finished parts are kept: "
                "make room or mend it, and run the same command again."
            ) from None

    def sha256(self, name: str) -> str | None:
        """SHA-256 of a file; None if there is none."""
        digest = hashlib.sha256()
        try:
            with self.place.system.open(self._path(name), "rb") as file:
                while block := file.read(_BLOCK_BYTES):
                    digest.update(block)
        except OSError:
            return None
        return digest.hexdigest()

    def open(self, name: str) -> Any:
        """A file to read from."""
        return self.place.system.open(self._path(name), "rb")

    def names(self, folder: str = "") -> list[str]:
        """The names of the files in it, or in a folder in it, which is made if it is not there.

        Raises:
            RunError: If the disk is full or refuses.
        """
        with self._writable():
            self.place.system.makedirs(self._path(folder), exist_ok=True)
            try:
                paths = self.place.system.ls(self._path(folder), detail=False)
            except FileNotFoundError:
                paths = []  # object stores have no empty folders
        return [path.rstrip("/").rsplit("/", 1)[-1] for path in paths]

    def refresh(self) -> None:
        """Forget what is known of the folder, as other processes have written to it."""
        self.place.system.invalidate_cache()

    def withdraw(self) -> None:
        """Leave nothing behind of a run that has not begun: the folder, if it was made for it."""
        if self.place.is_local:
            for name in (WORK, JOB, _LOCK):
                self.remove(name)
            if self._made:
                with suppress(OSError):
                    Path(self.place.path).rmdir()

    def remove(self, name: str) -> None:
        """Remove a file, or a folder and all in it, if it is there.

        Raises:
            RunError: If the file system refuses.
        """
        with self._writable():
            if self.place.system.exists(self._path(name)):
                self.place.system.rm(self._path(name), recursive=True)

    def _path(self, name: str) -> str:
        return f"{self.place.path.rstrip('/')}/{name}"

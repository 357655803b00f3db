"""Where batch scoring reads: files and folders, on this machine or behind a URL."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import fsspec
from fsspec.implementations.local import LocalFileSystem

from hybrid_rec.core.errors import DataError
from hybrid_rec.core.progress import Advance, Progress
from hybrid_rec.core.quoting import quoted
from hybrid_rec.data.paths import one_line, readable
from hybrid_rec.data.tables import TABLE_SUFFIXES, TableFile, TableOptions

_BLOCK_BYTES = 4 << 20
# What file systems call the version of a file.
_STATE_KEYS = ("size", "ino", "mtime", "ETag", "etag", "LastModified", "md5Hash", "created")


@dataclass(frozen=True)
class Place:
    """A path on one file system."""

    system: Any
    """An fsspec file system."""
    path: str
    """The path on it, without the protocol."""

    @classmethod
    def of(cls, location: str | Path, what: str) -> Place:
        """The place of a local path or of a URL that fsspec knows.

        Raises:
            DataError: If the protocol is unknown, or its library is not installed.
        """
        if not isinstance(location, str | Path) or not str(location) or "\0" in str(location):
            raise DataError(f"{what} must be a path or a URL, got {quoted(location)}; check it.")
        try:
            system, path = fsspec.core.url_to_fs(str(location))
        except ImportError as error:
            raise DataError(
                f"{what} {location} needs a library: {one_line(error)}; for s3:// that is "
                "pip install 'hybrid-rec[s3]'."
            ) from None
        except (ValueError, OSError) as error:
            raise DataError(
                f"{what} {location} must be a path or a URL: {one_line(error)}."
            ) from None
        return cls(system, str(path).rstrip("/") or "/")

    @property
    def is_local(self) -> bool:
        """Whether it is on a file system of this machine."""
        return isinstance(self.system, LocalFileSystem)

    def lies_in(self, other: Place) -> bool:
        """Whether it is `other` or inside of it."""
        if type(self.system) is not type(other.system):
            return False
        mine, others = self._resolved(), other._resolved()
        return mine == others or mine.startswith(others.rstrip("/") + "/")

    def _resolved(self) -> str:
        try:
            return str(Path(self.path).resolve()) if self.is_local else self.path
        except (OSError, RuntimeError):
            return self.path


@dataclass(frozen=True)
class InputFile:
    """A file of the input as it was found."""

    name: str
    """Its path below the input folder, or its name."""
    path: str
    """Its path on the file system."""
    state: tuple[str, ...]
    """What differs after it was written to."""


def _state(info: Mapping[str, Any]) -> tuple[str, ...]:
    """What of the entry of a file differs after it was written to.

    The rest of it depends on how it was asked for.
    """
    return tuple(str(info[key]) for key in _STATE_KEYS if info.get(key) is not None)


def is_csv(file: InputFile) -> bool:
    """Whether a file is CSV or TSV, not Parquet."""
    return not file.name.lower().endswith(".parquet")


class InputFiles:
    """The CSV, TSV and Parquet files of an input, in the order of their names.

    Args:
        location: A file, or a folder, of which all such files are taken, also in folders below,
            but for names that begin with "." or "_"; a path or a URL.
        what: What it is, for messages.
        options: How the files are written.
        suffixes: Endings of the files that are taken.

    Raises:
        DataError: If nothing of the kind is there.
    """

    def __init__(
        self,
        location: str | Path,
        what: str,
        options: TableOptions | None = None,
        suffixes: tuple[str, ...] = TABLE_SUFFIXES,
    ) -> None:
        self.suffixes = suffixes
        self.what, self.location = what, str(location)
        self.options = options or TableOptions()
        self.place = Place.of(location, what)
        with self.readable(self.location):
            self.files = self._find()
        self._checksums: list[dict[str, str | int]] | None = None
        self.lines = 0

    def _find(self) -> list[InputFile]:
        system, root = self.place.system, self.place.path
        if system.isdir(root):
            names = {path: path[len(root) :].lstrip("/") for path in system.find(root)}
        else:
            names = {root: root.rsplit("/", 1)[-1]}
        files = [
            InputFile(name, path, _state(system.info(path)))
            for path, name in sorted(names.items(), key=lambda item: item[1])
            if name.lower().endswith(self.suffixes)
            and not any(part.startswith((".", "_")) for part in name.split("/"))
        ]
        if not files:
            raise DataError(
                f"{self.location} must be {self.what} in {', '.join(self.suffixes)}, found no "
                "such file; check the path, or convert or rename the files."
            )
        return files

    def readable(self, name: str) -> AbstractContextManager[None]:
        """A context that turns what the file system refuses into a DataError."""
        return readable(name, self.what, remote=not self.place.is_local)

    def table(self, file: InputFile) -> TableFile:
        """One of the files as a table."""
        return TableFile(file.name, partial(self.opened, file), self.options)

    @contextmanager
    def opened(self, file: InputFile) -> Iterator[Any]:
        """One of the files as a binary stream.

        Raises:
            DataError: If it cannot be read.
        """
        with self.readable(file.name), self.place.system.open(file.path, "rb") as stream:
            yield stream

    @property
    def n_texts(self) -> int:
        """How many of the files are CSV or TSV."""
        return sum(is_csv(file) for file in self.files)

    def checksums(self, progress: Progress) -> list[dict[str, str | int]]:
        """Name, size and SHA-256 of each file; the whole of it is read, once.

        `lines` is the number of line ends in those that are text, from then on.
        """
        if self._checksums is None:
            checksums: list[dict[str, str | int]] = []
            with progress.stage("input checksums, MB") as advance:
                for file in self.files:
                    found, lines = self.checksum(file, advance)
                    checksums.append(found)
                    self.lines += lines
            self._checksums = checksums
        return self._checksums

    def checksum(
        self, file: InputFile, advance: Advance | None = None
    ) -> tuple[dict[str, str | int], int]:
        """Name, size and SHA-256 of one file, and the number of line ends in it if it is text.

        Args:
            file: One of the files; the whole of it is read.
            advance: Is told of the MB read.

        Raises:
            DataError: If it cannot be read.
        """
        digest, size, lines = hashlib.sha256(), 0, 0
        with self.opened(file) as stream:
            while block := stream.read(_BLOCK_BYTES):
                digest.update(block)
                size += len(block)
                lines += block.count(b"\n") if is_csv(file) else 0
                if advance is not None:
                    advance(len(block) >> 20)
        return {"name": file.name, "bytes": size, "sha256": digest.hexdigest()}, lines

    def check_unchanged(self) -> None:
        """Notice files that were written to since they were found.

        Raises:
            DataError: If there is one.
        """
        for file in self.files:
            with self.readable(file.name):
                self.place.system.invalidate_cache()
                state = _state(self.place.system.info(file.path))
            if state != file.state:
                raise DataError(
                    f"{file.name} must stay as it is while it is read, but was changed; "
                    "score the new input into another folder."
                )

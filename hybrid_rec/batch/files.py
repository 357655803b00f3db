"""Where batch scoring reads: files and folders, on this machine or behind a URL."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from hybrid_rec.core.errors import DataError
from hybrid_rec.core.progress import Advance, Progress
from hybrid_rec.data.paths import readable
from hybrid_rec.data.places import Place, state_of
from hybrid_rec.data.tables import TABLE_SUFFIXES, TableFile, TableOptions

_BLOCK_BYTES = 4 << 20


@dataclass(frozen=True)
class InputFile:
    """A file of the input as it was found."""

    name: str
    """Its path below the input folder, or its name."""
    path: str
    """Its path on the file system."""
    state: tuple[str, ...]
    """What differs after it was written to."""


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
            InputFile(name, path, state_of(system.info(path)))
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
                state = state_of(self.place.system.info(file.path))
            if state != file.state:
                raise DataError(
                    f"{file.name} must stay as it is while it is read, but was changed; "
                    "score the new input into another folder."
                )

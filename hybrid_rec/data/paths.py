"""What is found at a path, and errors that name the place."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from hybrid_rec.core.errors import DataError
from hybrid_rec.core.quoting import quoted, shortened

A_FOLDER, A_FILE, NOTHING = "a folder", "a file", "nothing there"

TABLE_SUFFIXES = (
    ".csv", ".tsv", ".parquet", ".csv.gz", ".tsv.gz", ".csv.zst", ".tsv.zst",
)  # fmt: skip
"""The endings of files that are read as tables."""


@contextmanager
def located(place: str | Path, hint: str = "") -> Iterator[None]:
    """A context that puts a DataError inside it between `place`, mostly a file, and `hint`."""
    try:
        yield
    except DataError as error:
        raise DataError(f"{place}: {error}{hint}") from None


@contextmanager
def readable(name: str, what: str, *, remote: bool = False) -> Iterator[None]:
    """A context that turns what a file system refuses into a DataError.

    Args:
        name: The file or folder.
        what: What it must be.
        remote: Whether it is on another machine. File systems for these raise what their
            libraries please, so there every error counts.
    """
    try:
        yield
    except DataError:
        raise
    except FileNotFoundError:
        raise DataError(f"{name} must be {what}, found no such file; check the path.") from None
    except Exception as error:
        if not remote and not isinstance(error, OSError):
            raise
        raise DataError(
            f"{name} must be {what}, found that it cannot be read ({one_line(error)}); "
            "check the file, or fetch it again."
        ) from None


@contextmanager
def opened(path: Path, what: str) -> Iterator[BinaryIO]:
    """A file of this machine as a binary stream.

    Raises:
        DataError: If it cannot be read.
    """
    if "\0" in str(path):
        raise DataError(
            f"{quoted(str(path))} must be {what}, but a path cannot hold a NUL; check it."
        )
    if what_is_at(path) == A_FOLDER:
        raise DataError(f"{path} must be {what}, found a folder; name the file in it.")
    with readable(str(path), what), path.open("rb") as stream:
        yield stream


def one_line(error: Exception) -> str:
    """What an error says, short and without line ends or a full stop."""
    reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
    return shortened(reason).rstrip(".")


def table_suffix(path: str | Path) -> str | None:
    """Which of TABLE_SUFFIXES a file has, in lower case; None for none."""
    name = str(path).lower()
    return next((suffix for suffix in TABLE_SUFFIXES if name.endswith(suffix)), None)


def what_is_at(path: Path) -> str:
    """A_FOLDER, A_FILE or NOTHING, the last also for a path that no file system takes."""
    try:
        return A_FOLDER if path.is_dir() else A_FILE if path.exists() else NOTHING
    except OSError:
        return NOTHING


def existing_folder(folder: str | Path, what: str) -> Path:
    """`folder` as a Path.

    Raises:
        DataError: If it is no folder.
    """
    path = Path(folder)
    found = what_is_at(path)
    if found != A_FOLDER:
        raise DataError(f"{path} must be {what}, found {found}; check the path.")
    return path

"""TableFile: one file of a table, wherever it lies."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any

from hybrid_rec.core.errors import DataError
from hybrid_rec.data.paths import opened

TABLE_SUFFIXES = (".csv", ".tsv", ".parquet")
_DELIMITERS = {".csv": ",", ".tsv": "\t"}

ROWS_FROM_0 = " Rows count from 0, without the header."
"""For `located`: how the rows that an error names are counted in a file with a header."""


@dataclass(frozen=True)
class TableFile:
    """A CSV, TSV or Parquet file, on this machine or on any file system that fsspec knows."""

    name: str
    """What messages call it; its ending gives the format."""
    opened: Callable[[], AbstractContextManager[Any]]
    """Opens it as a binary stream that can seek; what the file system refuses is a DataError."""

    @classmethod
    def at(cls, path: Path, what: str) -> TableFile:
        """A file of this machine.

        Args:
            path: Where.
            what: What it is, for messages: "a file of plays".

        Raises:
            DataError: If its ending is none of a table.
        """
        suffix = path.suffix.lower()
        if suffix not in TABLE_SUFFIXES:
            raise DataError(
                f"{path} must be {what} that ends in {', '.join(TABLE_SUFFIXES)}, "
                f"found {suffix or 'no ending'!r}; convert or rename the file."
            )
        kind = f"{what} in Parquet" if suffix == ".parquet" else what
        return cls(str(path), partial(opened, path, kind))

    @property
    def delimiter(self) -> str | None:
        """What parts the cells of CSV and TSV; None for Parquet."""
        return _DELIMITERS.get(PurePosixPath(self.name).suffix.lower())

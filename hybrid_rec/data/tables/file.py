"""TableFile: one file of a table, wherever it lies."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa

from hybrid_rec.core.errors import DataError
from hybrid_rec.data.paths import TABLE_SUFFIXES, one_line, opened, table_suffix
from hybrid_rec.data.tables.contents import HEAD_BYTES, Recoded, check_content
from hybrid_rec.data.tables.options import TableOptions

ROWS_FROM_0 = " Rows count from 0, without the header."
"""For `located`: how the rows that an error names are counted in a file with a header."""


@dataclass(frozen=True)
class TableFile:
    """A CSV, TSV or Parquet file, on this machine or on any file system that fsspec knows."""

    name: str
    """What messages call it; its ending gives the format."""
    opened: Callable[[], AbstractContextManager[Any]]
    """Opens it as a binary stream that can seek; what the file system refuses is a DataError."""
    options: TableOptions = field(default_factory=TableOptions)
    """How it is written."""

    @classmethod
    def at(cls, path: Path, what: str, options: TableOptions | None = None) -> TableFile:
        """A file of this machine.

        Args:
            path: Where.
            what: What it is, for messages: "a file of plays".
            options: How it is written.

        Raises:
            DataError: If its ending is none of a table.
        """
        suffix = table_suffix(path)
        if suffix is None:
            raise DataError(
                f"{path} must be {what} that ends in {', '.join(TABLE_SUFFIXES)}, "
                f"found {path.suffix.lower() or 'no ending'!r}; convert or rename the file."
            )
        kind = f"{what} in Parquet" if suffix == ".parquet" else what
        return cls(str(path), partial(opened, path, kind), options or TableOptions())

    @property
    def is_text(self) -> bool:
        """Whether it is CSV or TSV, and not Parquet."""
        return table_suffix(self.name) != ".parquet"

    @property
    def is_tsv(self) -> bool:
        """Whether tabs part its cells."""
        return (table_suffix(self.name) or "").startswith(".tsv")

    @contextmanager
    def text(self) -> Iterator[Any]:
        """CSV or TSV as a binary stream of UTF-8, unpacked and without a byte order mark.

        Raises:
            DataError: If it cannot be read, is no text, or is damaged.
        """
        suffix = table_suffix(self.name) or ""
        packing = {"gz": "gzip", "zst": "zstd"}.get(suffix.rpartition(".")[2])
        if packing is None:
            with self.opened() as stream:
                check_content(self.name, stream, self.options.encoding)
                with Recoded(stream, self.options.encoding) as text:
                    yield text
            return
        with self._unpacked(packing) as unpacked:
            beginning = io.BytesIO(unpacked.read(HEAD_BYTES))
            check_content(self.name, beginning, self.options.encoding)
        with (
            self._unpacked(packing) as unpacked,
            Recoded(unpacked, self.options.encoding) as text,
        ):
            yield text

    @contextmanager
    def _unpacked(self, packing: str) -> Iterator[Any]:
        with self.opened() as stream:
            try:
                with pa.CompressedInputStream(stream, packing) as unpacked:
                    yield unpacked
            except (pa.ArrowException, OSError) as error:
                if isinstance(error, OSError) and error.errno is not None:
                    raise  # the file system's
                raise DataError(
                    f"{self.name} must be a whole {packing} file, found one that is damaged or cut "
                    f"short ({one_line(error)}); write it again."
                ) from None

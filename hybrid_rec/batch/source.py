"""Source: what a batch run scores, as chunks."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Any, Self

import pyarrow as pa

from hybrid_rec.batch.chunks import Chunk, chunks
from hybrid_rec.batch.files import InputFiles
from hybrid_rec.batch.input import TableReader
from hybrid_rec.batch.journal import Journal
from hybrid_rec.batch.queries import complaint_of, refused, without_id
from hybrid_rec.batch.saved_model import SavedModel
from hybrid_rec.batch.scoring import NEW_ITEMS, PLAYLISTS, BatchRequest, ItemChunk
from hybrid_rec.batch.scratch import scratch_folder, sweep
from hybrid_rec.batch.sorting import sorted_rows
from hybrid_rec.batch.survey import Survey, named, surveyed
from hybrid_rec.batch.workers import Chunks
from hybrid_rec.core.errors import DataError
from hybrid_rec.core.progress import Progress
from hybrid_rec.data.tables import TableOptions


@dataclass(frozen=True)
class Source:
    """Files or a catalogue, cut into chunks of `size` queries."""

    request: BatchRequest
    """What is asked for every chunk."""
    size: int
    """Queries a chunk."""
    files: InputFiles | None
    """The input; None where the catalogue is asked."""
    table_rows: int
    """Rows of the Parquet files or the catalogue."""
    reader: TableReader | None = None
    """What reads the files."""

    @classmethod
    def of_files(
        cls,
        location: str | Path,
        asked: BatchRequest,
        options: TableOptions,
        size: int,
        model: SavedModel,
    ) -> Self:
        """Playlists or new items in files.

        Raises:
            DataError: If a file is damaged, or lacks a column or has one of the wrong type.
        """
        what = "playlists" if asked.kind == PLAYLISTS else "new items"
        files = InputFiles(location, what, options)
        reader = TableReader(files, new_items=asked.kind == NEW_ITEMS, columns=model.columns)
        names = tuple(file.name for file in files.files)
        return cls(replace(asked, files=names), size, files, reader.parquet_rows, reader)

    @classmethod
    def of_catalog(cls, asked: BatchRequest, size: int, model: SavedModel) -> Self:
        """All items of a model."""
        return cls(asked, size, None, model.n_items)

    @property
    def settings(self) -> dict[str, Any]:
        """What decides the bytes of the output, beside model and input."""
        return {
            "kind": self.request.kind,
            "k": self.request.k,
            **{name: value for name, value in self.request.options.items() if value is not None},
            "chunk_size": self.size,
            **({} if self.files is None else self.files.options.given),
        }

    @property
    def n_rows(self) -> int:
        """Rows of the input; a guess in text, where a value may hold line ends."""
        if self.files is None:
            return self.table_rows
        return self.table_rows + max(self.files.lines - self.files.n_texts, 0)

    def chunks(
        self, journal: Journal, temp: Path | None, progress: Progress, *, strict: bool
    ) -> AbstractContextManager[Chunks]:
        """A context that gives the chunks that the journal lacks, and tidies up behind them.

        Args:
            journal: What is finished, and where rows without a playlist_id are listed.
            temp: The folder for temporary files; None for the working folder of the output.
            progress: Is told of rows that are read before the first chunk.
            strict: Raise at the first row without a playlist_id.

        Raises:
            DataError: If a file is damaged, no row has an id, or one has none and `strict`.
            RunError: If there is no room for temporary files.
        """
        if self.reader is None:
            return nullcontext(_missing(self._ranges(), journal))
        if not self.reader.layout.is_tidy:
            rows = self.reader.batches()
            return nullcontext(_missing(chunks(rows, self.reader.layout, self.size), journal))
        return self._grouped(self.reader, journal, temp, progress, strict=strict)

    @contextmanager
    def _grouped(
        self,
        reader: TableReader,
        journal: Journal,
        temp: Path | None,
        progress: Progress,
        *,
        strict: bool,
    ) -> Iterator[Chunks]:
        """Tidy input, sorted where the rows of a playlist do not stand together."""
        parent = temp or journal.folder.working_folder or Path(tempfile.gettempdir())
        sweep(parent)
        found = self._survey(reader, journal, progress, strict=strict)

        def cut(rows: Iterable[pa.Table]) -> Chunks:
            return _missing(chunks(rows, reader.layout, self.size, found.order), journal)

        if found.is_grouped:
            yield cut(named(reader.batches()))
            return
        with scratch_folder(parent) as folder:
            rows = sorted_rows(
                _advancing(named(reader.batches()), progress, found.n_named), found.order, folder
            )
            with closing(rows):
                # All are sorted before the first one is there.
                first = next(rows)
                yield cut(chain([first], rows))

    def _survey(
        self, reader: TableReader, journal: Journal, progress: Progress, *, strict: bool
    ) -> Survey:
        with (
            journal.listing_nameless() as listed,
            progress.stage("input rows surveyed", self.n_rows) as advance,
        ):

            def reject(rows: pa.Table) -> None:
                rejected = without_id(rows, self.request.files)
                if strict:
                    raise refused(complaint_of(rejected))
                listed(rejected)

            found = surveyed(reader, reject, advance)
        if found.n_rows and not found.n_named:
            raise DataError(
                f"playlists must hold at least one row with a playlist_id, but all "
                f"{found.n_rows:,} lack it; fill in the column."
            )
        return found

    def _ranges(self) -> Iterator[ItemChunk]:
        for number, start in enumerate(range(0, self.table_rows, self.size)):
            yield ItemChunk(number, start, min(start + self.size, self.table_rows))


def _missing(found: Iterable[Chunk | ItemChunk], journal: Journal) -> Chunks:
    return (chunk for chunk in found if chunk.number not in journal.finished)


def _advancing(batches: Iterator[pa.Table], progress: Progress, n_rows: int) -> Iterator[pa.Table]:
    """Batches, while a bar shows how many of the rows are sorted."""
    with progress.stage("input rows sorted", n_rows) as advance:
        for batch in batches:
            yield batch
            advance(batch.num_rows)

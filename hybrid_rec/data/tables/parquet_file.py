"""Parquet files as streams of Arrow tables."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from hybrid_rec.core.errors import DataError
from hybrid_rec.data.paths import one_line
from hybrid_rec.data.tables.file import TableFile

_BUFFER_BYTES = 1 << 20


def parquet_head(file: TableFile) -> tuple[pa.Schema, int]:
    """The columns of a Parquet file, as its options call them, and the number of its rows.

    Raises:
        DataError: If it cannot be read, or is damaged.
    """
    with _parquet(file) as parquet:
        schema = parquet.schema_arrow
        names = file.options.renamed(schema.names)
        fields = [
            field.with_name(name)
            for field, name in zip(schema, names, strict=True)
            if name is not None
        ]
        return pa.schema(fields), parquet.metadata.num_rows


def parquet_batches(
    file: TableFile, columns: Sequence[str], n_rows: int
) -> Generator[pa.Table, None, None]:
    """Some columns of a Parquet file in their order, `n_rows` rows at a time, of its own types.

    Raises:
        DataError: If it cannot be read, or is damaged.
    """
    with _parquet(file) as parquet:
        found = parquet.schema_arrow.names
        theirs = [file.options.column_of(name, found) for name in columns]
        for batch in parquet.iter_batches(n_rows, columns=theirs):
            batch.validate(full=True)
            # What pandas has noted about its index and types is no part of the data.
            table = pa.Table.from_batches([batch]).replace_schema_metadata(None)
            yield table.select(theirs).rename_columns(list(columns))


@contextmanager
def _parquet(file: TableFile) -> Iterator[Any]:
    with file.opened() as stream:
        try:
            with pq.ParquetFile(stream, buffer_size=_BUFFER_BYTES) as parquet:
                yield parquet
        except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
            if isinstance(error, OSError) and error.errno is not None:
                raise  # the file system's, not Arrow's
            raise _damaged(file, error) from None


def _damaged(file: TableFile, error: Exception) -> DataError:
    with file.opened() as stream:
        size = stream.seek(0, 2)
    return DataError(
        f"{file.name} must be a whole Parquet file, found {size} bytes that are damaged or cut "
        f"short ({one_line(error)}); write it again."
    )

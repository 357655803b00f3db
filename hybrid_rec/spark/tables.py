"""Tables on a cluster: written for the next step, numbered, and written for good."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from hybrid_rec.core.errors import RunError
from hybrid_rec.core.files import sha256, writing
from hybrid_rec.spark.faults import guarded

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame, SparkSession

PLAYS_A_FILE, ITEMS_A_FILE = 500_000, 1_000_000
_MOST_FILES = 1 << 16
_PART = "_part"
_TIMES = pa.timestamp("us", "UTC")
_NOT_SHARED = (
    "{} must be on a path that the driver and all workers share, but what one writes another does "
    "not see; choose a folder on a shared drive."
)


def url_of(path: Path) -> str:
    """A path that all workers see, as Spark takes it whatever its default file system is."""
    return f"file://{path}"


def staged(frame: DataFrame, path: Path) -> DataFrame:
    """The same rows out of Parquet files, so that what follows never computes them again."""
    frame.write.parquet(url_of(path))
    _check_seen(path)
    # Without rows there may be no file to take the columns from.
    return frame.sparkSession.read.schema(frame.schema).parquet(url_of(path))


def _check_seen(path: Path) -> None:
    if not path.exists():
        raise RunError(_NOT_SHARED.format(path.parent))


def numbered(frame: DataFrame, keys: Sequence[Column], number: str, path: Path) -> DataFrame:
    """The same rows, numbered from 0 in the order of `keys`, which must be a total one.

    They are sorted over all workers and written; no row passes through the driver.

    Args:
        frame: The rows.
        keys: What they are sorted by.
        number: Name of the new column.
        path: Where they are written, which must be free.
    """
    from pyspark.sql import functions as F  # noqa: N812  # as all the world calls it

    written = staged(frame.sort(*keys), path)
    files = sorted(path.glob("part-*.parquet"))
    offset, offsets = 0, []
    for file in files:
        offsets.append((file.name, offset))
        offset += pq.ParquetFile(file).metadata.num_rows
    known = frame.sparkSession.createDataFrame(offsets or [("", 0)], "_file string, _offset long")
    meta = written.select("*", "_metadata.file_name", "_metadata.row_index")
    placed = meta.join(F.broadcast(known), meta["file_name"] == known["_file"])
    return placed.withColumn(number, placed["_offset"] + placed["row_index"]).drop(
        "_file", "_offset", "file_name", "row_index"
    )


def n_files(n_rows: int, rows_a_file: int) -> int:
    """How many files a table is written to; this follows from its rows alone."""
    return max(1, min(_MOST_FILES, -(-n_rows // rows_a_file)))


class PartWriter:
    """Writes tables below a folder; the tasks write, and tell what they wrote.

    Args:
        home: An existing folder that driver and workers share.
    """

    def __init__(self, home: Path) -> None:
        self.home = home
        self.digests: dict[str, str] = {}

    def write(self, frame: DataFrame, name: str, key: str, count: int, order: Sequence[str]) -> int:
        """Write a table to files by the hash of a column, and return how many rows it has.

        What is in each file depends on the rows alone, not on how the cluster has cut them.

        Args:
            frame: The rows.
            name: Of the folder for the files, which must be free.
            key: The column whose hash decides on the file.
            count: How many files at most; those without rows are left out.
            order: Columns that sort each file.
        """
        from pyspark.sql import functions as F  # noqa: N812

        folder = self.home / name
        part = F.pmod(F.xxhash64(F.col(key)), F.lit(count)).cast("int")
        sorted_rows = (
            frame.withColumn(_PART, part)
            .repartition(min(count, _partitions(frame.sparkSession)), _PART)
            .sortWithinPartitions(_PART, *order)
        )
        folder.mkdir()
        task = guarded(_write_parts, str(folder))
        written = sorted_rows.mapInArrow(task, f"{_PART} int, n_rows long, sha256 string").collect()
        for row in written:
            _check_seen(folder / _name(row[_PART]))
            self.digests[f"{name}/{_name(row[_PART])}"] = row.sha256
        return sum(row.n_rows for row in written)


def _write_parts(batches: Iterator[pa.RecordBatch], folder: str) -> Iterator[pa.RecordBatch]:
    """Write each part that the batches hold, one behind the other, to a file of its own.

    Spark itself would name the files by chance, and write footers that differ between hosts.
    """
    held: list[pa.Table] = []
    for batch in batches:
        table = pa.Table.from_batches([batch])
        while table.num_rows:
            part = table[_PART][0].as_py()
            n_same = int(np.searchsorted(table[_PART].to_numpy(), part, "right"))
            if held and held[0][_PART][0].as_py() != part:
                yield _write_part(held, Path(folder))
                held = []
            held.append(table.slice(0, n_same))
            table = table.slice(n_same)
    if held:
        yield _write_part(held, Path(folder))


def _write_part(held: Sequence[pa.Table], folder: Path) -> pa.RecordBatch:
    if not folder.is_dir():
        raise RunError(_NOT_SHARED.format(folder))
    table = pa.concat_tables(held)
    part = table[_PART][0].as_py()
    table = table.drop_columns([_PART])
    for at, field in enumerate(table.schema):
        if pa.types.is_timestamp(field.type):
            # Of whatever time zone the session is.
            table = table.set_column(at, field.name, table[field.name].cast(_TIMES))
    path = folder / _name(part)
    with writing(path) as file:
        pq.write_table(table.combine_chunks(), file, compression="zstd")
    return pa.RecordBatch.from_pydict(
        {
            _PART: pa.array([part], pa.int32()),
            "n_rows": pa.array([table.num_rows], pa.int64()),
            "sha256": pa.array([sha256(path)]),
        }
    )


def _name(part: int) -> str:
    return f"{part:05d}.parquet"


def _partitions(session: SparkSession) -> int:
    return int(session.conf.get("spark.sql.shuffle.partitions", "200") or 200)


def read_parted(session: SparkSession, folder: Path) -> DataFrame:
    """A table that a `PartWriter` wrote."""
    return session.read.parquet(url_of(folder))

"""Tables on a cluster: written for the next step, numbered, and written for good."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow.parquet as pq

from hybrid_rec.core.errors import RunError

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame, SparkSession

PLAYS_A_FILE, ITEMS_A_FILE = 500_000, 1_000_000
_MOST_FILES = 4096


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
    if not path.is_dir():
        raise RunError(
            f"{path} must be on a path that the driver and all workers share, but what the workers "
            "wrote is not seen here; choose a folder on a shared drive."
        )


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


def write_parted(frame: DataFrame, folder: Path, key: str, count: int, order: Sequence[str]) -> int:
    """Write a table to files by the hash of a column, and return how many rows it has.

    What is in each file depends on the rows alone, not on how the cluster has cut them.

    Args:
        frame: The rows.
        folder: A folder for the files, which must be free.
        key: The column whose hash decides on the file.
        count: How many files at most; those without rows are left out.
        order: Columns that sort each file.
    """
    from pyspark.sql import functions as F  # noqa: N812

    part = F.pmod(F.xxhash64(F.col(key)), F.lit(count))
    sorted_rows = (
        frame.withColumn("_part", part)
        .repartition(min(count, _partitions(frame.sparkSession)), "_part")
        .sortWithinPartitions("_part", *order)
    )
    raw = folder.with_name(f"_{folder.name}")
    sorted_rows.write.partitionBy("_part").parquet(url_of(raw))
    _check_seen(raw)
    folder.mkdir()
    n_rows = 0
    for made in sorted(raw.glob("_part=*")):
        (file,) = made.glob("*.parquet")
        n_rows += pq.ParquetFile(file).metadata.num_rows
        file.rename(folder / f"{int(made.name.partition('=')[2]):05d}.parquet")
    shutil.rmtree(raw)
    return n_rows


def _partitions(session: SparkSession) -> int:
    return int(session.conf.get("spark.sql.shuffle.partitions", "200") or 200)


def read_parted(session: SparkSession, folder: Path) -> DataFrame:
    """A table that `write_parted` wrote."""
    return session.read.parquet(url_of(folder))

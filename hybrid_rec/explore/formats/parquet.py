"""Parquet: one file with a row an item, a column for all that is known and one for each block."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from hybrid_rec.explore.exported import VECTOR, Exported


def write(taken: Exported, folder: Path) -> None:
    """Write `items.parquet` or `playlists.parquet`.

    Args:
        taken: What is written.
        folder: An existing folder.
    """
    vectors = pa.list_(pa.float32())
    fields = [*taken.table.schema, *(pa.field(name + VECTOR, vectors) for name in taken.widths)]
    schema = pa.schema(fields)
    with pq.ParquetWriter(folder / f"{taken.what}.parquet", schema, compression="zstd") as writer:
        for table in taken.tables():
            writer.write_table(table.cast(schema))

"""Prepared data sets as tables on a cluster, and as files that tasks read whole."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

import pyarrow as pa
import pyarrow.parquet as pq

from hybrid_rec.data.prepared import PLAYS, Manifest, read_manifest
from hybrid_rec.spark.tables import read_parted

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession


@dataclass(frozen=True)
class PreparedData:
    """A prepared data set on a path that driver and workers share."""

    session: SparkSession
    """The cluster."""
    home: Path
    """Where it is."""
    manifest: Manifest
    """What it says of itself."""

    @classmethod
    def at(cls, session: SparkSession, folder: str | Path) -> Self:
        """The data set in a folder.

        Raises:
            DataError: If there is none, or its manifest is damaged.
        """
        home, manifest = read_manifest(Path(folder).absolute())
        return cls(session, home, manifest)

    def table(self, name: str) -> DataFrame:
        """One of its tables, see `hybrid_rec.data.prepared`."""
        return read_parted(self.session, self.home / name)

    def map_plays(
        self, work: Callable[[pa.Table], Iterator[pa.RecordBatch]], schema: str
    ) -> DataFrame:
        """What a function makes of each file of plays, which holds whole playlists in order.

        Args:
            work: Is given PLAYLIST, position and ITEM of one file, sorted by the first two.
            schema: Of the batches that it gives.
        """
        files = [name for name in self.manifest.files if name.startswith(f"{PLAYS}/")]
        paths = [str(self.home / name) for name in sorted(files)]

        def each(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
            for batch in batches:
                for number in batch.column(0).to_pylist():
                    yield from work(pq.ParquetFile(paths[number]).read())

        return self.session.range(0, len(paths), 1, len(paths)).mapInArrow(each, schema)

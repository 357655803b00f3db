"""What must be known of all rows before the first is scored: checksums, numbers, the order."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from hybrid_rec.batch.input import ROW, TableReader
from hybrid_rec.batch.layout import ID
from hybrid_rec.batch.order import Order
from hybrid_rec.data.order_kind import OrderScan
from hybrid_rec.spark.faults import guarded
from hybrid_rec.spark.scoring.queries import Batches, QueryRows, received

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

_FOUND = "number long, found binary"
_SKETCH = 1_024


@dataclass(frozen=True)
class FileSurvey:
    """What one task has found in one file."""

    checksum: dict[str, str | int]
    """Name, size and SHA-256."""
    n_rows: int
    """Its rows."""
    n_nameless: int
    """Those of them without an id, where it has a column of ids."""
    hashes: NDArray[np.uint64]
    """The smallest hashes of its ids, sorted."""
    scan: OrderScan | None
    """What its order of plays looks like."""


def survey_files(session: SparkSession, reader: TableReader) -> list[FileSurvey]:
    """Read every file once, each in one task.

    Args:
        session: The cluster.
        reader: What reads them.

    Raises:
        DataError: If one is damaged.
    """
    n_files = len(reader.files.files)
    numbers = session.range(0, n_files, 1, n_files)
    return _collected(numbers.mapInArrow(guarded(_survey_file, reader), _FOUND))


def order_of_files(reader: TableReader, found: list[FileSurvey]) -> Order | None:
    """How the order of plays is read in all files; None without a column that tells it.

    Raises:
        DataError: If it can be read in two ways.
    """
    scans = [one.scan for one in found if one.scan is not None]
    return _order(list(reader.layout.orders), scans, reader.files.options.date_format)


def order_of_frame(rows: QueryRows, date_format: str | None = None) -> Order | None:
    """How the order of plays is read in a frame; see `order_of_files`."""
    names = list(rows.layout.orders)
    if not names:
        return None
    kind = rows.order_type
    if pa.types.is_temporal(kind) or (pa.types.is_integer(kind) and names == ["position"]):
        # What such a column holds is known, so the frame need not be read for it.
        return _order(names, [_scanned(names[0], date_format, pa.array([0]).cast(kind))], None)
    task = guarded(_scan_rows, names[0], date_format, kind)
    scans = _collected(rows.frame.select(names[0]).mapInArrow(task, _FOUND))
    return _order(names, scans, date_format)


def _scanned(name: str, date_format: str | None, column: pa.Array) -> OrderScan:
    scan = OrderScan(name, date_format)
    scan.add(pa.chunked_array([column]))
    return scan


def _order(names: list[str], scans: list[OrderScan], date_format: str | None) -> Order | None:
    if not names:
        return None
    whole = OrderScan(names[0], date_format)
    for scan in scans:
        whole.merge(scan)
    return Order(names[0], whole.kind())


def _survey_file(batches: Batches, reader: TableReader) -> Batches:
    names = list(reader.layout.orders)
    read = [ID, *names] if ID in reader.layout.texts else list(reader.layout.columns)[:1]
    for batch in batches:
        for number in batch.column(0).to_pylist():
            file = reader.files.files[number]
            scan = OrderScan(names[0], reader.files.options.date_format) if names else None
            n_rows, n_nameless, hashes = 0, 0, np.empty(0, np.uint64)
            for table in reader.file_batches(number, read):
                if scan is not None and table.num_rows:
                    scan.add(table[names[0]], table[ROW][0].as_py(), file.name)
                n_rows += table.num_rows
                if ID in read:
                    n_nameless += table[ID].null_count
                    hashes = _smallest(hashes, _hashes(table[ID]))
            checksum, _ = reader.files.checksum(file)
            yield from _packed(number, FileSurvey(checksum, n_rows, n_nameless, hashes, scan))


def n_distinct(found: list[FileSurvey]) -> int:
    """How many ids there are in files, within three percent; the same for the same files.

    From the smallest of evenly spread hashes: if the n-th of them stands at a fraction of their
    range, there are n over that fraction.
    """
    smallest = _smallest(np.empty(0, np.uint64), *(one.hashes for one in found))
    if len(smallest) < _SKETCH:
        return len(smallest)
    return round((_SKETCH - 1) / (float(smallest[-1]) / 2.0**64))


def _smallest(*hashes: NDArray[np.uint64]) -> NDArray[np.uint64]:
    return np.unique(np.concatenate(hashes))[:_SKETCH]


def _hashes(ids: pa.ChunkedArray) -> NDArray[np.uint64]:
    texts = np.array(ids.drop_null().unique().to_pylist(), dtype=object)
    return np.asarray(pd.util.hash_array(texts, categorize=False), dtype=np.uint64)


def _scan_rows(batches: Batches, name: str, date_format: str | None, kind: pa.DataType) -> Batches:
    scan, types = OrderScan(name, date_format), pa.schema({name: kind})
    for batch in batches:
        scan.add(received(batch, types)[name])
    yield from _packed(0, scan)


def _packed(number: int, found: Any) -> Iterator[pa.RecordBatch]:
    yield pa.RecordBatch.from_pydict({"number": [number], "found": [pickle.dumps(found)]})


def _collected(frame: DataFrame) -> list[Any]:
    table = frame.toArrow().sort_by("number")
    # What our own workers wrote.
    return [pickle.loads(one) for one in table["found"].to_pylist()]  # noqa: S301

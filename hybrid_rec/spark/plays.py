"""Tidy plays on a cluster: files, each read by one task, and tables of the session's catalogue."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from hybrid_rec.core.errors import DataError
from hybrid_rec.data.order_kind import Kind, OrderScan
from hybrid_rec.data.paths import one_line
from hybrid_rec.data.play_order import ORDER_COLUMNS
from hybrid_rec.data.tables import TableOptions
from hybrid_rec.data.tables.options import PLAY_COLUMNS, check_used
from hybrid_rec.spark.play_batches import PlayBatches
from hybrid_rec.spark.play_files import PlayFiles
from hybrid_rec.spark.rows import SCHEMA, PlayRows, error_row

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

_Batches = Iterator[pa.RecordBatch]
_TABLE = "table:"
_SCANS = "file int, name string, scan binary"


def read_plays(
    session: SparkSession,
    source: str | Path,
    *,
    columns: Mapping[str, str] | None = None,
    encoding: str | None = None,
    date_format: str | None = None,
    skip_damaged: bool = False,
) -> PlayRows:
    """Tidy plays; only what decides how times are read is looked at before they are prepared.

    The rules are those of `hybrid_rec.read_tidy`. Files stand in the order of their names, and each
    is read by one task. A table of the catalogue has no order of its own: plays without `position`
    and `played_at` stand by their item_id there, and playlists and items by their ids.

    Args:
        session: The cluster.
        source: CSV, TSV, Parquet or JSON Lines (`.jsonl`): a file, or a folder of them, on a path
            that all workers see, or a URL that fsspec knows; or "table:NAME".
        columns: See `hybrid_rec.read_tidy`.
        encoding: See `hybrid_rec.read_tidy`.
        date_format: See `hybrid_rec.read_tidy`.
        skip_damaged: Leave out files that cannot be read, and list them, instead of ending.

    Raises:
        DataError: If nothing of the kind is there, a column is missing, or times can be read in
            two ways.
        ConfigError: See `hybrid_rec.read_tidy`.
    """
    options = TableOptions.of(columns, encoding, date_format)
    if str(source).startswith(_TABLE):
        return _of_table(session, str(source)[len(_TABLE) :], options)
    files = PlayFiles.at(source, options)
    numbers = session.range(0, len(files.names), 1, len(files.names))
    if columns:
        check_used(options, PLAY_COLUMNS, [files.columns(0)])
    kinds: dict[str, Kind] = {}
    if any(files.has(name) for name in ORDER_COLUMNS):
        kinds = _kinds(numbers.mapInArrow(_scanning(files, date_format), _SCANS), date_format)
    return PlayRows(
        numbers.mapInArrow(_reading(files, kinds), SCHEMA),
        str(source),
        files.names,
        has_times="played_at" in kinds,
        skip_damaged=skip_damaged,
    )


def _scanning(files: PlayFiles, date_format: str | None) -> Callable[[_Batches], _Batches]:
    def scan(batches: _Batches) -> _Batches:
        for batch in batches:
            for number in batch.column(0).to_pylist():
                scans: dict[str, OrderScan] = {}
                name = files.names[number] if len(files.names) > 1 else ""
                try:
                    for first, frame in files.orders(number):
                        for column in frame.columns:
                            known = scans.setdefault(column, OrderScan(column, date_format))
                            known.add(frame[column], first, name)
                except DataError:
                    # Whoever reads the whole file tells it.
                    continue
                yield from _pickled(number, scans)

    return scan


def _pickled(number: int, scans: Mapping[str, OrderScan]) -> _Batches:
    rows = [{"file": number, "name": n, "scan": pickle.dumps(s)} for n, s in scans.items()]
    schema = pa.schema([("file", pa.int32()), ("name", pa.string()), ("scan", pa.binary())])
    yield from pa.Table.from_pylist(rows, schema).to_batches()


def _kinds(scans: DataFrame, date_format: str | None) -> dict[str, Kind]:
    """How each column that tells the order is read, by what the tasks have seen of it."""
    merged = {name: OrderScan(name, date_format) for name in ORDER_COLUMNS}
    found = sorted(scans.collect(), key=lambda row: row.file)
    for row in found:
        # The tasks of this very job have made it.
        merged[row.name].merge(pickle.loads(row.scan))  # noqa: S301
    there = {row.name for row in found}
    return {name: merged[name].kind() for name in ORDER_COLUMNS if name in there}


def _reading(files: PlayFiles, kinds: Mapping[str, Kind]) -> Callable[[_Batches], _Batches]:
    def read(batches: _Batches) -> _Batches:
        for batch in batches:
            for number in batch.column(0).to_pylist():
                made = PlayBatches(number, kinds)
                try:
                    for first, frame in files.plays(number):
                        yield from made.of(frame, first, files.names[number])
                except DataError as error:
                    yield from error_row(number, error)

    return read


def _of_table(session: SparkSession, name: str, options: TableOptions) -> PlayRows:
    """The plays in a table of the catalogue."""
    from pyspark.errors import AnalysisException

    try:
        table = session.table(name)
        found = table.columns
    except AnalysisException as error:
        raise DataError(
            f"table:{name} must be a table that the session knows, but: {one_line(error):.200}."
        ) from None
    if options.columns:
        check_used(options, PLAY_COLUMNS, [found])
    renamed = table.toDF(*(ours or f"_unused_{n}" for n, ours in enumerate(options.renamed(found))))
    wanted = PlayFiles.wanted(f"table:{name}", renamed.columns)
    plays = renamed.select(*wanted)
    orders = [column for column in wanted if column in ORDER_COLUMNS]
    kinds: dict[str, Kind] = {}
    if orders:
        scanned = plays.select(*orders).mapInArrow(_scanning_table(options.date_format), _SCANS)
        kinds = _kinds(scanned, options.date_format)

    def read(batches: _Batches) -> _Batches:
        made = PlayBatches(0, kinds, in_order=False)
        try:
            for batch in batches:
                yield from made.of(pa.Table.from_batches([batch]).to_pandas(), 0, f"table:{name}")
        except DataError as error:
            yield from error_row(0, error)

    frame = plays.mapInArrow(read, SCHEMA)
    return PlayRows(frame, f"table:{name}", (f"table:{name}",), has_times="played_at" in kinds)


def _scanning_table(date_format: str | None) -> Callable[[_Batches], _Batches]:
    def scan(batches: _Batches) -> _Batches:
        scans: dict[str, OrderScan] = {}
        for batch in batches:
            table = pa.Table.from_batches([batch])
            for column in table.column_names:
                known = scans.setdefault(column, OrderScan(column, date_format))
                known.add(table[column])
        yield from _pickled(0, scans)

    return scan

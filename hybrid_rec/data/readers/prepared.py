"""Data sets that `hybrid-rec spark prepare` or `spark sample` wrote."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from hybrid_rec.core.arrays import Rows
from hybrid_rec.core.errors import DataError
from hybrid_rec.core.progress import Progress
from hybrid_rec.data.arrow_types import TEXT, TEXTS, VECTOR
from hybrid_rec.data.catalog import Catalog
from hybrid_rec.data.paths import located, one_line
from hybrid_rec.data.playlists import Playlists
from hybrid_rec.data.prepared import (
    ELSEWHERE,
    ITEM,
    ITEMS,
    PLAYLIST,
    PLAYLISTS,
    PLAYS,
    Manifest,
    check_files,
    read_manifest,
)
from hybrid_rec.data.readers.registry import register_reader
from hybrid_rec.data.remote import address_of
from hybrid_rec.data.report import Dataset


def read_prepared(folder: str | Path) -> Dataset:
    """A data set that was prepared on a Spark cluster; Spark is not needed to read it.

    Playlists, items and their order are those that the readers of one machine give for the same
    input. The report is the one of the preparation. A sample knows the plays of the whole, see
    `Playlists.elsewhere`.

    Args:
        folder: What `hybrid-rec spark prepare` or `hybrid-rec spark sample` wrote.

    Raises:
        DataError: If a file is missing or damaged, or the folder is none of that kind.
    """
    home, manifest = read_manifest(folder)
    check_files(folder, home, manifest.files)
    with located(folder):
        catalog = _catalog(home, manifest)
        playlists = _playlists(home, manifest, len(catalog))
    report, place = manifest.told(), address_of(str(folder))
    return Dataset(playlists, catalog, replace(report, source=f"{place}, from {report.source}"))


def _catalog(home: Path, manifest: Manifest) -> Catalog:
    table = _table(home, ITEMS, manifest).sort_by(ITEM)
    _dense(table, ITEMS, ITEM)
    columns = {name: _as_kept(table[name]) for name in table.column_names if name != ITEM}
    return Catalog.from_table(pa.table(columns))


def _as_kept(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """A column of the type that catalogues have; Spark knows no large strings."""
    kind = column.type
    if pa.types.is_string(kind):
        return column.cast(TEXT)
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        is_text = pa.types.is_string(kind.value_type) or pa.types.is_large_string(kind.value_type)
        return column.cast(TEXTS if is_text else VECTOR)
    return column


def _playlists(home: Path, manifest: Manifest, n_items: int) -> Playlists:
    table = _table(home, PLAYLISTS, manifest).sort_by(PLAYLIST)
    _dense(table, PLAYLISTS, PLAYLIST)
    plays = _table(home, PLAYS, manifest)
    owners, positions = (_numbers(plays[name]) for name in (PLAYLIST, "position"))
    order = np.lexsort((positions, owners))
    lengths = np.bincount(owners, minlength=table.num_rows)
    names = times = None
    if manifest.has_names:
        names = np.array([name or "" for name in table["name"].to_pylist()], dtype=object)
    if manifest.has_times:
        # Without its time zone, which is UTC.
        cells = plays["played_at"].cast(pa.int64()).fill_null(np.iinfo(np.int64).min)
        times = cells.to_numpy().view("datetime64[us]")[order]
    rows = _numbers(plays[ITEM])[order]
    ids = np.array(table["playlist_id"].to_pylist(), dtype=object)
    known = Playlists.from_rows(lengths, rows, n_items, ids, times, names)
    if ELSEWHERE not in manifest.counts:
        return known
    counted = _table(home, ELSEWHERE, manifest)
    elsewhere = np.zeros(n_items, np.int64)
    elsewhere[_numbers(counted[ITEM])] = _numbers(counted["plays"])
    return replace(known, elsewhere=elsewhere)


def _dense(table: pa.Table, what: str, column: str) -> None:
    """Raise a DataError unless a sorted column counts the rows."""
    if not np.array_equal(_numbers(table[column]), np.arange(table.num_rows)):
        raise DataError(f"{what} must be numbered from 0 without gaps; prepare the data again.")


def _numbers(column: pa.ChunkedArray) -> Rows:
    if column.null_count:
        raise DataError("prepared numbers must not be missing; prepare the data again.")
    return column.cast(pa.int64()).to_numpy()  # type: ignore[no-any-return]


def _table(home: Path, folder: str, manifest: Manifest) -> pa.Table:
    names = [name for name in manifest.files if name.startswith(f"{folder}/")]
    try:
        # Not by `read_table`, which would look for partitions in the names of folders.
        tables: list[Any] = [pq.ParquetFile(home / name).read() for name in sorted(names)]
        table = pa.concat_tables(tables, promote_options="default")
    except (pa.ArrowException, OSError) as error:
        raise DataError(
            f"{folder} must be Parquet files ({one_line(error)}); prepare the data again."
        ) from None
    if table.num_rows != manifest.counts.get(folder):
        raise DataError(
            f"{folder} must hold {manifest.counts.get(folder)} rows, found {table.num_rows}; "
            "prepare the data again."
        )
    return table


@register_reader("prepared")
def _read(place: str, progress: Progress) -> Dataset:
    del progress
    return read_prepared(place)

"""Files of tidy plays that a task reads: CSV, TSV, Parquet and JSON Lines."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, Self

import numpy as np
import pandas as pd
import pyarrow as pa

from hybrid_rec.batch.files import InputFile, InputFiles
from hybrid_rec.core.errors import DataError
from hybrid_rec.core.quoting import joined
from hybrid_rec.data.ids import id_texts
from hybrid_rec.data.paths import located
from hybrid_rec.data.play_order import ORDER_COLUMNS
from hybrid_rec.data.playlist_names import NAME
from hybrid_rec.data.readers.tidy_frames import ITEM_COLUMNS
from hybrid_rec.data.tables import (
    ROWS_FROM_0,
    TABLE_SUFFIXES,
    TableFile,
    TableOptions,
    split_lists,
    table_batches,
    table_head,
    wanted_columns,
)
from hybrid_rec.data.tables.types import (
    IDS,
    ORDERS,
    check_type,
    is_id,
    is_list,
    is_order,
    list_column,
)

JSON_LINES = (".jsonl", ".ndjson")
_IDS = ("playlist_id", "item_id")
_OTHERS = (*ORDER_COLUMNS, NAME, *ITEM_COLUMNS)
_LINES = 1 << 15


@dataclass(frozen=True)
class PlayFiles:
    """Files of plays on one file system; tasks open them anew."""

    found: InputFiles
    """Where they are."""
    names: tuple[str, ...]
    """What messages call them."""

    @classmethod
    def at(cls, location: str | Path, options: TableOptions) -> Self:
        """The files at a path or URL.

        Raises:
            DataError: If there is none.
        """
        suffixes = (*TABLE_SUFFIXES, *JSON_LINES)
        found = InputFiles(location, "plays", options, suffixes)
        base = str(location).rstrip("/")
        names = [
            base if base.endswith(file.name) else f"{base}/{file.name}" for file in found.files
        ]
        return cls(found, tuple(names))

    @staticmethod
    def wanted(name: str, found: Sequence[str]) -> list[str]:
        """The columns of plays that are read.

        Raises:
            DataError: If an id is missing, or a column stands twice.
        """
        return wanted_columns(name, found, _IDS, _OTHERS)

    def columns(self, number: int) -> list[str]:
        """The columns of a file, as it calls them."""
        if self._is_json(number):
            return list(next(self._objects(number, 1))[1].columns)
        plain = TableFile(self.names[number], self._opener(number))
        return list(table_head(plain)[0].names)

    def has(self, column: str) -> bool:
        """Whether the first file has a column, as it is called here."""
        if self._is_json(0):
            return column in next(self._objects(0, 1))[1].columns
        schema, _ = table_head(self._table(0))
        return list_column(schema) is None and column in schema.names

    def orders(self, number: int) -> Iterator[tuple[int, Any]]:
        """What tells the order of plays, with the number of the first row."""
        if self._is_json(number):
            for first, frame in self._objects(number):
                yield first, frame[[name for name in ORDER_COLUMNS if name in frame.columns]]
            return
        file = self._table(number)
        names = [name for name in ORDER_COLUMNS if name in table_head(file)[0].names]
        first = 0
        for batch in table_batches(file, names) if names else ():
            yield first, pd.DataFrame({name: _plain(batch[name]) for name in names})
            first += batch.num_rows

    def plays(self, number: int) -> Iterator[tuple[int, pd.DataFrame]]:
        """The plays of a file, with the number of the first row.

        Raises:
            DataError: If it is damaged or lacks a column.
        """
        if self._is_json(number):
            for first, frame in self._objects(number):
                yield first, frame[self.wanted(self.names[number], list(frame.columns))]
            return
        file = self._table(number)
        schema, _ = table_head(file, _IDS)
        nested = list_column(schema)
        if nested is not None:
            yield from self._lists(file, schema, nested)
            return
        wanted = self.wanted(file.name, schema.names)
        for names, kinds, fits in ((_IDS, IDS, is_id), (ORDER_COLUMNS, ORDERS, is_order)):
            for name in set(names).intersection(wanted):
                check_type(file.name, name, schema.field(name).type, kinds, fits)
        first = 0
        for batch in table_batches(file, wanted):
            yield first, _frame(batch, first, file.name)
            first += batch.num_rows

    def _lists(
        self, file: TableFile, schema: pa.Schema, nested: str
    ) -> Iterator[tuple[int, pd.DataFrame]]:
        """Plays of a file that has one row a playlist; those without ids are numbered from 0."""
        wanted = [name for name in ("playlist_id", NAME) if name in schema.names]
        if "playlist_id" not in wanted and len(self.names) > 1:
            raise DataError(
                f"{file.name} must have a column playlist_id, as it is one of "
                f"{len(self.names)} files; found {joined(schema.names)}."
            )
        first = 0
        for batch in table_batches(file, [nested, *wanted]):
            column = batch[nested]
            lists = column if is_list(column.type) else split_lists(column)
            ids: Any = np.arange(first, first + batch.num_rows).astype(str)
            if "playlist_id" in wanted:
                with located(file.name, ROWS_FROM_0):
                    ids = id_texts(batch["playlist_id"], "playlist_id", first).to_pandas()
            whole = pd.DataFrame({"playlist_id": ids, "item_id": lists.to_pandas()})
            if NAME in wanted:
                whole[NAME] = batch[NAME].to_pandas()
            yield first, whole.explode("item_id", ignore_index=True)
            first += batch.num_rows

    def _objects(self, number: int, most: int = _LINES) -> Iterator[tuple[int, pd.DataFrame]]:
        """A file of JSON Lines as frames of so many rows."""
        name, first = self.names[number], 0
        renamed = self.found.options.renamed
        with self._opener(number)() as stream:
            lines = (line for line in stream if line.strip())
            while part := list(islice(lines, most)):
                rows = [_object(line, name, first + at) for at, line in enumerate(part)]
                frame = pd.DataFrame(rows, dtype=object)
                ours = renamed([str(column) for column in frame.columns])
                kept = [at for at, column in enumerate(ours) if column is not None]
                named = [ours[at] for at in kept]
                yield first, frame.iloc[:, kept].set_axis(named, axis="columns")
                first += len(part)
        if not first:
            raise DataError(f"{name} must hold at least one row, found none.")

    def _is_json(self, number: int) -> bool:
        return self.names[number].lower().endswith(JSON_LINES)

    def _file(self, number: int) -> InputFile:
        return self.found.files[number]

    def _opener(self, number: int) -> Any:
        return partial(self.found.opened, self._file(number))

    def _table(self, number: int) -> TableFile:
        return TableFile(self.names[number], self._opener(number), self.found.options)


def _object(line: bytes, name: str, row: int) -> dict[str, Any]:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise DataError(
            f"{name} must be JSON Lines, but row {row}, counted from 0, is no JSON: {error}; fetch "
            "the file again."
        ) from None
    if not isinstance(found, dict):
        raise DataError(f"{name} must hold one JSON object a line, but row {row} is none.")
    return found


def _frame(batch: pa.Table, first: int, name: str) -> pd.DataFrame:
    """A batch of a CSV, TSV or Parquet file, with ids as text."""
    columns: dict[str, Any] = {}
    for column in batch.column_names:
        cells = batch[column]
        if column in _IDS:
            with located(name, ROWS_FROM_0):
                cells = id_texts(cells, column, first)
        elif column in ITEM_COLUMNS and pa.types.is_integer(cells.type):
            # pandas would make floats of integers with gaps.
            cells = cells.cast(pa.large_string())
        columns[column] = _plain(cells)
    return pd.DataFrame(columns)


def _plain(cells: pa.ChunkedArray) -> pd.Series[Any]:
    return cells.to_pandas(date_as_object=False)  # type: ignore[no-any-return]

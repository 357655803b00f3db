"""What batch scoring reads: tables of any layout as batches of rows with the same columns."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from hybrid_rec.batch.files import InputFile, InputFiles, is_text
from hybrid_rec.core.errors import DataError
from hybrid_rec.data.tables import one_line, wanted_columns

ID, ITEM, ITEMS = "id", "item_id", "item_ids"
ORDERS = ("position", "played_at")
FILE, ROW = "file", "row"
"""Columns that every batch has: the number of the file, and of the row in it, from 0."""

TEXT = pa.large_string()
TEXTS = pa.large_list(pa.field("element", TEXT))

_BATCH_ROWS = 16_384
_BUFFER_BYTES = 1 << 20
# A row longer than a block cannot be parsed.
_CSV_BLOCK_BYTES = 8 << 20
_HEADER_BYTES = 1 << 20
_DELIMITERS = {".csv": ",", ".tsv": "\t"}
_LIST_SEPARATOR = "|"


@dataclass(frozen=True)
class Layout:
    """Which columns of a file are read, and what they are called from then on."""

    texts: Mapping[str, str]
    """Columns of text or integers: the name in a batch, and the name in the file."""
    lists: Mapping[str, str]
    """Columns of lists of these; in CSV and TSV they are joined by "|"."""
    orders: Mapping[str, str]
    """Columns that say when a play was, of numbers, times or text."""

    @property
    def is_tidy(self) -> bool:
        """Whether a row is one play of a playlist, and not all of a query."""
        return ITEM in self.texts

    @property
    def columns(self) -> dict[str, str]:
        """All columns: the name in a batch, and the name in the file."""
        return {**self.texts, **self.lists, **self.orders}


def playlist_layout(name: str, schema: pa.Schema) -> Layout:
    """How the playlists stand in a file: tidy, or in one column of lists.

    Args:
        name: The file, for messages.
        schema: Its columns; in CSV and TSV all are text.

    Raises:
        DataError: If it is neither.
    """
    found = schema.names
    nested = [field.name for field in schema if _is_list(field.type)]
    lists = [column for column in (ITEMS, ITEM) if column in nested] or nested
    if ITEMS in found or len(nested) == 1 or (ITEM in nested):
        column = ITEMS if ITEMS in found else lists[0]
        wanted = wanted_columns(name, found, (column,), ("playlist_id",))
        named = {ID: "playlist_id"} if "playlist_id" in wanted else {}
        return Layout(named, {ITEMS: column}, {})
    wanted = wanted_columns(name, found, ("playlist_id", ITEM), ORDERS)
    order = [column for column in ORDERS if column in wanted][:1]
    return Layout({ID: "playlist_id", ITEM: ITEM}, {}, {column: column for column in order})


def new_item_layout(name: str, schema: pa.Schema) -> Layout:
    """How the new items stand in a file: one row an item.

    Raises:
        DataError: If the title or the artist is missing.
    """
    wanted = wanted_columns(name, schema.names, ("title", "artist"), ("item_id", "tags", "context"))
    texts = {ID: "item_id"} if "item_id" in wanted else {}
    lists = {column: column for column in wanted if column in ("tags", "context")}
    return Layout({**texts, "title": "title", "artist": "artist"}, lists, {})


class TableReader:
    """Batches of rows of all files of an input, read one after the other.

    Args:
        files: Where they are.
        new_items: Whether rows are new items, not playlists.

    Raises:
        DataError: If a file is damaged, lacks a column or has one of the wrong type, or if the
            files differ in their columns.
    """

    def __init__(self, files: InputFiles, *, new_items: bool = False) -> None:
        self.files = files
        layout_of = new_item_layout if new_items else playlist_layout
        first: Layout | None = None
        self.parquet_rows = 0
        for file in files.files:
            with files.opened(file) as stream:
                schema = self._schema(file, stream)
            layout = layout_of(file.name, schema)
            _check_types(file, layout, schema)
            if first is not None and layout != first:
                raise DataError(
                    f"{file.name} must have the same columns as {files.files[0].name}, "
                    f"{', '.join(first.columns.values())}, but has "
                    f"{', '.join(layout.columns.values())}; put them into folders of their own."
                )
            first = layout
        assert first is not None
        self.layout = first

    def batches(self) -> Iterator[pa.Table]:
        """Rows with the columns of the layout, "file" and "row"; text is never empty but null.

        Raises:
            DataError: If a file is damaged.
        """
        for number, file in enumerate(self.files.files):
            row = 0
            for batch in self._file_batches(file):
                table = _normalised(batch, self.layout)
                n_rows = table.num_rows
                table = table.append_column(FILE, pa.array([number] * n_rows, pa.int32()))
                table = table.append_column(ROW, pa.array(range(row, row + n_rows), pa.int64()))
                row += n_rows
                yield table

    def _schema(self, file: InputFile, stream: Any) -> pa.Schema:
        if not is_text(file):
            try:
                with pq.ParquetFile(stream) as parquet:
                    self.parquet_rows += parquet.metadata.num_rows
                    return parquet.schema_arrow
            except (pa.ArrowException, OSError) as error:
                raise _damaged(file, error) from None
        return pa.schema([(name, TEXT) for name in _header(file, stream)])

    def _file_batches(self, file: InputFile) -> Iterator[pa.Table]:
        columns = list(self.layout.columns.values())
        with self.files.opened(file) as stream:
            try:
                if not is_text(file):
                    with pq.ParquetFile(stream, buffer_size=_BUFFER_BYTES) as parquet:
                        for batch in parquet.iter_batches(_BATCH_ROWS, columns=columns):
                            batch.validate(full=True)
                            yield pa.Table.from_batches([batch])
                else:
                    yield from _csv_batches(file, stream, columns)
            except (pa.ArrowException, OSError) as error:
                raise _damaged(file, error) from None


def _damaged(file: InputFile, error: Exception) -> DataError:
    kind = "sound UTF-8 text in columns" if is_text(file) else "a whole Parquet file"
    return DataError(
        f"{file.name} must be {kind}, but is damaged or cut short ({one_line(error)}); "
        "write it again."
    )


def _delimiter(file: InputFile) -> str:
    return _DELIMITERS[PurePosixPath(file.name).suffix.lower()]


def _header(file: InputFile, stream: Any) -> list[str]:
    """The names of the columns in line 1."""
    try:
        text = stream.read(_HEADER_BYTES).decode("utf-8-sig", errors="replace")
        header = next(csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(file)), None)
    except csv.Error as error:
        raise _damaged(file, error) from None
    if not header:
        raise DataError(
            f"{file.name} must name its columns in line 1, found an empty line or file."
        )
    return header


def _csv_batches(file: InputFile, stream: Any, columns: Sequence[str]) -> Iterator[pa.Table]:
    header = _header(file, stream)
    stream.seek(0)
    # The last column is always read: a quote that is never closed shows nowhere else.
    read = list(dict.fromkeys([*columns, header[-1]]))
    convert = pa_csv.ConvertOptions(
        include_columns=read,
        column_types=dict.fromkeys(read, TEXT),
        strings_can_be_null=True,
        null_values=[""],
    )
    parse = pa_csv.ParseOptions(
        delimiter=_delimiter(file),
        newlines_in_values=True,
        # In a single column an empty line is an empty list.
        ignore_empty_lines=len(header) > 1,
    )
    reading = pa_csv.ReadOptions(block_size=_CSV_BLOCK_BYTES, use_threads=False)
    last = None
    with pa_csv.open_csv(stream, reading, parse, convert) as batches:
        for batch in batches:
            for start in range(0, batch.num_rows, _BATCH_ROWS):
                yield pa.Table.from_batches([batch.slice(start, _BATCH_ROWS)]).select(columns)
            last = batch[header[-1]][-1].as_py() if batch.num_rows else last
    if last is not None and last.endswith("\n"):
        # Arrow lets it pass, and the quote swallows all rows after it.
        raise DataError(
            f"{file.name} must close every quote, but its last value, {last[:40]!r}, opens one "
            "that is still open at the end of the file; close it."
        )


def _is_text(kind: pa.DataType) -> bool:
    if pa.types.is_dictionary(kind):
        return _is_text(kind.value_type)
    return any(
        test(kind)
        for test in (
            pa.types.is_string,
            pa.types.is_large_string,
            pa.types.is_string_view,
            pa.types.is_integer,
            pa.types.is_null,
        )
    )


def _is_list(kind: pa.DataType) -> bool:
    return bool(
        pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind)
    )


def _is_order(kind: pa.DataType) -> bool:
    return _is_text(kind) or any(
        test(kind) for test in (pa.types.is_floating, pa.types.is_timestamp, pa.types.is_date)
    )


def _check_types(file: InputFile, layout: Layout, schema: pa.Schema) -> None:
    """Refuse columns that are neither text nor lists, where they must be."""
    text = is_text(file)
    for names, wanted, fits in (
        (layout.texts, "strings or integers", _is_text),
        (layout.orders, "numbers, times or text", _is_order),
        (
            layout.lists,
            "lists of strings or integers",
            lambda kind: text or (_is_list(kind) and _is_text(kind.value_type)),
        ),
    ):
        for column in names.values():
            kind = schema.field(column).type
            if not fits(kind):
                raise DataError(
                    f"{file.name} must hold {wanted} in the column {column}, found {kind}; "
                    "convert the column."
                )


def _normalised(table: pa.Table, layout: Layout) -> pa.Table:
    columns: dict[str, Any] = {}
    for name, column in layout.texts.items():
        values = table[column].cast(TEXT)
        columns[name] = pc.if_else(pc.equal(values, ""), pa.scalar(None, TEXT), values)
    for name, column in layout.lists.items():
        values = table[column]
        if not _is_list(values.type):
            values = pc.split_pattern(values, _LIST_SEPARATOR)
        columns[name] = values.cast(TEXTS)
    for name, column in layout.orders.items():
        values = table[column]
        columns[name] = values.cast(TEXT) if _is_text(values.type) else values
    return pa.table(columns).replace_schema_metadata(None)

"""CSV and TSV files as streams of Arrow tables."""

from __future__ import annotations

import csv
import io
import re
import uuid
from collections.abc import Generator, Iterable, Iterator, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.csv as pa_csv

from hybrid_rec.core.errors import DataError
from hybrid_rec.core.quoting import quoted, shortened
from hybrid_rec.data.arrow_types import TEXT
from hybrid_rec.data.tables.file import TableFile
from hybrid_rec.data.text_files import wrong_encoding

# Rows longer than a block cannot be parsed; Arrow's default of 1 MB is too near to real text.
_BLOCK_BYTES = 16 << 20
_NAMES = frozenset(
    ("playlist_id", "item_id", "item_ids", "played_at", "position", "title", "artist", "context")
)
_ARROW_ROW = re.compile(r"Row #(\d+): (.*)", re.DOTALL)


def csv_header(file: TableFile, required: Sequence[str] = ()) -> list[str]:
    """The names of the columns of a CSV or TSV file, as the file has them.

    Args:
        file: The file.
        required: Columns that it must have, for messages.

    Raises:
        DataError: If it cannot be read, or line 1 names no columns.
    """
    return _line_1(file, required)[1]


def _line_1(file: TableFile, required: Sequence[str] = ()) -> tuple[str, list[str]]:
    """What parts the cells, and the names of the columns."""
    try:
        with file.text() as stream, io.TextIOWrapper(stream, "utf-8", newline="") as text:
            delimiter, header = _parted(file, text)
    except UnicodeError:
        raise _wrong_encoding(file) from None
    except csv.Error as error:
        raise DataError(
            f"{file.name} must name its columns in line 1, found text that is no CSV: {error}."
        ) from None
    if not header:
        names = f" ({', '.join(required)})" if required else ""
        raise DataError(
            f"{file.name} must name its columns{names} in line 1, found an empty line or file."
        )
    return delimiter, header


def _parted(file: TableFile, text: Iterable[str]) -> tuple[str, list[str]]:
    """Of a TSV file the tab; of a CSV file what gives names that are known, or else the comma."""
    if file.is_tsv:
        return "\t", next(csv.reader(text, delimiter="\t"), [])
    known = _NAMES.union(file.options.columns.values())
    lines: list[str] = []

    def remembered() -> Iterator[str]:
        for line in text:
            lines.append(line)
            yield line

    found = [(",", next(csv.reader(remembered()), []))]
    found += [
        (delimiter, next(csv.reader(lines, delimiter=delimiter), [])) for delimiter in (";", "\t")
    ]
    return max(
        found,
        # A comma in a name must not win over the others, nor they over several commas.
        key=lambda one: (
            len(known.intersection(one[1])),
            one[0] == "," and len(one[1]) > 1,
            len(one[1]),
        ),
    )


def csv_batches(
    file: TableFile, columns: Sequence[str], n_rows: int
) -> Generator[pa.Table, None, None]:
    """Some columns of a CSV or TSV file in their order, `n_rows` rows at a time, all of them text.

    Only an empty cell is missing: there are songs called "NA", "null" and "None". No more than a
    block of the file is held.

    Raises:
        DataError: If it cannot be read, or is damaged, naming the line or row.
    """
    delimiter, names = _line_1(file)
    header = file.options.renamed(names)
    # Columns go by their number, for two of them may share a name. The last one is always read: it
    # tells whether a quote is still open at the end.
    places = [str(header.index(name)) for name in columns]
    end = str(len(header) - 1)
    read = list(dict.fromkeys((*places, end)))
    convert = pa_csv.ConvertOptions(
        include_columns=read,
        column_types=dict.fromkeys(read, TEXT),
        strings_can_be_null=True,
        null_values=[""],
    )
    parse = pa_csv.ParseOptions(
        delimiter=delimiter,
        newlines_in_values=True,
        # In a single column an empty line is an empty cell.
        ignore_empty_lines=len(header) > 1,
    )
    reading = pa_csv.ReadOptions(
        block_size=_BLOCK_BYTES,
        use_threads=False,  # with several, Arrow does not know the number of a bad row
        column_names=[str(number) for number in range(len(header))],
        skip_rows_after_names=1,
    )
    n_read, mark = 0, uuid.uuid4().hex
    with file.text() as stream:
        ended = _WithEnd(stream, delimiter.join([mark] * len(header)))
        try:
            with pa_csv.open_csv(ended, reading, parse, convert) as batches:
                for batch in batches:
                    n_sound = batch.num_rows
                    last = batch.column(end)[-1].as_py() if n_sound else None
                    if last is not None and mark in last:
                        n_sound -= 1
                        if last != mark:
                            raise _open_quote(file, n_read + n_sound + 2, last, mark)
                    table = pa.table([batch.column(place) for place in places], list(columns))
                    for start in range(0, n_sound, n_rows):
                        yield table.slice(start, min(n_rows, n_sound - start))
                    n_read += n_sound
        except UnicodeError:
            raise _wrong_encoding(file) from None
        except pa.ArrowInvalid as error:
            raise _bad_csv(file, str(error), names, n_read, mark) from None


def _wrong_encoding(file: TableFile) -> DataError:
    encoding = file.options.encoding
    if encoding is None:
        with file.text() as stream:
            return wrong_encoding(file.name, io.BufferedReader(stream), option=True)
    return DataError(
        f"{file.name} must be text in {encoding}, as the encoding says, but is not; pass "
        "the encoding that it has, or save it as UTF-8."
    )


def _bad_csv(
    file: TableFile, message: str, header: Sequence[str], n_read: int, mark: str
) -> DataError:
    if "invalid UTF8" in message:
        return _wrong_encoding(file)
    row = _ARROW_ROW.search(message)
    if row and mark in message:
        return _open_quote(file, int(row[1]), row[2].partition(": ")[2], mark)
    if "straddl" in message:
        return DataError(
            f"{file.name} must close every quote and hold no row of {_BLOCK_BYTES >> 20} MB or "
            f"more, but does not behind row {n_read + 1} (the header is row 1); close the quote, "
            "or write a quote inside a value as two."
        )
    place = f"row {row[1]} (the header is row 1)" if row else "a row"
    found = shortened(row[2] if row else message).rstrip(".")
    return DataError(
        f"{file.name} must have {len(header)} sound values a row, but {place} has: {found}; "
        "correct the row."
    )


class _WithEnd(io.RawIOBase):
    """A binary stream with one more row behind its last one.

    Arrow lets a quote pass that the file never closes. Such a quote swallows this row.
    """

    def __init__(self, stream: Any, row: str) -> None:
        self._stream, self._row = stream, row.encode()
        self._in_row, self._is_over = False, False

    def readable(self) -> bool:
        """True."""
        return True

    def read(self, size: int = -1) -> bytes:
        """The next bytes, no more than `size`; none at the end."""
        data: bytes = b"" if self._is_over else self._stream.read(size)
        if data:
            self._in_row = not data.endswith((b"\r", b"\n"))
            return data
        if not self._is_over:
            self._is_over = True
            self._row = b"\n" * self._in_row + self._row
        end = len(self._row) if size < 0 else size
        data, self._row = self._row[:end], self._row[end:]
        return data


def _open_quote(file: TableFile, row: int, value: str, mark: str) -> DataError:
    value = value.partition(mark)[0].rstrip("\r\n")
    return DataError(
        f"{file.name} must close every quote, but its last row, {row}, opens one that is still "
        f"open at the end of the file: {quoted(value[:40])}; close it, or write a quote inside a "
        "value as two."
    )

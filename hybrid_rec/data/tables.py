"""Reading files at the door: text, JSON, CSV and Parquet, with errors that name the place."""

from __future__ import annotations

import csv
import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from hybrid_rec.core.errors import DataError

TABLE_SUFFIXES = (".csv", ".tsv", ".parquet")
_DELIMITERS = {".csv": ",", ".tsv": "\t"}
# Rows longer than a block cannot be parsed; Arrow's default of 1 MB is too near to real text.
_BLOCK_BYTES = 16 << 20
_ARROW_ROW = re.compile(r"Row #(\d+): (.*)", re.DOTALL)
_ARROW_COLUMN = re.compile(r"In CSV column #(\d+)")
_SHOWN = 200

A_FOLDER, A_FILE, NOTHING = "a folder", "a file", "nothing there"

ROWS_FROM_0 = " Rows count from 0, without the header."
"""For `located`: how the rows that an error names are counted in a file with a header."""


@contextmanager
def located(place: str | Path, hint: str = "") -> Iterator[None]:
    """A context that puts a DataError inside it between `place`, mostly a file, and `hint`."""
    try:
        yield
    except DataError as error:
        raise DataError(f"{place}: {error}{hint}") from None


@contextmanager
def _opened(path: Path, what: str) -> Iterator[None]:
    """A context that turns what the operating system refuses into a DataError."""
    if "\0" in str(path):
        raise DataError(f"{path!r} must be {what}, but a path cannot hold a NUL; check it.")
    if what_is_at(path) == A_FOLDER:
        raise DataError(f"{path} must be {what}, found a folder; name the file in it.")
    try:
        yield
    except FileNotFoundError:
        raise DataError(f"{path} must be {what}, found no such file; check the path.") from None
    except OSError as error:
        raise DataError(
            f"{path} must be {what}, found that it cannot be read ({one_line(error)}); "
            "check the file, or fetch it again."
        ) from None


def one_line(error: Exception) -> str:
    """What an error says, short and without line ends or a full stop."""
    reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
    return " ".join(reason.split()).rstrip(".")[:_SHOWN]


def what_is_at(path: Path) -> str:
    """A_FOLDER, A_FILE or NOTHING, the last also for a path that no file system takes."""
    try:
        return A_FOLDER if path.is_dir() else A_FILE if path.exists() else NOTHING
    except OSError:
        return NOTHING


def existing_folder(folder: str | Path, what: str) -> Path:
    """`folder` as a Path.

    Raises:
        DataError: If it is no folder.
    """
    path = Path(folder)
    found = what_is_at(path)
    if found != A_FOLDER:
        raise DataError(f"{path} must be {what}, found {found}; check the path.")
    return path


def _wrong_encoding(path: Path) -> DataError:
    # A newline byte is never part of a longer UTF-8 character, so lines decode on their own.
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            try:
                line.decode("utf-8")
            except UnicodeDecodeError as error:
                return DataError(
                    f"{path} must be UTF-8 text, but line {number} holds the byte "
                    f"0x{line[error.start]:02x}; save the file as UTF-8."
                )
    return DataError(f"{path} must be UTF-8 text; save the file as UTF-8.")


def _read_text(path: Path, what: str) -> str:
    with _opened(path, what):
        data = path.read_bytes()
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise _wrong_encoding(path) from None


def read_lines(path: Path, what: str) -> list[str]:
    r"""Lines of a UTF-8 text file, without line ends.

    Only `\n` and `\r\n` end a line: `str.splitlines` would also cut titles at U+2028 and the like.

    Raises:
        DataError: If the file is missing or unreadable, or not UTF-8, naming the line.
    """
    lines = _read_text(path, what).split("\n")
    if lines[-1] == "":
        lines.pop()
    return [line.removesuffix("\r") for line in lines]


def read_json(path: Path, what: str) -> Any:
    """The content of a JSON file.

    Raises:
        DataError: If the file is missing, not UTF-8, cut short or no JSON, naming the position.
    """
    text = _read_text(path, what)
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        end = "the end of the file" if error.pos >= len(text.rstrip()) else "this position"
        raise DataError(
            f"{path} must be {what}, but line {error.lineno}, column {error.colno} (character "
            f"{error.pos} of {len(text)}) is no JSON: {error.msg} at {end}; fetch the file again."
        ) from None
    except (ValueError, RecursionError) as error:
        raise DataError(f"{path} must be {what}, but is no JSON: {error}.") from None


def read_table(
    path: Path,
    what: str,
    required: Sequence[str],
    optional: Sequence[str] = (),
    types: Mapping[str, pa.DataType] | None = None,
) -> pa.Table:
    """Some columns of a CSV, TSV or Parquet file.

    In CSV and TSV every column is text unless `types` says otherwise, so that "007" stays "007",
    and only empty cells are missing: there are songs called "NA", "null" and "None".

    Args:
        path: The file; its suffix gives the format.
        what: What the file is, for messages: "a file of plays".
        required: Columns that the file must have.
        optional: Columns that are read where the file has them; all others are left unread.
        types: Arrow types of columns in CSV and TSV.

    Raises:
        DataError: If the file is missing, empty, damaged, of another format or encoding, or lacks
            a required column, naming the line, row or column.
    """
    suffix = path.suffix.lower()
    if suffix not in TABLE_SUFFIXES:
        raise DataError(
            f"{path} must be {what} that ends in {', '.join(TABLE_SUFFIXES)}, "
            f"found {suffix or 'no ending'!r}; convert or rename the file."
        )
    if suffix == ".parquet":
        table = _read_parquet(path, what, required, optional)
    else:
        table = _read_csv(path, what, required, optional, types or {}, _DELIMITERS[suffix])
    if table.num_rows == 0:
        raise DataError(f"{path} must hold at least one row, found only the columns' names.")
    return table


def wanted_columns(
    where: str | Path, found: Sequence[str], required: Sequence[str], optional: Sequence[str]
) -> list[str]:
    """The names of `required` and `optional` that stand among `found`.

    Raises:
        DataError: If a required column is missing, or one of them stands twice.
    """
    lacking = [name for name in required if name not in found]
    if lacking:
        # One line, and a short one, even where a stray quote makes a name of half a file.
        shown = " ".join(", ".join(found).split())[:_SHOWN] or "none"
        raise DataError(
            f"{where} must have the columns {', '.join(required)}, but lacks "
            f"{', '.join(lacking)}; found {shown}; rename or add them."
        )
    names = [name for name in (*required, *optional) if name in found]
    twice = [name for name in names if list(found).count(name) > 1]
    if twice:
        raise DataError(
            f"{where} must name each column once, found {twice[0]!r} twice; rename one."
        )
    return names


def _read_parquet(
    path: Path, what: str, required: Sequence[str], optional: Sequence[str]
) -> pa.Table:
    with _opened(path, f"{what} in Parquet"):
        try:
            with pq.ParquetFile(path) as file:
                wanted = wanted_columns(path, file.schema_arrow.names, required, optional)
                table = file.read(columns=wanted)
            table.validate(full=True)
            # What pandas has noted about its index and types is no part of the data.
            return table.replace_schema_metadata(None)
        except (pa.ArrowException, UnicodeDecodeError) as error:
            raise DataError(
                f"{path} must be a whole Parquet file, found {path.stat().st_size} bytes that "
                f"are damaged or cut short ({one_line(error)}); write it again."
            ) from None


def _read_csv(
    path: Path,
    what: str,
    required: Sequence[str],
    optional: Sequence[str],
    types: Mapping[str, pa.DataType],
    delimiter: str,
) -> pa.Table:
    header = _csv_header(path, what, required, delimiter)
    wanted = wanted_columns(path, header, required, optional)
    # The last column is always read: a quote that is never closed shows nowhere else.
    read = [*wanted, *({header[-1]} - set(wanted))]
    convert = pa_csv.ConvertOptions(
        include_columns=read,
        column_types={name: types.get(name, pa.large_string()) for name in read},
        strings_can_be_null=True,
        null_values=[""],
    )
    parse = pa_csv.ParseOptions(delimiter=delimiter, newlines_in_values=True)

    def parsed(use_threads: bool) -> pa.Table:
        reading = pa_csv.ReadOptions(block_size=_BLOCK_BYTES, use_threads=use_threads)
        return pa_csv.read_csv(path, reading, parse, convert)

    with _opened(path, what):
        try:
            table = parsed(use_threads=True)
        except pa.ArrowInvalid:
            # Arrow knows the number of a bad row only when it reads with one thread.
            try:
                table = parsed(use_threads=False)
            except pa.ArrowInvalid as error:
                raise _bad_csv(path, str(error), header) from None
    _check_last_quote(path, table[header[-1]], delimiter)
    return table.select(wanted)


def _csv_header(path: Path, what: str, required: Sequence[str], delimiter: str) -> list[str]:
    with _opened(path, what), path.open(encoding="utf-8-sig", newline="") as file:
        try:
            header = next(csv.reader(file, delimiter=delimiter), None)
        except UnicodeDecodeError:
            raise _wrong_encoding(path) from None
        except csv.Error as error:
            raise DataError(
                f"{path} must name its columns in line 1, found text that is no CSV: {error}."
            ) from None
    if not header:
        raise DataError(
            f"{path} must name its columns ({', '.join(required)}) in line 1, found an empty line "
            "or file."
        )
    return header


def _bad_csv(path: Path, message: str, header: Sequence[str]) -> DataError:
    if "invalid UTF8" in message:
        return _wrong_encoding(path)
    row, column = _ARROW_ROW.search(message), _ARROW_COLUMN.search(message)
    place = f"row {row[1]} (the header is row 1)" if row else "a row"
    if column:
        place += f", column {header[int(column[1])]!r},"
    found = " ".join((row[2] if row else message).split())[:_SHOWN].rstrip(".")
    return DataError(
        f"{path} must have {len(header)} sound values a row, but {place} has: {found}."
    )


def _check_last_quote(path: Path, column: pa.ChunkedArray, delimiter: str) -> None:
    """Raise if the last value opened a quote that the file never closes; Arrow lets it pass."""
    if len(column) == 0 or not pa.types.is_large_string(column.type):
        return
    value = column[-1].as_py() or ""
    ending = f"{delimiter}{value}".encode()
    with path.open("rb") as file:
        file.seek(-min(path.stat().st_size, len(ending) + 1024), os.SEEK_END)
        tail = file.read().rstrip(b"\r\n")
    if not (tail.endswith(b'"') or (tail.endswith(ending.rstrip(b"\r\n")) and "\n" not in value)):
        raise DataError(
            f"{path} must close every quote, but its last row, {len(column) + 1}, opens one that "
            f"is still open at the end of the file: {value[:40]!r}; close it, or write a quote "
            "inside a value as two."
        )

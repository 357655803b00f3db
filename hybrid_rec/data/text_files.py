"""Files of text and JSON, with errors that name the line."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from hybrid_rec.core.errors import DataError
from hybrid_rec.data.paths import opened


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


def wrong_encoding(name: str | Path, lines: Iterable[bytes], *, option: bool = False) -> DataError:
    """The error for a file that is not UTF-8, which names the first line that is to blame.

    Args:
        name: The file.
        lines: What is in it.
        option: Whether whoever reads it may say which encoding it has.
    """
    remedy = "save the file as UTF-8"
    if option:
        remedy += ", or pass --encoding latin-1, cp1252 or what it is (encoding= in Python)"
    # A newline byte is never part of a longer UTF-8 character, so lines decode on their own.
    for number, line in enumerate(lines, start=1):
        try:
            line.decode("utf-8")
        except UnicodeDecodeError as error:
            return DataError(
                f"{name} must be UTF-8 text, but line {number} holds the byte "
                f"0x{line[error.start]:02x}; {remedy}."
            )
    return DataError(f"{name} must be UTF-8 text; {remedy}.")


def _read_text(path: Path, what: str) -> str:
    with opened(path, what) as stream:
        data = stream.read()
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise wrong_encoding(path, data.split(b"\n")) from None

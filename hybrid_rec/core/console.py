"""What the command line prints: tables on a terminal, tabs in a pipe, JSON Lines on request.

The command runs in `plain_output`, which lets no control character but line ends and tabs through.
Values lose these here as well, where they become cells and lines.
"""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Iterable
from textwrap import wrap
from typing import TYPE_CHECKING, Any

from hybrid_rec.core.plain_output import unguarded
from hybrid_rec.core.plain_text import plain_json, plain_line, shortened_line

if TYPE_CHECKING:
    import pandas as pd

_LOG_WIDTH = 120
# Sentences need some room, whatever a terminal says of itself.
_NARROWEST = 20
_INDENT = "    "
# A column of sentences, each of which stands under its row.
_SENTENCES = "explanation"
# Nothing that is printed holds it; a line of it stands between two rows.
_BETWEEN = "\ue000"
_LONGEST_COMPLAINT = 1_000


def print_frame(frame: pd.DataFrame, *, title: str, as_json: bool = False) -> None:
    """Print a table to standard output, in the form that suits who reads it.

    Args:
        frame: The rows; missing values print as nothing, or null in JSON.
        title: Headline of the table on a terminal.
        as_json: One JSON object a row.
    """
    if not as_json and sys.stdout.isatty():
        print_table(frame, title=title)
        return
    records = _records(frame)
    if as_json:
        for record in records:
            write_json(record)
    else:
        _write_row(frame.columns)
        for record in records:
            _write_row(map(_cell, record.values()))


def print_table(frame: pd.DataFrame, *, title: str) -> None:
    """Print a table for a person to standard output, on a terminal or in a log."""
    from rich.box import SIMPLE_HEAD, Box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    # As `Text`, for of plain strings rich takes "[red]" and ":fire:" for markup.
    records = _records(frame)
    sentences = [plain_line(_cell(record.pop(_SENTENCES, None))) for record in records]
    lines = str(SIMPLE_HEAD).splitlines()
    if any(sentences):
        lines[4] = _BETWEEN * 4
    table = Table(
        title=Text(plain_line(title)) if title else None,
        title_justify="left",
        box=Box("\n".join(lines) + "\n"),
        show_lines=any(sentences),
        pad_edge=False,
    )
    for name in map(str, frame.columns.drop(_SENTENCES, errors="ignore")):
        numeric = all(isinstance(record[name], int | float) for record in records)
        heading = Text(plain_line(name).replace("_", " "))
        # What is cut at a line end reads as another number.
        whole = numeric or all(_is_number(record[name]) for record in records)
        table.add_column(heading, justify="right" if numeric else "left", no_wrap=whole)
    for record in records:
        table.add_row(*(Text(plain_line(_cell(value))) for value in record.values()))
    width = None if sys.stdout.isatty() else _LOG_WIDTH
    console = Console(width=width, file=unguarded(sys.stdout))
    if not any(sentences):
        console.print(table)
        return
    console.width = max(console.width, _NARROWEST)
    with console.capture() as captured:
        console.print(table)
    parts = re.split(rf"^.*{_BETWEEN}.*\n", captured.get(), flags=re.MULTILINE)
    for part, sentence in zip(parts, sentences, strict=True):
        console.file.write(part.rstrip() + "\n")
        told = wrap(sentence, console.width, initial_indent=_INDENT, subsequent_indent=_INDENT)
        console.file.write("".join(line + "\n" for line in told))


def write(line: object = "") -> None:
    """Print one line to standard output; line ends in it become spaces."""
    sys.stdout.write(plain_line(line) + "\n")


def write_lines(text: object) -> None:
    """Print a text of several lines to standard output."""
    for line in str(text).split("\n"):
        write(line)


def write_json(value: Any) -> None:
    """Print a value to standard output as a line of JSON, which its encoding can hold."""
    text = plain_json(value)
    try:
        text.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        text = plain_json(value, ensure_ascii=True)
    sys.stdout.write(text + "\n")


def complain(message: str) -> None:
    """Print one line to standard error, of at most 1,000 characters."""
    sys.stderr.write(shortened_line(message, _LONGEST_COMPLAINT) + "\n")


def _write_row(cells: Iterable[object]) -> None:
    sys.stdout.write("\t".join(map(plain_line, cells)) + "\n")


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    return [
        {str(name): _plain(value) for name, value in record.items()}
        for record in frame.to_dict(orient="records")
    ]


def _plain(value: Any) -> Any:
    """A value that JSON can hold."""
    if hasattr(value, "item"):
        value = value.item()
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _is_number(value: Any) -> bool:
    """Whether a value is read as a number, such as "0.41 [0.38, 0.44]"."""
    return isinstance(value, int | float) or str(value)[:1].isdigit()


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:.4f}" if isinstance(value, float) else str(value)

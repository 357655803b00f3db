"""What the command line prints: tables on a terminal, tabs in a pipe, JSON Lines on request."""

from __future__ import annotations

import json
import math
import re
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

_LOG_WIDTH = 120
# What one reader or another takes for the end of a cell or a line.
_SEPARATORS = re.compile("\r\n|[\t\n\v\f\r\x1c-\x1e\x85\u2028\u2029]")


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
            write(json.dumps(record, ensure_ascii=False))
    else:
        write("\t".join(map(str, frame.columns)))
        for record in records:
            write("\t".join(_SEPARATORS.sub(" ", _cell(value)) for value in record.values()))


def print_table(frame: pd.DataFrame, *, title: str) -> None:
    """Print a table for a person to standard output, on a terminal or in a log."""
    from rich import box
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    records = _records(frame)
    table = Table(
        title=escape(title) or None, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False
    )
    for name in map(str, frame.columns):
        numeric = all(isinstance(record[name], int | float) for record in records)
        table.add_column(name.replace("_", " "), justify="right" if numeric else "left")
    for record in records:
        table.add_row(*(escape(_cell(value)) for value in record.values()))
    Console(width=None if sys.stdout.isatty() else _LOG_WIDTH).print(table)


def write(line: str = "") -> None:
    """Print one line to standard output."""
    sys.stdout.write(line + "\n")


def complain(message: str) -> None:
    """Print one line to standard error."""
    sys.stderr.write(" ".join(message.split()) + "\n")


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


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:.4f}" if isinstance(value, float) else str(value)

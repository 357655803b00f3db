"""Columns of a table: which of them are wanted, and text as other types."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from hybrid_rec.core.errors import DataError
from hybrid_rec.core.quoting import joined, quoted
from hybrid_rec.data.arrow_types import TEXT
from hybrid_rec.data.tables.options import guess

LIST_SEPARATOR = "|"
"""What parts the entries of a list in a CSV or TSV file."""


def wanted_columns(
    where: str | Path, found: Sequence[str], required: Sequence[str], optional: Sequence[str]
) -> list[str]:
    """The names of `required` and `optional` that stand among `found`.

    Raises:
        DataError: If a required column is missing, or one of them stands twice.
    """
    lacking = [name for name in required if name not in found]
    if lacking:
        likely = guess(lacking, found)
        remedy = "rename or add them."
        if likely:
            means = " and ".join(
                f"{quoted(theirs)} probably means {ours}" for ours, theirs in likely.items()
            )
            pairs = ",".join(f"{ours}={theirs}" for ours, theirs in likely.items())
            remedy = f"{means}: pass --columns {pairs} (columns= in Python)."
        raise DataError(
            f"{where} must have the columns {', '.join(required)}, but lacks "
            f"{', '.join(lacking)}; found {joined(found) or 'none'}; {remedy}"
        )
    names = [name for name in dict.fromkeys((*required, *optional)) if name in found]
    twice = [name for name in names if list(found).count(name) > 1]
    if twice:
        raise DataError(
            f"{where} must name each column once, found {quoted(twice[0])} twice; rename one."
        )
    return names


def split_lists(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """A column of text as lists of strings, which "|" parts; a missing cell is a missing list."""
    return pc.split_pattern(column, LIST_SEPARATOR)


def converted(
    column: pa.ChunkedArray, kind: pa.DataType, name: str, where: str | Path, first: int
) -> pa.ChunkedArray:
    """A column as another type: numbers, or lists of them.

    Args:
        column: Text, as a CSV or TSV file has it, or whatever Arrow can cast.
        kind: The type.
        name: The name of the column.
        where: The file.
        first: The number of the column's first row in it, from 0 and without the header.

    Raises:
        DataError: Naming the row of the first cell that cannot be converted.
    """
    is_vector = pa.types.is_large_list(kind)
    try:
        return _as(column, kind)
    except pa.ArrowInvalid:
        number = kind.value_type if is_vector else kind
        must = "whole numbers" if pa.types.is_integer(number) else "numbers"
        must += f" joined by {LIST_SEPARATOR!r}" if is_vector else ""
    for row in range(len(column)):
        cell = column.slice(row, 1)
        try:
            _as(cell, kind)
        except pa.ArrowInvalid:
            raise DataError(
                f"{where} must hold {must} in the column {quoted(name)}, but row {first + row + 2} "
                "(the "
                f"header is row 1) has {quoted(cell[0].as_py())}; correct the cell, or leave it "
                "empty."
            ) from None
    raise DataError(f"{where} must hold {must} in the column {quoted(name)}; correct it.")


def _as(column: pa.ChunkedArray, kind: pa.DataType) -> pa.ChunkedArray:
    if column.type != TEXT:
        return column.cast(kind)
    if pa.types.is_large_list(kind):
        column = split_lists(column)
        return column.cast(kind)
    return pc.utf8_trim_whitespace(column).cast(kind)

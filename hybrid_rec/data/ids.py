"""Ids: strings, integers written out, and whole numbers that were read as floats."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from hybrid_rec.core.arrays import Mask
from hybrid_rec.core.checks import is_listing
from hybrid_rec.core.errors import DataError
from hybrid_rec.core.quoting import quoted
from hybrid_rec.data.arrow_types import TEXT

_REMEDY = "read the column as Int64 or as text"
# How pandas and spreadsheets write whole numbers of so many digits that they have rounded them.
# Ids in hexadecimal digits have no such sign and point.
_ROUNDED = r"^(\d(\.\d+)?[eE]\+\d+|\d{16,}\.0+)$"


def whole_numbers(values: NDArray[Any], missing: Mask, what: str, first: int = 0) -> NDArray[Any]:
    """Ids that were read as floats as the integers that they are, `(n,)` int64; 0 for missing ones.

    Args:
        values: Floats, `(n,)`.
        missing: Which of them are none.
        what: How an error message names the column.
        first: The number of the first row, for messages.

    Raises:
        DataError: For the first one that is no whole number, or that is so large that a float
            cannot tell it from the next one: from 2^53 on, or 2^24 of float32.
    """
    digits = np.finfo(values.dtype).nmant + 1 if values.dtype.kind == "f" else 53
    numbers = np.where(missing, 0, values.astype(np.float64))
    broken = np.flatnonzero(~(np.isfinite(numbers) & (np.floor(numbers) == numbers)))
    if len(broken):
        row = int(broken[0])
        raise DataError(
            f"{what} must hold strings or integers, got {quoted(values[row])} (float) at row "
            f"{first + row}; {_REMEDY}."
        )
    large = np.flatnonzero(np.abs(numbers) >= 2.0**digits)
    if len(large):
        raise rounded(what, f"{numbers[large[0]]:.0f}", first + int(large[0]), digits)
    return numbers.astype(np.int64)


def check_not_rounded(texts: pa.Array | pa.ChunkedArray, what: str, first: int = 0) -> None:
    """Raise a DataError for the first text that is a large whole number as a float writes it."""
    like = pc.fill_null(pc.match_substring_regex(texts, _ROUNDED), False)
    if not pc.any(like).as_py():
        return
    for row in np.flatnonzero(np.asarray(like)).tolist():
        text = texts[row].as_py()
        if float(text) >= 2.0**53:
            raise rounded(what, text, first + row, 53)


def rounded(what: str, number: str, row: int, digits: int) -> DataError:
    """The error for a whole number that a float has rounded."""
    return DataError(
        f"{what} must hold ids with every digit, but {number} at row {row} was read as a float, "
        f"which merges whole numbers from 2**{digits} on; {_REMEDY}, and write it again from its "
        "source."
    )


def id_texts(column: pa.ChunkedArray, what: str, first: int = 0) -> pa.ChunkedArray:
    """A column of ids in a file as text; a missing or empty one is null.

    Args:
        column: Strings, integers, whole floats, or a dictionary of these.
        what: How an error message names the column.
        first: The number of its first row, for messages.

    Raises:
        DataError: See `whole_numbers`.
    """
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if pa.types.is_floating(column.type):
        values = column.to_numpy()
        missing = np.isnan(values)
        ids = whole_numbers(values, missing, what, first)
        return pa.chunked_array([pa.array(ids, mask=missing)]).cast(TEXT)
    is_text = not pa.types.is_integer(column.type)
    texts = column.cast(TEXT)
    if is_text:
        check_not_rounded(texts, what, first)
    return pc.if_else(pc.equal(texts, ""), pa.scalar(None, TEXT), texts)


def as_item_ids(values: Iterable[Any], what: str = "item_id") -> list[str]:
    """Item ids as strings: strings pass, integers are written out, all else is refused.

    Args:
        values: Ids as a caller holds them.
        what: How an error message names them.

    Raises:
        DataError: For a missing id, a float, a bool or any other type, or no list at all.
    """
    if not is_listing(values):
        raise DataError(f"{what} must be strings or integers in a list, got {quoted(values)}.")
    ids = []
    for position, value in enumerate(values):
        if isinstance(value, str):
            ids.append(value)
        elif isinstance(value, int | np.integer) and not isinstance(value, bool):
            ids.append(_written(value, what, position))
        else:
            is_float = isinstance(value, float | np.floating)
            if is_float and float(value).is_integer() and abs(value) >= 2.0**53:
                raise rounded(what, f"{value:.0f}", position, 53)
            remedy = f"; {_REMEDY}" if is_float else ""
            raise DataError(
                f"{what} must be strings or integers, got {quoted(value)} "
                f"({type(value).__name__}) at position {position}{remedy}."
            )
    return ids


def _written(value: Any, what: str, position: int) -> str:
    try:
        return str(value)
    except ValueError:  # Python writes out no integer of thousands of digits
        raise DataError(
            f"{what} must be strings or integers of fewer digits, got {quoted(value)} at position "
            f"{position}."
        ) from None

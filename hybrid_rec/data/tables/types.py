"""Arrow types that the columns of a file may have, and the error for another one."""

from __future__ import annotations

from collections.abc import Callable

import pyarrow as pa

from hybrid_rec.core.errors import DataError
from hybrid_rec.core.quoting import shortened

IDS, ORDERS = "strings or integers", "numbers, times or text"
"""What a column of ids must hold, and one that tells the order of plays."""


def check_type(
    where: str, column: str, kind: pa.DataType, wanted: str, fits: Callable[[pa.DataType], bool]
) -> None:
    """Raise a DataError unless a column is of a type that fits.

    Args:
        where: The file.
        column: The column.
        kind: Its type.
        wanted: What it must hold.
        fits: Whether a type does.
    """
    if not fits(kind):
        raise DataError(
            f"{where} must hold {wanted} in the column {column}, found {shortened(str(kind))}; "
            "convert the column."
        )


def is_text(kind: pa.DataType) -> bool:
    """Whether a type is text, or can be written out as such without a choice to be made."""
    if pa.types.is_dictionary(kind):
        return is_text(kind.value_type)
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


def is_id(kind: pa.DataType) -> bool:
    """Whether a type may hold ids; of floats that depends on the cells."""
    if pa.types.is_dictionary(kind):
        return is_id(kind.value_type)
    return is_text(kind) or bool(pa.types.is_floating(kind))


def is_list(kind: pa.DataType) -> bool:
    """Whether a type is a list of any kind."""
    return bool(
        pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind)
    )


def is_number(kind: pa.DataType) -> bool:
    """Whether a type is of numbers."""
    return any(test(kind) for test in (pa.types.is_integer, pa.types.is_floating, pa.types.is_null))


def is_order(kind: pa.DataType) -> bool:
    """Whether a type can tell the order of plays."""
    return is_text(kind) or any(
        test(kind) for test in (pa.types.is_floating, pa.types.is_timestamp, pa.types.is_date)
    )


def list_column(schema: pa.Schema) -> str | None:
    """The column that holds the items of a whole playlist; None where each row is one play.

    That is `item_ids`, or lists in `item_id`, or the only column of lists where there is no
    `item_id`.

    Args:
        schema: The columns of playlists; in CSV and TSV all are text.
    """
    nested = [field.name for field in schema if is_list(field.type)]
    if "item_id" in schema.names:
        return "item_id" if "item_id" in nested else None
    if "item_ids" in schema.names:
        return "item_ids"
    return nested[0] if len(nested) == 1 else None

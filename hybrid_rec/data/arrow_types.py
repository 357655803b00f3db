"""Arrow types of the columns of items and plays."""

from __future__ import annotations

import pyarrow as pa

TEXT = pa.large_string()
"""Strings, and every column of a CSV or TSV file as it is read."""
TEXTS = pa.large_list(pa.field("element", TEXT))
"""Lists of strings."""
VECTOR = pa.large_list(pa.field("element", pa.float32()))
"""Lists of numbers."""


def is_string(kind: pa.DataType) -> bool:
    """Whether a type is text itself, not something that can be written out as text."""
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))

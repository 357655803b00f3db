"""Arrow types of the columns of items and plays."""

from __future__ import annotations

import pyarrow as pa

TEXT = pa.large_string()
"""Strings, and every column of a CSV or TSV file as it is read."""
TEXTS = pa.large_list(pa.field("element", TEXT))
"""Lists of strings."""
VECTOR = pa.large_list(pa.field("element", pa.float32()))
"""Lists of numbers."""

"""Checks of arguments that may be of any type."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hybrid_rec.core.errors import DataError
from hybrid_rec.core.quoting import quoted


def check_choice(value: Any, choices: Sequence[str], name: str) -> None:
    """Raise a DataError unless a value is one of some words."""
    # Arrays and missing values cannot be asked whether they are equal to a word.
    if not isinstance(value, str) or value not in choices:
        words = " or ".join(map(repr, choices))
        raise DataError(f"{name} must be {words}, got {quoted(value)}.")


def check_flag(value: Any, name: str) -> None:
    """Raise a DataError unless a value is True or False."""
    if type(value).__name__ not in ("bool", "bool_"):
        raise DataError(f"{name} must be True or False, got {quoted(value)}.")

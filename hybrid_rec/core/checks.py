"""Checks of arguments that may be of any type."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Sequence
from numbers import Integral
from pathlib import Path
from typing import Any

from hybrid_rec.core.errors import ConfigError, DataError
from hybrid_rec.core.quoting import quoted

_LONGEST_PATH = 4096


def check_choice(value: Any, choices: Sequence[str], name: str) -> None:
    """Raise a DataError unless a value is one of some words."""
    # Arrays and missing values cannot be asked whether they are equal to a word.
    if not isinstance(value, str) or value not in choices:
        words = " or ".join(map(repr, choices))
        raise DataError(f"{name} must be {words}, got {quoted(value)}.")


def check_flag(value: Any, name: str) -> None:
    """Raise a ConfigError unless a value is True or False."""
    if type(value).__name__ not in ("bool", "bool_", "int"):
        raise ConfigError(
            f"The {name!r} parameter must be True or False, got {quoted(value)} instead."
        )


def check_seed(value: Any) -> None:
    """Raise a ConfigError unless a value is an integer of at least 0."""
    if isinstance(value, bool) or not isinstance(value, Integral) or value < 0:
        raise ConfigError(
            f"The 'seed' parameter must be an integer of at least 0, got {quoted(value)} instead."
        )


def is_listing(value: Any) -> bool:
    """Whether a value can be gone through and is more than a text."""
    is_scalar = isinstance(value, str | bytes) or getattr(value, "ndim", 1) == 0
    return isinstance(value, Iterable) and not is_scalar


def as_path(value: Any, what: str) -> Path:
    """A path.

    Raises:
        DataError: For anything but a text or a path.
    """
    if isinstance(value, str | os.PathLike):
        path = os.fspath(value)
        if isinstance(path, str) and len(path) <= _LONGEST_PATH:
            return Path(path)
    raise DataError(
        f"{what} must be a path of at most {_LONGEST_PATH:,} characters, got {quoted(value)}."
    )


def check_block(block: Any, known: Collection[str]) -> None:
    """Raise a ConfigError unless `block` is one of the names of blocks that a model has."""
    if not isinstance(block, str) or block not in known:
        raise ConfigError(
            f"The 'block' parameter must be one of {', '.join(known)}, got {quoted(block)} instead."
        )

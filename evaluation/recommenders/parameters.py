"""Checks of the parameters that baselines are made with."""

from __future__ import annotations

from typing import Any

import numpy as np

from hybrid_rec.core.errors import ConfigError
from hybrid_rec.core.quoting import quoted


def check_whole(owner: object, name: str, value: Any, least: int = 1) -> None:
    """Raise a ConfigError unless `value` is an integer of at least `least`."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
        raise ConfigError(
            f"The {quoted(name)} parameter of {type(owner).__name__} must be an integer of at "
            f"least {least}, got {quoted(value)} instead."
        )


def check_seed(owner: object, seed: Any) -> None:
    """Raise a ConfigError unless `seed` is one that every library takes."""
    check_whole(owner, "seed", seed, 0)
    if seed >= 2**32:
        raise ConfigError(
            f"The 'seed' parameter of {type(owner).__name__} must be below 2^32, "
            f"got {quoted(seed)} instead."
        )


def check_real(owner: object, name: str, value: Any, *, positive: bool = False) -> None:
    """Raise a ConfigError unless `value` is a finite number of at least (or above) 0."""
    number = isinstance(value, int | float | np.number) and not isinstance(value, bool)
    if not number or not 0 <= value < np.inf or (positive and value == 0):
        raise ConfigError(
            f"The {quoted(name)} parameter of {type(owner).__name__} must be a finite number "
            f"{'above' if positive else 'of at least'} 0, got {quoted(value)} instead."
        )

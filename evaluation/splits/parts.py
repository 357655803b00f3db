"""Validation and test: the two held-out parts of a split, cut from one order of playlists."""

from __future__ import annotations

from evaluation.splits.split import Part
from hybrid_rec.core.arrays import Rows
from hybrid_rec.core.errors import ConfigError
from hybrid_rec.core.quoting import quoted

OTHER_PART = {"validation": "test", "test": "validation"}


def check_part(part: Part, shares: tuple[float, float]) -> None:
    """Raise a ConfigError for an unknown part, or shares that leave nothing for training."""
    if part not in OTHER_PART:
        raise ConfigError(f"part must be 'validation' or 'test', got {quoted(part)}.")
    if not (len(shares) == 2 and min(shares) >= 0 and sum(shares) < 1):
        raise ConfigError(
            f"shares of validation and test must be at least 0 and less than 1 together, "
            f"got {shares}."
        )


def cut_parts(order: Rows, shares: tuple[float, float], part: Part) -> tuple[Rows, Rows, Rows]:
    """Playlists for training, those of `part`, and those of the other part, as in `order`."""
    n = len(order)
    # In floating point 10 * (1 - 0.9) is a little less than 1.
    n_train = int(n * (1 - sum(shares)) + 1e-9)
    n_seen = int(n * (1 - shares[1]) + 1e-9)
    validation, test = order[n_train:n_seen], order[n_seen:]
    chosen, other = (validation, test) if part == "validation" else (test, validation)
    return order[:n_train], chosen, other

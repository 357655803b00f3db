"""Registry of splits: each by its name on the command line, made for a test or for tuning."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar

import numpy as np

from evaluation.splits.split import Part, SeedRule, Split
from hybrid_rec.core.registry import Registry
from hybrid_rec.data.catalog import Catalog
from hybrid_rec.data.playlists import Playlists

MIN_LENGTH = 10
"""Playlists with fewer different items are no cases, unless a caller says otherwise."""

Make = TypeVar("Make", bound=Callable[..., Split])

SPLITS: Registry[Callable[..., Split]] = Registry("split", "evaluation.splits")
"""All splits by name: functions of `(playlists, catalog, rng)` and keyword options."""


def register_split(make: Make) -> Make:
    """Make a function a split, named like the function with hyphens.

    The function takes `(playlists, catalog, rng)` and, by keyword, those of the options `part`,
    `seeds`, `n_seeds`, `min_length` and `max_length` that mean something to it. One that takes
    `part` has a validation part of its own.
    """
    SPLITS.add(make.__name__.replace("_", "-"), make, make.__module__)
    return make


def make_split(
    name: str,
    playlists: Playlists,
    catalog: Catalog,
    *,
    seed: int = 0,
    part: Part = "test",
    seeds: SeedRule = "half",
    n_seeds: int = 5,
    min_length: int = MIN_LENGTH,
    max_length: int | None = None,
) -> Split:
    """A split by its name on the command line; options that it does not take are ignored.

    Args:
        name: One of `SPLITS`.
        playlists: All playlists.
        catalog: Their items.
        seed: Seed of all that is drawn.
        part: Which held-out part, validation or test.
        seeds: Which items of a held-out playlist are given.
        n_seeds: How many, for the rules that need a number.
        min_length: Playlists with fewer different items are for training alone.
        max_length: Held-out playlists are cut to so many items.

    Raises:
        ConfigError: For an unknown name or a value out of range.
        DataError: If no case is left.
    """
    make = SPLITS.named(name)
    options = {
        "part": part, "seeds": seeds, "n_seeds": n_seeds, "min_length": min_length,
        "max_length": max_length,
    }  # fmt: skip
    used = {option: value for option, value in options.items() if option in _parameters(name)}
    return make(playlists, catalog, np.random.default_rng(seed), **used)


def make_validation_split(
    name: str,
    playlists: Playlists,
    catalog: Catalog,
    *,
    min_length: int = MIN_LENGTH,
    **options: Any,
) -> Split:
    """The split to choose settings on: it holds nothing that `make_split` would test on.

    A split without a validation part of its own is made twice, the second time from the training
    playlists of the first. Arguments as in `make_split`, without `part`.

    Raises:
        ConfigError: For an unknown name or a value out of range.
        DataError: If no case is left.
    """
    if "part" in _parameters(name):
        return make_split(
            name, playlists, catalog, part="validation", min_length=min_length, **options
        )
    tested = make_split(name, playlists, catalog, min_length=min_length, **options)
    # Playlists have lost their test items; those that were long enough before still are.
    inner = make_split(name, tested.train, tested.catalog, min_length=2, **options)
    return replace(inner, name=f"{inner.name}, validation", left_out=tested.left_out)


def _parameters(name: str) -> set[str]:
    return set(inspect.signature(SPLITS.named(name)).parameters)

"""Cases: how playlists become seeds and targets, with an account of what is left out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from evaluation.splits.split import Repeats, SeedRule, Split
from hybrid_rec.core.arrays import Mask, Objects, Rows
from hybrid_rec.core.errors import ConfigError, DataError
from hybrid_rec.core.quoting import quoted
from hybrid_rec.data.catalog import Catalog
from hybrid_rec.data.playlists import Playlists


@dataclass(frozen=True, eq=False)
class Usable:
    """Playlists that may be learned from, of which those that are long enough may be asked."""

    playlists: Playlists
    """Every playlist that holds an item, with repeats kept or removed."""
    able: Rows
    """The numbers of those that are long enough for a case, ascending."""
    short: Rows
    """The numbers of the others, which are for training alone, ascending."""
    left_out: Mapping[str, int]
    """See `Split.left_out`."""


def usable_playlists(
    playlists: Playlists, catalog: Catalog, min_length: int, repeats: Repeats
) -> Usable:
    """What a split is made of; `min_length` concerns cases, not training."""
    if repeats not in ("first", "keep"):
        raise ConfigError(f"repeats must be 'first' or 'keep', got {quoted(repeats)}.")
    if min_length < 2:
        raise ConfigError(f"min_length must be at least 2, got {min_length}.")
    if playlists.n_items != len(catalog):
        raise DataError(
            f"playlists must be rows of the catalogue given, but they refer to "
            f"{playlists.n_items} items and it has {len(catalog)}."
        )
    distinct = playlists.distinct()
    kept = distinct if repeats == "first" else playlists
    held = distinct.lengths > 0
    is_able = distinct.lengths[held] >= min_length
    return Usable(
        kept.select(held),
        np.flatnonzero(is_able),
        np.flatnonzero(~is_able),
        {
            "playlists without items": int((~held).sum()),
            "plays that repeat an item of their playlist": playlists.n_plays - kept.n_plays,
        },
    )


def counted(why: str, playlists: Playlists) -> dict[str, int]:
    """Entries of `Split.left_out` for whole playlists."""
    return {f"playlists {why}": len(playlists), f"plays of playlists {why}": playlists.n_plays}


def held_out_split(
    name: str,
    catalog: Catalog,
    train: Playlists,
    chosen: Playlists,
    left_out: Mapping[str, int],
    rng: np.random.Generator,
    *,
    rule: SeedRule,
    n_seeds: int,
    max_length: int | None,
) -> Split:
    """A split whose cases are held-out playlists; a rule says which of their items are given."""
    account = dict(left_out)
    if max_length is not None:
        whole = chosen
        chosen = whole.select_plays(_places(whole) < max_length)
        account[f"plays beyond the first {max_length} of a case"] = whole.n_plays - chosen.n_plays
    given = given_plays(chosen, rule, n_seeds, rng)
    seeds = chosen.select_plays(given)
    targets, repeated = askable_targets(seeds, chosen.select_plays(~given))
    account |= repeated | counted("without targets", seeds.select(targets.lengths == 0))
    return finished_split(name, catalog, train, seeds, targets, account)


def finished_split(
    name: str,
    catalog: Catalog,
    train: Playlists,
    seeds: Playlists,
    targets: Playlists,
    left_out: Mapping[str, int],
    *,
    origins: Objects | None = None,
    kinds: Objects | None = None,
) -> Split:
    """A split with the cases that have targets; `origins` and `kinds` as in `Split`."""
    asked = targets.lengths > 0
    if not asked.any():
        raise DataError(
            f"{name}: at least one case must have targets, but none of {len(seeds)} playlists has; "
            "give more or longer playlists, or a larger share."
        )
    split = Split(name, catalog, train, seeds, targets, left_out, origins=origins, kinds=kinds)
    return split.select(asked)


def askable_targets(seeds: Playlists, targets: Playlists) -> tuple[Playlists, dict[str, int]]:
    """Targets that are not seeds of their case, each once, and how many plays were left out."""
    distinct = targets.distinct()
    n = targets.n_items
    known = np.isin(distinct.owners * n + distinct.rows, seeds.owners * n + seeds.rows)
    kept = distinct.select_plays(~known)
    return kept, {"plays of targets that repeat or are seeds": targets.n_plays - kept.n_plays}


def check_rule(rule: SeedRule, n_seeds: int, max_length: int | None) -> None:
    """Raise a ConfigError for parameters of cases that are out of range."""
    if rule not in ("half", "first", "random"):
        raise ConfigError(f"seeds must be 'half', 'first' or 'random', got {quoted(rule)}.")
    if rule != "half" and n_seeds < 1:
        raise ConfigError(f"n_seeds must be at least 1, got {n_seeds}.")
    if max_length is not None and max_length < 2:
        raise ConfigError(f"max_length must be at least 2 or None, got {max_length}.")


def describe_rule(rule: SeedRule, n_seeds: int) -> str:
    """Which items are given, in words."""
    return {"half": "first half", "first": f"first {n_seeds}"}.get(rule, f"random {n_seeds}")


def _places(playlists: Playlists) -> Rows:
    """The place of each play in its playlist from 0, `(n_plays,)`."""
    return np.arange(playlists.n_plays) - np.repeat(playlists.offsets[:-1], playlists.lengths)


def given_plays(
    playlists: Playlists, rule: SeedRule, n_seeds: int, rng: np.random.Generator
) -> Mask:
    """Which plays are seeds; a playlist that is too short for the rule has seeds only."""
    place = _places(playlists)
    if rule == "random":
        order = np.lexsort((rng.random(playlists.n_plays), playlists.owners))
        drawn = np.empty_like(place)
        drawn[order] = place
        place = drawn
    wanted = playlists.lengths // 2 if rule == "half" else np.full(len(playlists), n_seeds)
    given: Mask = place < np.repeat(wanted, playlists.lengths)
    return given

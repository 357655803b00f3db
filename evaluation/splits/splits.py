"""Splits: what a recommender may learn from, what it is asked, and what it should have said."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import numpy as np

from evaluation.splits.cases import (
    Mask,
    Repeats,
    SeedRule,
    Split,
    askable_targets,
    check_rule,
    counted,
    describe_rule,
    finished_split,
    held_out_split,
    usable_playlists,
)
from hybrid_rec.core.errors import ConfigError, DataError
from hybrid_rec.data.catalog import Catalog, RowArray
from hybrid_rec.data.playlists import Playlists

__all__ = [
    "Mask",
    "Part",
    "Repeats",
    "SeedRule",
    "Split",
    "cold_items",
    "continuation",
    "global_time",
    "k_fold",
    "leave_last_out",
]

Part = Literal["validation", "test"]
_OTHER_PART = {"validation": "test", "test": "validation"}


def continuation(
    playlists: Playlists,
    catalog: Catalog,
    rng: np.random.Generator,
    *,
    part: Part = "test",
    shares: tuple[float, float] = (0.1, 0.1),
    seeds: SeedRule = "half",
    n_seeds: int = 5,
    min_length: int = 2,
    max_length: int | None = None,
    repeats: Repeats = "first",
) -> Split:
    """Held-out playlists, of which some items are given and the rest is to be found.

    Validation and test playlists are drawn together, so that both parts of one `rng` seed have the
    same training playlists and no playlist in common.

    Args:
        playlists: All playlists.
        catalog: Their items.
        rng: Draws the held-out playlists, and random seeds.
        part: Which held-out part the cases are of; the other is left out.
        shares: Shares of validation and test, each at least 0 and less than 1 together. The
            training playlists are rounded down, then the validation.
        seeds: "half": the first half, rounded down; "first": the first `n_seeds`; "random":
            `n_seeds` random ones.
        n_seeds: Number of seeds for "first" and "random". Held-out playlists that have no more
            than these are left out.
        min_length: Playlists with fewer different items are left out, from training too.
        max_length: Held-out playlists are cut to so many plays; None for no limit.
        repeats: "first" keeps an item that repeats in a playlist at its first place; "keep" keeps
            repeats in training and among seeds; what is a seed is never a target.

    Raises:
        ConfigError: For shares, lengths or rules out of range.
        DataError: If the playlists are of another catalogue, or no case is left.
    """
    _check_part(part, shares)
    check_rule(seeds, n_seeds, max_length)
    usable, left_out = usable_playlists(playlists, catalog, min_length, repeats)
    train, chosen, other = _cut(rng.permutation(len(usable)), shares, part)
    return held_out_split(
        f"continuation ({describe_rule(seeds, n_seeds)} given), {part}",
        catalog,
        usable.select(train),
        usable.select(chosen),
        left_out | counted(f"held out for {_OTHER_PART[part]}", usable.select(other)),
        rng,
        rule=seeds,
        n_seeds=n_seeds,
        max_length=max_length,
    )


def global_time(
    playlists: Playlists,
    catalog: Catalog,
    rng: np.random.Generator,
    *,
    part: Part = "test",
    shares: tuple[float, float] = (0.1, 0.1),
    seeds: SeedRule = "half",
    n_seeds: int = 5,
    min_length: int = 2,
    max_length: int | None = None,
    repeats: Repeats = "first",
) -> Split:
    """Train before a date, test after it: playlists in order of their first play.

    The last share of playlists is the test, the share before it the validation; the date is that
    of the first play of either. A playlist that starts before the date but goes on after it is
    left out of training, so that nothing of the future is learned from. Nothing is drawn but
    random seeds. Other arguments as in `continuation`.

    Raises:
        ConfigError: For shares, lengths or rules out of range.
        DataError: If the playlists are of another catalogue or have no times, or no case is left.
    """
    _check_part(part, shares)
    check_rule(seeds, n_seeds, max_length)
    usable, left_out = usable_playlists(playlists, catalog, min_length, repeats)
    if usable.times is None or np.isnat(usable.times).any():
        raise DataError("a split by time must have the time of every play; read it as played_at.")
    # Every usable playlist has a play, which reduceat needs.
    first = np.minimum.reduceat(usable.times, usable.offsets[:-1]) if len(usable) else usable.times
    last = np.maximum.reduceat(usable.times, usable.offsets[:-1]) if len(usable) else usable.times
    train, chosen, other = _cut(np.argsort(first, kind="stable"), shares, part)
    train = np.sort(train)
    held_out = first[np.concatenate([chosen, other])]
    date = held_out.min() if len(held_out) else np.datetime64("NaT")
    late = last[train] > date
    return held_out_split(
        f"global time ({describe_rule(seeds, n_seeds)} given), {part}",
        catalog,
        usable.select(train[~late]),
        usable.select(chosen),
        left_out
        | counted(f"held out for {_OTHER_PART[part]}", usable.select(other))
        | counted("that start before the date and go on after it", usable.select(train[late])),
        rng,
        rule=seeds,
        n_seeds=n_seeds,
        max_length=max_length,
    )


def leave_last_out(
    playlists: Playlists,
    catalog: Catalog,
    rng: np.random.Generator | None = None,
    *,
    n_targets: int = 1,
    min_length: int = 2,
    repeats: Repeats = "first",
) -> Split:
    """Every playlist's last items are its targets; the rest is trained on and given.

    The training playlists are the seeds. Ji et al. ("On Offline Evaluation of Recommender
    Systems", 2020) show that this leaks the future across users; prefer `global_time`.

    Args:
        playlists: All playlists.
        catalog: Their items.
        rng: Not used, since nothing is drawn; here so that all splits are called alike.
        n_targets: Plays at the end of each playlist that are to be found.
        min_length: Playlists with fewer different items, or no more than `n_targets`, are left
            out.
        repeats: See `continuation`. With "keep", a playlist whose last plays are all of items
            played before is trained on but not asked.

    Raises:
        ConfigError: For a number out of range.
        DataError: If the playlists are of another catalogue, or no case is left.
    """
    del rng
    if n_targets < 1:
        raise ConfigError(f"n_targets must be at least 1, got {n_targets}.")
    if min_length < 2:
        raise ConfigError(f"min_length must be at least 2, got {min_length}.")
    usable, left_out = usable_playlists(playlists, catalog, max(min_length, n_targets + 1), repeats)
    given = np.arange(usable.n_plays) < np.repeat(usable.offsets[1:] - n_targets, usable.lengths)
    seeds = usable.select_plays(given)
    targets, repeated = askable_targets(seeds, usable.select_plays(~given))
    name = f"leave last {n_targets} out"
    return finished_split(name, catalog, seeds, seeds, targets, left_out | repeated)


def cold_items(
    playlists: Playlists,
    catalog: Catalog,
    rng: np.random.Generator,
    *,
    share: float = 0.1,
    min_length: int = 2,
    repeats: Repeats = "first",
) -> Split:
    """All plays of a random share of the played items are hidden; they are the targets.

    A case is a playlist that holds hidden items: these are its targets, and they have no history;
    its other items are given and trained on.

    Args:
        playlists: All playlists.
        catalog: Their items.
        rng: Draws the items.
        share: Share of the played items that is hidden, in (0, 1); at least one item is hidden
            and at least one is not.
        min_length: Playlists with fewer different items are left out.
        repeats: See `continuation`.

    Raises:
        ConfigError: For a share out of range.
        DataError: If the playlists are of another catalogue, or no case is left.
    """
    if not 0 < share < 1:
        raise ConfigError(f"share must be above 0 and below 1, got {share}.")
    usable, left_out = usable_playlists(playlists, catalog, min_length, repeats)
    played = np.flatnonzero(usable.play_counts)
    n_hidden = min(max(1, round(share * len(played))), max(0, len(played) - 1))
    hidden = np.zeros(len(catalog), dtype=bool)
    hidden[rng.permutation(played)[:n_hidden]] = True
    is_hidden = hidden[usable.rows]
    known = usable.select_plays(~is_hidden)
    trained = known.lengths > 0
    train = known.select(trained)
    targets, repeated = askable_targets(train, usable.select_plays(is_hidden).select(trained))
    return finished_split(
        f"cold items ({share:.0%} hidden)",
        catalog,
        train,
        train,
        targets,
        left_out | repeated | counted("of hidden items only", usable.select(~trained)),
    )


def k_fold(
    playlists: Playlists,
    catalog: Catalog,
    rng: np.random.Generator,
    *,
    n_folds: int = 5,
    seeds: SeedRule = "half",
    n_seeds: int = 5,
    min_length: int = 2,
    max_length: int | None = None,
    repeats: Repeats = "first",
) -> Iterator[Split]:
    """`n_folds` continuation splits; every usable playlist is held out in exactly one of them.

    Folds are built one by one as they are asked for, but everything is drawn from `rng` at once:
    what a caller draws between two folds does not change them. Arguments as in `continuation`.

    Raises:
        ConfigError: If there are fewer than two folds, or more than usable playlists, or for
            lengths or rules out of range.
        DataError: If the playlists are of another catalogue; while iterating, if a fold has no
            case.
    """
    check_rule(seeds, n_seeds, max_length)
    usable, left_out = usable_playlists(playlists, catalog, min_length, repeats)
    if not 2 <= n_folds <= len(usable):
        raise ConfigError(
            f"n_folds must be from 2 to the number of usable playlists, {len(usable)}, "
            f"got {n_folds}."
        )
    folds = np.array_split(rng.permutation(len(usable)), n_folds)
    rng_seeds = rng.integers(2**63, size=n_folds)

    def fold(number: int) -> Split:
        held_out = np.zeros(len(usable), dtype=bool)
        held_out[folds[number]] = True
        return held_out_split(
            f"fold {number + 1} of {n_folds} ({describe_rule(seeds, n_seeds)} given)",
            catalog,
            usable.select(~held_out),
            usable.select(held_out),
            left_out,
            np.random.default_rng(rng_seeds[number]),
            rule=seeds,
            n_seeds=n_seeds,
            max_length=max_length,
        )

    return map(fold, range(n_folds))


def _check_part(part: Part, shares: tuple[float, float]) -> None:
    if part not in _OTHER_PART:
        raise ConfigError(f"part must be 'validation' or 'test', got {part!r}.")
    if not (len(shares) == 2 and min(shares) >= 0 and sum(shares) < 1):
        raise ConfigError(
            f"shares of validation and test must be at least 0 and less than 1 together, "
            f"got {shares}."
        )


def _cut(
    order: RowArray, shares: tuple[float, float], part: Part
) -> tuple[RowArray, RowArray, RowArray]:
    """Playlists for training, those of `part`, and those of the other part, as in `order`."""
    n = len(order)
    # In floating point 10 * (1 - 0.9) is a little less than 1.
    n_train = int(n * (1 - sum(shares)) + 1e-9)
    n_seen = int(n * (1 - shares[1]) + 1e-9)
    validation, test = order[n_train:n_seen], order[n_seen:]
    chosen, other = (validation, test) if part == "validation" else (test, validation)
    return order[:n_train], chosen, other

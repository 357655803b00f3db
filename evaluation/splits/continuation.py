"""Continuation: held-out playlists, of which some items are given and the rest is to be found."""

from __future__ import annotations

import numpy as np

from evaluation.splits.cases import (
    check_rule,
    counted,
    describe_rule,
    held_out_split,
    usable_playlists,
)
from evaluation.splits.parts import OTHER_PART, check_part, cut_parts
from evaluation.splits.registry import register_split
from evaluation.splits.split import Part, Repeats, SeedRule, Split
from hybrid_rec.data.catalog import Catalog
from hybrid_rec.data.playlists import Playlists


@register_split
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
        min_length: Playlists with fewer different items are for training alone, and count for no
            share.
        max_length: Held-out playlists are cut to so many plays; None for no limit.
        repeats: "first" keeps an item that repeats in a playlist at its first place; "keep" keeps
            repeats in training and among seeds; what is a seed is never a target.

    Raises:
        ConfigError: For shares, lengths or rules out of range.
        DataError: If the playlists are of another catalogue, or no case is left.
    """
    check_part(part, shares)
    check_rule(seeds, n_seeds, max_length)
    usable = usable_playlists(playlists, catalog, min_length, repeats)
    train, chosen, other = cut_parts(rng.permutation(usable.able), shares, part)
    held = usable.playlists
    return held_out_split(
        f"continuation ({describe_rule(seeds, n_seeds)} given), {part}",
        catalog,
        held.select(np.concatenate([train, usable.short])),
        held.select(chosen),
        {**usable.left_out, **counted(f"held out for {OTHER_PART[part]}", held.select(other))},
        rng,
        rule=seeds,
        n_seeds=n_seeds,
        max_length=max_length,
    )

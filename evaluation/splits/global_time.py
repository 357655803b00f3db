"""Global time: train before a date, test after it."""

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
from hybrid_rec.core.errors import DataError
from hybrid_rec.data.catalog import Catalog
from hybrid_rec.data.playlists import Playlists


@register_split
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
    of the first play of either. A playlist that is not held out but goes on after the date is left
    out of training, so that nothing of the future is learned from. Nothing is drawn but
    random seeds. Other arguments as in `continuation`.

    Raises:
        ConfigError: For shares, lengths or rules out of range.
        DataError: If the playlists are of another catalogue or have no times, or no case is left.
    """
    check_part(part, shares)
    check_rule(seeds, n_seeds, max_length)
    usable = usable_playlists(playlists, catalog, min_length, repeats)
    held = usable.playlists
    if held.times is None or np.isnat(held.times).any():
        raise DataError("a split by time must have the time of every play; read it as played_at.")
    # Every usable playlist has a play, which reduceat needs.
    first = np.minimum.reduceat(held.times, held.offsets[:-1]) if len(held) else held.times
    last = np.maximum.reduceat(held.times, held.offsets[:-1]) if len(held) else held.times
    order = usable.able[np.argsort(first[usable.able], kind="stable")]
    train, chosen, other = cut_parts(order, shares, part)
    train = np.sort(np.concatenate([train, usable.short]))
    begins = first[np.concatenate([chosen, other])]
    date = begins.min() if len(begins) else np.datetime64("NaT")
    late = last[train] > date
    return held_out_split(
        f"global time ({describe_rule(seeds, n_seeds)} given), {part}",
        catalog,
        held.select(train[~late]),
        held.select(chosen),
        {
            **usable.left_out,
            **counted(f"held out for {OTHER_PART[part]}", held.select(other)),
            **counted("of training that go on after the date", held.select(train[late])),
        },
        rng,
        rule=seeds,
        n_seeds=n_seeds,
        max_length=max_length,
    )

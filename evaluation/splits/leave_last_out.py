"""Leave last out: the last items of every playlist are to be found."""

from __future__ import annotations

import numpy as np

from evaluation.splits.cases import askable_targets, finished_split, usable_playlists
from evaluation.splits.registry import register_split
from evaluation.splits.split import Repeats, Split
from hybrid_rec.core.errors import ConfigError
from hybrid_rec.data.catalog import Catalog
from hybrid_rec.data.playlists import Playlists


@register_split
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

    What is given is trained on. Ji et al. ("On Offline Evaluation of Recommender
    Systems", 2020) show that this leaks the future across users; prefer `global_time`.

    Args:
        playlists: All playlists.
        catalog: Their items.
        rng: Not used, since nothing is drawn; here so that all splits are called alike.
        n_targets: Plays at the end of each playlist that are to be found.
        min_length: Playlists with fewer different items, or no more than `n_targets`, are for
            training alone.
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
    usable = usable_playlists(playlists, catalog, max(min_length, n_targets + 1), repeats)
    able = usable.playlists.select(usable.able)
    given = np.arange(able.n_plays) < np.repeat(able.offsets[1:] - n_targets, able.lengths)
    seeds = able.select_plays(given)
    targets, repeated = askable_targets(seeds, able.select_plays(~given))
    # In the order of the input: those that are asked without their last plays, the others whole.
    is_last = np.zeros(usable.playlists.n_plays, dtype=bool)
    is_last[np.isin(usable.playlists.owners, usable.able)] = ~given
    train = usable.playlists.select_plays(~is_last)
    name = f"leave last {n_targets} out"
    return finished_split(name, catalog, train, seeds, targets, {**usable.left_out, **repeated})

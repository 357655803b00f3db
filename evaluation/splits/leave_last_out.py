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

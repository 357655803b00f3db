"""Folds: continuation splits that together hold out every playlist once."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from evaluation.splits.cases import check_rule, describe_rule, held_out_split, usable_playlists
from evaluation.splits.split import Repeats, SeedRule, Split
from hybrid_rec.core.errors import ConfigError
from hybrid_rec.data.catalog import Catalog
from hybrid_rec.data.playlists import Playlists


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
    """`n_folds` continuation splits; each playlist that is long enough is held out in one of them.

    Folds are built one by one as they are asked for, but everything is drawn from `rng` at once:
    what a caller draws between two folds does not change them. Arguments as in `continuation`.

    Raises:
        ConfigError: If there are fewer than two folds, or more than usable playlists, or for
            lengths or rules out of range.
        DataError: If the playlists are of another catalogue; while iterating, if a fold has no
            case.
    """
    check_rule(seeds, n_seeds, max_length)
    usable = usable_playlists(playlists, catalog, min_length, repeats)
    if not 2 <= n_folds <= len(usable.able):
        raise ConfigError(
            f"n_folds must be from 2 to the number of usable playlists, {len(usable.able)}, "
            f"got {n_folds}."
        )
    folds = np.array_split(rng.permutation(usable.able), n_folds)
    rng_seeds = rng.integers(2**63, size=n_folds)

    def fold(number: int) -> Split:
        held_out = np.zeros(len(usable.playlists), dtype=bool)
        held_out[folds[number]] = True
        return held_out_split(
            f"fold {number + 1} of {n_folds} ({describe_rule(seeds, n_seeds)} given)",
            catalog,
            usable.playlists.select(~held_out),
            usable.playlists.select(held_out),
            usable.left_out,
            np.random.default_rng(rng_seeds[number]),
            rule=seeds,
            n_seeds=n_seeds,
            max_length=max_length,
        )

    return map(fold, range(n_folds))

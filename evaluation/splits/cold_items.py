"""Cold items: the history of some items is hidden, and they are to be found."""

from __future__ import annotations

import numpy as np

from evaluation.splits.cases import askable_targets, counted, finished_split, usable_playlists
from evaluation.splits.registry import register_split
from evaluation.splits.split import Repeats, Split
from hybrid_rec.core.errors import ConfigError
from hybrid_rec.data.catalog import Catalog
from hybrid_rec.data.playlist_growth import forgetting
from hybrid_rec.data.playlists import Playlists


@register_split
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
        min_length: Playlists with fewer different items are for training alone.
        repeats: See `continuation`.

    Raises:
        ConfigError: For a share out of range.
        DataError: If the playlists are of another catalogue, or no case is left.
    """
    if not 0 < share < 1:
        raise ConfigError(f"share must be above 0 and below 1, got {share}.")
    usable = usable_playlists(playlists, catalog, min_length, repeats)
    held = usable.playlists
    played = np.flatnonzero(held.play_counts)
    n_hidden = min(max(1, round(share * len(played))), max(0, len(played) - 1))
    hidden = np.zeros(len(catalog), dtype=bool)
    hidden[rng.permutation(played)[:n_hidden]] = True
    is_hidden = hidden[held.rows]
    known = forgetting(held, hidden)
    trained = known.lengths > 0
    is_able = np.zeros(len(held), dtype=bool)
    is_able[usable.able] = True
    asked = trained & is_able
    seeds = known.select(asked)
    missing = held.select_plays(is_hidden)
    targets, repeated = askable_targets(seeds, missing.select(asked))
    return finished_split(
        f"cold items ({share:.0%} hidden)",
        catalog,
        known.select(trained),
        seeds,
        targets,
        {
            **usable.left_out,
            **repeated,
            **counted("of hidden items only", held.select(~trained)),
            "plays of hidden items in playlists that are too short for a case": missing.select(
                trained & ~is_able
            ).n_plays,
        },
    )

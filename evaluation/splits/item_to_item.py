"""Item to item: one item of a held-out playlist is given, the others are to be found."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from evaluation.splits.cases import askable_targets, counted, finished_split, usable_playlists
from evaluation.splits.parts import OTHER_PART, check_part, cut_parts
from evaluation.splits.registry import register_split
from evaluation.splits.split import Part, Split
from hybrid_rec.core.errors import ConfigError
from hybrid_rec.data.catalog import Catalog
from hybrid_rec.data.playlists import Playlists


@register_split
def item_to_item(
    playlists: Playlists,
    catalog: Catalog,
    rng: np.random.Generator,
    *,
    part: Part = "test",
    shares: tuple[float, float] = (0.1, 0.1),
    min_length: int = 2,
    n_cases: int = 1500,
) -> Split:
    """One item with history is given, and what a held-out playlist holds beside it is wanted.

    It is what `similar_items` is asked; a recommender without it is asked for a playlist of that
    one item. Held-out playlists are those of `continuation`. Every one of them gives about as many
    cases, `n_cases` in all, each with another of its items.

    Args:
        playlists: All playlists.
        catalog: Their items.
        rng: Draws the held-out playlists, and the items that are given.
        part: Which held-out part the cases are of; the other is left out.
        shares: See `continuation`.
        min_length: Playlists with fewer different items are for training alone.
        n_cases: Cases wanted at most, at least 1.

    Raises:
        ConfigError: For shares or numbers out of range.
        DataError: If the playlists are of another catalogue, or no case is left.
    """
    check_part(part, shares)
    if n_cases < 1:
        raise ConfigError(f"n_cases must be at least 1, got {n_cases}.")
    usable = usable_playlists(playlists, catalog, min_length, "first")
    held = usable.playlists
    train, chosen, other = cut_parts(rng.permutation(usable.able), shares, part)
    training = held.select(np.concatenate([train, usable.short]))
    asked = held.select(chosen)
    # The cases in rounds, one of each playlist, so that none has many more than another.
    able = np.flatnonzero(training.play_counts[asked.rows] > 0)
    able = able[np.lexsort((rng.random(len(able)), asked.owners[able]))]
    owners = asked.owners[able]
    rounds = np.arange(len(able)) - np.searchsorted(owners, owners)
    plays = able[np.lexsort((owners, rounds))][:n_cases]
    cases = np.sort(plays)
    owners = asked.owners[cases]
    names = [
        f"{playlist}, {item}"
        for playlist, item in zip(
            asked.playlist_ids[owners], catalog.item_ids[asked.rows[cases]], strict=True
        )
    ]
    seeds = Playlists.from_rows(np.ones(len(cases), np.int64), asked.rows[cases], len(catalog))
    seeds = replace(seeds, playlist_ids=np.array(names, dtype=object))
    wanted = replace(asked.select(owners), playlist_ids=seeds.playlist_ids, times=None)
    targets, _ = askable_targets(seeds, wanted)
    idle = np.setdiff1d(np.arange(len(asked)), owners)
    split = finished_split(
        f"item to item, {part}",
        catalog,
        training,
        seeds,
        targets,
        {
            **usable.left_out,
            **counted(f"held out for {OTHER_PART[part]}", held.select(other)),
            **counted("without an item that was drawn", asked.select(idle)),
        },
        origins=asked.playlist_ids[owners],
    )
    return replace(split, task="item")

"""New items: taken out of the catalogue, they come back by their columns alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy import sparse

from evaluation.splits.cases import finished_split, usable_playlists
from evaluation.splits.registry import register_split
from evaluation.splits.split import Split
from hybrid_rec.core.errors import ConfigError, DataError
from hybrid_rec.data.catalog import Catalog
from hybrid_rec.data.playlist_growth import over_part
from hybrid_rec.data.playlists import Playlists

FEWEST_PLAYS = 5
"""Playlists that must hold an item, so that what it was played with is known."""


@register_split
def new_items(
    playlists: Playlists,
    catalog: Catalog,
    rng: np.random.Generator,
    *,
    share: float = 0.1,
    n_cases: int = 1000,
) -> Split:
    """Items with some plays are taken out; what they were played with is wanted.

    They leave the catalogue and all playlists. A case describes one of them by its columns, as
    `recommend_for_new_items` takes them; its targets are the items that stand in a playlist with
    it. Only recommenders with `recommend_for_new_items` can be asked.

    Args:
        playlists: All playlists.
        catalog: Their items.
        rng: Draws the items.
        share: Share of the items with at least five plays that is taken out, in (0, 1).
        n_cases: Items taken out at most, at least 1.

    Raises:
        ConfigError: For a number out of range.
        DataError: If the playlists are of another catalogue, or no item has so many plays.
    """
    if not 0 < share < 1:
        raise ConfigError(f"share must be above 0 and below 1, got {share}.")
    if n_cases < 1:
        raise ConfigError(f"n_cases must be at least 1, got {n_cases}.")
    usable = usable_playlists(playlists, catalog, 2, "first")
    held = usable.playlists
    played = np.flatnonzero(held.play_counts >= FEWEST_PLAYS)
    if not len(played):
        raise DataError(
            f"new items: some items must be in at least {FEWEST_PLAYS} playlists, but none is; "
            "give more playlists."
        )
    n_out = min(max(1, round(share * len(played))), n_cases)
    out = np.zeros(len(catalog), dtype=bool)
    out[rng.choice(played, n_out, replace=False)] = True
    rows = np.flatnonzero(out)
    holds = held.matrix()
    company = sparse.csr_array(holds[:, rows].T.tocsr() @ holds[:, np.flatnonzero(~out)])
    kept = held.select_plays(~out[held.rows])
    trained = kept.lengths > 0
    train = over_part(kept.select(trained), ~out)
    left = Catalog(catalog.table.filter(~out))
    ids = catalog.item_ids[rows]
    targets = Playlists.from_rows(
        np.diff(company.indptr).astype(np.int64), company.indices.astype(np.int64), len(left), ids
    )
    nothing = Playlists.from_rows(
        np.zeros(len(rows), np.int64), np.empty(0, np.int64), len(left), ids
    )
    split = finished_split(
        f"new items ({n_out:,} with at least {FEWEST_PLAYS} plays)",
        left,
        train,
        nothing,
        targets,
        {
            **usable.left_out,
            "plays of items that were taken out": int(out[held.rows].sum()),
            "playlists of such items only": int((~trained).sum()),
        },
    )
    frame = catalog.to_frame().iloc[rows][targets.lengths > 0].reset_index(drop=True)
    return replace(split, task="new item", new_items=frame)

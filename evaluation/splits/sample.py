"""Samples: a part of a split that is quick to learn from and as hard as the whole."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from evaluation.splits.split import Split
from hybrid_rec.core.arrays import Mask
from hybrid_rec.core.errors import ConfigError, DataError
from hybrid_rec.data.catalog import Catalog
from hybrid_rec.data.playlist_growth import over_part
from hybrid_rec.data.playlists import Playlists


def sample_split(split: Split, n_playlists: int, rng: np.random.Generator) -> Split:
    """The split over a random part of its playlists; the same one if it has no more.

    With fewer playlists more items would be cold, and settings tuned where half the targets are
    cold would not suit the whole. So that the share of cold items and of cold targets stays, an
    item that loses all its history is taken out of the catalogue and the cases, and cold items are
    taken out at random: of the cold targets the same share as of the warm targets, of the other
    cold items the same share as of the other warm ones.

    Args:
        split: Training playlists and cases. A playlist in both, by its id, is drawn for both.
        n_playlists: Playlists wanted, training and cases together.
        rng: Draws playlists and items.

    Raises:
        ConfigError: If `n_playlists` is below 1.
        DataError: If no training playlist or no case is left.
    """
    if n_playlists < 1:
        raise ConfigError(f"a sample must have at least 1 playlist, got {n_playlists}.")
    train, seeds, targets = split.train, split.seeds, split.targets
    ids = np.unique(np.concatenate([train.playlist_ids, seeds.playlist_ids]).astype(str))
    if len(ids) <= n_playlists:
        return split
    drawn = set(rng.choice(ids, n_playlists, replace=False).tolist())
    train = train.select(_of(train, drawn))
    asked = _of(seeds, drawn)
    split = split.select(asked)
    seeds, targets = split.seeds, split.targets
    warm, target = ~split.cold, np.bincount(targets.rows, minlength=targets.n_items) > 0
    kept = train.play_counts > 0
    for group, mask in ((target, warm[targets.rows]), (~target, None)):
        # Shares of plays among targets, of items among the others.
        rows = targets.rows[mask] if mask is not None else np.flatnonzero(warm & ~target)
        left = float(kept[rows].mean()) if len(rows) else 1.0
        cold = np.flatnonzero(~warm & group)
        kept[rng.choice(cold, round(left * len(cold)), replace=False)] = True
    seeds, targets = over_part(seeds, kept), over_part(targets, kept)
    asked = (seeds.lengths > 0) & (targets.lengths > 0)
    if not len(train) or not asked.any():
        raise DataError(
            f"a sample must have training playlists and cases, but {n_playlists} playlists of "
            f"{split.name} have {len(train)} and {int(asked.sum())}; take a larger one."
        )
    return replace(
        split.select(asked),
        name=f"{split.name}, sample of {n_playlists:,} playlists",
        catalog=Catalog(split.catalog.table.filter(kept)),
        train=over_part(train, kept),
        seeds=seeds.select(asked),
        targets=targets.select(asked),
        left_out={**split.left_out, "playlists left out of the sample": len(ids) - n_playlists},
    )


def _of(playlists: Playlists, ids: set[str]) -> Mask:
    return np.fromiter((name in ids for name in playlists.playlist_ids), bool, len(playlists))

"""Playlists that go on, and new ones beside them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from hybrid_rec.core.arrays import Floats, Rows
from hybrid_rec.data.playlist_names import renamed

if TYPE_CHECKING:
    from hybrid_rec.data.playlists import Playlists


def extended(playlists: Playlists, other: Playlists, numbers: Rows) -> Playlists:
    """See `Playlists.extended`."""
    own = numbers < 0
    target = np.where(own, len(playlists) + np.cumsum(own) - 1, numbers)
    owners = np.concatenate([playlists.owners, target[other.owners]])
    order = np.argsort(owners, kind="stable")
    times = None
    if playlists.times is not None:
        latest = np.fmax.reduce(playlists.times, initial=np.datetime64("NaT", "us"))
        later = np.full(other.n_plays, latest) if other.times is None else other.times
        times = np.concatenate([playlists.times, later])[order]
    weights = None
    if playlists.weights is not None or other.weights is not None:
        known = np.concatenate([_weights(playlists, other), _weights(other, playlists)])
        weights = known[order]
    lengths = np.bincount(owners, minlength=len(playlists) + int(own.sum()))
    return replace(
        playlists,
        offsets=np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
        rows=np.concatenate([playlists.rows, other.rows])[order],
        playlist_ids=np.concatenate([playlists.playlist_ids, other.playlist_ids[own]]),
        n_items=other.n_items,
        times=times,
        weights=weights,
        names=renamed(playlists.names, len(playlists), target, other.names),
    )


def _weights(playlists: Playlists, other: Playlists) -> Floats:
    """The weights of plays; without any they count as the mean play of the others does."""
    if playlists.weights is not None:
        return playlists.weights
    known = other.weights
    mean = 1.0 if known is None or not len(known) else float(known.mean(dtype=np.float64))
    return np.full(playlists.n_plays, mean, np.float32)

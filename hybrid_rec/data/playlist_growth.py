"""Playlists that go on, new ones beside them, and items that go or get other rows."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from hybrid_rec.core.arrays import Floats, Mask, Rows
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
        elsewhere=of_grown(playlists.elsewhere, other.n_items),
    )


def of_grown(elsewhere: Rows | None, n_items: int) -> Rows | None:
    """Plays elsewhere of the items of a catalogue that has grown, 0 of the new ones.

    Args:
        elsewhere: See `Playlists.elsewhere`.
        n_items: Items by now.
    """
    if elsewhere is None:
        return None
    return np.concatenate([elsewhere, np.zeros(n_items - len(elsewhere), np.int64)])


def forgetting(playlists: Playlists, hidden: Mask) -> Playlists:
    """The same playlists as if nobody had ever played some items; some may become empty.

    Args:
        playlists: What was played.
        hidden: Which items are forgotten, `(n_items,)`.
    """
    kept = playlists.select_plays(~hidden[playlists.rows])
    if kept.elsewhere is None:
        return kept
    return replace(kept, elsewhere=np.where(hidden, 0, kept.elsewhere))


def over_part(playlists: Playlists, kept: Mask) -> Playlists:
    """The same playlists over the catalogue of some items, without the plays of all others.

    Args:
        playlists: What was played.
        kept: Which items stay, `(n_items,)`.
    """
    part = playlists.select_plays(kept[playlists.rows])
    return replace(
        part,
        rows=(np.cumsum(kept) - 1)[part.rows],
        n_items=int(kept.sum()),
        elsewhere=None if part.elsewhere is None else part.elsewhere[kept],
    )


def _weights(playlists: Playlists, other: Playlists) -> Floats:
    """The weights of plays; without any they count as the mean play of the others does."""
    if playlists.weights is not None:
        return playlists.weights
    known = other.weights
    mean = 1.0 if known is None or not len(known) else float(known.mean(dtype=np.float64))
    return np.full(playlists.n_plays, mean, np.float32)

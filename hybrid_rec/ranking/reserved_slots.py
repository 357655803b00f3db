"""Reserved slots: places for items without history in the lists of training playlists.

A playlist that the model was trained on holds none of the items without history, so everything that
was counted of it speaks against them, and they would stand behind all others. A share of its places
is therefore reserved for them, and they are ordered among themselves by trees of their own.
"""

from __future__ import annotations

import numpy as np

from hybrid_rec.core.arrays import Floats, Mask


def interleaved(scores: Floats, order: Floats, new: Mask, share: float) -> Floats:
    """The scores, but those of new items lifted so that they have a share of the places at least.

    Each is lifted, unless it stands higher by itself, to a place p, counted from 1, where
    `floor(p * share)` is more than at the place before: the best of them to the first such place,
    between the others that stand around it, and so on.

    Args:
        scores: `(n_candidates,)`.
        order: How the new items stand among themselves, `(n_candidates,)`.
        new: Which those are, `(n_candidates,)`.
        share: From 0, where nothing changes, to 1.
    """
    newest = np.flatnonzero(new)
    newest = newest[np.argsort(-order[newest], kind="stable")]
    rest = np.flatnonzero(~new)
    if not share or not len(newest) or not len(rest):
        return scores
    # How many others stand before each new item.
    places = np.ceil(np.arange(1, len(newest) + 1) / share - 1e-9).astype(np.int64)
    before = np.minimum(places - np.arange(1, len(newest) + 1), len(rest))
    sorted_rest = np.sort(scores[rest])[::-1].astype(np.float64)
    bounds = np.concatenate([[sorted_rest[0] + 1], sorted_rest, [sorted_rest[-1] - 1]])
    upper, lower = bounds[before], bounds[before + 1]
    # Several between the same neighbours descend from the upper one to the lower.
    first = np.searchsorted(before, before, side="left")
    last = np.searchsorted(before, before, side="right")
    step = (np.arange(len(newest)) - first + 1) / (last - first + 1)
    mixed = scores.copy()
    lifted = (upper + (lower - upper) * step).astype(np.float32)
    mixed[newest] = np.maximum(lifted, scores[newest])
    return mixed

"""Items without history in the lists of playlists that the model was trained on.

What such a playlist left out when it could have held it is seldom what it lacks now, so it has
nothing that speaks for what is new: by all that playlists tell, an item that is in none of them
stands behind those that are. A share of the places is therefore given to items without history, in
an order of their own.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hybrid_rec.ranking.features import FEATURES, Matrix

Scores = NDArray[np.float32]

_NEAREST, _N_SEEDS = FEATURES.index("nearest_playlist"), FEATURES.index("n_seeds")
_PLAYS = FEATURES.index("plays")
# A playlist is the nearest to itself; with fewer seeds a new one may begin alike.
_THE_SAME, _FEWEST_SEEDS = np.float32(1 - 1e-5), 4


def is_known(features: Matrix) -> bool:
    """Whether the query of these candidates is a playlist of the training.

    Args:
        features: `(n_candidates, n_features)`.
    """
    if not len(features):
        return False
    nearest, n_seeds = features[0, [_NEAREST, _N_SEEDS]]
    return bool(nearest >= _THE_SAME and n_seeds >= _FEWEST_SEEDS)


def are_new(features: Matrix) -> NDArray[np.bool_]:
    """Which candidates have no history, `(n_candidates,)`."""
    new: NDArray[np.bool_] = features[:, _PLAYS] == 0
    return new


def interleaved(scores: Scores, order: Scores, new: NDArray[np.bool_], share: float) -> Scores:
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

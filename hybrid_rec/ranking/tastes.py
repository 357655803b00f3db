"""Tastes of a query: groups of seeds that are less alike than nearly any in one playlist."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from hybrid_rec.core.arrays import Doubles, Floats, Mask, Rows
from hybrid_rec.core.config import COOCCURRENCE
from indexes.hybrid import HybridIndex

# A taste holds such a share of the seeds: fewer would not fill two of ten places.
_LEAST = 0.2
# Of longer queries the latest seeds tell.
_MOST_SEEDS = 200
# Share of the training playlists that may seem to be of several tastes; items asked of how many.
_MISTAKEN = 0.01
_ASKED, _PLAYLISTS, _STEPS = 5, 500, 20
_CHUNK = 1 << 16


def least_likeness(index: HybridIndex, holds: sparse.csr_array) -> float:
    """The mean cosine from which on two groups of seeds are of one taste.

    It is that of two random plays, or less where more than a hundredth of the training playlists
    would else fall apart; -1, so that nothing ever does, where playlists are as mixed as that.

    Args:
        index: Item vectors.
        holds: Which items stand in which playlist, `(n_playlists, n_items)`.
    """
    usual = _usual_likeness(index, np.bincount(holds.indices, minlength=holds.shape[1]))
    rng = np.random.default_rng(0)
    able = np.flatnonzero(np.diff(holds.indptr) >= _ASKED)
    drawn = [
        rng.choice(holds.indices[holds.indptr[number] : holds.indptr[number + 1]], _ASKED, False)
        for number in np.sort(rng.permutation(able)[:_PLAYLISTS]).tolist()
    ]
    if not drawn:
        return usual
    vectors = index.blocks(np.concatenate(drawn).astype(np.int64))[COOCCURRENCE]
    cosines = [_cosines(part) for part in np.split(vectors, len(drawn))]
    for least in np.linspace(usual, -1, _STEPS).round(6).tolist():
        apart = sum(len(_kept(_clustered(one, least))) > 1 for one in cosines)
        if apart <= _MISTAKEN * len(drawn):
            return float(least)
    return -1.0


def tastes_of(vectors: Floats, known: Mask, least: float) -> list[Rows]:
    """Which seeds of a query belong together; one list of all where they are of one taste.

    Seeds with history are clustered by the mean cosine of their clusters, until no two are more
    alike than `least`. A cluster of at least a fifth of them is a taste. All other seeds go to the
    taste that they are most like.

    Args:
        vectors: The different seeds in co-occurrence space, in play order, `(n_seeds, dim)`.
        known: Which of them have history, `(n_seeds,)`.
        least: What `least_likeness` gave.

    Returns:
        The numbers of the seeds of each taste, ascending: the taste of most seeds first, of equals
        the one that comes first in the query.
    """
    everything = [np.arange(len(vectors))]
    told = np.flatnonzero(known)[-_MOST_SEEDS:]
    if len(told) < 2:
        return everything
    labels = _clustered(_cosines(vectors[told]), least)
    kept = _kept(labels)
    if len(kept) < 2:
        return everything
    members = (labels[:, None] == kept) / np.bincount(labels)[kept]
    nearest = (_cosines(vectors)[:, told] @ members).round(6).argmax(axis=1)
    is_kept = np.isin(labels, kept)
    nearest[told[is_kept]] = np.searchsorted(kept, labels[is_kept])
    tastes = [np.flatnonzero(nearest == taste) for taste in range(len(kept))]
    return sorted(tastes, key=lambda numbers: (-len(numbers), int(numbers[0])))


def _usual_likeness(index: HybridIndex, plays: Rows) -> float:
    """The mean cosine of two random plays."""
    total = np.zeros(index.layout[COOCCURRENCE])
    played = np.flatnonzero(plays)
    for start in range(0, len(played), _CHUNK):
        rows = played[start : start + _CHUNK]
        total += plays[rows] @ index.blocks(rows)[COOCCURRENCE].astype(np.float64)
    return round(float(total @ total) / max(int(plays.sum()), 1) ** 2, 6)


def _cosines(vectors: Floats) -> Doubles:
    """Of all pairs, in digits that no two machines need share."""
    exact = vectors.astype(np.float64)
    cosines: Doubles = (exact @ exact.T).round(6)
    return cosines


def _clustered(cosines: Doubles, least: float) -> Rows:
    """The cluster of each item by average linkage, `(n,)` from 0; two merge if more alike."""
    if cosines.min() > least:
        return np.zeros(len(cosines), dtype=np.int64)
    # It takes a while to load, and only few queries need it.
    from scipy.cluster.hierarchy import fcluster, linkage

    apart = np.maximum(1 - cosines[np.triu_indices(len(cosines), 1)], 0)
    labels: Rows = fcluster(linkage(apart, "average"), 1 - least, "distance").astype(np.int64) - 1
    return labels


def _kept(labels: Rows) -> Rows:
    """The clusters that are tastes."""
    return np.flatnonzero(np.bincount(labels) >= _LEAST * len(labels))

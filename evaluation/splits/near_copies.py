"""Near-copies: cases whose playlist stands in training almost whole."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from hybrid_rec.core.arrays import Mask, Objects
from hybrid_rec.data.playlists import Playlists

NEAR_COPY = 0.8
"""Share of items, by Jaccard, from which on two playlists are near-copies."""
FEWEST_ITEMS = 5
"""Different items that a playlist must have; shorter ones are the same by chance."""
# Cases that are compared with all training playlists at once, to bound memory.
_CHUNK = 512


def near_copies(train: Playlists, seeds: Playlists, targets: Playlists, origins: Objects) -> Mask:
    """Which cases share so many of their items with one training playlist, `(n_cases,)` bool.

    The items of a case are its seeds and targets. A training playlist that is the case's
    own, with its id and its seeds and nothing else, is no copy of it.

    Args:
        train: Training playlists.
        seeds: What each case gives.
        targets: What each case is to find.
        origins: The id of the playlist that each case was made of, `(n_cases,)`.
    """
    whole = _joined(seeds, targets)
    held = train.matrix()
    sizes = np.asarray(held.sum(axis=1)).ravel()
    transposed = sparse.csc_array(held.T)
    given = seeds.matrix()
    places = {playlist: place for place, playlist in enumerate(train.playlist_ids)}
    own_places = np.array([places.get(playlist, -1) for playlist in origins], dtype=np.int64)
    other = abs(given - held[own_places]).sum(axis=1) > 0 if len(train) else True
    own_places[other] = -1
    copies = np.zeros(len(whole), dtype=bool)
    for start in range(0, len(whole), _CHUNK):
        numbers = np.arange(start, min(start + _CHUNK, len(whole)))
        part = whole.select(numbers).matrix()
        shared = sparse.csr_array(part @ transposed)
        own = np.asarray(part.sum(axis=1)).ravel()
        owners = np.repeat(np.arange(len(own)), np.diff(shared.indptr))
        union = own[owners] + sizes[shared.indices] - shared.data
        near = (shared.data >= NEAR_COPY * union) & (own[owners] >= FEWEST_ITEMS)
        near &= shared.indices != own_places[numbers][owners]
        copies[numbers[owners[near]]] = True
    return copies


def _joined(seeds: Playlists, targets: Playlists) -> Playlists:
    """Seeds and targets of each case as one playlist."""
    owners = np.concatenate([seeds.owners, targets.owners])
    rows = np.concatenate([seeds.rows, targets.rows])
    order = np.argsort(owners, kind="stable")
    return Playlists.from_rows(seeds.lengths + targets.lengths, rows[order], seeds.n_items)

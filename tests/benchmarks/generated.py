"""Generated playlists of any size, for benchmarks of speed."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hybrid_rec import Playlists

# Popularity falls as 1 / (rank + FLAT): the most played item is in 1 of 22 playlists.
FLAT = 150
N_GENRES, LOYALTY = 200, 0.8


def playlists_of(lengths: NDArray[np.int64], n_items: int, rng: np.random.Generator) -> Playlists:
    """Playlists that each love a genre; that of an item is its row modulo `N_GENRES`.

    Args:
        lengths: Plays of each playlist.
        n_items: Items of the catalogue, the most popular first.
        rng: What they are drawn by.
    """
    genre = np.repeat(rng.integers(N_GENRES, size=len(lengths), dtype=np.int32), lengths)
    rank = FLAT * ((n_items + FLAT) / FLAT) ** rng.random(len(genre)) - FLAT
    rows = rank.astype(np.int32)
    loyal = rng.random(len(genre), dtype=np.float32) < LOYALTY
    rows[loyal] += genre[loyal] - rows[loyal] % N_GENRES
    return Playlists.from_rows(lengths, np.minimum(rows, n_items - 1).astype(np.int64), n_items)

"""Pairs of items: some from one playlist, some of the same items put together at random."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hybrid_rec.core.arrays import Doubles, Mask, Rows
from hybrid_rec.core.errors import DataError
from hybrid_rec.data.playlists import Playlists

# Pairs whose playlists are counted at once, to bound memory.
_CHUNK = 500


@dataclass(frozen=True, eq=False)
class Pairs:
    """Pairs of different items, each once of its kind."""

    ends: Rows
    """Rows of the two items, `(n_pairs, 2)`."""
    drawn_together: Mask
    """Which pairs were drawn from one playlist, `(n_pairs,)`; the others at random."""
    playlists: Doubles
    """Playlists that hold both items, `(n_pairs,)`."""


def draw_pairs(playlists: Playlists, n_pairs: int, rng: np.random.Generator) -> Pairs:
    """Pairs of items from one playlist, and as many of the same items put together at random.

    A playlist is drawn, and two different items of it. For the random pairs the second items of
    all pairs are shuffled, so that both kinds hold the same items, as popular and as rare.

    Args:
        playlists: What was played together.
        n_pairs: Pairs of each kind that are drawn; what comes twice is kept once.
        rng: Draws them.

    Raises:
        DataError: If no playlist holds two different items.
    """
    distinct = playlists.distinct()
    able = np.flatnonzero(distinct.lengths >= 2)
    if not len(able):
        raise DataError("pairs must be drawn from playlists of two items, but none has two.")
    drawn = rng.choice(able, n_pairs)
    lengths, starts = distinct.lengths[drawn], distinct.offsets[drawn]
    first = rng.integers(0, lengths)
    second = (first + rng.integers(1, lengths)) % lengths
    together = _once(distinct.rows[starts + first], distinct.rows[starts + second])
    # Which of two items is the first says nothing, and shuffling one side moves popular ones.
    turned = np.where(rng.random(len(together))[:, None] < 0.5, together, together[:, ::-1])
    apart = _once(turned[:, 0], rng.permutation(turned[:, 1]))
    ends = np.concatenate([together, apart])
    from_one = np.arange(len(ends)) < len(together)
    return Pairs(ends, from_one, _shared(playlists, ends))


def _once(first: Rows, second: Rows) -> Rows:
    """Pairs of different items, each once, whichever is first."""
    pairs = np.sort(np.stack([first, second], axis=1), axis=1)
    return np.unique(pairs[pairs[:, 0] != pairs[:, 1]], axis=0)


def _shared(playlists: Playlists, ends: Rows) -> Doubles:
    """Playlists that hold both items of each pair."""
    columns = playlists.matrix().tocsc()
    parts = [
        np.asarray(columns[:, part[:, 0]].multiply(columns[:, part[:, 1]]).sum(axis=0)).ravel()
        for part in np.split(ends, range(_CHUNK, len(ends), _CHUNK))
    ]
    return np.concatenate(parts).astype(np.float64)

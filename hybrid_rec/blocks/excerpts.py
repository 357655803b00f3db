"""Excerpts: as many plays of a long playlist as one epoch of training is to take."""

from __future__ import annotations

import numpy as np

from hybrid_rec.blocks.training_length import repeated
from hybrid_rec.core.arrays import Mask, Rows
from hybrid_rec.data.playlists import Playlists

# However little the others hold, a playlist may take so many plays of an epoch.
_FEWEST = 100
# Of all plays of an epoch it may take this share, and it may be so often as long as the mean.
_SHARE, _MEANS = 1 / 30, 4


def most_plays(lengths: Rows, longest: int, counts: Rows | None = None) -> int:
    """Plays of one playlist that an epoch is to take at most.

    One playlist must not cost as much as all others together, so where there are few plays it is
    fewer than `longest`: a thirtieth of all, or four times the mean, whichever is more.

    Args:
        lengths: Plays of each playlist, `(n_playlists,)`.
        longest: Plays at most, however many others there are; 0 for all plays.
        counts: How many playlists have each length, `(n_lengths,)`; None for one each.
    """
    if not longest:
        return max(1, int(lengths.max(initial=1)))
    times = 1 if counts is None else counts
    n_playlists = len(lengths) if counts is None else int(counts.sum())
    share = max(_SHARE, _MEANS / max(n_playlists, 1))
    most, before = longest, longest + 1
    # Shorter excerpts make the whole smaller, and so their share of it, until it fits.
    while len(lengths) and most < before:
        before = most
        most = min(most, max(_FEWEST, int(share * (times * np.minimum(lengths, most)).sum())))
    return most


class Excerpts:
    """Playlists of which none is longer than the longest that counts, other plays in every epoch.

    The first excerpt of a longer playlist is its latest plays, the next one those before, and so on
    round in a circle, so that all plays have their turn as often. Plays stay in their order. Where
    plays have weights, those that count for less than the mean one have their turn less often.

    Args:
        playlists: What is trained on.
        most: Plays of a playlist at most, at least 1; None for all.
        times: How often an excerpt holds each of its plays, see `repeated`.
    """

    def __init__(self, playlists: Playlists, most: int | None = None, times: int = 1) -> None:
        self.playlists = playlists
        self._times = times
        self._most = most or int(playlists.lengths.max(initial=1))
        self._longer = np.flatnonzero(playlists.lengths > self._most)
        self._epoch = 0
        self._is_weighted = playlists.weights is not None
        self._whole = playlists if self.differ else repeated(playlists, times)
        self._taken = np.zeros(playlists.n_plays, dtype=bool)

    @property
    def differ(self) -> bool:
        """Whether one excerpt differs from the next."""
        return len(self._longer) > 0 or self._is_weighted

    @property
    def n_plays(self) -> int:
        """Plays of every excerpt, over all playlists."""
        return self._times * int(np.minimum(self.playlists.lengths, self._most).sum())

    def unseen(self, n_epochs: int) -> Mask:
        """Items whose plays have no turn in so many epochs, `(n_items,)`; those never played, too.

        Args:
            n_epochs: Epochs of training.
        """
        seen = np.ones(self.playlists.n_plays, dtype=bool)
        if self._is_weighted:
            seen[:] = self._taken
        for number in self._longer.tolist():
            start, end = self.playlists.offsets[number : number + 2].tolist()
            seen[start : max(start, end - n_epochs * self._most)] = False
        unseen = np.ones(self.playlists.n_items, dtype=bool)
        unseen[self.playlists.rows[seen]] = False
        return unseen

    def next(self) -> Playlists:
        """What the next epoch trains on; the playlists themselves if nothing differs."""
        if not self.differ:
            return self._whole
        kept = np.ones(self.playlists.n_plays, dtype=bool)
        for number in self._longer.tolist():
            start, end = self.playlists.offsets[number : number + 2].tolist()
            kept[start:end] = False
            turn = end - 1 - self._epoch * self._most - np.arange(self._most)
            kept[start + (turn - start) % (end - start)] = True
        if self._is_weighted:
            # A play that counts for half of the mean one is read in every other epoch.
            drawn = np.random.default_rng(self._epoch).random(len(kept))
            kept &= drawn < self.playlists.shares
            self._taken |= kept
        self._epoch += 1
        return repeated(self.playlists.select_plays(kept), self._times)

"""How long Word2Vec trains: its passes, what it skips, how often it reads a playlist."""

from __future__ import annotations

import math

import numpy as np

from hybrid_rec.core.config import CooccurrenceConfig
from hybrid_rec.data.playlists import Playlists

# What is usual for vocabularies of 10^5.
_USUAL_SAMPLE = 1e-3
# Of an item's plays Word2Vec keeps `sqrt(t / f) + t / f`, where f is its share of all plays and t
# the threshold: all of them up to this multiple of the threshold.
_KEPT_WHOLE = (3 + math.sqrt(5)) / 2
# Mean length of playlists whose items have few neighbours to share.
_SHORT = 3
# Learning rate times plays: how far the vector of an average item must be able to move.
_ENOUGH = 5.0
_MOST_REPEATS = 10
# More passes than these learn the playlists by heart (measured on sets of 30,000 to 150,000 plays).
_USUAL_EPOCHS, _AT_PLAYS, _POWER = 5, 150_000, -0.5
_FEWEST_EPOCHS, _MOST_EPOCHS = 3, 20


def epochs_of(config: CooccurrenceConfig, n_plays: int) -> int:
    """Passes over all playlists.

    Args:
        config: Its `epochs` count if there are any.
        n_plays: Plays of all playlists; more of them need fewer passes.
    """
    if config.epochs is not None:
        return config.epochs
    wanted = round(_USUAL_EPOCHS * (max(n_plays, 1) / _AT_PLAYS) ** _POWER)
    return min(max(wanted, _FEWEST_EPOCHS), _MOST_EPOCHS)


def sample_of(config: CooccurrenceConfig, n_items: int) -> float:
    """The threshold above which plays of frequent items are skipped; 0 skips none.

    Args:
        config: Its `sample` counts if there is one. If there is none, the threshold is 0.001, or
            whatever larger value keeps all plays of an item that is played as often as the average.
        n_items: Items that get a vector.
    """
    if config.sample is None:
        return _usual(n_items)
    # gensim reads 1 as a number of plays.
    return config.sample if config.sample < 1 else 0.0


def repeats_of(config: CooccurrenceConfig, playlists: Playlists, n_items: int, epochs: int) -> int:
    """How often each epoch reads a playlist.

    Where that is twice, an item also stands beside itself. That makes items of one playlist alike
    even if they share no third one, as where most playlists are pairs.

    Args:
        config: Its `repeats` counts if there is one.
        playlists: What is trained on.
        n_items: Items that get a vector.
        epochs: Passes over all playlists.
    """
    if config.repeats is not None:
        return config.repeats
    small = _usual(n_items) > _USUAL_SAMPLE
    if not small:
        return 2 if playlists.n_plays <= _SHORT * (playlists.lengths > 0).sum() else 1
    moved = config.learning_rate * epochs * playlists.n_plays / n_items
    return min(max(2, math.ceil(_ENOUGH / moved)), _MOST_REPEATS) if moved else 1


def repeated(playlists: Playlists, times: int) -> Playlists:
    """The same playlists with copies of each behind it, every other one back to front.

    Were all copies alike, the end of a playlist would stand beside its beginning.
    """
    if times == 1:
        return playlists
    numbers = np.arange(len(playlists))
    backwards = Playlists.from_rows(
        playlists.lengths[::-1], playlists.rows[::-1], playlists.n_items
    )
    found = playlists
    for done in range(1, times):
        found = (
            found.extended(backwards, numbers[::-1])
            if done % 2
            else found.extended(playlists, numbers)
        )
    return found


def _usual(n_items: int) -> float:
    return max(_USUAL_SAMPLE, 1 / (_KEPT_WHOLE * max(n_items, 1)))

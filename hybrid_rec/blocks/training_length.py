"""How long Word2Vec trains: its passes, what it skips, how often it reads a playlist."""

from __future__ import annotations

import math

import numpy as np

from hybrid_rec.core.arrays import Rows
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
# More passes than these learn the playlists by heart (measured on sets of 30,000 to 170,000 plays).
_USUAL_EPOCHS, _AT_PLAYS, _POWER = 5, 150_000, -0.5
_FEWEST_EPOCHS, _MOST_EPOCHS = 3, 20
# Items that are played about once or twice hardly move in fewer passes, or with smaller steps.
_RARE_EPOCHS, _RARE = 10, 2.0
_USUAL_RATE, _HIGHEST_RATE = 0.05, 0.2
_OF_LENGTH, _NARROWEST, _WIDEST = 4, 5, 20


def epochs_of(config: CooccurrenceConfig, counts: Rows) -> int:
    """Passes over all playlists.

    Args:
        config: Its `epochs` count if there are any.
        counts: Plays of each item, `(n_items,)`; more of them in all, and of each, need fewer
            passes.
    """
    if config.epochs is not None:
        return config.epochs
    n_plays = max(float(counts.sum()), 1.0)
    wanted: float = _USUAL_EPOCHS * (n_plays / _AT_PLAYS) ** _POWER
    of_rare = _RARE_EPOCHS * min(_RARE / _plays_per_item(counts), 1.0)
    return int(np.clip(round(max(wanted, of_rare)), _FEWEST_EPOCHS, _MOST_EPOCHS))


def window_of(config: CooccurrenceConfig, playlists: Playlists) -> int:
    """The largest distance between two plays that count as together.

    Args:
        config: Its `window` counts if there is one.
        playlists: What is trained on; in longer ones more plays stand for a taste.
    """
    if config.window is not None:
        return config.window
    lengths = playlists.lengths[playlists.lengths > 0]
    return window_for(float(lengths.mean()) if len(lengths) else 0.0)


def window_for(mean: float) -> int:
    """The window for playlists of a mean length."""
    return int(np.clip(round(mean / _OF_LENGTH), _NARROWEST, _WIDEST))


def rate_of(config: CooccurrenceConfig, counts: Rows) -> float:
    """The initial learning rate.

    Args:
        config: Its `learning_rate` counts if there is one.
        counts: Plays of each item, `(n_items,)`.
    """
    if config.learning_rate is not None:
        return config.learning_rate
    # A play that is the only one of its item ties it to nothing else.
    again = max(_plays_per_item(counts) - 1, _USUAL_RATE / _HIGHEST_RATE)
    return max(_USUAL_RATE / again, _USUAL_RATE)


def _plays_per_item(counts: Rows) -> float:
    """Mean plays of the items that are played."""
    n_played = max(int(np.count_nonzero(counts)), 1)
    return max(float(counts.sum()) / n_played, 1.0)


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
    moved = rate_of(config, playlists.play_counts) * epochs * playlists.n_plays / n_items
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

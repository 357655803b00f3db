"""Leave last out, by hand and by definition."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from evaluation.splits.leave_last_out import leave_last_out
from hybrid_rec import Playlists
from tests.evaluation.splits.worlds import (
    CATALOG,
    every_repeats,
    left_out,
    letters,
    playlists_of,
    rng,
    without_repeats,
    worlds,
)


@every_repeats
@settings(max_examples=50)
@given(playlists=worlds(), n_targets=st.integers(1, 3))
def test_leave_last_out_asks_for_the_end(
    repeats: Any, playlists: Playlists, n_targets: int
) -> None:
    split = leave_last_out(playlists, CATALOG, n_targets=n_targets, repeats=repeats)
    train, targets = {}, {}
    for owner, items in letters(playlists).items():
        whole = without_repeats(items) if repeats == "first" else items
        if not items:
            continue
        if len(set(items)) < n_targets + 1 or len(set(items)) < 2:
            train[owner] = whole
            continue
        train[owner] = whole[:-n_targets]
        end = without_repeats("".join(i for i in whole[-n_targets:] if i not in train[owner]))
        if end:
            targets[owner] = end
    assert letters(split.train) == train
    assert letters(split.targets) == targets
    assert letters(split.seeds) == {owner: train[owner] for owner in targets}


def test_a_playlist_that_ends_in_repeats_is_trained_on_but_not_asked() -> None:
    playlists = playlists_of(["aba", "abc"])
    split = leave_last_out(playlists, CATALOG, rng(), repeats="keep")
    assert letters(split.train) == {"0": "ab", "1": "ab"}
    assert letters(split.targets) == {"1": "c"}
    assert left_out(split, "playlists") == 0
    assert left_out(split, "plays") == 1


def test_counts_by_hand() -> None:
    lists = ["", "a", "aa", "abcdef", "abc", "ab", "abg"]
    split = leave_last_out(playlists_of(lists), CATALOG, min_length=3)
    assert split.counts() == {
        "items": 12,
        "cold items": 7,
        "training playlists": 6,
        "training plays": 13,
        "cases": 3,
        "seeds": 9,
        "targets": 3,
        "cold targets": 2,
        "left out: playlists without items": 1,
        "left out: plays that repeat an item of their playlist": 1,
        "left out: plays of targets that repeat or are seeds": 0,
    }

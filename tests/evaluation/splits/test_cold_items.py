"""Cold items: hidden items have no history, others keep theirs."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st

from evaluation.splits.cold_items import cold_items
from hybrid_rec import DataError, Playlists
from tests.evaluation.splits.worlds import (
    CATALOG,
    ITEMS,
    every_repeats,
    ids,
    letters,
    playlists_of,
    rng,
    worlds,
)


@every_repeats
@settings(max_examples=60)
@given(playlists=worlds(), seed=st.integers(0, 99), share=st.floats(0.001, 0.999))
def test_cold_targets_have_no_history_and_all_others_keep_theirs(
    repeats: Any, playlists: Playlists, seed: int, share: float
) -> None:
    try:
        split = cold_items(playlists, CATALOG, rng(seed), share=share, repeats=repeats)
    except DataError:
        reject()
    assert split.train.play_counts[split.targets.rows].max() == 0
    assert split.counts()["cold targets"] == split.counts()["targets"]
    played = set("".join(letters(playlists).values()))
    trained = set("".join(letters(split.train).values()))
    hidden = played - trained
    assert len(hidden) == min(max(1, round(share * len(played))), len(played) - 1)
    source = playlists.distinct() if repeats == "first" else playlists
    counts = dict.fromkeys(ITEMS, 0)
    for items in letters(source).values():
        for item in items:
            counts[item] += 1
    expected = [0 if item in hidden else counts[item] for item in ITEMS]
    assert split.train.play_counts.tolist() == expected
    asked = {owner for owner, items in letters(playlists).items()
             if len(set(items)) >= 2 and set(items) & hidden and set(items) - hidden}  # fmt: skip
    assert ids(split.seeds) == asked


@pytest.mark.parametrize(("share", "n_hidden"), [(1e-9, 1), (0.25, 1), (0.5, 2), (1 - 1e-9, 3)])
def test_a_share_of_items_at_the_edges(share: float, n_hidden: int) -> None:
    split = cold_items(playlists_of(["abcd"] * 3), CATALOG, rng(), share=share)
    assert [len(targets) for targets in split.targets] == [n_hidden] * 3
    assert split.counts()["cold items"] == len(ITEMS) - 4 + n_hidden


def test_playlists_of_hidden_items_only_are_counted() -> None:
    # Two of three items are hidden, whichever: one of the pairs is of hidden items only.
    split = cold_items(playlists_of(["ab", "bc", "ca", "abc"]), CATALOG, rng(), share=0.6)
    assert split.left_out["playlists of hidden items only"] == 1
    assert split.left_out["plays of playlists of hidden items only"] == 2
    assert sorted(split.targets.lengths) == [1, 1, 2]
    assert len(set("".join(letters(split.seeds).values()))) == 1

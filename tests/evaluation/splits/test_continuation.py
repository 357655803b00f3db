"""Continuation: which items of a held-out playlist are given."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st

from evaluation.splits.continuation import continuation
from hybrid_rec import DataError, Playlists
from tests.evaluation.splits.worlds import (
    CATALOG,
    every_repeats,
    ids,
    is_subsequence,
    letters,
    playlists_of,
    rng,
    without_repeats,
    worlds,
)


@every_repeats
@pytest.mark.parametrize("rule", ["half", "first", "random"])
@settings(max_examples=40)
@given(playlists=worlds(), seed=st.integers(0, 99), n_seeds=st.integers(1, 4))
def test_the_rule_of_seeds(
    rule: Any, repeats: Any, playlists: Playlists, seed: int, n_seeds: int
) -> None:
    try:
        split = continuation(
            playlists, CATALOG, rng(seed),
            shares=(0, 0.9), seeds=rule, n_seeds=n_seeds, repeats=repeats,
        )  # fmt: skip
    except DataError:
        reject()
    before = letters(playlists)
    targets = letters(split.targets)
    for owner, seeds in letters(split.seeds).items():
        whole = without_repeats(before[owner]) if repeats == "first" else before[owner]
        n = len(whole) // 2 if rule == "half" else n_seeds
        assert len(seeds) == n
        if rule != "random":
            assert seeds == whole[:n]
            rest = whole[n:]
        else:
            assert is_subsequence(list(seeds), list(whole))
            rest = "".join((Counter(whole) - Counter(seeds)).elements())
        assert sorted(targets[owner]) == sorted(set(rest) - set(seeds))
    # Held-out playlists are dropped only where the rule leaves no target.
    unused = ids(playlists) - ids(split.train) - ids(split.seeds)
    for owner in unused:
        n_items = len(set(before[owner]))
        enough = n_items > n_seeds if rule != "half" else n_items >= 2
        assert not enough or repeats == "keep"


def test_random_seeds_are_drawn_from_every_place_alike() -> None:
    playlists = playlists_of(["abcd"] * 2000)
    split = continuation(
        playlists, CATALOG, rng(1), shares=(0, 0.999), seeds="random", n_seeds=1
    )  # fmt: skip
    drawn = Counter(letters(split.seeds).values())
    assert sorted(drawn) == list("abcd")
    assert all(400 < count < 600 for count in drawn.values())


def test_what_a_cut_leaves_out_is_counted() -> None:
    playlists = playlists_of(["abcdef", "ab"])
    split = continuation(playlists, CATALOG, rng(), shares=(0, 0.999), max_length=4,
                         seeds="first", n_seeds=2)  # fmt: skip
    assert letters(split.targets) == {"0": "cd"}
    assert split.left_out["plays beyond the first 4 of a case"] == 2
    assert split.left_out["playlists without targets"] == 1
    assert split.left_out["plays of playlists without targets"] == 2


def test_max_length_cuts_cases_but_not_training() -> None:
    split = continuation(playlists_of(["abcdef"] * 4), CATALOG, rng(), max_length=2)
    assert set(letters(split.train).values()) == {"abcdef"}
    assert split.counts()["seeds"] == split.counts()["targets"] == 1

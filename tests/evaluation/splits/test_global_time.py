"""Global time: nothing after the date is learned from."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings

from evaluation.splits.continuation import continuation
from evaluation.splits.global_time import global_time
from hybrid_rec import DataError, Playlists
from tests.evaluation.splits.worlds import (
    CATALOG,
    LONG,
    every_repeats,
    ids,
    letters,
    playlists_of,
    plays,
    rng,
    splits_of,
    worlds,
)


@pytest.mark.parametrize("name", ["time", "time, first two"])
@every_repeats
@settings(max_examples=50)
@given(playlists=worlds())
def test_nothing_is_learned_after_the_first_case(
    name: str, repeats: str, playlists: Playlists
) -> None:
    for split in splits_of(name, playlists, repeats=repeats):
        trained, *asked = (
            [time for entries in plays(part).values() for _, time in entries]
            for part in (split.train, split.seeds, split.targets)
        )
        assert max(trained, default=-1) <= min(min(times) for times in asked)


@settings(max_examples=100)
@given(playlists=worlds())
def test_global_time_trains_on_all_that_ends_by_the_date(playlists: Playlists) -> None:
    parts = [
        global_time(playlists, CATALOG, rng(), shares=(0.2, 0.2), part=part)
        for part in ("validation", "test")
    ]
    test = parts[1]
    before = {owner: [time for _, time in entries] for owner, entries in plays(playlists).items()}
    cases = [ids(split.seeds) for split in parts]
    assert max(min(before[owner]) for owner in cases[0]) <= min(
        min(before[owner]) for owner in cases[1]
    )
    date = min(min(before[owner]) for owner in cases[0])
    asked = [time for split in parts for part in (split.seeds, split.targets)
             for entries in plays(part).values() for _, time in entries]  # fmt: skip
    assert min(asked) == date
    for entries in plays(test.train).values():
        assert max(time for _, time in entries) <= date
    late = [owner for owner in ids(playlists) - ids(test.train) - cases[0] - cases[1]
            if len(set(letters(playlists)[owner])) >= 2]  # fmt: skip
    for owner in late:
        assert min(before[owner]) <= date < max(before[owner])
    assert test.left_out["playlists that start before the date and go on after it"] == len(late)


def test_global_time_by_hand() -> None:
    lists = ["ab", "cd", "ef", "gh", "ij"]
    times = [50, 51, 30, 40, 10, 11, 41, 60, 20, 90]
    playlists = playlists_of(lists, times)
    split = global_time(playlists, CATALOG, rng(), shares=(0.2, 0.2))
    assert letters(split.seeds) == {"0": "a"}
    assert letters(split.targets) == {"0": "b"}
    # The date is 41, when the validation's first play is; "ij" goes on until 90.
    assert letters(split.train) == {"1": "cd", "2": "ef"}
    assert split.train.playlist_ids.tolist() == ["1", "2"], "in the order of the input"
    assert split.left_out == {
        "playlists with fewer than 2 different items": 0,
        "plays of playlists with fewer than 2 different items": 0,
        "plays that repeat an item of their playlist": 0,
        "playlists held out for validation": 1,
        "plays of playlists held out for validation": 2,
        "playlists that start before the date and go on after it": 1,
        "plays of playlists that start before the date and go on after it": 2,
        "plays of targets that repeat or are seeds": 0,
        "playlists without targets": 0,
        "plays of playlists without targets": 0,
    }


def test_splits_work_without_times() -> None:
    playlists = Playlists.from_lists([list(items) for items in LONG], CATALOG)
    split = continuation(playlists, CATALOG, rng())
    assert split.train.times is split.seeds.times is split.targets.times is None
    with pytest.raises(DataError, match="must have the time of every play"):
        global_time(playlists, CATALOG, rng())
    stamps = np.zeros(playlists.n_plays, dtype="datetime64[us]")
    stamps[3] = np.datetime64("NaT")
    with pytest.raises(DataError, match="must have the time of every play"):
        global_time(replace(playlists, times=stamps), CATALOG, rng())

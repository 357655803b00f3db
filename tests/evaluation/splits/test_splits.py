"""Every split: nothing leaks, nothing is lost, and every count adds up to the input."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluation.splits.cold_items import cold_items
from evaluation.splits.continuation import continuation
from evaluation.splits.global_time import global_time
from evaluation.splits.k_fold import k_fold
from evaluation.splits.leave_last_out import leave_last_out
from evaluation.splits.split import Split
from hybrid_rec import Catalog, DataError, Playlists
from hybrid_rec.core.errors import ConfigError
from tests.evaluation.splits.worlds import (
    CATALOG,
    ITEMS,
    LONG,
    MAX_LENGTHS,
    SPLITTERS,
    TRAINS_ON_SEEDS,
    every_repeats,
    every_splitter,
    ids,
    is_subsequence,
    left_out,
    letters,
    playlists_of,
    plays,
    rng,
    splits_of,
    without_repeats,
    worlds,
)

DRAWN = (continuation, global_time, k_fold)
PARTED = (continuation, global_time)
ALL = (*DRAWN, leave_last_out, cold_items)


@every_splitter
@every_repeats
@settings(max_examples=25)
@given(playlists=worlds(), seed=st.integers(0, 99))
def test_a_case_has_seeds_and_other_items_as_targets(
    name: str, repeats: str, playlists: Playlists, seed: int
) -> None:
    for split in splits_of(name, playlists, seed, repeats=repeats):
        assert len(split) == len(split.seeds) == len(split.targets) > 0
        assert split.seeds.playlist_ids.tolist() == split.targets.playlist_ids.tolist()
        for given_rows, wanted in zip(split.seeds, split.targets, strict=True):
            seeds, targets = given_rows.tolist(), wanted.tolist()
            assert seeds
            assert targets
            assert len(set(targets)) == len(targets)
            assert not set(targets) & set(seeds)
            assert repeats == "keep" or len(set(seeds)) == len(seeds)


@every_splitter
@every_repeats
@settings(max_examples=25)
@given(playlists=worlds(), seed=st.integers(0, 99))
def test_every_play_keeps_its_playlist_order_and_time(
    name: str, repeats: str, playlists: Playlists, seed: int
) -> None:
    before = plays(playlists)
    for split in splits_of(name, playlists, seed, repeats=repeats):
        for part in (split.train, split.seeds, split.targets):
            for owner, entries in plays(part).items():
                assert is_subsequence(entries, before[owner])


@every_splitter
@every_repeats
@settings(max_examples=25)
@given(playlists=worlds(), seed=st.integers(0, 99))
def test_nothing_is_learned_from_and_asked(
    name: str, repeats: str, playlists: Playlists, seed: int
) -> None:
    for split in splits_of(name, playlists, seed, repeats=repeats):
        if name not in TRAINS_ON_SEEDS:
            assert not ids(split.train) & ids(split.seeds)
            continue
        trained = plays(split.train)
        for owner, entries in plays(split.seeds).items():
            assert trained[owner] == entries


@every_splitter
@every_repeats
@settings(max_examples=25)
@given(playlists=worlds(), seed=st.integers(0, 99))
def test_counts_add_up_to_the_input(
    name: str, repeats: str, playlists: Playlists, seed: int
) -> None:
    for split in splits_of(name, playlists, seed, repeats=repeats):
        counts = split.counts()
        used = ids(split.train) | ids(split.seeds)
        assert len(used) + left_out(split, "playlists") == len(playlists)
        seeds_alone = 0 if name in TRAINS_ON_SEEDS else counts["seeds"]
        used_plays = counts["training plays"] + counts["targets"] + seeds_alone
        assert used_plays + left_out(split, "plays") == playlists.n_plays
        history = set(split.train.rows.tolist())
        assert counts["cold items"] == len(ITEMS) - len(history)
        assert counts["cold targets"] == sum(r not in history for r in split.targets.rows.tolist())


@every_splitter
@every_repeats
@settings(max_examples=25)
@given(playlists=worlds(), seed=st.integers(0, 99))
def test_seeds_and_targets_are_the_whole_playlist(
    name: str, repeats: str, playlists: Playlists, seed: int
) -> None:
    limit = MAX_LENGTHS.get(name)
    before = letters(playlists)
    for split in splits_of(name, playlists, seed, repeats=repeats):
        seeds, targets = letters(split.seeds), letters(split.targets)
        for owner in seeds:
            whole = without_repeats(before[owner]) if repeats == "first" else before[owner]
            assert set(seeds[owner] + targets[owner]) == set(whole[:limit])


@every_splitter
@settings(max_examples=15)
@given(playlists=worlds(), seed=st.integers(0, 99))
def test_the_same_rng_seed_gives_the_same_split(name: str, playlists: Playlists, seed: int) -> None:
    one, two = splits_of(name, playlists, seed), splits_of(name, playlists, seed)
    for first, second in zip(one, two, strict=True):
        assert first.counts() == second.counts()
        for part in ("train", "seeds", "targets"):
            assert plays(getattr(first, part)) == plays(getattr(second, part))


@pytest.mark.parametrize("name", ["half", "random two", "folds", "folds, random two", "half cold"])
def test_another_rng_seed_gives_another_split(name: str) -> None:
    playlists = playlists_of(LONG * 3)
    drawn = {str(letters(splits_of(name, playlists, seed)[0].targets)) for seed in range(5)}
    assert len(drawn) > 1


def test_repeats_are_a_choice() -> None:
    playlists = playlists_of(["abacbd"])
    call = partial(continuation, playlists, CATALOG, rng(), shares=(0, 0.5))
    first = call()
    assert letters(first.seeds) == {"0": "ab"}
    assert letters(first.targets) == {"0": "cd"}
    assert first.left_out["plays that repeat an item of their playlist"] == 2
    kept = call(repeats="keep")
    assert letters(kept.seeds) == {"0": "aba"}
    assert letters(kept.targets) == {"0": "cd"}
    assert kept.left_out["plays that repeat an item of their playlist"] == 0
    assert kept.left_out["plays of targets that repeat or are seeds"] == 1
    short = continuation(playlists_of(["abcb", "cc"]), CATALOG, rng(), shares=(0, 0.5),
                         repeats="keep")  # fmt: skip
    assert letters(short.train) == {"1": "cc"}, "too short for a case, but for training"


@pytest.mark.parametrize("splitter", ALL)
def test_short_playlists_are_learned_from_and_not_asked(splitter: Callable[..., Any]) -> None:
    playlists = playlists_of([*LONG, "a", "bc", "kl"], [1] * sum(map(len, [*LONG, "abckl"])))
    short = {str(number) for number in range(len(LONG), len(LONG) + 3)}
    made = splitter(playlists, CATALOG, rng(), min_length=4)
    for split in [made] if isinstance(made, Split) else made:
        assert not short & ids(split.seeds)
        lost = {owner for owner in short if owner not in ids(split.train)}
        # Only items that are hidden from all playlists are taken from them.
        assert all(set(letters(playlists)[owner]) <= _hidden(split) for owner in lost)


def _hidden(split: Split) -> set[str]:
    return {ITEMS[row] for row in split.targets.rows[split.cold[split.targets.rows]]}


def test_kept_repeats_stay_in_training() -> None:
    lists = ["abab"] * 4
    kept = continuation(playlists_of(lists), CATALOG, rng(), shares=(0, 0.5), seeds="first",
                        n_seeds=1, repeats="keep")  # fmt: skip
    assert set(letters(kept.train).values()) == {"abab"}
    once = continuation(playlists_of(lists), CATALOG, rng(), shares=(0, 0.5))
    assert set(letters(once.train).values()) == {"ab"}


@every_splitter
@pytest.mark.parametrize("lists", [[], [""], ["", "a", "bb"]])
def test_too_little_is_a_data_error(name: str, lists: list[str]) -> None:
    error: type[Exception] = ConfigError if name.startswith("folds") else DataError
    message = "number of usable playlists, 0" if name.startswith("folds") else "of 0 playlists has"
    with pytest.raises(error, match=message):
        SPLITTERS[name](playlists_of(lists), CATALOG, rng())


@every_splitter
def test_another_catalogue_is_refused(name: str) -> None:
    other = Catalog.from_columns(["a"], ["A"], [None])
    with pytest.raises(DataError, match=r"refer to 12 items and it has 1\."):
        SPLITTERS[name](playlists_of(LONG), other, rng())


@pytest.mark.parametrize(
    ("splitters", "options", "message"),
    [
        (PARTED, {"shares": (0.5, 0.5)}, r"less than 1 together, got \(0.5, 0.5\)"),
        (PARTED, {"shares": (-0.1, 0.1)}, "shares of validation and test must be at least 0"),
        (PARTED, {"shares": (0.1, -0.1)}, "shares of validation and test must be at least 0"),
        (PARTED, {"shares": (float("nan"), 0.1)}, "shares of validation and test"),
        (PARTED, {"shares": (0.1, float("nan"))}, "shares of validation and test"),
        (PARTED, {"shares": (0.1,)}, "shares of validation and test"),
        (PARTED, {"part": "train"}, "part must be 'validation' or 'test', got 'train'"),
        (DRAWN, {"seeds": "last"}, "seeds must be 'half', 'first' or 'random', got 'last'"),
        (DRAWN, {"seeds": "first", "n_seeds": 0}, "n_seeds must be at least 1, got 0"),
        (DRAWN, {"seeds": "random", "n_seeds": -1}, "n_seeds must be at least 1, got -1"),
        (DRAWN, {"max_length": 1}, "max_length must be at least 2 or None, got 1"),
        (ALL, {"repeats": "last"}, "repeats must be 'first' or 'keep', got 'last'"),
        (ALL, {"min_length": 1}, "min_length must be at least 2, got 1"),
        ((leave_last_out,), {"n_targets": 0}, "n_targets must be at least 1, got 0"),
        ((cold_items,), {"share": 0}, "share must be above 0 and below 1, got 0"),
        ((cold_items,), {"share": 1.0}, "share must be above 0 and below 1, got 1.0"),
        ((cold_items,), {"share": float("nan")}, "share must be above 0 and below 1, got nan"),
        ((k_fold,), {"n_folds": 1}, "n_folds must be from 2 to .*, 6, got 1"),
        ((k_fold,), {"n_folds": 7}, "n_folds must be from 2 to .*, 6, got 7"),
    ],
)
def test_parameters_out_of_range(
    splitters: tuple[Callable[..., Any], ...], options: dict[str, Any], message: str
) -> None:
    for splitter in splitters:
        with pytest.raises(ConfigError, match=message):
            splitter(playlists_of(LONG), CATALOG, rng(), **options)

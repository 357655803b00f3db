"""Splits: nothing leaks, nothing is lost, and every count adds up to the input."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from fractions import Fraction
from functools import partial
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, reject, settings
from hypothesis import strategies as st

from evaluation.splits.cold_items import cold_items
from evaluation.splits.continuation import continuation
from evaluation.splits.global_time import global_time
from evaluation.splits.k_fold import k_fold
from evaluation.splits.leave_last_out import leave_last_out
from evaluation.splits.split import Split
from hybrid_rec import Catalog, DataError, Playlists
from hybrid_rec.core.errors import ConfigError

ITEMS = "abcdefghijkl"
CATALOG = Catalog.from_columns(list(ITEMS), list(ITEMS), [None] * len(ITEMS))

# Long enough for every rule below, so that most draws have cases in every part.
LONG = ["abcd", "cdefg", "efghij", "ghia", "ijklab", "klabcde"]

SPLITTERS: dict[str, Callable[..., Any]] = {
    "half": partial(continuation, shares=(0.3, 0.3)),
    "half of a validation": partial(continuation, shares=(0.3, 0.3), part="validation"),
    "half of the first three": partial(continuation, shares=(0.3, 0.3), max_length=3),
    "first two": partial(continuation, shares=(0, 0.6), seeds="first", n_seeds=2),
    "random two": partial(continuation, shares=(0.2, 0.4), seeds="random", n_seeds=2),
    "long": partial(continuation, shares=(0.3, 0.3), min_length=4),
    "time": partial(global_time, shares=(0.2, 0.4)),
    "time, first two": partial(global_time, shares=(0, 0.4), seeds="first", n_seeds=2),
    "folds": partial(k_fold, n_folds=3),
    "folds, random two": partial(k_fold, n_folds=2, seeds="random", n_seeds=2, max_length=4),
    "last": leave_last_out,
    "last two": partial(leave_last_out, n_targets=2),
    "cold": cold_items,
    "half cold": partial(cold_items, share=0.5),
}
MAX_LENGTHS = {"half of the first three": 3, "folds, random two": 4}
TRAINS_ON_SEEDS = ("last", "last two", "cold", "half cold")
every_splitter = pytest.mark.parametrize("name", SPLITTERS)
every_repeats = pytest.mark.parametrize("repeats", ["first", "keep"])


def playlists_of(lists: Sequence[Sequence[str]], times: Sequence[int] | None = None) -> Playlists:
    playlists = Playlists.from_lists([list(items) for items in lists], CATALOG)
    if times is None:
        times = range(playlists.n_plays)
    return replace(playlists, times=np.array(times, dtype="datetime64[us]"))


@st.composite
def worlds(draw: st.DrawFn) -> Playlists:
    """Playlists with repeats and of any length, each in order of time, overlapping with ties."""
    extra = draw(st.lists(st.text(alphabet=ITEMS, max_size=7), max_size=8))
    lists = draw(st.permutations([*LONG, *extra]))
    starts = draw(st.lists(st.integers(0, 30), min_size=len(lists), max_size=len(lists)))
    gaps = draw(st.lists(st.integers(0, 2), min_size=len(lists), max_size=len(lists)))
    times = [
        start + gap * place
        for items, start, gap in zip(lists, starts, gaps, strict=True)
        for place in range(len(items))
    ]
    return playlists_of(lists, times)


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def splits_of(name: str, playlists: Playlists, seed: int = 0, **options: Any) -> list[Split]:
    """All splits of a splitter; draws in which it finds no case are passed over."""
    try:
        result = SPLITTERS[name](playlists, CATALOG, rng(seed), **options)
        return [result] if isinstance(result, Split) else list(result)
    except DataError:
        reject()


def plays(playlists: Playlists) -> dict[str, list[tuple[int, int]]]:
    """(row, time) of every play in order, by playlist id."""
    assert playlists.times is not None
    stamps = playlists.times.astype(np.int64).tolist()
    result: dict[str, list[tuple[int, int]]] = {name: [] for name in playlists.playlist_ids}
    for owner, row, time in zip(playlists.owners, playlists.rows.tolist(), stamps, strict=True):
        result[playlists.playlist_ids[owner]].append((row, time))
    assert len(result) == len(playlists), "playlist ids must be unique"
    return result


def letters(playlists: Playlists) -> dict[str, str]:
    lists = playlists.to_lists(CATALOG)
    return dict(zip(playlists.playlist_ids, map("".join, lists), strict=True))


def ids(playlists: Playlists) -> set[str]:
    return set(playlists.playlist_ids)


def without_repeats(items: str) -> str:
    return "".join(dict.fromkeys(items))


def is_subsequence(part: list[Any], whole: list[Any]) -> bool:
    remaining = iter(whole)
    return all(any(entry == other for other in remaining) for entry in part)


def left_out(split: Split, unit: str) -> int:
    entries = {why: n for why, n in split.counts().items() if why.startswith("left out: ")}
    assert all(why.startswith(("left out: playlists", "left out: plays")) for why in entries)
    assert all(count >= 0 for count in entries.values())
    return sum(count for why, count in entries.items() if why.startswith(f"left out: {unit}"))


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


@pytest.mark.parametrize("splitter", [continuation, global_time])
@settings(max_examples=30)
@given(playlists=worlds(), seed=st.integers(0, 99))
def test_validation_and_test_share_the_training_set_and_no_playlist(
    splitter: Callable[..., Split], playlists: Playlists, seed: int
) -> None:
    test, validation = (
        splitter(playlists, CATALOG, rng(seed), shares=(0.3, 0.3), part=part)
        for part in ("test", "validation")
    )
    assert plays(test.train) == plays(validation.train)
    assert not ids(test.seeds) & ids(validation.seeds)
    assert test.left_out["playlists held out for validation"] == len(validation)
    assert validation.left_out["playlists held out for test"] == len(test)
    assert len(test.train) + len(test) + left_out(test, "playlists") == len(playlists)


@settings(max_examples=200)
@given(n=st.integers(1, 40), hundredths=st.tuples(st.integers(0, 99), st.integers(0, 99)))
def test_shares_are_rounded_down_exactly(n: int, hundredths: tuple[int, int]) -> None:
    assume(sum(hundredths) < 100)
    shares = (hundredths[0] / 100, hundredths[1] / 100)
    n_train = n * (100 - sum(hundredths)) // 100
    n_seen = n * (100 - hundredths[1]) // 100
    assert n_train == int(n * (1 - Fraction(sum(hundredths), 100)))
    playlists = playlists_of(["ab"] * n)
    for part, size in (("validation", n_seen - n_train), ("test", n - n_seen)):
        call = partial(continuation, playlists, CATALOG, rng(), shares=shares, part=part)
        if size == 0:
            with pytest.raises(DataError, match="at least one case must have targets"):
                call()
        else:
            split = call()
            assert (len(split.train), len(split)) == (n_train, size)


@pytest.mark.parametrize(
    ("n", "shares", "sizes"),
    [
        (10, (0.1, 0.1), (8, 1, 1)),
        (10, (0, 0.9), (1, 0, 9)),
        (10, (0.9, 0), (1, 9, 0)),
        (10, (0, 0), (10, 0, 0)),
        (5, (0.1, 0.1), (4, 0, 1)),
        (1, (0, 0.01), (0, 0, 1)),
        (1, (0.01, 0), (0, 1, 0)),
        (2, (0.49, 0.5), (0, 1, 1)),
        (20, (0, 0.999), (0, 0, 20)),
    ],
)
@pytest.mark.parametrize("splitter", [continuation, global_time])
def test_sizes_at_the_edges(
    splitter: Callable[..., Split], n: int, shares: tuple[float, float], sizes: tuple[int, int, int]
) -> None:
    playlists = playlists_of(["ab"] * n)
    for part, size in zip(("validation", "test"), sizes[1:], strict=True):
        if size == 0:
            with pytest.raises(DataError, match=f"{part}: at least one case .* none of 0 "):
                splitter(playlists, CATALOG, rng(), shares=shares, part=part)
        else:
            split = splitter(playlists, CATALOG, rng(), shares=shares, part=part)
            assert (len(split.train), len(split)) == (sizes[0], size)
            other = {"validation": "test", "test": "validation"}[part]
            assert split.left_out[f"playlists held out for {other}"] == sum(sizes[1:]) - size


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
        if len(set(items)) < n_targets + 1 or len(set(items)) < 2:
            continue
        train[owner] = whole[:-n_targets]
        end = without_repeats("".join(i for i in whole[-n_targets:] if i not in train[owner]))
        if end:
            targets[owner] = end
    assert letters(split.train) == train
    assert letters(split.targets) == targets
    assert letters(split.seeds) == {owner: train[owner] for owner in targets}


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
    usable = [items for items in letters(playlists).values() if len(set(items)) >= 2]
    played = set("".join(usable))
    trained = set("".join(letters(split.train).values()))
    hidden = played - trained
    assert len(hidden) == min(max(1, round(share * len(played))), len(played) - 1)
    source = playlists.distinct() if repeats == "first" else playlists
    counts = dict.fromkeys(ITEMS, 0)
    for items in letters(source).values():
        for item in items if len(set(items)) >= 2 else "":
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


@settings(max_examples=50)
@given(playlists=worlds(), seed=st.integers(0, 99), data=st.data())
def test_every_usable_playlist_is_in_exactly_one_fold(
    playlists: Playlists, seed: int, data: st.DataObject
) -> None:
    usable = {owner for owner, items in letters(playlists).items() if len(set(items)) >= 2}
    n_folds = data.draw(st.integers(2, len(usable)))
    folds = list(k_fold(playlists, CATALOG, rng(seed), n_folds=n_folds))
    assert len(folds) == n_folds
    held_out = [owner for fold in folds for owner in fold.seeds.playlist_ids]
    assert len(held_out) == len(usable)
    assert set(held_out) == usable
    sizes = [len(fold) for fold in folds]
    assert max(sizes) - min(sizes) <= 1
    for fold in folds:
        assert ids(fold.train) == usable - ids(fold.seeds)


def test_folds_do_not_depend_on_what_the_caller_draws_between_them() -> None:
    playlists = playlists_of(LONG * 2)
    fold = partial(k_fold, playlists, CATALOG, n_folds=3, seeds="random", n_seeds=2)
    alone = [letters(split.seeds) for split in fold(rng(4))]
    shared, disturbed = rng(4), []
    folds = fold(shared)
    shared.random(7)
    for split in folds:
        disturbed.append(letters(split.seeds))
        shared.random(3)
    assert disturbed == alone
    assert [split.name for split in fold(rng(4))][2] == "fold 3 of 3 (random 2 given)"


def test_a_fold_without_a_case_is_an_error() -> None:
    folds = k_fold(playlists_of(["ab", "ab"]), CATALOG, rng(), n_folds=2, seeds="first", n_seeds=2)
    with pytest.raises(DataError, match=r"fold 1 of 2 \(first 2 given\): at least one case"):
        next(folds)


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
    assert short.left_out["playlists with fewer than 2 different items"] == 1


def test_kept_repeats_stay_in_training() -> None:
    lists = ["abab"] * 4
    kept = continuation(playlists_of(lists), CATALOG, rng(), shares=(0, 0.5), seeds="first",
                        n_seeds=1, repeats="keep")  # fmt: skip
    assert set(letters(kept.train).values()) == {"abab"}
    once = continuation(playlists_of(lists), CATALOG, rng(), shares=(0, 0.5))
    assert set(letters(once.train).values()) == {"ab"}


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
        "training playlists": 3,
        "training plays": 9,
        "cases": 3,
        "seeds": 9,
        "targets": 3,
        "cold targets": 2,
        "left out: playlists with fewer than 3 different items": 4,
        "left out: plays of playlists with fewer than 3 different items": 4,
        "left out: plays that repeat an item of their playlist": 1,
        "left out: plays of targets that repeat or are seeds": 0,
    }


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


DRAWN = (continuation, global_time, k_fold)
PARTED = (continuation, global_time)
ALL = (*DRAWN, leave_last_out, cold_items)


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

"""Small playlists, drawn and by hand, and every split that is made of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import pytest
from hypothesis import reject
from hypothesis import strategies as st

from evaluation.splits.cold_items import cold_items
from evaluation.splits.continuation import continuation
from evaluation.splits.global_time import global_time
from evaluation.splits.k_fold import k_fold
from evaluation.splits.leave_last_out import leave_last_out
from evaluation.splits.split import Split
from hybrid_rec import Catalog, DataError, Playlists

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

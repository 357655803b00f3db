"""Playlists: order, ragged arithmetic, queries, bad frames."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hybrid_rec import Catalog, DataError, Playlists, UnknownItemError

CATALOG = Catalog.from_columns(list("abcdef"), list("ABCDEF"), [None] * 6)
lists = st.lists(st.lists(st.sampled_from("abcdef"), max_size=8), max_size=8)


def plays(**columns: Any) -> pd.DataFrame:
    base = {"playlist_id": ["p", "q", "p", "q"], "item_id": ["a", "b", "c", "d"]}
    return pd.DataFrame(base | columns)


def test_from_frame_keeps_the_order_of_the_table() -> None:
    playlists = Playlists.from_frame(plays(), CATALOG)
    assert playlists.playlist_ids.tolist() == ["p", "q"]
    assert playlists.to_lists(CATALOG) == [["a", "c"], ["b", "d"]]
    assert playlists.times is None


def test_position_goes_before_time_and_time_before_the_table() -> None:
    times = ["2024-01-02", "2024-01-01", "2024-01-01", "2024-01-02"]
    by_time = Playlists.from_frame(plays(played_at=times), CATALOG)
    assert by_time.to_lists(CATALOG) == [["c", "a"], ["b", "d"]]
    assert by_time.times is not None
    assert by_time.times[0] == np.datetime64("2024-01-01")
    by_position = Playlists.from_frame(plays(played_at=times, position=[1, 2, 2, 1]), CATALOG)
    assert by_position.to_lists(CATALOG) == [["a", "c"], ["d", "b"]]


@pytest.mark.parametrize("seconds", [[1.5e9, 2e9, 1e9, 3e9], [1500000000, 2, 1, 3]])
def test_seconds_since_1970_are_times(seconds: list[float]) -> None:
    playlists = Playlists.from_frame(plays(played_at=seconds), CATALOG)
    assert playlists.times is not None
    assert playlists.times[1] == np.datetime64("2017-07-14T02:40:00")


@given(lists)
def test_lists_round_trip(given_lists: list[list[str]]) -> None:
    playlists = Playlists.from_lists(given_lists, CATALOG)
    assert playlists.to_lists(CATALOG) == given_lists
    assert playlists.lengths.tolist() == [len(items) for items in given_lists]
    assert playlists.n_plays == sum(map(len, given_lists))
    flat = [item for items in given_lists for item in items]
    assert playlists.play_counts.tolist() == [flat.count(item) for item in "abcdef"]
    holders = [sum(item in items for items in given_lists) for item in "abcdef"]
    assert playlists.playlist_counts.tolist() == holders
    assert [rows.tolist() for rows in playlists] == [
        CATALOG.rows(items).tolist() for items in given_lists
    ]


@given(lists, st.randoms(use_true_random=False))
def test_select_and_distinct(given_lists: list[list[str]], random: Any) -> None:
    playlists = Playlists.from_lists(given_lists, CATALOG)
    chosen = [random.randrange(len(given_lists)) for _ in range(4)] if given_lists else []
    selected = playlists.select(np.array(chosen, dtype=np.int64))
    assert selected.to_lists(CATALOG) == [given_lists[number] for number in chosen]
    distinct = playlists.distinct().to_lists(CATALOG)
    assert distinct == [list(dict.fromkeys(items)) for items in given_lists]
    mask = playlists.lengths > 2
    assert playlists.select(mask).to_lists(CATALOG) == [i for i in given_lists if len(i) > 2]


def test_select_takes_the_times_along() -> None:
    playlists = Playlists.from_frame(plays(played_at=[4, 3, 2, 1]), CATALOG)
    selected = playlists.select(np.array([1]))
    assert selected.times is not None
    assert selected.times.astype("datetime64[s]").astype(int).tolist() == [1, 3]


def test_matrix_merges_repeats() -> None:
    playlists = Playlists.from_lists([["a", "b", "a"], []], CATALOG)
    assert playlists.matrix().toarray().tolist() == [[1, 1, 0, 0, 0, 0], [0] * 6]
    assert playlists.counts().toarray().tolist() == [[2, 1, 0, 0, 0, 0], [0] * 6]
    assert playlists.rows.tolist() == [0, 1, 0]


def test_unknown_items_are_raised_or_skipped() -> None:
    frame = plays(item_id=["a", "x", "c", "d"])
    with pytest.raises(UnknownItemError, match="unknown: 'x'"):
        Playlists.from_frame(frame, CATALOG)
    skipped = Playlists.from_frame(frame, CATALOG, on_unknown="skip")
    assert skipped.to_lists(CATALOG) == [["a", "c"], ["d"]]
    assert Playlists.from_lists([["x"], ["a"]], CATALOG, on_unknown="skip").to_lists(CATALOG) == [
        [],
        ["a"],
    ]


def test_arrays_are_frozen_and_the_callers_stay_free() -> None:
    offsets, rows = np.array([0, 2]), np.array([1, 2])
    playlists = Playlists(offsets, rows, np.array(["p"], dtype=object), 6)
    with pytest.raises(ValueError, match="read-only"):
        playlists.rows[0] = 5
    rows[0] = 1


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (plays().drop(columns="item_id"), "plays must have the columns playlist_id, item_id"),
        (plays(playlist_id=["p", None, "p", "q"]), "playlist_id must not be missing.*row 1"),
        (plays(position=[1, 2, "x", 4]), "position must be a number, got 'x' at row 2"),
        (plays(played_at=["2024-01-01", "yesterday", None, None]), "got 'yesterday' at row 1"),
        (
            plays(played_at=[1, 2, 3e11, 4]),
            "1.0 at row 0 is of seconds and 300000000000.0 at row 2",
        ),
        (
            plays(played_at=[1, -9e10, 3, 4]),
            r"in the years 1 to 9999, got .* at row 1; numbers are",
        ),
        (
            plays(played_at=pd.Series(["2024-01-01", 5, None, None], dtype=object)),
            "numbers or times, not both, but 5 at row 1 is a number and '2024-01-01' at row 0",
        ),
        (
            plays(playlist_id=pd.Series(["p", "q", "\ud800", "q"], dtype=object)),
            "playlist_id must be whole text, but row 2 holds half of a character",
        ),
        (pd.concat([plays(), plays()[["item_id"]]], axis=1), "item_id stands there twice"),
        ([["p", "a"]], "plays must be a DataFrame, got list"),
    ],
)
def test_bad_frames(frame: pd.DataFrame, message: str) -> None:
    with pytest.raises(DataError, match=message):
        Playlists.from_frame(frame, CATALOG)


@pytest.mark.parametrize(
    ("offsets", "rows", "ids", "message"),
    [
        ([0, 3], [1, 2], ["p"], "offsets must rise from 0"),
        ([0, 2, 1, 2], [1, 2], ["p", "q", "r"], "offsets must rise"),
        ([0, 2], [1, 6], ["p"], r"rows must be in \[0, 6\), got 6"),
        ([0, 2], [1, 2], ["p", "q"], "playlist_ids must have one entry per playlist, 1, got 2"),
    ],
)
def test_arrays_that_do_not_fit(offsets: Any, rows: Any, ids: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        Playlists(np.array(offsets), np.array(rows), np.array(ids, dtype=object), 6)


def test_getitem_counts_from_both_ends() -> None:
    playlists = Playlists.from_lists([["a"], ["b"]], CATALOG)
    assert playlists[-1].tolist() == [1]
    with pytest.raises(IndexError, match=r"\[0, 2\), got 2"):
        playlists[2]


def objects(*values: Any) -> pd.Series[Any]:
    return pd.Series(values, dtype=object)


def test_seconds_in_an_object_column_are_seconds() -> None:
    playlists = Playlists.from_frame(plays(played_at=objects(1500000000, 2, None, 3.0)), CATALOG)
    assert playlists.times is not None
    assert playlists.times[0] == np.datetime64("2017-07-14T02:40:00")


@pytest.mark.parametrize("kind", ["int64", "uint64", "Int64", "int64[pyarrow]", "object"])
def test_large_positions_keep_every_digit(kind: str) -> None:
    position = pd.Series([2**53 + 1, 1, 2**53, 2]).astype(kind)
    ordered = Playlists.from_frame(plays(position=position), CATALOG)
    assert ordered.to_lists(CATALOG) == [["c", "a"], ["b", "d"]]


@pytest.mark.parametrize("kind", ["float64", "Int64", "int64[pyarrow]", "object"])
def test_a_missing_position_comes_last(kind: str) -> None:
    position = pd.Series([None, 2, 1, 1]).astype(kind)
    ordered = Playlists.from_frame(plays(position=position), CATALOG)
    assert ordered.to_lists(CATALOG) == [["c", "a"], ["d", "b"]]


def test_no_plays_are_no_playlists() -> None:
    for extra in ((), ("position",), ("played_at",)):
        empty = pd.DataFrame({name: [] for name in ("playlist_id", "item_id", *extra)})
        assert len(Playlists.from_frame(empty, CATALOG)) == 0


@pytest.mark.parametrize(
    ("ids", "message"),
    [
        ([None], "playlist_ids must be strings or integers, got None"),
        ([1.5], "playlist_ids must be strings or integers, got 1.5"),
        ("p", "playlist_ids must be strings or integers in a list, got 'p'"),
        (["\ud800"], "playlist_ids must be whole text, but row 0 holds half of a character"),
        (["p", "q"], "one entry per playlist"),
    ],
)
def test_bad_playlist_ids(ids: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        Playlists.from_lists([["a"]], CATALOG, playlist_ids=ids)


def test_playlist_ids_may_be_integers() -> None:
    playlists = Playlists.from_lists([["a"]], CATALOG, playlist_ids=np.array([7]))
    assert playlists.playlist_ids.tolist() == ["7"]


@pytest.mark.parametrize("lists", [[5], ["ab"], [b"12"], [pd.NA], [pd.Timestamp("2024")], 5])
def test_what_is_no_list_of_lists(lists: Any) -> None:
    with pytest.raises(DataError, match="list"):
        Playlists.from_lists(lists, CATALOG)


def test_on_unknown_is_checked() -> None:
    wrong: Any = "ignore"
    with pytest.raises(DataError, match="on_unknown must be 'raise' or 'skip', got 'ignore'"):
        Playlists.from_frame(plays(), CATALOG, on_unknown=wrong)
    with pytest.raises(DataError, match="on_unknown must be 'raise' or 'skip', got 'ignore'"):
        Playlists.from_lists([["a"]], CATALOG, on_unknown=wrong)


@given(lists, lists, st.data())
def test_extended_goes_on_with_known_playlists(
    before: list[list[str]], added: list[list[str]], data: st.DataObject
) -> None:
    places = st.integers(-1, len(before) - 1)
    known = data.draw(st.lists(places, min_size=len(added), max_size=len(added)))
    joined = Playlists.from_lists(before, CATALOG).extended(
        Playlists.from_lists(added, CATALOG, playlist_ids=[f"n{i}" for i in range(len(added))]),
        np.array(known, dtype=np.int64),
    )
    truth = [list(items) for items in before]
    names = [str(number) for number in range(len(before))]
    for number, (place, items) in enumerate(zip(known, added, strict=True)):
        if place < 0:
            truth.append(items)
            names.append(f"n{number}")
        else:
            truth[place] += items
    assert joined.to_lists(CATALOG) == truth
    assert joined.playlist_ids.tolist() == names

"""The order of plays: every kind of column, and what cannot be read in it."""

from __future__ import annotations

import datetime
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hybrid_rec import DataError
from hybrid_rec.data.play_order import PlayOrder, read_order


def both(cells: list[Any], name: str = "played_at", kind: Any = None) -> PlayOrder:
    """Cells as pandas and as Arrow hold them, which must say the same."""
    frame = read_order(pd.Series(cells, name=name), name, kind)
    table = read_order(pa.chunked_array([pa.array(cells)]), name, kind)
    for mine, other in (
        (frame.values, table.values),
        (frame.missing, table.missing),
        (frame.unreadable, table.unreadable),
        (frame.mixed, table.mixed),
    ):
        assert mine.tolist() == other.tolist()
    assert frame.kind == table.kind
    return frame


def order(told: PlayOrder) -> list[int]:
    found: list[int] = np.lexsort(told.sort_keys).tolist()
    return found


JANUARY, MAY = datetime.datetime(2020, 1, 1), datetime.datetime(2020, 5, 1)


@pytest.mark.parametrize("name", ["position", "played_at"])
@pytest.mark.parametrize(
    "cells",
    [
        [3, None, 1],
        [3.5, None, 1.25],
        ["10", None, "9"],
        ["1e3", None, " 9"],
        [MAY, None, JANUARY],
        [MAY.date(), None, JANUARY.date()],
    ],
)
def test_numbers_timestamps_and_dates_tell_the_order(name: str, cells: list[Any]) -> None:
    told = both(cells, name)
    assert order(told) == [2, 0, 1]
    assert told.missing.tolist() == [False, True, False]
    assert not told.unreadable.any()
    told.check()


def test_text_is_a_time_of_play_but_no_position() -> None:
    told = both(["2020-05-01", "May 2018", None, "2020-05-01T02:00+05:00", "soon"])
    assert order(told)[:3] == [1, 3, 0]
    assert told.unreadable.tolist() == [False, False, False, False, True]
    with pytest.raises(DataError, match="played_at must be a time, got 'soon' at row 4"):
        told.check()
    told = both(["1", "2020-05-01"], "position")
    assert told.unreadable.tolist() == [False, True]
    with pytest.raises(DataError, match="position must be a number, got '2020-05-01' at row 1"):
        told.check()


@pytest.mark.parametrize(
    ("cells", "kind", "unreadable"),
    [
        (["soon", "5", "2020-01-01", "6"], "numbers", [True, False, True, False]),
        (["soon", "2020-01-01", "5", None], "times", [True, False, True, False]),
        (["soon", None], None, [True, False]),
    ],
)
def test_the_first_cell_that_can_be_read_decides(
    cells: list[Any], kind: str | None, unreadable: list[bool]
) -> None:
    told = both(cells)
    assert (told.kind, told.unreadable.tolist()) == (kind, unreadable)
    told = read_order(pd.Series(cells[1:], name="played_at"), "played_at")
    if kind is not None:
        with pytest.raises(DataError, match=r"seconds since 1970 or times, not both, got .* at ro"):
            told.check()


def test_what_earlier_cells_held_goes_on() -> None:
    assert both(["5", "2020-01-01"], kind="times").unreadable.tolist() == [True, False]
    assert both(["2020-01-01", "5"], kind="numbers").unreadable.tolist() == [True, False]
    assert both([None, None], kind="numbers").kind == "numbers"


def test_dates_are_a_position_in_a_frame_too() -> None:
    cells = pd.Series([MAY.date(), "x", JANUARY.date()], name="position", dtype=object)
    told = read_order(cells, "position")
    assert order(told) == [2, 0, 1]
    assert told.unreadable.tolist() == [False, True, False]


@given(st.lists(st.integers(-62_135_596_800, 253_402_300_799), min_size=1), st.booleans())
def test_seconds_and_times_are_the_same_moments(seconds: list[int], text: bool) -> None:
    numbers = pd.Series([str(number) for number in seconds] if text else seconds, name="played_at")
    expected = np.array(seconds, dtype="datetime64[s]").astype("datetime64[us]")
    assert (read_order(numbers, "played_at").times() == expected).all()
    times = read_order(pd.Series(expected, name="played_at"), "played_at")
    assert (times.times() == expected).all()


@pytest.mark.parametrize("number", [253_402_300_800, -62_135_596_801, 1e300, float("inf")])
def test_seconds_beyond_all_years_still_tell_the_order(number: float) -> None:
    told = both([float(number), 5.0])
    assert not told.unreadable.any()
    with pytest.raises(DataError, match=r"played_at must be in the years 1 to 9999, got .* row 0"):
        told.times()


def test_large_numbers_keep_every_digit() -> None:
    assert order(both([2**60 + 2, 2**60 + 1, 2**60])) == [2, 1, 0]
    assert order(both([str(2**60 + 2), str(2**60 + 1), str(2**60)])) == [2, 1, 0]

"""The order of plays: every kind of column, what cannot be read in it, and what in two ways."""

from __future__ import annotations

import datetime
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hybrid_rec import ConfigError, DataError
from hybrid_rec.data.order_kind import Kind, OrderScan
from hybrid_rec.data.play_order import PlayOrder, order_of, read_order


def kind_of(column: Any, name: str, date_format: str | None = None, size: int = 99) -> Kind:
    scan = OrderScan(name, date_format)
    for start in range(0, len(column), size):
        scan.add(column[start : start + size], start)
    return scan.kind()


def both(cells: list[Any], name: str = "played_at", date_format: str | None = None) -> PlayOrder:
    """Cells as pandas and as Arrow hold them, whole and in parts, which must say the same."""
    series, table = pd.Series(cells, name=name), pa.chunked_array([pa.array(cells)])
    kind = kind_of(series, name, date_format)
    for size in (1, 2):
        assert kind_of(series, name, date_format, size) == kind
        assert kind_of(table, name, date_format, size) == kind
    frame = read_order(series, name, kind)
    parts = [read_order(table[row : row + 1], name, kind) for row in range(len(cells))]
    for field in ("values", "missing", "unreadable"):
        whole = getattr(frame, field).tolist()
        assert whole == np.concatenate([getattr(part, field) for part in parts]).tolist()
        assert whole == getattr(read_order(table, name, kind), field).tolist()
    return frame


def order(told: PlayOrder) -> list[int]:
    found: list[int] = np.lexsort(told.sort_keys).tolist()
    return found


def times(cells: Any, date_format: str | None = None) -> list[str]:
    frame = pd.DataFrame({"played_at": pd.Series(cells)})
    found = order_of(frame, date_format)[1]
    assert found is not None
    return [str(time).removesuffix(".000000") for time in found]


def refused(cells: Any, date_format: str | None = None) -> str:
    with pytest.raises(DataError) as caught:
        times(cells, date_format)
    message = str(caught.value)
    assert "\n" not in message
    return message


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
    ("cells", "number", "time"),
    [
        (["soon", "5", "2020-01-01", "6"], "'5' at row 1", "'2020-01-01' at row 2"),
        (["2020-01-01", None, "5"], "'5' at row 2", "'2020-01-01' at row 0"),
        ([5, JANUARY], "5 at row 0", "datetime"),
    ],
)
def test_numbers_and_times_in_one_column_are_refused(
    cells: list[Any], number: str, time: str
) -> None:
    message = refused(pd.Series(cells, dtype=object))
    assert "numbers or times, not both" in message
    assert number in message
    assert time in message


def test_dates_are_a_position_in_a_frame_too() -> None:
    cells = pd.Series([MAY.date(), "x", JANUARY.date()], name="position", dtype=object)
    told = read_order(cells, "position", kind_of(cells, "position"))
    assert order(told) == [2, 0, 1]
    assert told.unreadable.tolist() == [False, True, False]


@pytest.mark.parametrize("separator", ["/", ".", "-", " ", ". "])
@pytest.mark.parametrize("clock", ["", " 21:10", " 9:10:05 PM", " 21:10:00 +00:00", "T21:10:00Z"])
def test_one_cell_decides_how_the_whole_column_is_read(separator: str, clock: str) -> None:
    days = ["02{}03{}2019", "05{}03{}2019", "27{}02{}2019"]
    cells = [day.format(separator, separator) + clock for day in days]
    found = [time[:10] for time in times(cells)]
    assert found == ["2019-03-02", "2019-03-05", "2019-02-27"]
    days = ["02{}03{}2019", "05{}03{}2019", "02{}27{}2019"]
    cells = [day.format(separator, separator) + clock for day in days]
    found = [time[:10] for time in times(cells)]
    assert found == ["2019-02-03", "2019-05-03", "2019-02-27"]
    assert order(both(cells)) == [0, 2, 1]


def test_half_of_a_character_is_no_date() -> None:
    assert "got '\\ud800' at row 0" in refused(pd.Series(["\ud800"], dtype=object))


def test_dates_that_fit_two_readings_name_two_rows_and_the_option() -> None:
    cells = ["01/01/2019", "02/03/2019", None, "05/03/2019"]
    message = refused(cells)
    assert "'02/03/2019' at row 1 and '05/03/2019' at row 3 fit day first and month" in message
    assert "--date-format day-first or month-first" in message
    assert times(cells, "day-first")[1] == "2019-03-02T00:00:00"
    assert times(cells, "month-first")[1] == "2019-02-03T00:00:00"
    assert times(cells, "%d/%m/%Y") == times(cells, "day-first")
    # Where both readings say the same there is nothing to be asked.
    assert times(["03/03/2019"]) == ["2019-03-03T00:00:00"]
    assert "'27/02/2019' at row 0 cannot be day first" not in refused(["27/02/2019", "02/27/2019"])
    assert "'27/02/2019' at row 0 cannot be month first" in refused(["27/02/2019", "02/27/2019"])
    assert "fit day first and year first" in refused(["27/02/19", "14/03/19"])
    assert times(["27/02/19"], "day-first") == ["2019-02-27T00:00:00"]
    assert times(["27/02/19"], "year-first") == ["2027-02-19T00:00:00"]


@pytest.mark.parametrize(
    "text",
    [
        "2019-02-27T21:10:05", "2019-02-27 21:10:05.000", "2019/02/27 21:10:05",
        "2019.2.27 21:10:05", "20190227T211005Z", "20190227 21:10:05", "2019-02-27 21:10:05+00",
        "2019-02-27 22:10:05 +0100", "2019-02-27 21:10:05 UTC", "27 Feb 2019 21:10:05",
        "27 February 2019, 21:10:05", "Feb 27, 2019 9:10:05 PM", "Feb 27, 2019, 9:10:05\u202fp.m.",
        "Wed, 27 Feb 2019 21:10:05 GMT", "Wed Feb 27 21:10:05 +0000 2019", "27-Feb-2019 21:10:05",
        "27-FEB-19 21:10:05", "2019-Feb-27 21:10:05", "27th Feb. 2019 21:10:05",
        "Wednesday, February 27, 2019 at 9:10:05 PM", "Wed Feb 27 2019 21:10:05 GMT+0000",
        " 2019-02-27  21:10:05 ", "2019-02-27T21:10:05.000000999Z", "27/02/2019 21:10:05",
        "02/27/2019 21:10:05",
    ],
)  # fmt: skip
def test_forms_of_dates(text: str) -> None:
    assert times([text, None]) == ["2019-02-27T21:10:05", "NaT"]
    assert both([text]).kind.holds == "times"


@pytest.mark.parametrize(
    "text",
    ["now", "today", "NOW", "tomorrow", "21:10", "21:10:05", "9 pm", "noon", "Monday", "Feb 27",
     "2019-02-30", "27/13/2019", "2019-02-27 25:00", "32 Feb 2019", "2019-02-27 21:10 EST",
     "inf", "nan", "T", "20190231 10:00", "1/2/3", "2019-02-27 and more"],
)  # fmt: skip
def test_what_is_no_date(text: str) -> None:
    assert "played_at must be" in refused([text])
    assert repr(text) in refused(["2020-01-01", text]) or text in ("inf", "1/2/3")


@pytest.mark.parametrize("column", [
    pd.Series([True, False]), pd.Series(pd.to_timedelta([1, 2])), pd.Series([b"2019-01-01"]),
    pd.Series(pd.period_range("2019-01", periods=2, freq="M")), pd.Series([[1], [2]]),
    pd.Series([datetime.time(1, 2)]), pd.Series([1j]), pd.Series([{"a": 1}]),
    pd.Series([pd.Interval(0, 1)]),
])  # fmt: skip
def test_columns_of_other_kinds_are_refused(column: pd.Series[Any]) -> None:
    assert "played_at must be a time, got" in refused(column)


@pytest.mark.parametrize(
    ("unit", "factor"), [("s", 1), ("ms", 1_000), ("us", 1_000_000), ("ns", 1_000_000_000)]
)
@pytest.mark.parametrize("as_text", [False, True])
def test_numbers_are_of_the_unit_that_their_size_tells(
    unit: str, factor: int, as_text: bool
) -> None:
    numbers = [1_600_000_000 * factor, 0, 1_500_000_000 * factor]
    cells = [str(number) for number in numbers] if as_text else numbers
    expected = ["2020-09-13T12:26:40", "1970-01-01T00:00:00", "2017-07-14T02:40:00"]
    assert times(cells) == times(cells, unit) == times(pd.Series(cells, dtype=object)) == expected
    assert times([float(number) for number in numbers]) == expected
    assert both(cells).kind == Kind("numbers", unit=unit)


def test_units_must_not_be_mixed() -> None:
    message = refused([1600000000000, None, 1600000100])
    assert "1600000100.0 at row 2 is of seconds and 1600000000000.0 at row 0 is of mil" in message
    assert "milliseconds and '1600000000000000' at row 0" in refused(
        ["1600000000000000", "1600000000000"]
    )
    assert times([1, 1600000000], "s")[0] == "1970-01-01T00:00:01"


@pytest.mark.parametrize(
    ("cells", "form"),
    [
        ([20190228, 20190301], "%Y%m%d"),
        ([20190228.0, None], "%Y%m%d"),
        (["20190228"], "%Y%m%d"),
        ([201902281530], "%Y%m%d%H%M"),
        (["20190228153059", "0"], "%Y%m%d%H%M%S"),
    ],
)
def test_dates_without_separators_are_no_seconds(cells: list[Any], form: str) -> None:
    message = refused(cells)
    assert "reads as a date without separators" in message
    assert f"--date-format {form}, or --date-format s" in message
    if "0" not in cells:
        assert times(cells, form)[0].startswith("2019-02-28")
    assert times([20190228, 1600000000])[0] == "1970-08-22T16:23:48"
    assert times(["20190228"], "s") == ["1970-08-22T16:23:48"]


@pytest.mark.parametrize("given", ["mixed", "ISO8601", "%H:%M", "%Q %Y", "", 5, "day first", []])
def test_a_date_format_is_a_known_word_or_one_of_strptime(given: Any) -> None:
    with pytest.raises(ConfigError, match="date_format must be day-first, month-first"):
        OrderScan("played_at", given)


def test_a_date_format_holds_for_every_cell() -> None:
    message = refused(["27|02|2019", "soon"], "%d|%m|%Y")
    assert "must be times of the form %d|%m|%Y, got 'soon' at row 1" in message
    # Times need no format, and a position has none.
    assert times([JANUARY], "%d|%m|%Y") == ["2020-01-01T00:00:00"]
    frame = pd.DataFrame({"position": [2, 1], "played_at": ["01|02|2019", "01|01|2019"]})
    keys, _ = order_of(frame, "%d|%m|%Y")
    assert np.lexsort(keys).tolist() == [1, 0]


@given(st.lists(st.integers(-62_135_596_800, 99_999_999_999), min_size=1), st.booleans())
def test_seconds_and_times_are_the_same_moments(seconds: list[int], text: bool) -> None:
    numbers = pd.Series([str(number) for number in seconds] if text else seconds, name="played_at")
    expected = np.array(seconds, dtype="datetime64[s]").astype("datetime64[us]")
    found = read_order(numbers, "played_at", kind_of(numbers, "played_at", "s"))
    assert (found.times() == expected).all()
    series = pd.Series(expected, name="played_at")
    told = read_order(series, "played_at", kind_of(series, "played_at"))
    assert (told.times() == expected).all()


@given(st.lists(st.dates(datetime.date(1970, 1, 1), datetime.date(2068, 12, 31)), min_size=1))
def test_a_column_is_read_in_its_own_form_or_refused(days: list[datetime.date]) -> None:
    expected = [day.isoformat() for day in days]
    for form in ("%d/%m/%Y", "%m-%d-%Y", "%d.%m.%y", "%y/%m/%d", "%d %b %Y", "%Y/%m/%d"):
        cells = [day.strftime(form) for day in days]
        try:
            found = [time[:10] for time in times(cells)]
        except DataError as error:
            assert "in one way" in str(error)  # noqa: PT017
            found = [time[:10] for time in times(cells, form)]
        assert found == expected


@pytest.mark.parametrize("number", [-99_000_000_000, 1e300, float("inf")])
def test_numbers_beyond_all_years_still_tell_the_order(number: float) -> None:
    told = both([float(number), 5.0])
    assert not told.unreadable.any()
    with pytest.raises(DataError, match=r"played_at must be in the years 1 to 9999, got .* row 0"):
        told.times()


def test_large_numbers_keep_every_digit() -> None:
    for name in ("position", "played_at"):
        assert order(both([2**60 + 2, 2**60 + 1, 2**60], name)) == [2, 1, 0]
        assert order(both([str(2**60 + 2), str(2**60 + 1), str(2**60)], name)) == [2, 1, 0]

"""Items that an expression lets through."""

from __future__ import annotations

import pandas as pd
import pytest

from hybrid_rec import Catalog, ConfigError, DataError
from hybrid_rec.data.where import where_rows


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    frame = pd.DataFrame(
        {
            "item_id": list("abcd"),
            "title": ["One", "Two", None, "One live"],
            "artist": ["U2", "Them", "U2", None],
            "year": [1990, 1985, None, 2001],
            "tempo": [90.5, float("nan"), 120.0, 60.0],
            "live": [True, False, None, True],
            "genre": [["jazz", "cool"], ["rock"], None, []],
            "out": pd.to_datetime(["1990-01-01", "1985-05-05", None, "2001-01-01"]),
        }
    )
    return Catalog.from_frame(frame)


@pytest.mark.parametrize(
    ("where", "passed"),
    [
        ("year >= 1990", "ad"),
        ("not year >= 1990", "b"),
        ("year != 1990", "bd"),
        ("1985 < year <= 1990", "a"),
        ("1990 == year", "a"),
        ("tempo != 60", "ac"),
        ("tempo > -1e3", "acd"),
        ("year in [1985, 2001]", "bd"),
        ("year not in (1985, 2001)", "a"),
        ("'jazz' in genre", "a"),
        ("'jazz' not in genre", "bd"),
        ("'One' in title", "ad"),
        ("artist == 'U2' and (year == 1990 or tempo > 100)", "ac"),
        ("artist == 'Them' or tempo == 120", "bc"),
        ("live", "ad"),
        ("not live", "b"),
        ("live == True", "ad"),
        ("out < '1990-06-01'", "ab"),
        ("item_id > 'b'", "cd"),
        ("year > tempo", "ad"),
        ("year < 99999999999999999999999", "abd"),
    ],
)
def test_what_passes(catalog: Catalog, where: str, passed: str) -> None:
    assert "".join(catalog.item_ids[where_rows(catalog, where)]) == passed


@pytest.mark.parametrize(
    ("where", "told"),
    [
        ("yaer > 3", "did you mean year"),
        ("year = 3", "equal is written =="),
        ("year > 'x'", "compare year with numbers, got 'x'"),
        ("artist == 3", "text is put in quotes"),
        ("year == artist", "columns of one kind"),
        ("3 > 2", "must compare columns"),
        ("year", "must be made of"),
        ("year is 3", "is has no meaning"),
        ("year == None", "must be made of"),
        ("genre == 'jazz'", "by in"),
        ("'jazz' in year", "behind in"),
        ("year in []", "got none"),
        ("out > 'soon'", "a date such as"),
        ("__import__('os').system('true')", "must be made of"),
        ("year.real > 3", "must be made of"),
        ("year > 3 if live else live", "must be made of"),
        ("[x for x in year]", "must be made of"),
        ("year + 1 > 3", "must be made of"),
        ("(" * 900, "cannot be read"),
        ("", "at most 1,000 characters"),
        ("a" * 1001, "at most 1,000 characters"),
        (None, "at most 1,000 characters"),
    ],
)
def test_what_is_no_such_expression_is_refused(catalog: Catalog, where: str, told: str) -> None:
    with pytest.raises(ConfigError, match=r"^where must") as refused:
        where_rows(catalog, where)
    assert told in str(refused.value)
    assert "\n" not in str(refused.value)


def test_nothing_passing_is_an_error(catalog: Catalog) -> None:
    with pytest.raises(DataError, match="none of 4 passes 'year > 3000'"):
        where_rows(catalog, "year > 3000")

"""Catalog: ids to rows and back, missing texts, bad frames."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hybrid_rec import Catalog, DataError, UnknownItemError


def frame(**columns: Any) -> pd.DataFrame:
    base = {"item_id": ["a", "b", "c"], "title": ["One", "Two", None], "artist": ["U2", None, ""]}
    return pd.DataFrame(base | columns)


def test_rows_and_ids_are_inverse() -> None:
    catalog = Catalog.from_frame(frame())
    assert len(catalog) == 3
    assert catalog.item_ids.tolist() == ["a", "b", "c"]
    assert catalog.rows(["c", "a", "a"]).tolist() == [2, 0, 0]
    assert catalog.rows([]).tolist() == []
    assert catalog.rows(["c", "x"], missing="negative").tolist() == [2, -1]


@given(st.lists(st.text(min_size=1), min_size=1, unique=True))
def test_any_text_can_be_an_id(ids: list[str]) -> None:
    usable = [i for i in ids if i.isprintable()] or ["a"]
    columns = {"item_id": usable, "title": usable, "artist": usable}
    catalog = Catalog.from_frame(pd.DataFrame(columns))
    assert catalog.rows(reversed(usable)).tolist() == list(range(len(usable)))[::-1]


def test_missing_texts_are_none_and_never_nan() -> None:
    catalog = Catalog.from_frame(
        frame(title=["One", np.nan, "  "], artist=pd.Series(["U2", pd.NA, None], dtype="string"))
    )
    assert catalog.titles.tolist() == ["One", None, None]
    assert catalog.artists.tolist() == ["U2", None, None]


def test_numbers_become_text() -> None:
    catalog = Catalog.from_frame(frame(item_id=[2172, 842, 1], title=[1979, 1999, 50]))
    assert catalog.item_ids.tolist() == ["2172", "842", "1"]
    assert catalog.titles.tolist() == ["1979", "1999", "50"]
    assert catalog.rows([842, "2172", np.int64(1)]).tolist() == [1, 0, 2]


def test_tags_are_kept_once_and_in_order() -> None:
    catalog = Catalog.from_frame(frame(tags=[["rock", "pop", "rock"], None, np.array(["jazz"])]))
    assert catalog.tags == [("rock", "pop"), (), ("jazz",)]
    assert catalog.columns == ("title", "artist", "tags")
    assert Catalog.from_frame(frame()).columns == ("title", "artist")


def test_it_cannot_be_changed() -> None:
    items = frame()
    catalog = Catalog.from_frame(items)
    items.loc[0, "title"] = "changed"
    assert catalog.titles[0] == "One"
    with pytest.raises(ValueError, match="read-only"):
        catalog.titles[0] = "changed"


def test_equality_and_fingerprint_go_by_content() -> None:
    catalog = Catalog.from_frame(frame())
    assert catalog == Catalog.from_frame(frame())
    assert catalog.fingerprint() == Catalog.from_frame(frame()).fingerprint()
    for change in ({"title": ["One", "Two", "3"]}, {"tags": [["x"], [], []]}):
        other = Catalog.from_frame(frame(**change))
        assert other != catalog
        assert other.fingerprint() != catalog.fingerprint()


def test_frame_round_trip() -> None:
    catalog = Catalog.from_frame(frame(tags=[["x"], [], ["y", "z"]]))
    assert Catalog.from_frame(catalog.to_frame()) == catalog


def test_repeats_to_the_letter_are_dropped() -> None:
    doubled = pd.concat([frame(), frame()])
    assert Catalog.from_frame(doubled) == Catalog.from_frame(frame())


def test_unknown_ids_are_named() -> None:
    catalog = Catalog.from_frame(frame())
    with pytest.raises(UnknownItemError, match=r"catalogue of 3 items; unknown: 'x', 'y'\."):
        catalog.rows(["a", "x", "y", "x"])
    with pytest.raises(UnknownItemError, match="and 4 more"):
        catalog.rows(list("defghijkl"))


@pytest.mark.parametrize(
    ("items", "message"),
    [
        (
            frame().drop(columns="item_id"),
            "items must have the columns item_id; item_id missing, found title, artist",
        ),
        (frame().iloc[:0], "at least one item"),
        (
            frame(item_id=["a", None, "c"]),
            "item_id must not be missing, but 1 are; the first at row 1",
        ),
        (frame(item_id=["a", "", "c"]), "item_id must not be empty, but row 1 is"),
        (
            frame(item_id=[1.0, 2.0, 3.0]),
            "item_id must hold strings or integers, got dtype float64",
        ),
        (frame(item_id=["a", 2.5, "c"]), r"got 2.5 \(float\) at position 1"),
        (
            frame(item_id=["a", "b", "a"]),
            "'a' stands with different titles: 'One' at row 0 and None",
        ),
        (
            frame(item_id=["a", "b", "a"], title=["One", "Two", "One"]),
            "'a' stands with different artists",
        ),
        (
            frame(item_id=pd.Series(["a", "b\ud800", "c"], dtype=object)),
            "item_id must be whole text, but row 1 holds half of a character",
        ),
        (pd.concat([frame(), frame()[["item_id"]]], axis=1), "item_id stands there twice"),
        ([{"item_id": "a"}], "items must be a DataFrame, got list"),
        (frame(tags=["rock", [], []]), "tags must be a list of strings, got 'rock' at row 0"),
    ],
)
def test_bad_frames(items: pd.DataFrame, message: str) -> None:
    with pytest.raises(DataError, match=message):
        Catalog.from_frame(items)


@pytest.mark.parametrize("bad", [1.5, None, True, ["a"]])
def test_bad_ids(bad: Any) -> None:
    with pytest.raises(DataError, match="must be strings or integers"):
        Catalog.from_frame(frame()).rows([bad])


def test_missing_tags_of_every_kind_are_left_out() -> None:
    tags = [pd.NA, ["a", None, "b", float("nan"), pd.NA], {"x", 1, None}]
    assert Catalog.from_frame(frame(tags=tags)).tags == [(), ("a", "b"), ("1", "x")]


def test_halves_of_characters_in_texts_are_replaced() -> None:
    title = pd.Series(["One\ud800", "Two", None], dtype=object)
    catalog = Catalog.from_frame(frame(title=title, tags=[["a\udfff"], [], []]))
    assert catalog.titles.tolist() == ["One\ufffd", "Two", None]
    assert catalog.tags[0] == ("a\ufffd",)


def test_rows_checks_its_arguments() -> None:
    catalog = Catalog.from_frame(frame())
    with pytest.raises(DataError, match="missing must be 'error' or 'negative', got 'foo'"):
        catalog.rows(["a"], missing="foo")
    for bad in (5, "ab", b"ab", None):
        with pytest.raises(DataError, match="must be strings or integers in a list, got"):
            catalog.rows(bad)


def test_extended_keeps_rows_and_refuses_other_texts() -> None:
    first = Catalog.from_columns(["a", "b"], ["One", None], ["U2", "Them"], [("x",), ()])
    other = Catalog.from_columns(["c", "b"], ["Two", None], [None, "Them"], [("y",), ("z",)])
    both = first.extended(other)
    assert both.item_ids.tolist() == ["a", "b", "c"]
    assert (both.titles.tolist(), both.artists.tolist()) == (
        ["One", None, "Two"],
        ["U2", "Them", None],
    )
    assert both.tags == [("x",), (), ("y",)]
    assert both.extended(first) == both
    with pytest.raises(DataError, match="must keep its artist, but 'a' is 'U2' and would become"):
        first.extended(Catalog.from_columns(["a"], ["One"], ["U3"]))
    with pytest.raises(DataError, match="must keep its title, but 'b' is None"):
        first.extended(Catalog.from_columns(["b"], ["x"], ["Them"]))

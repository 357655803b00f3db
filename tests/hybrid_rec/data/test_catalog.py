"""Catalog: ids to rows and back, missing texts, bad frames."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
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
            frame(item_id=[1.0, 2.5, 3.0]),
            r"item_id must hold strings or integers, got 2.5 \(float\) at row 1",
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
        (None, "items must be a DataFrame, got NoneType"),
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


NULLABLE = pd.array([1, None, 2**62 + 1], dtype="Int64")
COLUMNS: dict[str, tuple[Any, str, list[Any]]] = {
    # What is given, the type that is kept, and what is kept.
    "texts": (["x", None, " "], "large_string", ["x", None, None]),
    "texts_na": (pd.array(["x", pd.NA, "y"], "string"), "large_string", ["x", None, "y"]),
    "nothing": ([None, np.nan, pd.NA], "large_string", [None] * 3),
    "whole": ([3, 1, 2], "int64", [3, 1, 2]),
    "small": (np.array([3, 1, 2], np.uint8), "uint8", [3, 1, 2]),
    "whole_na": (NULLABLE, "int64", [1, None, 2**62 + 1]),
    "whole_objects": (pd.Series([1, None, 2], dtype=object), "int64", [1, None, 2]),
    "floats": ([0.5, np.nan, -1.0], "double", [0.5, None, -1.0]),
    "single": (np.array([0.5, np.nan, -1], np.float32), "float", [0.5, None, -1.0]),
    "truth": ([True, False, True], "bool", [True, False, True]),
    "truth_na": ([True, None, False], "bool", [True, None, False]),
    "kinds": (pd.Categorical(["x", None, "y"]), "large_string", ["x", None, "y"]),
    "number_kinds": (pd.Categorical([1990, None, 1980]), "int64", [1990, None, 1980]),
    "labels": ([["a", "b"], None, []], "large_list", [["a", "b"], None, []]),
    "vectors": ([[0.5, 1.0], None, np.array([2, 3])], "large_list", [[0.5, 1.0], None, [2.0, 3.0]]),
    "tuples": ([(1, 2), (), None], "large_list", [[1.0, 2.0], [], None]),
}


@pytest.mark.parametrize("name", COLUMNS)
def test_every_column_keeps_its_type_and_its_missing_cells(name: str) -> None:
    given, kind, kept = COLUMNS[name]
    catalog = Catalog.from_frame(pd.DataFrame({"item_id": ["a", "b", "c"], name: given}))
    assert catalog.columns == (name,)
    column = catalog.table[name]
    assert str(column.type).startswith(kind)
    assert column.to_pylist() == kept
    again = Catalog.from_frame(catalog.to_frame())
    assert again == catalog
    assert again.table.schema == catalog.table.schema
    assert again.fingerprint() == catalog.fingerprint()


@pytest.mark.parametrize(
    "given",
    [
        pd.to_datetime(["2024-01-01", None, "2024-03-01"]),
        [dt.date(2024, 1, 1), None, dt.date(2024, 3, 1)],
        [dt.datetime(2024, 1, 1), None, dt.datetime(2024, 3, 1)],
        pd.Categorical(pd.to_datetime(["2024-01-01", None, "2024-03-01"])),
    ],
    ids=["datetime64", "dates", "datetimes", "kinds"],
)
def test_dates_are_kept(given: Any) -> None:
    catalog = Catalog.from_frame(pd.DataFrame({"item_id": ["a", "b", "c"], "released": given}))
    assert pa.types.is_timestamp(catalog.table["released"].type)
    first, none, last = catalog.table["released"].to_pylist()
    assert (first, none, last) == (dt.datetime(2024, 1, 1), None, dt.datetime(2024, 3, 1))
    assert Catalog.from_frame(catalog.to_frame()) == catalog


@pytest.mark.parametrize("name", COLUMNS)
def test_every_column_survives_a_file(name: str, tmp_path: Path) -> None:
    given, _, kept = COLUMNS[name]
    catalog = Catalog.from_frame(pd.DataFrame({"item_id": ["a", "b", "c"], name: given}))
    pq.write_table(catalog.table, tmp_path / "catalog.parquet")
    read = Catalog.from_table(pq.read_table(tmp_path / "catalog.parquet"))
    assert read == catalog
    assert read.table[name].to_pylist() == kept


def test_only_ids_are_needed() -> None:
    catalog = Catalog.from_frame(pd.DataFrame({"item_id": ["a", "b"]}))
    assert catalog.columns == ()
    assert catalog.titles.tolist() == catalog.artists.tolist() == [None, None]
    assert catalog.tags == [(), ()]
    assert catalog.to_frame().columns.tolist() == ["item_id"]


def test_columns_may_be_named_by_numbers() -> None:
    given = pd.DataFrame({"item_id": ["a", "b"], 0: [1.5, 2.5], 7: ["x", "y"]})
    assert Catalog.from_frame(given).columns == ("0", "7")
    assert Catalog.from_frame(given).table["0"].to_pylist() == [1.5, 2.5]
    with pytest.raises(DataError, match="each column once, but 0 stands there twice"):
        Catalog.from_frame(given.assign(**{"0": [1, 2]}))


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        (["x", None, 3], r"column 'c' must hold .* all of one kind, but row 2 holds 3 \(int\)"),
        ([3, "x", None], r"column 'c' .* but row 1 holds 'x' \(str\) beside int"),
        ([None, 1.5, "x"], r"column 'c' .* but row 2 holds 'x' \(str\) beside float"),
        ([True, 3, None], r"column 'c' .* but row 1 holds 3 \(int\) beside bool"),
        (["x", ["y"], None], r"column 'c' .* but row 1 holds \['y'\] \(list\) beside str"),
        ([["y"], "x", None], "column 'c' must be a list of strings, got 'x' at row 1"),
        ([[1.0], None, "x"], "column 'c' must hold lists of numbers, but row 2 holds 'x'"),
        ([[1.0], ["x"], None], r"column 'c' must hold lists of numbers, but row 1 holds \['x'\]"),
        ([[1.0], ["2"], None], r"column 'c' must hold lists of numbers, but row 1 holds \['2'\]"),
        ([["x"], None, [1.0]], r"column 'c' must hold lists of strings, but row 2 holds \[1\.0\]"),
        ([[1.0], [[2.0]], None], r"column 'c' must hold lists of numbers, but row 1 holds \[\["),
        ([{"x": 1}, None, None], r"column 'c' must hold strings, numbers or lists, .* row 0 holds"),
        ([10**40, "x", None], r"column 'c' .* but row 1 holds 'x'"),
    ],
)
def test_cells_of_several_kinds_are_refused(cells: list[Any], message: str) -> None:
    column = pd.Series(cells, dtype=object)
    with pytest.raises(DataError, match=message):
        Catalog.from_frame(pd.DataFrame({"item_id": ["a", "b", "c"], "c": column}))


def test_with_vectors() -> None:
    catalog = Catalog.from_frame(frame())
    vectors = np.arange(6.0).reshape(3, 2)
    wider = catalog.with_vectors("cover", vectors)
    assert catalog.columns == ("title", "artist")
    assert wider.columns == ("title", "artist", "cover")
    assert wider.table["cover"].to_pylist() == vectors.tolist()
    as_lists = Catalog.from_frame(frame(cover=vectors.tolist()))
    assert wider == as_lists
    assert wider.with_vectors("cover", vectors + 1).table["cover"][0].as_py() == [1.0, 2.0]
    assert Catalog.from_frame(wider.to_frame()) == wider
    for wrong in (vectors[:2], vectors.ravel(), vectors[None]):
        with pytest.raises(DataError, match=r"vectors 'cover' must have shape \(3, dim\)"):
            catalog.with_vectors("cover", wrong)
    with pytest.raises(DataError, match="vectors 'cover' must be a matrix of numbers"):
        catalog.with_vectors("cover", [["x"], ["y"], ["z"]])
    with pytest.raises(DataError, match="'item_id'"):
        catalog.with_vectors("item_id", vectors)


def test_extended_by_other_columns() -> None:
    first = Catalog.from_frame(
        pd.DataFrame(
            {
                "item_id": ["a", "b"], "tempo": [90, 120], "genre": [["x"], []],
                "cover": [[1.0, 2.0], None], "label": ["l", None],
            }
        )
    )  # fmt: skip
    lacking = first.extended(Catalog.from_frame(pd.DataFrame({"item_id": ["c"], "mood": ["m"]})))
    assert lacking.table.schema == first.table.schema
    assert lacking.table.to_pylist()[:2] == first.table.to_pylist()
    assert lacking.table.to_pylist()[2] == {
        "item_id": "c", "tempo": None, "genre": None, "cover": None, "label": None,
    }  # fmt: skip
    empty = {"item_id": ["c"], **{name: [None] for name in first.columns}}
    assert first.extended(Catalog.from_frame(pd.DataFrame(empty))) == lacking
    full = {"item_id": ["c"], "cover": [[3.0, 4.0]], "tempo": [99.0], "label": ["m"]}
    row = first.extended(Catalog.from_frame(pd.DataFrame(full))).table.to_pylist()[2]
    assert row == {
        "item_id": "c", "tempo": 99, "genre": None, "cover": [3.0, 4.0], "label": "m",
    }  # fmt: skip
    for name, cell in (("tempo", "fast"), ("label", 3), ("cover", "x"), ("genre", 3)):
        other = Catalog.from_frame(pd.DataFrame({"item_id": ["c"], name: [cell]}))
        with pytest.raises(DataError, match=f"column '{name}' must hold what it holds in the cat"):
            first.extended(other)
    fraction = first.extended(Catalog.from_frame(pd.DataFrame({"item_id": ["c"], "tempo": [99.5]})))
    assert fraction.table["tempo"].to_pylist() == [90.0, 120.0, 99.5]
    with pytest.raises(DataError, match="must keep its tempo, but 'b' is 120 and would become 99"):
        first.extended(Catalog.from_frame(pd.DataFrame({"item_id": ["b"], "tempo": [99]})))
    same = Catalog.from_frame(pd.DataFrame({"item_id": ["b"], "tempo": [120.0]}))
    assert first.extended(same) == first


def test_repeats_of_every_kind_of_column() -> None:
    columns = {name: given for name, (given, _, _) in COLUMNS.items()}
    once = pd.DataFrame({"item_id": ["a", "b", "c"], **columns})
    assert Catalog.from_frame(pd.concat([once, once[::-1]])) == Catalog.from_frame(once)
    twice = pd.DataFrame({"item_id": ["a", "b", "a"], "tempo": [1.5, None, 2.5]})
    with pytest.raises(DataError, match=r"'a' .* different tempos: 1\.5 at row 0 and 2\.5"):
        Catalog.from_frame(twice)

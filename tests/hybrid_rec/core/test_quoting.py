"""Values in messages are one short line, whatever they are."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from hybrid_rec.core.quoting import joined, quoted, shortened


class Long:
    def __repr__(self) -> str:
        return "a\n" * 100_000


class Broken:
    def __repr__(self) -> str:
        raise ValueError("no")


@pytest.mark.parametrize(
    "value",
    ["x" * 200_000, "a\nb", b"x" * 999, ["x" * 999] * 999, {"x" * 999: 1}, np.arange(10**6),
     pd.Series(range(999)), pd.DataFrame({"a": range(99)}), Long(), Broken(), {1, 2}],
)  # fmt: skip
def test_a_value_is_one_short_line(value: Any) -> None:
    text = quoted(value)
    assert 0 < len(text) <= 204
    assert text.splitlines() == [text]


def test_an_integer_that_python_does_not_write_out() -> None:
    assert quoted(10**6000) == "<an integer of 19932 bits>"


def test_short_values_are_as_repr_writes_them() -> None:
    for value in ("it's", "", None, 3, 1.5, ["a", 1], {"a": 1}, pd.NA, ("a",), True):
        assert quoted(value) == repr(value)
    assert quoted(np.int64(3)) == quoted(np.array(3)) == "3"
    assert quoted("x" * 300) == f"'{'x' * 200}'..."[:200] + "..."


def test_names_and_texts() -> None:
    assert joined(["a", 1]) == "a, 1"
    assert len(joined(["x" * 999] * 999)) <= 204
    assert shortened(" a \n b ") == "a b"
    assert len(shortened("a " * 10**6)) <= 204

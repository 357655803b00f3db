"""An unknown id that is known in another form: the message says so."""

from __future__ import annotations

import unicodedata

import pytest

from hybrid_rec import Catalog, UnknownItemError

NFC = unicodedata.normalize("NFC", "Beyoncé")
NFD = unicodedata.normalize("NFD", "Beyoncé")


@pytest.mark.parametrize(
    ("known", "asked", "told"),
    [
        (NFC, NFD, "(known in Unicode form NFC)"),
        (NFD, NFC, "(known in Unicode form NFD)"),
        ("a", " a\t", "(known without spaces around)"),
        (" a", "a", "(known with spaces around)"),
        ("ABC", "abc", "(known in another case)"),
        ("abc", "ABC", "(known in another case)"),
        ("7", "7.0", "(known as '7')"),
        (NFC, f" {NFD.upper()}", r"(known as 'Beyonc\xe9')"),
    ],
)
def test_ids_in_another_form(known: str, asked: str, told: str) -> None:
    catalog = Catalog.from_columns([known, "other"], [None] * 2, [None] * 2)
    with pytest.raises(UnknownItemError) as error:
        catalog.rows([asked, "nothing like it"])
    assert f"unknown: {asked!r} {told}, 'nothing like it'. Skip" in str(error.value)
    assert catalog.rows([asked], "negative").tolist() == [-1]


def test_what_is_like_several_ids_is_told_one_of_them() -> None:
    catalog = Catalog.from_columns(["a", "A", "ab"], [None] * 3, [None] * 3)
    assert catalog.rows(["A", "a"]).tolist() == [1, 0]
    with pytest.raises(UnknownItemError, match=r"'a ' .known without spaces around"):
        catalog.rows(["a "])

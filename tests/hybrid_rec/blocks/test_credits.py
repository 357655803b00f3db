"""Credits: who is told apart, who stays whole, and that later credits change nothing."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hybrid_rec.blocks.credits import CreditBook, credit_names


def names(credit: str, *alone: str) -> list[str]:
    """The names in a credit beside others that stand alone."""
    return list(credit_names([credit, *alone])[0])


@pytest.mark.parametrize(
    "credit",
    [
        "Ann Lee feat. Bob Ray",
        "Ann Lee Feat Bob Ray",
        "Ann Lee ft. Bob Ray",
        "Ann Lee ft Bob Ray",
        "Ann Lee Ft.Bob Ray",
        "Ann Lee, featuring Bob Ray",
        "Ann Lee (feat. Bob Ray)",
        "Ann Lee {Ft. Bob Ray}",
        "Ann Lee [Featuring Bob Ray]",
        "Ann Lee (feat. Bob Ray",
        "Ann Lee w/Bob Ray",
        "Ann Lee (w\\/ Bob Ray)",
        "Ann Lee; Bob Ray",
        "Ann Lee;Bob Ray",
        " Ann  Lee ;  Bob Ray",
        "Ann Lee feat. Bob Ray feat. ann lee",
    ],
)
def test_what_is_certain_is_told_apart_whoever_stands_alone(credit: str) -> None:
    assert names(credit) == ["Ann Lee", "Bob Ray"]


PARTED = [
    "Ann Lee, Bob Ray",
    "Ann Lee & Bob Ray",
    "Ann Lee &amp; Bob Ray",
    "Ann Lee and Bob Ray",
    "Ann Lee And Bob Ray",
    "Ann Lee with Bob Ray",
    "Ann Lee x Bob Ray",
    "Ann Lee X Bob Ray",
    "Ann Lee / Bob Ray",
    "Ann Lee/Bob Ray",
    "Ann Lee vs Bob Ray",
    "Ann Lee Vs. Bob Ray",
    "Ann Lee + Bob Ray",
    "Ann Lee y Bob Ray",
    "Ann Lee e Bob Ray",
]


@pytest.mark.parametrize("credit", PARTED)
def test_what_is_not_certain_is_told_apart_where_all_stand_alone(credit: str) -> None:
    whole = [credit.replace("&amp;", "&")]
    assert names(credit) == whole
    assert names(credit, "Ann Lee") == whole
    assert names(credit, "Ann Lee", "BOB  ray") == ["Ann Lee", "Bob Ray"]
    assert names(credit, "Ann Lee", "Bob Ray feat. Cy Fox") == ["Ann Lee", "Bob Ray"]
    assert names(credit, "Ann Lee", "Cy Fox feat. Bob Ray") == whole  # a guest, never alone
    assert credit_names([credit], known=["ann lee", "BOB RAY"]) == [("Ann Lee", "Bob Ray")]


@pytest.mark.parametrize(
    ("credit", "alone", "expected"),
    [
        ("Ann Lee, Bob Ray & Cy Fox", "Ann Lee;Bob Ray;Cy Fox", "Ann Lee;Bob Ray;Cy Fox"),
        ("Ann Lee, Bob Ray, & Cy Fox", "Ann Lee;Bob Ray;Cy Fox", "Ann Lee;Bob Ray;Cy Fox"),
        ("Ann Lee, Bob Ray & Cy Fox", "Ann Lee;Bob Ray", "Ann Lee, Bob Ray & Cy Fox"),
        ("Ann Lee, Bob Ray & Cy Fox", "Ann Lee;Bob Ray & Cy Fox", "Ann Lee;Bob Ray & Cy Fox"),
        (
            "Ann Lee feat. Bob Ray & Cy Fox (w/ Di Orr)",
            "Cy Fox;Bob Ray",
            "Ann Lee;Bob Ray;Cy Fox;Di Orr",
        ),
        ("Ann Lee & Bob Ray feat. Cy Fox", "Ann Lee;Bob Ray", "Ann Lee;Bob Ray;Cy Fox"),
        ("Flume & Chet Faker", "Flume;Chet Faker", "Flume;Chet Faker"),
        ("Jay-Z & Kanye West", "JAY-Z;Kanye West", "Jay-Z;Kanye West"),
        ("Isis/Boris", "Isis;Boris", "Isis;Boris"),
        (
            "Parliament/Funkadelic",
            "Parliament;Funkadelic;Parliament Funkadelic",
            "Parliament;Funkadelic",
        ),
        ("Drapht x Ta-ku", "Drapht;Ta-Ku", "Drapht;Ta-ku"),
        ("Tony Sheridan/The Beatles", "Tony Sheridan;The Beatles", "Tony Sheridan;The Beatles"),
        ("Bobby Vee With The Eligibles", "Bobby Vee;The Eligibles", "Bobby Vee;The Eligibles"),
        (
            "Tyler, the Creator & Ann Lee",
            "Tyler, The Creator;Ann Lee",
            "Tyler, the Creator;Ann Lee",
        ),
        ("Maroon 5 ft. Ann Lee", "Maroon 5;Ann Lee", "Maroon 5;Ann Lee"),
        ("DJ/rupture & Andy Moor", "DJ/rupture;Andy Moor;DJ;Rupture", "DJ/rupture;Andy Moor"),
    ],
)
def test_several_names(credit: str, alone: str, expected: str) -> None:
    assert names(credit, *alone.split(";")) == expected.split(";")


@pytest.mark.parametrize(
    ("credit", "alone"),
    [
        ("Earth, Wind & Fire", "Earth;Wind;Fire;Wind & Fire"),
        ("Simon & Garfunkel", "Simon;Garfunkel"),
        ("Tyler, the Creator", "Tyler;The Creator"),
        ("Crosby, Stills & Nash", "Crosby;Stills;Nash;Stills & Nash"),
        ("Crosby, Stills, Nash & Young", "Crosby;Stills;Nash;Young;Crosby, Stills, Nash"),
        ("Florence + the Machine", "Florence;The Machine"),
        ("Hall & Oates", "Hall;Oates"),
        ("AC/DC", "AC;DC"),
        ("F/I", "F;I"),
        ("Me First and the Gimme Gimmes", "Me First;The Gimme Gimmes"),
        ("Nick Cave & The Bad Seeds", "Nick Cave;The Bad Seeds"),
        ("Little Joe y La Familia", "Little Joe;La Familia"),
        ("Ramon Ayala Y Sus Bravos Del Norte", "Ramon Ayala;Sus Bravos Del Norte"),
        ("Dr. John & Friends", "Dr. John;Friends"),
        ("Lloyd Glenn With Orchestra", "Lloyd Glenn;Orchestra"),
        ("Artie Shaw And His Orchestra", "Artie Shaw;His Orchestra"),
        ("Interview With Jenny Hval", "Interview;Jenny Hval"),
        ("Hank Williams, Jr.", "Hank Williams;Jr."),
        ("Jags, The", "Jags;The"),
        ("BeBe & CeCe Winans", "BeBe;CeCe Winans;Bebe Winans"),
        ("Miguel y Miguel", "Miguel"),
        ("Roger Roger and Roger Roger", "Roger Roger"),
        ("Art vs Science", "Art;Science"),
        ("Sublime With Rome", "Sublime;Rome"),
        ("Iron & Wine & Calexico", "Iron & Wine;Calexico;Iron;Wine"),
        ("Little Feat", "Little"),
        ("MC 900 Ft. Jesus", "Jesus"),
        ("Ben E King", "Ben;King"),
        ("Malcolm X", "Malcolm"),
        ("t;dy t;wns", "t;wns"),
        ("V;", ""),
        ("W/ Pimmon", "Pimmon"),
        ("+44", "44"),
        (", & ;", ""),
    ],
)
def test_what_stays_whole_even_where_its_parts_stand_alone(credit: str, alone: str) -> None:
    assert names(credit, *filter(None, alone.split(";"))) == [credit]


def test_a_single_word_must_stand_alone_as_often_as_the_whole_credit() -> None:
    alone = ["Hercules", "Love Affair", "Love Affair"]
    assert names("Hercules & Love Affair", *alone) == ["Hercules", "Love Affair"]
    assert names("Hercules & Love Affair", "Hercules & Love Affair", *alone) == [
        "Hercules & Love Affair"
    ]


def test_missing_credits_have_no_names() -> None:
    assert credit_names([None, "", "  ", "Ann Lee"]) == [(), (), (), ("Ann Lee",)]


def test_a_known_name_stays_whole() -> None:
    column = ["Ann Lee & Bob Ray", "Ann Lee", "Bob Ray"]
    assert credit_names(column)[0] == ("Ann Lee", "Bob Ray")
    assert credit_names(column, known=["ann lee & bob ray"])[0] == ("Ann Lee & Bob Ray",)


def test_a_book_keeps_its_decisions_when_items_come() -> None:
    first = CreditBook().extended(["Ann Lee & Bob Ray", "Ann Lee", "Hercules & Love Affair"])
    assert first.names(["Ann Lee & Bob Ray"]) == [("Ann Lee & Bob Ray",)]
    later = first.extended(["Bob Ray", "Cy Fox", "Bob Ray & Cy Fox", "Hercules", "Love Affair"])
    assert later.names(["ann lee & bob ray", "Bob Ray & Cy Fox"]) == [
        ("Ann Lee & Bob Ray",),
        ("Bob Ray", "Cy Fox"),
    ]
    assert later.names(["Cy Fox with Ann Lee", "Hercules & Love Affair"]) == [
        ("Cy Fox", "Ann Lee"),  # never seen: by what is known
        ("Hercules & Love Affair",),
    ]
    assert first.known < later.known


def test_a_book_can_be_kept_as_text() -> None:
    book = CreditBook().extended(["Ann Lee feat. Bob Ray", "Bob Ray", "Ann Lee / Bob Ray"])
    text = json.dumps([sorted(book.known), dict(book.decided)])
    known, decided = json.loads(text)
    again = CreditBook(frozenset(known), {credit: tuple(n) for credit, n in decided.items()})
    column = ["Ann Lee feat. Bob Ray", "Ann Lee / Bob Ray", "Bob Ray"]
    assert again.names(column) == book.names(column)


PIECES = st.sampled_from(
    [
        "Ann Lee",
        "Bob Ray",
        "Cy",
        "Di",
        "the Orrs",
        " & ",
        ", ",
        " and ",
        " feat. ",
        "/",
        "; ",
        " x ",
    ]
)
CREDITS = st.lists(st.lists(PIECES, max_size=5).map("".join), max_size=12)


@given(CREDITS, CREDITS, st.randoms())
def test_no_later_credit_changes_an_earlier_decision(
    earlier: list[str], later: list[str], random: object
) -> None:
    book = CreditBook().extended(earlier)
    decided = book.names(earlier)
    assert book.extended(later).names(earlier) == decided
    assert book.extended([*later, *earlier]).names(earlier) == decided
    shuffled = list(earlier)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert CreditBook().extended(shuffled).names(earlier) == decided
    assert credit_names(earlier) == decided
    for credit, found in zip(earlier, decided, strict=True):
        assert bool(found) == bool(credit.strip())


def test_the_credits_of_real_catalogues(data_dir: Path) -> None:
    plays = pd.read_parquet(data_dir / "wfmu" / "plays.parquet")
    column = plays.drop_duplicates("item_id")["artist"].tolist()
    found = dict(zip(column, credit_names(column), strict=True))
    split = [credit for credit, found_names in found.items() if len(found_names) > 1]
    assert 2500 < len(split) < 3000
    assert found["Smokey Robinson & The Miracles Vs. Soundgarden"] == (
        "Smokey Robinson & The Miracles",
        "Soundgarden",
    )
    assert found["Max Roach Feat. Abbey Lincoln"] == ("Max Roach", "Abbey Lincoln")
    assert found["King Tubby/The Dynamites"] == ("King Tubby", "The Dynamites")
    assert found["Alan Vega, Alex Chilton, Ben Vaughn"] == (
        "Alan Vega",
        "Alex Chilton",
        "Ben Vaughn",
    )
    for whole in ("Love And Rockets", "Siouxsie & The Banshees", "Little Feat", "Sonny & Cher"):
        assert found[whole] == (whole,)

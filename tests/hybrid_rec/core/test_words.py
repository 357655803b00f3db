"""Numbers and their nouns, wherever counts are told."""

from __future__ import annotations

import re

import pytest

from hybrid_rec.batch.result import BatchResult
from hybrid_rec.core.words import how_many
from hybrid_rec.data.report import DatasetReport


@pytest.mark.parametrize(
    ("what", "one"),
    [
        ("rows", "1 row"),
        ("queries", "1 query"),
        ("plays", "1 play"),
        ("exact copies of playlists", "1 exact copy of playlists"),
        ("left out: playlists without targets", "1 left out: playlist without targets"),
        ("item ids with several spellings, the first kept",
         "1 item id with several spellings, the first kept"),
        ("cold items", "1 cold item"),
        ("plays of items that the catalogue lacks", "1 play of items that the catalogue lacks"),
        ("left out: playlists that start before the date and go on after it",
         "1 left out: playlist that starts before the date and goes on after it"),
        ("songs with \\/ or &amp; in title or artist, read as / and &",
         "1 song with \\/ or &amp; in title or artist, read as / and &"),
    ],
)  # fmt: skip
def test_one_is_singular_and_others_are_not(what: str, one: str) -> None:
    assert how_many(1, what) == one
    assert how_many(0, what) == f"0 {what}"
    assert how_many(2, what) == f"2 {what}"
    assert how_many(1234, what) == f"1,234 {what}"


@pytest.mark.parametrize("n", [0, 1, 2])
def test_summaries_count_in_right_english(n: int) -> None:
    counted = ("queries", "rows", "parts", "rejected", "used_rows", "input_rows")
    counts = dict.fromkeys(counted, n)
    report = DatasetReport(
        source="plays.csv", playlists_read=n, plays_read=n, playlists_kept=n, plays_kept=n,
        dropped={"rows with missing ids": n}, notes={"exact copies of playlists kept": n},
    )  # fmt: skip
    manifest = {"counts": counts, "rejected": {"reasons": {"missing id": n}}}
    told = f"{BatchResult('out', manifest, n)}\n{report}"
    found = re.findall(r"\b1 (\w+)", told)
    assert found == [] if n != 1 else not [word for word in found if word.endswith("s")]
    assert n == 1 or f"{n} queries, {n} rows in {n} parts ({n} written now)" in told
    assert (
        n != 1
        or "1 query, 1 row in 1 part (1 written now), 1 rejected (1 row with missing ids), " in told
    )
    assert n != 1 or "1 of 1 input row used: out" in told


def test_a_name_of_a_data_set_is_one_line() -> None:
    report = DatasetReport("a\nb\x1b[2J", 1, 1, 1, 1, {}, {})
    assert str(report) == "a b\\x1b[2J: kept 1 of 1 playlist, 1 of 1 play"

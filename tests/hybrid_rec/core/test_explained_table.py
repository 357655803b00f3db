"""A table of explained rows: each sentence stands under its row, and no number is cut."""

from __future__ import annotations

import pandas as pd
import pytest

from hybrid_rec.core.console import print_table

FRAME = pd.DataFrame(
    {
        "rank": [1, 2],
        "item_id": ["11103", "7"],
        "title": ["A title that is much too long for a line of a narrow terminal " * 2, "Short"],
        "score": [0.5, 0.25],
        "explanation": [
            "shares playlists with The Trooper (17); " * 3,
            "popular (in 30 playlists)",
        ],
    }
)


def test_each_sentence_stands_under_its_row(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hybrid_rec.core.console._LOG_WIDTH", 80)
    print_table(FRAME, title="Goes with")
    printed = capsys.readouterr().out
    lines = printed.splitlines()
    assert max(map(len, lines)) <= 80
    assert "11103" in printed
    assert "\ue000" not in printed
    places = [next(n for n, line in enumerate(lines) if text in line) for text in (
        "11103", "    shares playlists", "Short", "    popular (in 30 playlists)",
    )]  # fmt: skip
    assert places == sorted(places)
    assert places[3] == places[2] + 1
    assert "explanation" not in printed


def test_a_table_without_sentences_is_what_it_was(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(FRAME.drop(columns="explanation"), title="Goes with")
    printed = capsys.readouterr().out
    assert "0.2500" in printed
    assert "\ue000" not in printed

"""The leakage linter finds each leak that is planted, and is silent without."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from evaluation.splits.leakage import Finding, lint_recommenders, lint_split
from evaluation.splits.leave_last_out import leave_last_out
from evaluation.splits.split import Split
from hybrid_rec import Catalog, Playlists

CATALOG = Catalog.from_columns([str(i) for i in range(40)], [None] * 40, [None] * 40)


def playlists(*lists: range, start: int | None = None) -> Playlists:
    made = Playlists.from_lists([[str(i) for i in one] for one in lists], CATALOG)
    if start is None:
        return made
    return replace(made, times=(start + np.arange(made.n_plays)).astype("datetime64[s]"))


def finding(split: Split, check: str) -> Finding:
    return next(found for found in lint_split(split) if check in found.check)


@pytest.fixture
def clean() -> Split:
    return Split(
        name="clean",
        catalog=CATALOG,
        train=playlists(range(10), range(5, 20), start=0),
        seeds=playlists(range(3), range(20, 23), start=1000),
        targets=playlists(range(12, 15), range(5, 8), start=2000),
        left_out={},
    )


def test_a_clean_split(clean: Split) -> None:
    assert {found.level for found in lint_split(clean)} == {"ok"}


def test_near_copies(clean: Split) -> None:
    # Seeds 0-4 and targets 5-8 are nine of the ten items of the first training playlist.
    leaky = replace(
        clean, seeds=playlists(range(5), range(20, 23)), targets=playlists(range(5, 9), range(5, 8))
    )
    found = finding(leaky, "near-copies")
    assert found.level == "warning"
    assert found.text.startswith("1 of 2 cases (50.0%)")
    far = replace(leaky, targets=playlists(range(5, 8), range(5, 8)))
    assert finding(far, "near-copies").level == "warning"
    farther = replace(leaky, targets=playlists(range(5, 7), range(5, 8)))
    assert finding(farther, "near-copies").level == "ok"


def test_which_cases_are_near_copies(clean: Split) -> None:
    leaky = replace(
        clean, seeds=playlists(range(20, 23), range(5)), targets=playlists(range(5, 8), range(5, 9))
    )
    assert leaky.near_copies.tolist() == [False, True]
    # Playlists of a few items are the same by chance.
    short = replace(
        clean, train=playlists(range(4), range(5, 20)), seeds=playlists(range(2), range(20, 23)),
        targets=playlists(range(2, 4), range(5, 8)),
    )  # fmt: skip
    assert not short.near_copies.any()


def test_the_playlist_that_a_case_was_made_of_is_no_copy(clean: Split) -> None:
    made = Playlists.from_lists([[str(i) for i in range(n, n + 10)] for n in (0, 20)], CATALOG)
    assert not leave_last_out(made, CATALOG).near_copies.any()
    twice = Playlists.from_lists([[str(i) for i in range(10)]] * 2, CATALOG)
    assert leave_last_out(twice, CATALOG).near_copies.all()


def test_chunks_change_nothing(clean: Split, monkeypatch: pytest.MonkeyPatch) -> None:
    leaky = replace(
        clean, seeds=playlists(range(20, 23), range(5)), targets=playlists(range(5, 8), range(5, 9))
    )
    whole = lint_split(leaky)
    monkeypatch.setattr("evaluation.splits.near_copies._CHUNK", 1)
    assert lint_split(leaky) == whole


def test_targets_among_seeds(clean: Split) -> None:
    leaky = replace(clean, targets=playlists(range(2, 5), range(5, 8)))
    found = finding(leaky, "among seeds")
    assert (found.level, found.text.split()[0]) == ("warning", "1")


def test_the_future(clean: Split) -> None:
    leaky = replace(clean, train=playlists(range(10), range(5, 20), start=990))
    found = finding(leaky, "future")
    assert found.level == "note"
    assert found.text.startswith("14 of 25 training plays")
    timeless = replace(clean, train=playlists(range(10)))
    assert finding(timeless, "future").level == "unchecked"


def test_cold_targets(clean: Split) -> None:
    cold = replace(clean, targets=playlists(range(30, 33), range(5, 8)))
    found = finding(cold, "cold")
    assert found.level == "note"
    assert found.text.startswith("3 of 6 targets (50.0%)")


def test_popularity_of_the_test(clean: Split) -> None:
    class Counts:
        def __init__(self, play_counts: object) -> None:
            self.play_counts = play_counts

    counts = clean.train.play_counts
    found = lint_recommenders(
        clean, {"honest": Counts(counts), "leaky": Counts(counts + 1), "mute": object()}
    )
    assert [(f.check, f.level) for f in found] == [
        ("popularity of honest", "ok"),
        ("popularity of leaky", "warning"),
        ("popularity of mute", "unchecked"),
    ]

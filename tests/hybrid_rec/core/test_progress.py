"""Progress bars: they move, end at their end, and tell rates that can be read."""

from __future__ import annotations

import io
import re

import pytest
from rich.console import Console

from hybrid_rec.core.progress import (
    Progress,
    RichProgress,
    Within,
    as_progress,
    rate_told,
    spread,
)


class Bars:
    """Rich bars on a terminal that is a string, by a clock that only moves when told."""

    def __init__(self) -> None:
        self.now = 0.0
        self._file = io.StringIO()
        console = Console(file=self._file, force_terminal=True, width=140, color_system=None)
        self.progress = RichProgress(console, lambda: self.now)

    def last(self, name: str) -> str:
        """What the bar of this name showed last."""
        text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "\n", self._file.getvalue())
        return [line for line in re.split(r"[\r\n]+", text) if name in line][-1]


@pytest.mark.parametrize(
    ("speed", "told"),
    [
        (None, ""),
        (0.0, ""),
        (12345.6, "12,346/s"),
        (10.0, "10/s"),
        (2.5, "2.5/s"),
        (1.0, "1.0/s"),
        (0.4, "2.5 s each"),
        (0.02, "50.0 s each"),
        (1 / 600, "10.0 min each"),
    ],
)
def test_rates_are_never_nought(speed: float | None, told: str) -> None:
    assert rate_told(speed) == told


@pytest.mark.parametrize(("step", "told"), [(0.001, "1,000/s"), (45.0, "45.0 s each")])
def test_a_bar_counts_and_tells_its_rate(step: float, told: str) -> None:
    bars = Bars()
    with bars.progress.stage("epochs", 20) as advance:
        for _ in range(20):
            bars.now += step
            advance(1)
    assert "20/20" in bars.last("epochs")
    assert told in bars.last("epochs")
    assert "0/s" not in bars.last("epochs").replace("1,000/s", "")


@pytest.mark.parametrize(("total", "done"), [(229, 106), (100, 130), (None, 7)])
def test_a_bar_whose_total_was_a_guess_ends_at_its_end(total: int | None, done: int) -> None:
    bars = Bars()
    with bars.progress.stage("rows", total) as advance:
        for _ in range(done):
            bars.now += 1
            advance(1)
    shown = bars.last("rows")
    assert "━" * 40 in shown
    assert (f"{done}/{done}") in shown


@pytest.mark.parametrize("total", [None, 0, 5])
def test_a_bar_that_was_told_nothing_is_full_when_its_stage_is_over(total: int | None) -> None:
    bars = Bars()
    with bars.progress.stage("saving", total):
        bars.now += 3
    assert "━" * 40 in bars.last("saving")


def test_a_bar_stays_where_it_was_when_its_stage_fails() -> None:
    bars = Bars()

    def fail() -> None:
        with bars.progress.stage("rows", 4) as advance:
            advance(1)
            raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        fail()
    assert "1/4" in bars.last("rows")
    with bars.progress.stage("again", 1) as advance:
        advance(1)
    assert "1/1" in bars.last("again")


def test_stages_within_each_other_have_bars_below_each_other() -> None:
    bars = Bars()
    with bars.progress.stage("outer", 2) as outer:
        for _ in range(2):
            with bars.progress.stage("inner [x]", 3) as inner:
                inner(3)
            outer(1)
    assert "2/2" in bars.last("outer")
    assert "3/3" in bars.last("inner [x]")


@pytest.mark.parametrize("n", [0, 1, 3, 20, 21, 1000])
def test_things_are_spread_over_the_units_of_a_bar(n: int) -> None:
    told: list[int] = []
    assert list(spread(told.append, 20, range(n))) == list(range(n))
    assert sum(told) == 20
    assert 0 not in told
    assert len(told) <= 20


def test_stages_within_a_bar_move_it() -> None:
    told: list[int] = []
    within = Within(told.append)
    for total in (3, None):
        with within.stage("part", total) as advance:
            advance(2)
    assert told == [2, 2]


def test_true_is_bars_and_false_is_silence() -> None:
    assert isinstance(as_progress(True), RichProgress)
    assert type(as_progress(False)) is Progress
    own = Progress()
    assert as_progress(own) is own

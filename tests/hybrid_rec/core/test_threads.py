"""Two jobs at a time: every result in its place, and no failure lost."""

from __future__ import annotations

import threading
from functools import partial

import pytest

from hybrid_rec.core.threads import in_turn, two_at_a_time


@pytest.mark.parametrize("n_jobs", [0, 1, 2, 3, 7])
def test_results_stand_in_the_order_of_the_jobs(n_jobs: int) -> None:
    jobs = [partial(str, number) for number in range(n_jobs)]
    assert two_at_a_time(jobs) == [str(number) for number in range(n_jobs)]


def test_two_run_at_the_same_time() -> None:
    meeting = threading.Barrier(2, timeout=60)
    assert sorted(two_at_a_time([meeting.wait, meeting.wait])) == [0, 1]


@pytest.mark.parametrize("failing", [0, 1, 2])
def test_a_failure_is_raised_and_nothing_more_is_begun(failing: int) -> None:
    begun: list[int] = []

    def job(number: int) -> None:
        begun.append(number)
        if number == failing:
            raise ValueError("no")

    # Whoever begins a later one waits until the failure is known.
    with pytest.raises(ValueError, match="no"):
        two_at_a_time([partial(job, number) for number in range(3)])
    assert failing in begun


def test_units_of_several_threads_are_told_one_at_a_time() -> None:
    told = 0

    def slow(units: int) -> None:
        nonlocal told
        before = told
        threading.Event().wait(0.001)
        told = before + units

    advance = in_turn(slow)

    def many() -> None:
        for _ in range(20):
            advance(1)

    two_at_a_time([many, many])
    assert told == 40

"""Two jobs at a time: every result in its place, and no failure lost."""

from __future__ import annotations

import threading
from collections import deque
from functools import partial

import pytest

from hybrid_rec.core import threads
from hybrid_rec.core.threads import in_turn, two_at_a_time


@pytest.mark.parametrize("n_jobs", [0, 1, 2, 3, 7])
def test_results_stand_in_the_order_of_the_jobs(n_jobs: int) -> None:
    jobs = [partial(str, number) for number in range(n_jobs)]
    assert two_at_a_time(jobs) == [str(number) for number in range(n_jobs)]


def test_two_run_at_the_same_time() -> None:
    meeting = threading.Barrier(2, timeout=60)
    assert sorted(two_at_a_time([meeting.wait, meeting.wait])) == [0, 1]


def test_a_job_that_the_other_thread_has_just_taken_is_no_failure(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    meeting = threading.Barrier(2, timeout=60)

    class Watched(deque[int]):
        def __len__(self) -> int:
            left = super().__len__()
            if left == 1:
                # Both have looked before either takes it.
                meeting.wait()
            return left

    monkeypatch.setattr(threads, "deque", Watched)
    assert two_at_a_time([partial(str, number) for number in range(3)]) == ["0", "1", "2"]


@pytest.mark.parametrize("failing", [0, 1, 2])
def test_a_failure_is_raised(failing: int) -> None:
    begun: list[int] = []

    def job(number: int) -> None:
        begun.append(number)
        if number == failing:
            raise ValueError("no")

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

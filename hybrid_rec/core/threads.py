"""Two threads for work that is done on one thread each, so as to be reproducible."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import TypeVar

from hybrid_rec.core.progress import Advance

Result = TypeVar("Result")


def two_at_a_time(jobs: Sequence[Callable[[], Result]]) -> list[Result]:
    """What each job returns, in their order.

    The first is begun here, the last by a helper; each goes on with what is left on its side.

    Args:
        jobs: Functions that change nothing that another looks at.

    Raises:
        Exception: What a job raised: at once if it was begun here, else when what was begun here is
            done.
    """
    if not jobs:
        return []
    todo = deque(range(len(jobs)))
    found: dict[int, Result] = {}
    failures: list[Exception] = []

    def work(take: Callable[[], int]) -> None:
        while not failures:
            try:
                number = take()
            except IndexError:  # the other has begun the last one
                return
            found[number] = jobs[number]()

    def help_out() -> None:
        try:
            work(todo.pop)
        except Exception as error:
            failures.append(error)

    # A daemon, so that Ctrl-C ends the process and not only this thread.
    helper = threading.Thread(target=help_out, daemon=True)
    first = todo.popleft()
    helper.start()
    try:
        found[first] = jobs[first]()
        work(todo.popleft)
    finally:
        todo.clear()
    helper.join()
    if failures:
        raise failures[0]
    return [found[number] for number in range(len(jobs))]


def in_turn(advance: Advance) -> Advance:
    """The same for several threads, one at a time."""
    lock = threading.Lock()

    def advance_in_turn(units: int) -> None:
        with lock:
            advance(units)

    return advance_in_turn

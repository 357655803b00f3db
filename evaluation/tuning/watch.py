"""Watch: ends a stage of a fit that would last beyond a deadline."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from hybrid_rec.core.progress import Advance, Progress


class TooLateError(Exception):
    """A stage will not be over in time."""


class Watch(Progress):
    """Ends a stage with an error as soon as it is clear that it will last beyond a deadline."""

    def __init__(self, inner: Progress, deadline: float, clock: Callable[[], float]) -> None:
        self._inner = inner
        self._deadline = deadline
        self._clock = clock

    @contextmanager
    def stage(self, name: str, total: int | None = None) -> Iterator[Advance]:
        """See `Progress.stage`."""
        started, done = self._clock(), 0
        with self._inner.stage(name, total) as advance:

            def watched(units: int) -> None:
                nonlocal done
                advance(units)
                done += units
                rate = (self._clock() - started) / done
                if started + rate * (total or done) > self._deadline:
                    raise TooLateError

            yield watched

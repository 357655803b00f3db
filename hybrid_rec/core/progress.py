"""Progress bars: silent by default, rich bars on standard error when asked for."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, Any, TypeVar

from hybrid_rec.core.plain_output import is_guarded, plain_output, unguarded
from hybrid_rec.core.plain_text import plain_line

if TYPE_CHECKING:
    from rich.console import Console

from hybrid_rec.core.checks import check_flag

Advance = Callable[[int], None]

_Thing = TypeVar("_Thing")
# Seconds over which the speed of a bar is measured: a step may take minutes.
_SPEED_PERIOD = 3600.0


class Progress:
    """Reports nothing; the base of every other reporter."""

    @contextmanager
    def stage(self, name: str, total: int | None = None) -> Iterator[Advance]:
        """A stage of work as a context; what it yields is called with the units just done.

        Stages may stand inside each other.

        Args:
            name: What is being done, for a person to read.
            total: Units of work in all, or None when that is not known.
        """
        del name, total
        yield silent


class Within(Progress):
    """Tells the units of all its stages to a bar that is there already.

    Args:
        advance: What the stage of that bar yielded.
    """

    def __init__(self, advance: Advance) -> None:
        self._advance = advance

    @contextmanager
    def stage(self, name: str, total: int | None = None) -> Iterator[Advance]:
        """See `Progress.stage`."""
        del name, total
        yield self._advance


class RichProgress(Progress):
    """One bar a stage on standard error, with rate and time left; plain text when piped.

    Args:
        console: Where to; standard error by default.
        clock: A monotonic clock, in seconds.
    """

    def __init__(
        self, console: Console | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._console, self._clock = console, clock
        self._bars: Any = None

    @contextmanager
    def stage(self, name: str, total: int | None = None) -> Iterator[Advance]:
        """See `Progress.stage`."""
        with self._shown() as bars:
            added = bars.add_task(plain_line(name), total=total, count="", rate="")
            task = next(task for task in bars.tasks if task.id == added)

            def advance(units: int) -> None:
                bars.advance(task.id, units)
                of = "" if task.total is None else f"/{task.total:,.0f}"
                count = f"{task.completed:,.0f}{of}"
                bars.update(task.id, count=count, rate=rate_told(task.speed))

            if total is not None:
                advance(0)
            yield advance
            # What was to be done may have been a guess; now it is known.
            if task.completed:
                bars.update(task.id, total=task.completed)
                advance(0)
            else:
                bars.update(task.id, total=1, completed=1)

    @contextmanager
    def _shown(self) -> Iterator[Any]:
        """The bars; those of a stage inside another one stand below each other."""
        if self._bars is not None:
            yield self._bars
            return
        from rich import progress
        from rich.console import Console

        columns = (
            progress.TextColumn("{task.description:<28}", markup=False),
            progress.BarColumn(),
            progress.TextColumn("{task.fields[count]:>9}", justify="right"),
            progress.TextColumn("{task.fields[rate]:>11}", justify="right"),
            progress.TimeElapsedColumn(),
            progress.TimeRemainingColumn(),
        )
        console = self._console or Console(file=unguarded(sys.stderr), stderr=True)
        # While it shows bars, rich has both streams pass through itself, and draws on its own.
        guard = plain_output() if is_guarded(sys.stderr) else nullcontext()
        try:
            with (
                progress.Progress(
                    *columns,
                    console=console,
                    get_time=self._clock,
                    speed_estimate_period=_SPEED_PERIOD,
                ) as self._bars,
                guard,
            ):
                yield self._bars
        finally:
            self._bars = None


def silent(_units: int) -> None:
    """The `Advance` that tells nobody."""


def spread(advance: Advance, units: int, things: Sequence[_Thing]) -> Iterator[_Thing]:
    """The things, one after another; when the last one is done, `units` were told in all.

    Args:
        advance: Told what share of `units` each thing is.
        units: Units of the bar that all things together are.
        things: What is worked on.
    """
    told = 0
    for number, thing in enumerate(things, 1):
        yield thing
        now = units * number // len(things)
        if now > told:
            advance(now - told)
        told = now
    if not len(things):
        advance(units)


def rate_told(speed: float | None) -> str:
    """Steps a second, or where one takes longer than a second, the seconds of a step.

    Args:
        speed: Steps a second; None where it is not known yet.
    """
    if not speed:
        return ""
    if speed >= 10:
        return f"{speed:,.0f}/s"
    if speed >= 1:
        return f"{speed:.1f}/s"
    if speed >= 1 / 60:
        return f"{1 / speed:.1f} s each"
    return f"{1 / speed / 60:,.1f} min each"


def as_progress(progress: bool | Progress) -> Progress:
    """`True` as rich bars, `False` as silence; a `Progress` passes through."""
    if isinstance(progress, Progress):
        return progress
    check_flag(progress, "progress")
    return RichProgress() if progress else Progress()

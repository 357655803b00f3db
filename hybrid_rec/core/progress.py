"""Progress bars: silent by default, rich bars on standard error when asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from hybrid_rec.core.checks import check_flag

Advance = Callable[[int], None]


class Progress:
    """Reports nothing; the base of every other reporter."""

    @contextmanager
    def stage(self, name: str, total: int | None = None) -> Iterator[Advance]:
        """A stage of work as a context; what it yields is called with the units just done.

        Args:
            name: What is being done, for a person to read.
            total: Units of work in all, or None when that is not known.
        """
        del name, total
        yield lambda _units: None


class RichProgress(Progress):
    """One bar a stage on standard error, with rate and time left; plain text when piped."""

    @contextmanager
    def stage(self, name: str, total: int | None = None) -> Iterator[Advance]:
        """See `Progress.stage`."""
        from rich import progress
        from rich.console import Console

        columns = (
            progress.TextColumn("{task.description:<28}"),
            progress.BarColumn(),
            progress.MofNCompleteColumn(),
            progress.TextColumn("{task.fields[rate]:>9}", justify="right"),
            progress.TimeElapsedColumn(),
            progress.TimeRemainingColumn(),
        )
        with progress.Progress(*columns, console=Console(stderr=True)) as bar:
            task = bar.add_task(name, total=total, rate="")

            def advance(units: int) -> None:
                bar.advance(task, units)
                speed = bar.tasks[task].speed
                bar.update(task, rate="" if speed is None else f"{speed:,.0f}/s")

            yield advance
            if total is None:
                bar.update(task, total=1, completed=1)


def as_progress(progress: bool | Progress) -> Progress:
    """`True` as rich bars, `False` as silence; a `Progress` passes through."""
    if isinstance(progress, Progress):
        return progress
    check_flag(progress, "progress")
    return RichProgress() if progress else Progress()

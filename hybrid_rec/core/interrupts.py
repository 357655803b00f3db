"""Ctrl-C that is not lost where a library swallows the exception that it raises."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

# Long enough for what has to be tidied up before the process ends.
_PATIENCE = 5.0


@contextmanager
def insistent_interrupts(patience: float = _PATIENCE) -> Iterator[None]:
    """A context in which Ctrl-C is raised again and again until it is heard.

    Python drops a KeyboardInterrupt that is raised in a destructor or a callback, and some
    libraries do while they are imported. Here it comes again after `patience` seconds unless the
    context has been left, or `heard` was called. Without effect outside the main thread and where
    there are no timers.

    Args:
        patience: Seconds between two.
    """
    able = hasattr(signal, "setitimer")
    ours = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if not able or not ours or threading.current_thread() is not threading.main_thread():
        yield
        return

    def interrupt(number: int, frame: FrameType | None) -> None:
        del number, frame
        signal.setitimer(signal.ITIMER_REAL, patience)
        raise KeyboardInterrupt

    alarm = signal.signal(signal.SIGALRM, interrupt)
    signal.signal(signal.SIGINT, interrupt)
    try:
        yield
    finally:
        heard()
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.signal(signal.SIGALRM, alarm)


def heard() -> None:
    """Ctrl-C was noticed, and need not be raised again."""
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_REAL, 0)

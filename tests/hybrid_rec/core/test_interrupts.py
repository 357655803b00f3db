"""Ctrl-C is heard, even if a library drops it at first."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator

import pytest

from hybrid_rec.core.interrupts import heard, insistent_interrupts


@pytest.fixture(autouse=True)
def _usual() -> Iterator[None]:
    """Ctrl-C as Python hears it: Spark, once it was started in this process, puts its own there."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


class Careless:
    """Whatever is raised here, Python drops."""

    def __del__(self) -> None:
        signal.raise_signal(signal.SIGINT)


def drop_one_and_wait() -> None:
    careless = Careless()
    del careless
    time.sleep(30)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_an_interrupt_that_is_dropped_comes_again() -> None:
    with pytest.raises(KeyboardInterrupt), insistent_interrupts(0.05):
        drop_one_and_wait()
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_one_that_was_heard_does_not() -> None:
    with insistent_interrupts(0.05):
        try:
            signal.raise_signal(signal.SIGINT)
        except KeyboardInterrupt:
            heard()
        time.sleep(0.15)


def test_handlers_of_others_are_left_alone() -> None:
    caught = []
    before = signal.signal(signal.SIGINT, lambda *_: caught.append(1))
    try:
        with insistent_interrupts(0.05):
            signal.raise_signal(signal.SIGINT)
            time.sleep(0.1)
    finally:
        signal.signal(signal.SIGINT, before)
    assert caught == [1]


def test_another_thread_may_use_it() -> None:
    entered = []

    def work() -> None:
        with insistent_interrupts():
            entered.append(1)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert entered == [1]

"""Downloads from the hub: an answer within a given time, and a bar that shows how far they are."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

from hybrid_rec.core.progress import Advance

AnswerT = TypeVar("AnswerT")


def in_time(ask: Callable[[], AnswerT], patience: float) -> AnswerT:
    """What `ask` returns, or TimeoutError.

    In a thread, for the name service has no timeout and may take a minute without a network.
    """
    answer: Future[AnswerT] = Future()

    def run() -> None:
        try:
            answer.set_result(ask())
        except Exception as error:
            answer.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    return answer.result(timeout=patience)


def forwarding_bar(advance: Advance) -> type[Any]:
    """A bar for huggingface_hub that shows nothing and passes on kilobytes.

    Received and written bytes are counted in bars of their own; which of the two moves depends on
    the library's version and on the kind of transfer, so the farther one is believed.
    """
    from huggingface_hub.utils import tqdm  # type: ignore[attr-defined]

    lock = threading.Lock()
    reported = 0

    class Bar(tqdm):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            self.bytes_done = 0.0 if kwargs.get("unit") == "B" else -math.inf
            super().__init__(*args, **{**kwargs, "disable": True})  # type: ignore[no-untyped-call]

        def update(self, n: float | None = 1) -> None:
            nonlocal reported
            with lock:
                self.bytes_done += n or 0
                if (done := self.bytes_done // 1000) > reported:
                    advance(int(done) - reported)
                    reported = int(done)

    return Bar

"""How long each stage of a fit or an update takes."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def timed(timings: dict[str, float], stage: str) -> Iterator[None]:
    """A context whose seconds are kept in `timings` under `stage`."""
    started = time.perf_counter()
    yield
    timings[stage] = time.perf_counter() - started

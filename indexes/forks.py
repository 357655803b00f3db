"""Forks of the process: threads that are not there in the child, and locks that nobody gives back.

A fork copies the thread that forks and no other. OpenMP goes on as if its threads were still there
and waits for them for ever, unless it computes on the one that is left. Importing this module sees
to it that it does, in every child that this process forks from then on.
"""

from __future__ import annotations

import os
import sys
from threading import Lock
from typing import Any

from threadpoolctl import ThreadpoolController

_with_threads: list[Any] = []


def lock_over_forks() -> Lock:
    """A lock that is free in a forked child: a fork waits until nobody holds it."""
    lock = Lock()
    if sys.platform != "win32":
        os.register_at_fork(
            before=lock.acquire, after_in_parent=lock.release, after_in_child=lock.release
        )
    return lock


def _look() -> None:
    # Before the fork, for in the child the dynamic loader may be locked.
    _with_threads[:] = [
        library
        for library in ThreadpoolController().lib_controllers
        if library.user_api == "openmp" or getattr(library, "threading_layer", None) == "openmp"
    ]


def _limit() -> None:
    for library in _with_threads:
        library.set_num_threads(1)


if sys.platform != "win32":
    os.register_at_fork(before=_look, after_in_child=_limit)

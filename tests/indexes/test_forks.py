"""What a forked child finds: locks that are free, and OpenMP that computes on one thread."""

from __future__ import annotations

import subprocess
import sys

import pytest

_THREADS = """
import os
import faiss
from indexes import forks
faiss.omp_set_num_threads(3)
child = os.fork()
if child == 0:
    os._exit(faiss.omp_get_max_threads())
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), faiss.omp_get_max_threads())
"""
_LIMITED = """
import os
import faiss
from threadpoolctl import threadpool_limits
from indexes import forks
faiss.omp_set_num_threads(3)
child = os.fork()
if child == 0:
    # The BLAS of FAISS sets the threads of OpenMP, too.
    with threadpool_limits(1):
        pass
    os._exit(faiss.omp_get_max_threads())
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), faiss.omp_get_max_threads())
"""
_LOCK = """
import os, threading
from indexes.forks import lock_over_forks
lock, held, go_on = lock_over_forks(), threading.Event(), threading.Event()
def hold():
    with lock:
        held.set()
        go_on.wait()
thread = threading.Thread(target=hold)
thread.start()
held.wait()
threading.Timer(0.2, go_on.set).start()
child = os.fork()
if child == 0:
    os._exit(int(lock.locked()))
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), lock.locked())
"""


@pytest.mark.parametrize(
    ("code", "told"), [(_THREADS, "1 3"), (_LIMITED, "1 3"), (_LOCK, "0 False")]
)
def test_in_a_child(code: str, told: str) -> None:
    done = subprocess.run(
        # From Python 3.12 on, a fork beside other threads is warned of.
        [sys.executable, "-W", "ignore::DeprecationWarning", "-c", code],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == told

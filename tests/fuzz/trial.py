"""One trial: a call in a forked process with limits, and what became of it."""

from __future__ import annotations

import contextlib
import json
import os
import resource
import select
import signal
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

DEATH, HANG, MEMORY, FOREIGN = "process death", "hang", "out of memory", "foreign error"
BAD = (DEATH, HANG, MEMORY, FOREIGN)
"""What must never come out."""

_CPU_SECONDS = 20
_WALL_SECONDS = 90.0
_MORE_MEMORY = 3 << 29
_SHOWN = 2_000


@dataclass(frozen=True)
class Outcome:
    """What became of a trial."""

    kind: str
    """What the call returned first, or one of `BAD`."""
    text: str
    """What it returned with it: an answer, a message, or where an error came from."""


def load_libraries() -> None:
    """Import what a trial may need, before the first one: no fork has to do it again."""
    for name in ("faiss", "gensim.models", "lightgbm", "pyarrow.parquet", "sklearn.linear_model",
                 "sklearn.utils.extmath", "sklearn.feature_extraction.text", "scipy.linalg",
                 "pandas", "implicit.cpu.als"):  # fmt: skip
        import_module(name)


def tried(call: Callable[[], tuple[str, str]]) -> Outcome:
    """What a call gives, in a process of its own that may take so much memory and time and no more.

    The process is forked, so that nothing is imported again. The one that forks must not have used
    OpenMP on several threads: set OMP_NUM_THREADS to 1.
    """
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        _be_child(call, writer)
    os.close(writer)
    try:
        content, in_time = _received(reader)
    finally:
        os.close(reader)
    if not in_time:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        return Outcome(HANG, f"no answer within {_WALL_SECONDS:g} s")
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if -status == signal.SIGXCPU:
        return Outcome(HANG, f"more than {_CPU_SECONDS} s of processor time")
    if status != 0 or not content:
        name = signal.Signals(-status).name if status < 0 else f"exit code {status}"
        return Outcome(DEATH, name)
    kind, text = json.loads(content)
    return Outcome(kind, text)


def _received(reader: int) -> tuple[bytes, bool]:
    """What a child writes until it closes its end, and whether it did so in time."""
    parts: list[bytes] = []
    deadline = time.monotonic() + _WALL_SECONDS
    while True:
        ready, _, _ = select.select([reader], [], [], max(0.0, deadline - time.monotonic()))
        if not ready:
            return b"", False
        part = os.read(reader, 1 << 16)
        if not part:
            return b"".join(parts), True
        parts.append(part)


def _be_child(call: Callable[[], tuple[str, str]], writer: int) -> None:
    """Run the call under limits, tell what it gave, and end the process without clean-up."""
    code = 1
    try:
        _limit()
        try:
            told = call()
        except MemoryError:
            told = (MEMORY, traceback.format_exc()[-_SHOWN:])
        except BaseException:
            told = (FOREIGN, traceback.format_exc()[-_SHOWN:])
        with contextlib.suppress(OSError):
            os.write(writer, json.dumps(told).encode())
            os.close(writer)
        code = 0
    finally:
        os._exit(code)


def silenced() -> None:
    """Let this process read nothing and say nothing, its libraries included."""
    silence = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(silence, standard)


def fast_folder() -> str | None:
    """A folder in memory to work in, where there is one."""
    shared = Path("/dev/shm")
    return str(shared) if os.access(shared, os.W_OK) else None


def _limit() -> None:
    silenced()
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    most = pages * resource.getpagesize() + _MORE_MEMORY
    resource.setrlimit(resource.RLIMIT_AS, (most, resource.RLIM_INFINITY))
    resource.setrlimit(resource.RLIMIT_CPU, (_CPU_SECONDS, _CPU_SECONDS + 2))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))

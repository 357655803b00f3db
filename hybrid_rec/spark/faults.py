"""What goes wrong in the tasks of a cluster, told in one line by the driver."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

import hybrid_rec.core.errors as own_errors
from hybrid_rec.core.errors import ConfigError, HybridRecError, RunError
from hybrid_rec.core.quoting import shortened

_TOLD = re.compile(r"<hybrid-rec (\w+)>(.*?)</hybrid-rec>", re.DOTALL)
# The line of a trace of Java or Python that says what was wrong.
_CAUSE = re.compile(r"^(?:: |Caused by: )?([\w.$]*(?:Error|Exception): .*)$", re.MULTILINE)
_ROOM = (
    "MemoryError", "Cannot allocate memory", "OutOfMemoryError", "Java heap space", "bad_alloc",
    "exited unexpectedly", "ExecutorLostFailure", "exit code 137", "Could not map",
)  # fmt: skip

Task = Callable[[Iterator[Any]], Iterator[Any]]
"""What `DataFrame.mapInArrow` calls with the batches of a partition."""


def guarded(task: Callable[..., Iterator[Any]], *arguments: Any) -> Task:
    """A task for `mapInArrow` that runs only where hybrid-rec and its libraries are as here.

    Args:
        task: A function of this package; it is called with the batches and the arguments, with one
            thread.
        arguments: What goes to the workers.
    """
    # Workers of Spark have it, whatever else they lack.
    from pyspark import cloudpickle

    from hybrid_rec.batch.job import versions
    from hybrid_rec.blocks.registry import foreign_blocks

    return _guard(versions(), cloudpickle.dumps((task, arguments, foreign_blocks())))


def _guard(wanted: Mapping[str, str], payload: bytes) -> Task:
    # This function goes to the workers as code, so it may need nothing of hybrid-rec before it has
    # seen which one they have.
    def run(batches: Iterator[Any]) -> Iterator[Any]:
        import os
        import pickle
        import socket
        from importlib.metadata import PackageNotFoundError, version

        def tell(kind: str, text: str) -> RuntimeError:
            return RuntimeError(f"<hybrid-rec {kind}>{text}</hybrid-rec>")

        for name, ours in wanted.items():
            try:
                theirs = version(name)
            except PackageNotFoundError:
                theirs = "not there"
            if theirs != ours:
                raise tell(
                    "ConfigError",
                    f"workers must have {name} {ours}, as the driver has, but on "
                    f"{socket.gethostname()} it is {theirs}; install the same packages on all "
                    "hosts, or ship an environment with spark.archives and PYSPARK_PYTHON.",
                )
        for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
            os.environ[name] = "1"
        task, arguments, blocks = pickle.loads(payload)  # noqa: S301  # our own driver wrote it
        from threadpoolctl import threadpool_limits

        from hybrid_rec.blocks.registry import register_block
        from hybrid_rec.core.errors import HybridRecError, memory_ran_out

        try:
            for block in blocks:
                register_block(block)
            with threadpool_limits(limits=1):
                yield from task(batches, *arguments)
        except Exception as error:
            if memory_ran_out(error):
                raise tell("MemoryError", "") from None
            if isinstance(error, HybridRecError):
                raise tell(type(error).__name__, str(error)) from None
            raise

    return run


@contextmanager
def told_in_one_line(kept: str = "") -> Iterator[None]:
    """A context in which a job that fails raises the error of its tasks.

    Args:
        kept: What to say of work that is not lost, such as "; finished parts are kept".

    Raises:
        HybridRecError: What a task raised.
        RunError: For whatever else ends a job.
    """
    from pyspark.errors import PySparkException

    kinds: tuple[type[Exception], ...] = (PySparkException,)
    # The client of Spark Connect has no bridge to Java.
    with suppress(ImportError):
        from py4j.protocol import Py4JError

        kinds = (PySparkException, Py4JError)
    try:
        yield
    except kinds as error:
        raise _in_one_line(str(error), kept) from None


def _in_one_line(text: str, kept: str) -> HybridRecError:
    told = _TOLD.search(text)
    if told is not None and told[1] != "MemoryError":
        kind = getattr(own_errors, told[1], RunError)
        return kind(told[2]) if issubclass(kind, HybridRecError) else RunError(told[2])
    if told is not None or any(word in text for word in _ROOM):
        return RunError(
            "a task ended for want of memory, or its host was lost; every task needs room for the "
            "model and its chunk outside of Java: raise spark.executor.memoryOverhead, give an "
            "executor fewer cores, or ask for smaller chunks, and leave "
            f"spark.executor.pyspark.memory unset{kept}."
        )
    if "No module named 'hybrid_rec" in text:
        return ConfigError(
            "workers must have hybrid-rec as the driver has it, but lack it; install the same "
            "packages on all hosts, or ship an environment with spark.archives and PYSPARK_PYTHON."
        )
    causes = _CAUSE.findall(text)
    cause = causes[-1] if causes else text
    return RunError(
        f"the job on the cluster must end well, but: {shortened(cause)}; see the logs of its "
        f"workers, and run the same command again{kept}."
    )

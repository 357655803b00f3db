"""Processes that score chunks with one model in memory."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from typing import Any

from threadpoolctl import threadpool_limits

from hybrid_rec.batch.chunks import Chunk
from hybrid_rec.batch.saved_model import SavedModel
from hybrid_rec.batch.scoring import BatchRequest, ItemChunk, Scored, score, warm_up
from hybrid_rec.blocks.base import Block
from hybrid_rec.blocks.registry import foreign_blocks, register_block
from hybrid_rec.core.errors import RunError

Chunks = Iterable[Chunk | ItemChunk]
Score = Callable[[Chunks], Iterator[Scored]]

_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
# Elsewhere a process may not be forked once libraries have started threads of their own.
_CAN_FORK = sys.platform == "linux"


@contextmanager
def scorers(model: SavedModel, request: BatchRequest, workers: int) -> Iterator[Score]:
    """A function that scores chunks, in whatever order they are ready.

    Every process computes with one thread, so that as many processes as there are cores do not
    get into each other's way, and so that results do not depend on how many there are.

    Args:
        model: What to score with.
        request: What is asked for every chunk.
        workers: Processes; 1 stays in this one.

    Raises:
        ArtifactError: If the model cannot be loaded.
        ConfigError: If k is out of range.
        RunError: If a process dies.
    """
    with _single_threaded():
        if workers == 1:
            recommender = model.load()
            with threadpool_limits(limits=1):
                warm_up(recommender, request)
                yield lambda chunks: (score(recommender, request, chunk) for chunk in chunks)
            return
        pool = _Pool(model, request, workers)
    try:
        pool.await_models()
        yield pool.score
    finally:
        pool.close()


@contextmanager
def _single_threaded() -> Iterator[None]:
    """A context in which libraries are loaded, and processes started, with one thread each."""
    before = {name: os.environ.get(name) for name in _THREADS}
    os.environ.update(dict.fromkeys(_THREADS, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


class _Pool:
    """Processes, each with one chunk at a time.

    Where it is safe, one process loads the model and forks the others, which share its memory.
    Elsewhere each loads the model for itself and shares the index, which is mapped.
    """

    def __init__(self, model: SavedModel, request: BatchRequest, workers: int) -> None:
        # A fresh interpreter has no threads or locks of the caller's that a fork would break.
        context = get_context("spawn")
        pipes = [context.Pipe() for _ in range(workers)]
        self._connections = [ours for ours, _ in pipes]
        theirs = [end for _, end in pipes]
        groups = [theirs] if _CAN_FORK else [[end] for end in theirs]
        self._processes = [
            context.Process(
                target=_serve,
                # What a group makes, its processes share.
                args=(model, request, group, foreign_blocks()),
                daemon=True,
            )
            for group in groups
        ]
        for process in self._processes:
            process.start()
        for end in theirs:
            end.close()

    def await_models(self) -> None:
        """Wait until every process has its model."""
        for connection in self._connections:
            _receive(connection)

    def score(self, chunks: Chunks) -> Iterator[Scored]:
        """See `scorers`."""
        idle, busy = list(self._connections), list[Connection]()
        for chunk in chunks:
            if not idle:
                yield from self._collect(idle, busy)
            connection = idle.pop()
            _send(connection, chunk)
            busy.append(connection)
        while busy:
            yield from self._collect(idle, busy)

    @staticmethod
    def _collect(idle: list[Connection], busy: list[Connection]) -> Iterator[Scored]:
        ready = [connection for connection in wait(busy) if isinstance(connection, Connection)]
        found = []
        for connection in ready:
            found.append(_receive(connection))
            busy.remove(connection)
            idle.append(connection)
        yield from found

    def close(self) -> None:
        """End the processes, also in the middle of a chunk."""
        for connection in self._connections:
            connection.close()
        for process in self._processes:
            process.terminate()
            process.join()


def _send(connection: Connection, chunk: Chunk | ItemChunk) -> None:
    try:
        connection.send(chunk)
    except OSError:
        raise _died() from None


def _receive(connection: Connection) -> Any:
    try:
        answer = connection.recv()
    except (EOFError, OSError):
        raise _died() from None
    if isinstance(answer, BaseException):
        raise answer
    return answer


def _died() -> RunError:
    return RunError(
        "a worker process died, perhaps for want of memory; the finished parts are kept: run the "
        "same command again, with fewer workers or smaller chunks."
    )


def _serve(
    model: SavedModel,
    request: BatchRequest,
    connections: Sequence[Connection],
    blocks: Sequence[type[Block]],
) -> None:
    """Load the model and answer on every connection, each from a process of its own."""
    # Ctrl-C reaches all processes of a terminal; the first one decides what becomes of the others.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        for block in blocks:
            register_block(block)
        recommender = model.load()
        warm_up(recommender, request)
    except BaseException as error:
        for connection in connections:
            with suppress(OSError):
                connection.send(error)
        return
    if len(connections) == 1:
        _answer(recommender, request, connections[0])
        return
    children: list[int] = []

    def end_all(*_: Any) -> None:
        for child in children:
            with suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
        os._exit(0)

    signal.signal(signal.SIGTERM, end_all)
    for number, connection in enumerate(connections):
        child = os.fork()
        if child == 0:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            # Only then does the end of one process close its connection.
            for other in connections[number + 1 :]:
                other.close()
            try:
                _answer(recommender, request, connection)
            finally:
                os._exit(0)
        children.append(child)
        connection.close()
    for child in children:
        os.waitpid(child, 0)


def _answer(recommender: Any, request: BatchRequest, connection: Connection) -> None:
    """Score chunks until the other end is closed."""
    # It may close at any moment, and nobody is left to hear of it.
    with suppress(EOFError, OSError):
        connection.send(None)
        while True:
            chunk = connection.recv()
            try:
                answer: Any = score(recommender, request, chunk)
            except Exception as error:
                answer = error
            connection.send(answer)

"""Standard output and error that get plain text, whoever writes to them."""

from __future__ import annotations

import errno
import io
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, TextIO, cast

from hybrid_rec.core.plain_text import plain_text


class OutputLostError(Exception):
    """Standard output takes nothing more: it is closed, or the disk behind it is full.

    It is no OSError, because what it is raised through takes those for its own.
    """


@contextmanager
def plain_output() -> Iterator[None]:
    """A context in which standard output and error get no control characters, whoever writes.

    That goes for libraries, warnings, the log and tracebacks, too; only what asks for a stream by
    `unguarded` is left as it is. What the encoding of a stream cannot hold becomes an escape.
    Where standard output refuses there is an OutputLostError, unless the reader of a pipe has gone:
    the work goes on, and what is written is dropped. Where standard error refuses, nobody is left
    to be told. Within another such context it does nothing.
    """
    if is_guarded(sys.stdout) and is_guarded(sys.stderr):
        yield
        return
    before = sys.stdout, sys.stderr
    # Python has None for a stream that was closed before it began.
    out, err = (cast("TextIO | None", stream) for stream in before)
    if out is None or err is None:
        _occupy_closed()
    guards = _Guard(out or _Closed(), _lost), _Guard(err or _Closed(), _silenced)
    sys.stdout, sys.stderr = (cast("TextIO", guard) for guard in guards)
    try:
        with _tolerant(guards[0].raw), _tolerant(guards[1].raw):
            yield
    finally:
        sys.stdout, sys.stderr = before


def is_guarded(stream: TextIO) -> bool:
    """Whether `plain_output` stands before a stream."""
    return isinstance(stream, _Guard)


def unguarded(stream: TextIO) -> TextIO:
    """A stream for what draws on a terminal and has made its values plain by itself."""
    if not isinstance(stream, _Guard):
        return stream
    return cast("TextIO", _Guard(stream.raw, stream.refused, str))


class _Guard:
    """A stream that gets plain text; everything else is that of the one behind it.

    Args:
        raw: The stream behind it.
        refused: What to do where that refuses.
        plain: What to make of a text.
    """

    def __init__(
        self,
        raw: TextIO,
        refused: Callable[[TextIO, OSError], None],
        plain: Callable[[str], str] = plain_text,
    ) -> None:
        self.raw, self.refused, self.plain = raw, refused, plain

    def write(self, text: str) -> int:
        # Some libraries try out a stream with nothing, and take every error for an answer.
        if not isinstance(text, str):
            raise TypeError(f"write must be given text, got {type(text).__name__}.")
        if text:
            try:
                self.raw.write(self.plain(text))
            except OSError as error:
                self.refused(self.raw, error)
        return len(text)

    def flush(self) -> None:
        try:
            self.raw.flush()
        except OSError as error:
            self.refused(self.raw, error)

    def writelines(self, lines: Iterable[str]) -> None:
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.raw, name)


class _Closed(io.StringIO):
    """What stands for a stream that is closed."""

    def write(self, _text: str) -> int:
        raise OSError(errno.EBADF, os.strerror(errno.EBADF))


def _lost(stream: TextIO, error: OSError) -> None:
    _drop(stream)
    if not isinstance(error, BrokenPipeError):
        raise OutputLostError(error.strerror or str(error)) from None


def _silenced(stream: TextIO, error: OSError) -> None:
    del error
    _drop(stream)


def _drop(stream: TextIO) -> None:
    """Send nowhere what a stream still holds and gets, for Python writes it when it ends."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


@contextmanager
def _tolerant(stream: TextIO) -> Iterator[None]:
    """A context in which a stream writes as an escape what its encoding cannot hold."""
    if not isinstance(stream, io.TextIOWrapper):
        yield
        return
    before = stream.errors
    stream.reconfigure(errors="backslashreplace")
    try:
        yield
    finally:
        # This flushes, and the reader may be gone.
        with suppress(OSError, ValueError):
            stream.reconfigure(errors=before)


def _occupy_closed() -> None:
    """Open what is closed of the first three descriptors, lest a file of ours gets its number."""
    while (descriptor := os.open(os.devnull, os.O_RDWR)) < 3:
        pass
    os.close(descriptor)

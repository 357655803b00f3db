"""Standard output and error that get plain text, whoever writes to them."""

from __future__ import annotations

import errno
import io
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, TextIO, cast

from hybrid_rec.core.plain_text import plain_text


@contextmanager
def plain_output() -> Iterator[None]:
    """A context in which standard output and error get no control characters, whoever writes.

    That goes for libraries, warnings, the log and tracebacks, too; only what asks for a stream by
    `unguarded` is left alone. What the encoding of a stream cannot hold becomes an escape. A
    standard output that is closed refuses what is written to it, a standard error that is closed
    swallows it. Within another such context it does nothing.
    """
    if is_guarded(sys.stdout) and is_guarded(sys.stderr):
        yield
        return
    before = sys.stdout, sys.stderr
    # Of a stream that was closed before Python began, it has None.
    out: TextIO | None = before[0]
    err: TextIO | None = before[1]
    if out is None or err is None:
        _occupy_closed()
    guards = _PlainStream(out or _Closed()), _PlainStream(err or io.StringIO())
    sys.stdout, sys.stderr = (cast("TextIO", guard) for guard in guards)
    try:
        with _tolerant(guards[0].raw), _tolerant(guards[1].raw):
            yield
    finally:
        sys.stdout, sys.stderr = before


def is_guarded(stream: TextIO) -> bool:
    """Whether `plain_output` stands before a stream."""
    return isinstance(stream, _PlainStream)


def unguarded(stream: TextIO) -> TextIO:
    """The stream itself, for what draws on a terminal and has made its values plain."""
    return stream.raw if isinstance(stream, _PlainStream) else stream


def drop_output(stream: TextIO) -> None:
    """Send nowhere what a stream still holds, for Python writes it when it ends."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


class _PlainStream:
    """A stream that gets plain text; everything else is that of the one behind it."""

    def __init__(self, raw: TextIO) -> None:
        self.raw = raw

    def write(self, text: str) -> int:
        self.raw.write(plain_text(text))
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.raw, name)


class _Closed(io.StringIO):
    """What stands for a standard output that is closed."""

    def write(self, _text: str) -> int:
        raise OSError(errno.EBADF, os.strerror(errno.EBADF))


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

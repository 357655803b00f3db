"""What is in a file of text: its encoding, or that it is no text at all."""

from __future__ import annotations

import codecs
import io
from typing import Any

from hybrid_rec.core.errors import DataError

HEAD_BYTES = 4096
_MOSTLY = 0.6
_NO_TEXT = (
    (b"\x1f\x8b", "gzip", ".gz"),
    (b"\x28\xb5\x2f\xfd", "zstd", ".zst"),
    (b"PK\x03\x04", "a ZIP archive or a workbook", None),
    (b"\xd0\xcf\x11\xe0", "a workbook of Excel", None),
    (b"PAR1", "Parquet", ".parquet"),
    (b"BZh", "bzip2", None),
    (b"\xfd7zXZ\x00", "xz", None),
    (b"ARROW1", "Arrow", None),
    (b"SQLite format 3\x00", "an SQLite database", None),
)
_MARKS = ((b"\xff\xfe\x00\x00", "utf-32"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))


def check_content(name: str, stream: Any, encoding: str | None) -> None:
    """Look at the beginning of a file, and go back to it.

    Args:
        name: The file.
        stream: Binary, at its beginning, able to seek.
        encoding: What it is said to be in; None for UTF-8.

    Raises:
        DataError: If it is no text, or text of another encoding that can be told.
    """
    head = stream.read(HEAD_BYTES)
    stream.seek(0)
    for beginning, what, ending in _NO_TEXT:
        if head.startswith(beginning):
            remedy = f"name it {name}{ending}" if ending in (".gz", ".zst") else "convert it"
            if ending == ".parquet":
                remedy = "give it the ending .parquet"
            raise DataError(f"{name} must be UTF-8 text, but holds {what}; {remedy}.")
    if encoding is not None:
        return
    told = next((found for mark, found in _MARKS if head.startswith(mark)), None)
    if told is None:
        # Most of such a text is ASCII, which leaves every second byte free.
        free = [head[place:512:2].count(0) / max(len(head[place:512:2]), 1) for place in (0, 1)]
        if max(free) > _MOSTLY and min(free) < 1 - _MOSTLY:
            told = "utf-16-be" if free[0] > free[1] else "utf-16-le"
    if told is not None:
        raise DataError(
            f"{name} must be UTF-8 text, but is {told.upper()}; save it as UTF-8, or pass "
            f"--encoding {told} (encoding= in Python)."
        )


class Recoded(io.RawIOBase):
    """A binary stream of text in any encoding as one of UTF-8 without a byte order mark.

    Args:
        stream: What is read.
        encoding: Of it; None for UTF-8, which passes as it is.
    """

    def __init__(self, stream: Any, encoding: str | None) -> None:
        self._stream = stream
        self._text: io.TextIOWrapper | None = None
        self._is_first = True
        if encoding is not None:
            self._text = io.TextIOWrapper(stream, encoding=encoding, newline="")

    def readable(self) -> bool:
        """True."""
        return True

    def read(self, size: int = -1) -> bytes:
        """The next bytes, no more than `size`; none at the end.

        Raises:
            UnicodeDecodeError: If the text is of another encoding.
        """
        if self._text is None:
            data: bytes = self._stream.read(size)
        else:
            # A character takes four bytes at most.
            data = self._text.read(size if size < 0 else max(size // 4, 1)).encode()
        if self._is_first and data:
            self._is_first = False
            data = data.removeprefix(codecs.BOM_UTF8) or self.read(size)
        return data

    def readinto(self, buffer: Any) -> int:
        """The next bytes, into a buffer."""
        data = self.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        """Let the stream go, which whoever opened it closes."""
        if self._text is not None:
            self._text.detach()
            self._text = None
        super().close()

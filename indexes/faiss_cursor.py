"""Numbers and arrays in a FAISS file, read one after the other without FAISS."""

from __future__ import annotations

import math
import struct
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from indexes.base import VectorIndexError
from indexes.checks import LARGEST

# Bytes that are looked at together.
_PART = 1 << 24
# Highest bits of an infinite number in two bytes, by kind.
_ENDLESS = {"fp16": 0x7C00, "bf16": 0x7F80}


class Cursor:
    """A place in a FAISS file, which moves on with what is read.

    Arrays are parts of the file that is mapped into memory, so reading one takes none.

    Args:
        path: The file.

    Raises:
        OSError: If it cannot be read.
        VectorIndexError: If it is empty.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        if not path.stat().st_size:
            raise self.wrong("it is empty")
        self._bytes: NDArray[np.uint8] = np.memmap(path, np.uint8, "r")
        self._at = 0

    def wrong(self, why: str) -> VectorIndexError:
        """The error that says why the file is refused."""
        return VectorIndexError(
            f"index file must be a readable FAISS index, got {self.path}: {why}"
        )

    def skip(self, form: str) -> None:
        """Move over numbers that do not matter; `form` is as for `struct`."""
        self._take(struct.calcsize(f"<{form}"))

    def number(self, form: str) -> Any:
        """One number; `form` is as for `struct`."""
        return struct.unpack(f"<{form}", self._take(struct.calcsize(f"<{form}")).tobytes())[0]

    def code(self) -> str:
        """The four letters that tell what comes."""
        return self._take(4).tobytes().decode("latin-1")

    def array(self, kind: DTypeLike, what: str, length: int | None = None) -> NDArray[Any]:
        """An array with its length before it.

        Args:
            kind: Type of its numbers.
            what: Its name, for errors.
            length: What it must have; None for any.
        """
        found = self.number("Q")
        if length is not None and found != length:
            raise self.wrong(f"{what} must hold {length} numbers, but {found} are announced")
        return self.plain(kind, found)

    def plain(self, kind: DTypeLike, length: int) -> NDArray[Any]:
        """An array of a length that is known."""
        dtype = np.dtype(kind)
        return self._take(length * dtype.itemsize).view(dtype)

    def ahead(self, kind: DTypeLike, most: int) -> NDArray[Any]:
        """What comes, up to so many numbers, without moving on."""
        dtype = np.dtype(kind)
        length = min(most, (len(self._bytes) - self._at) // dtype.itemsize)
        return self._bytes[self._at : self._at + length * dtype.itemsize].view(dtype)

    def numbers(self, what: str, length: int) -> None:
        """Move over an array of float32 with its length before it, and check them."""
        self.check_numbers(self.array("<f4", what, length), what)

    def check_numbers(self, numbers: NDArray[Any], what: str) -> None:
        """Raise unless all numbers are finite and within `LARGEST`."""
        for start in range(0, len(numbers), _PART):
            # NumPy is much faster where numbers lie on multiples of their size.
            part = numbers[start : start + _PART].copy()
            largest = max(-float(part.min()), float(part.max()))
            if not math.isfinite(largest) or largest > LARGEST:
                raise self.wrong(f"{what} must hold finite numbers of at most {LARGEST:g}")

    def check_halves(self, codes: NDArray[Any], kind: str, what: str) -> None:
        """Raise unless all numbers of two bytes, of the kind `fp16` or `bf16`, are as well."""
        highest = _ENDLESS[kind]
        for start in range(0, len(codes), _PART):
            part = codes[start : start + _PART].view("<u2") & 0x7FFF
            if (part >= highest).any():
                raise self.wrong(f"{what} must hold finite numbers")
            if kind == "bf16":
                self.check_numbers((part.astype("<u4") << 16).view("<f4"), what)

    def _take(self, n_bytes: int) -> NDArray[np.uint8]:
        left = len(self._bytes) - self._at
        if n_bytes > left:
            raise self.wrong(f"it announces {n_bytes} bytes at {self._at}, but has {left}")
        found = self._bytes[self._at : self._at + n_bytes]
        self._at += n_bytes
        return found

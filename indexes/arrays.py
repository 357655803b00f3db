"""Arrays in files, checked before they are read: no pickle, and no more memory than the file."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from tokenize import TokenError
from typing import IO, Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from indexes.base import VectorIndexError

Shape = Sequence[int | None]
"""Lengths of the axes that an array must have; None for any length."""

# What numpy raises for headers that are damaged in one way or another.
_UNREADABLE = (
    OSError, ValueError, TypeError, SyntaxError, EOFError, RecursionError, MemoryError, TokenError,
    Warning,
)  # fmt: skip


def save_array(path: Path, array: NDArray[Any]) -> None:
    """Write an array as a `.npy` file."""
    with path.open("wb") as file:
        np.save(file, np.asarray(array, order="C"), allow_pickle=False)


def load_array(path: Path, dtypes: Sequence[DTypeLike], shape: Shape) -> NDArray[Any]:
    """The array in a `.npy` file.

    Args:
        path: The file.
        dtypes: The array must have one of these.
        shape: Its shape.

    Raises:
        VectorIndexError: If the file is missing or damaged, or holds another kind of array.
    """
    try:
        with path.open("rb") as file:
            return read_array(file, path.stat().st_size, dtypes, shape, str(path))
    except OSError as error:
        raise VectorIndexError(f"{path} must be a readable array: {error}.") from None


def read_array(
    file: IO[bytes],
    size: int,
    dtypes: Sequence[DTypeLike],
    shape: Shape,
    name: str,
    *,
    is_last: bool = True,
) -> NDArray[Any]:
    """The array that begins here in a file, checked before memory is taken for it.

    Args:
        file: Where to read.
        size: Bytes from here to the end.
        dtypes: The array must have one of these.
        shape: Its shape.
        name: What to call the file in errors.
        is_last: Whether nothing may follow the array.

    Raises:
        VectorIndexError: If it is damaged or another kind of array.
    """
    try:
        header = _Counted(file)
        if np.lib.format.read_magic(header) != (1, 0):  # type: ignore[arg-type]
            raise VectorIndexError(f"{name} must be a .npy array of version 1.0.")
        found, fortran, dtype = np.lib.format.read_array_header_1_0(header)  # type: ignore[arg-type]
    except _UNREADABLE as error:
        if isinstance(error, VectorIndexError):
            raise
        raise VectorIndexError(f"{name} must be a readable .npy array: {error}.") from None
    fits = len(found) == len(shape) and all(
        length >= 0 and wanted in (None, length)
        for length, wanted in zip(found, shape, strict=True)
    )
    if not fits or fortran or dtype not in [np.dtype(kind) for kind in dtypes]:
        wanted = "(" + ", ".join("n" if length is None else str(length) for length in shape) + ")"
        kinds = " or ".join(str(np.dtype(kind)) for kind in dtypes)
        raise VectorIndexError(
            f"{name} must hold an array {wanted} of {kinds}, got {found} of {dtype}."
        )
    n_bytes = math.prod(found) * dtype.itemsize
    n_left = size - header.n_read
    if n_bytes > n_left or (is_last and n_bytes < n_left):
        raise VectorIndexError(
            f"{name} must hold {n_bytes} bytes for an array {found}, got {n_left}."
        )
    try:
        array = np.empty(found, dtype)
    except MemoryError:
        raise VectorIndexError(f"{name} must fit into memory, with {n_bytes} bytes.") from None
    # Reading stops short only if the file shrinks meanwhile.
    if n_bytes and _read_into(file, array.reshape(-1).view(np.uint8).data) != n_bytes:
        raise VectorIndexError(f"{name} must hold {n_bytes} bytes, but ended earlier.")
    return array


class _Counted:
    """A file that knows how much was read from it."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.n_read = 0

    def read(self, size: int) -> bytes:
        content = self._file.read(size)
        self.n_read += len(content)
        return content


def _read_into(file: IO[bytes], memory: memoryview) -> int:
    """Fill memory from a file; how many bytes there were."""
    done = 0
    while done < len(memory):
        part = file.read(min(1 << 24, len(memory) - done))
        if not part:
            break
        memory[done : done + len(part)] = part
        done += len(part)
    return done

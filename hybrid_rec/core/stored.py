"""What a saved model consists of: JSON, arrays and sparse matrices, read with every check."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray
from scipy import sparse

from hybrid_rec.core.errors import ArtifactError
from indexes.arrays import load_array
from indexes.checks import LARGEST
from indexes.sparse_files import load_sparse


def write_json(path: Path, content: Any) -> None:
    """Write JSON to a file."""
    path.write_text(json.dumps(content, ensure_ascii=False) + "\n", encoding="utf-8")


def read_json(path: Path) -> Any:
    """The content of a JSON file.

    Raises:
        ArtifactError: If it is missing or damaged.
    """
    with refused(path):
        return json.loads(read_text(path))


def read_text(path: Path) -> str:
    """The content of a UTF-8 file.

    Raises:
        ArtifactError: If it is missing or damaged.
    """
    with refused(path):
        return path.read_text(encoding="utf-8")


def read_array(
    path: Path, dtype: DTypeLike, shape: tuple[int | None, ...], *, largest: float = LARGEST
) -> NDArray[Any]:
    """An array of a `.npy` file, checked before memory is taken for it.

    Args:
        path: Where it is.
        dtype: What it must hold.
        shape: What it must measure; None for any size.
        largest: Of its numbers, if they are real ones; NaN and infinity are refused.

    Raises:
        ArtifactError: If it is missing, damaged, of another type or shape, or its numbers are not
            finite or too large.
    """
    with refused(path):
        array = load_array(path, [dtype], shape)
        check_numbers(array, largest)
        return array


def write_array(path: Path, array: NDArray[Any]) -> None:
    """Write an array to a `.npy` file."""
    np.save(path, array, allow_pickle=False)


def write_sparse(path: Path, matrix: sparse.csr_array) -> None:
    """Write a sparse matrix to a `.npz` file."""
    sparse.save_npz(path, matrix, compressed=False)


def read_sparse(path: Path, shape: tuple[int, int]) -> sparse.csr_array:
    """A sparse matrix of a `.npz` file, checked before scipy sees it.

    Args:
        path: Where it is.
        shape: What it must measure.

    Raises:
        ArtifactError: If it is missing, damaged, refers to rows or columns outside its shape, or
            its numbers are not finite or too large.
    """
    with refused(path):
        matrix = load_sparse(path, shape[0], [np.float64], ascending=False)
        if matrix.shape != shape:
            raise ValueError(f"it must measure {shape}, but measures {matrix.shape}")
        check_numbers(matrix.data)
        return matrix


def check_numbers(array: NDArray[Any], largest: float = LARGEST) -> None:
    """Raise a ValueError unless all numbers are finite and no larger; whole ones always are."""
    if array.dtype.kind != "f" or not array.size:
        return
    found = max(-float(array.min()), float(array.max()))
    # NaN is neither below nor above.
    if not found <= largest:
        raise ValueError(f"it must hold finite numbers of at most {largest:g}, but holds {found:g}")


@contextmanager
def refused(path: Path) -> Iterator[None]:
    """A context in which whatever is wrong with a file is an ArtifactError that names it.

    What a library raises for content that was made to mislead it cannot be foretold.
    """
    try:
        yield
    except ArtifactError as error:
        if str(path) in str(error):
            raise
        raise ArtifactError(f"{path}: {error}") from None
    except Exception as error:
        raise ArtifactError(
            f"{path} must be what a save wrote: {one_line(error)}; save the model again."
        ) from None


def one_line(error: BaseException) -> str:
    """What an error says, on one line that is not too long, without a full stop."""
    if isinstance(error, MemoryError):
        return "it does not fit into memory"
    text = " ".join(str(error).split()) or type(error).__name__
    return f"{text:.400}".removesuffix(".")

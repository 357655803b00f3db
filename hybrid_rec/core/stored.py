"""What a saved model consists of: JSON, arrays and sparse matrices, read with every check."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray
from scipy import sparse

from hybrid_rec.core.errors import ArtifactError


def write_json(path: Path, content: Any) -> None:
    """Write JSON to a file."""
    path.write_text(json.dumps(content, ensure_ascii=False) + "\n", encoding="utf-8")


def read_json(path: Path) -> Any:
    """The content of a JSON file.

    Raises:
        ArtifactError: If it is missing or damaged.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise ArtifactError(
            f"{path} must be readable JSON: {error}; save the model again."
        ) from None


def read_array(
    path: Path, dtype: DTypeLike, shape: tuple[int | None, ...], *, finite: bool = True
) -> NDArray[Any]:
    """An array of a `.npy` file.

    Args:
        path: Where it is.
        dtype: What it must hold.
        shape: What it must measure; None for any size.
        finite: Whether NaN and infinity are refused.

    Raises:
        ArtifactError: If it is missing, damaged, of another type or shape, or not finite.
    """
    try:
        array = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError, MemoryError) as error:
        raise ArtifactError(
            f"{path} must be a NumPy array without pickle: {error}; save the model again."
        ) from None
    fits = (
        isinstance(array, np.ndarray)
        and array.dtype == np.dtype(dtype)
        and len(array.shape) == len(shape)
        and all(want in (None, have) for want, have in zip(shape, array.shape, strict=True))
    )
    if not fits:
        found = f"{array.dtype} {array.shape}" if isinstance(array, np.ndarray) else "an archive"
        wanted = ", ".join("any" if size is None else str(size) for size in shape)
        raise ArtifactError(
            f"{path} must hold {np.dtype(dtype)} ({wanted}), got {found}; save the model again."
        )
    if finite and array.dtype.kind == "f" and not np.isfinite(array).all():
        raise ArtifactError(f"{path} must hold finite numbers; save the model again.")
    whole: NDArray[Any] = array
    return whole


def write_array(path: Path, array: NDArray[Any]) -> None:
    """Write an array to a `.npy` file."""
    np.save(path, array, allow_pickle=False)


def write_sparse(path: Path, matrix: sparse.csr_array) -> None:
    """Write a sparse matrix to a `.npz` file."""
    sparse.save_npz(path, matrix, compressed=False)


def read_sparse(path: Path, shape: tuple[int, int]) -> sparse.csr_array:
    """A sparse matrix of a `.npz` file.

    Args:
        path: Where it is.
        shape: What it must measure.

    Raises:
        ArtifactError: If it is missing, damaged, or refers to rows or columns outside its shape.
    """
    try:
        if sum(entry.file_size for entry in zipfile.ZipFile(path).infolist()) > path.stat().st_size:
            raise ValueError("an archive that is larger unpacked")
        with np.load(path, allow_pickle=False) as archive:
            parts = {name: archive[name] for name in ("indices", "indptr", "data", "shape")}
    except (OSError, ValueError, EOFError, KeyError, MemoryError, zipfile.BadZipFile) as error:
        raise ArtifactError(
            f"{path} must hold a sparse matrix: {error}; save the model again."
        ) from None
    indices, indptr, data = parts["indices"], parts["indptr"], parts["data"]
    whole = (
        tuple(parts["shape"].tolist()) == shape
        and all(part.ndim == 1 for part in (indices, indptr, data))
        and indices.dtype.kind == indptr.dtype.kind == "i"
        and data.dtype.kind == "f"
        and len(indptr) == shape[0] + 1
        and indptr[0] == 0
        and indptr[-1] == len(indices) == len(data)
        and (np.diff(indptr) >= 0).all()
        and (not len(indices) or (indices.min() >= 0 and indices.max() < shape[1]))
        and np.isfinite(data).all()
    )
    if not whole:
        raise ArtifactError(
            f"{path} must hold a sparse matrix of {shape} with finite numbers in it, got one that "
            f"says it is of {tuple(parts['shape'].tolist())}; save the model again."
        )
    return sparse.csr_array((data, indices, indptr), shape=shape)

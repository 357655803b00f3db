"""A dense index in files: a FAISS file, and beside it the arrays that FAISS does not know of."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import faiss
from numpy.typing import NDArray

from indexes.arrays import save_array
from indexes.base import VectorIndexError
from indexes.faiss_factory import reason

SIDECARS = ("scale", "delta_rows", "delta_vectors")
"""Names of the arrays that may stand beside a FAISS file."""


def sidecar(path: Path, name: str) -> Path:
    """Where an array stands that belongs to a FAISS file: `index.scale.npy` for `index.faiss`."""
    return path.with_name(f"{path.stem}.{name}.npy")


def present_files(path: Path) -> list[Path]:
    """A FAISS file and the arrays beside it, which together are what a load reads."""
    beside = [sidecar(path, name) for name in SIDECARS]
    return [path, *(file for file in beside if file.exists())]


def write_sidecars(path: Path, arrays: Mapping[str, NDArray[Any]]) -> None:
    """Write the arrays of a FAISS file, and remove those that an earlier index left there."""
    for name in SIDECARS:
        if name in arrays:
            save_array(sidecar(path, name), arrays[name])
        else:
            sidecar(path, name).unlink(missing_ok=True)


def write_index(index: Any, path: Path) -> None:
    """Write a FAISS index.

    Raises:
        OSError: If the file cannot be written.
    """
    try:
        faiss.write_index(index, str(path))
    except RuntimeError as error:
        raise OSError(f"cannot write {path}: {reason(error)}") from None


def read_index(path: Path, *, mmap: bool) -> Any:
    """The FAISS index in a file.

    Args:
        path: The file; what follows the index in it is ignored.
        mmap: Whether to map it into memory instead of reading it.

    Raises:
        VectorIndexError: If the file is missing or damaged, or the index has another metric.
    """
    try:
        index = faiss.read_index(str(path), faiss.IO_FLAG_MMAP_IFC if mmap else 0)
    except RuntimeError as error:
        raise VectorIndexError(
            f"index file must be a readable FAISS index, got {path}: {reason(error)}"
        ) from None
    if index.metric_type != faiss.METRIC_INNER_PRODUCT:
        raise VectorIndexError(f"index file must hold an inner-product index, got {path}.")
    return index

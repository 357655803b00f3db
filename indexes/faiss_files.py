"""A dense index in files: a FAISS file, and beside it the arrays that FAISS does not know of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import faiss
from numpy.typing import NDArray

from indexes.arrays import save_array
from indexes.base import VectorIndexError
from indexes.faiss_factory import inverted_lists, reason
from indexes.forks import lock_over_forks

SIDECARS = ("scale", "delta_rows", "delta_vectors")
"""Names of the arrays that a FAISS file may have beside it."""
# The limit is one of the whole process.
_limits = lock_over_forks()


def sidecar(path: Path, name: str) -> Path:
    """The file of an array that belongs to a FAISS file: `index.scale.npy` for `index.faiss`."""
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
        with _no_larger_than(path.stat().st_size):
            index = faiss.read_index(str(path), faiss.IO_FLAG_MMAP_IFC if mmap else 0)
    except (OSError, RuntimeError, MemoryError) as error:
        why = reason(error) if isinstance(error, RuntimeError) else error
        raise VectorIndexError(
            f"index file must be a readable FAISS index, got {path}: {why}"
        ) from None
    if index.metric_type != faiss.METRIC_INNER_PRODUCT:
        raise VectorIndexError(f"index file must hold an inner-product index, got {path}.")
    return index


def check_rows_of(index: Any, path: Path) -> None:
    """Raise unless each row of an inverted file is in exactly one list.

    FAISS checks everything else while it reads.

    Raises:
        VectorIndexError: If one does not.
    """
    inverted = inverted_lists(index)
    if inverted is None:
        return
    n_listed = inverted.invlists.compute_ntotal()
    if n_listed != inverted.ntotal:
        raise VectorIndexError(
            f"index file must list {inverted.ntotal} rows, got {path}, which lists {n_listed}."
        )
    try:
        # The map from rows to lists that the file holds may not fit the lists, so make it again.
        inverted.set_direct_map_type(faiss.DirectMap.NoMap)
        inverted.set_direct_map_type(faiss.DirectMap.Array)
    except RuntimeError as error:
        raise VectorIndexError(
            f"index file must list rows in [0, {index.ntotal}), got {path}: {reason(error)}"
        ) from None
    places = faiss.vector_to_array(inverted.direct_map.array)
    if (places < 0).any():
        raise VectorIndexError(
            f"index file must list each of {index.ntotal} rows once, got {path}."
        )


@contextmanager
def _no_larger_than(n_bytes: int) -> Iterator[None]:
    """A context in which FAISS refuses a file that announces more than it holds."""
    if not hasattr(faiss, "set_deserialization_vector_byte_limit"):  # before FAISS 1.15
        yield
        return
    with _limits:
        before = faiss.get_deserialization_vector_byte_limit()
        faiss.set_deserialization_vector_byte_limit(max(1, n_bytes))
        try:
            yield
        finally:
            faiss.set_deserialization_vector_byte_limit(before)

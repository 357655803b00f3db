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
from indexes.faiss_layout import Size, check_file
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
        VectorIndexError: If the file is missing or damaged, or the index is of a kind that is not
            supported.
    """
    try:
        size = check_file(path)
        with _no_larger_than(path.stat().st_size):
            index = faiss.read_index(str(path), faiss.IO_FLAG_MMAP_IFC if mmap else 0)
    except VectorIndexError:
        raise
    except (OSError, RuntimeError, MemoryError) as error:
        why = reason(error) if isinstance(error, RuntimeError) else error
        raise VectorIndexError(
            f"index file must be a readable FAISS index, got {path}: {why}"
        ) from None
    if Size(index.d, index.ntotal) != size or index.metric_type != faiss.METRIC_INNER_PRODUCT:
        raise VectorIndexError(f"index file must hold an inner-product index, got {path}.")
    return index


def map_rows(index: Any) -> None:
    """Make the map from rows to lists of an inverted file anew: that in a file may not fit."""
    inverted = inverted_lists(index)
    if inverted is not None:
        inverted.set_direct_map_type(faiss.DirectMap.NoMap)
        inverted.set_direct_map_type(faiss.DirectMap.Array)


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

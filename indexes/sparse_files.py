"""Sparse blocks in files, checked before scipy sees them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from zipfile import ZIP_STORED, BadZipFile, ZipFile

import numpy as np
from numpy.typing import DTypeLike, NDArray
from scipy import sparse

from indexes.arrays import Shape, read_array
from indexes.base import VectorIndexError

_INTEGERS: Sequence[DTypeLike] = (np.int32, np.int64)
_Members = Mapping[str, tuple[Sequence[DTypeLike], Shape]]
_MEMBERS: _Members = {
    "format": (["S3"], ()),
    "shape": ([np.int64], (2,)),
    "indptr": (_INTEGERS, (None,)),
    "indices": (_INTEGERS, (None,)),
    "data": ((), (None,)),
    "_is_array": ([np.bool_], ()),
}


def save_sparse(path: Path, block: sparse.csr_array) -> None:
    """Write a float32 block with sorted columns as an uncompressed `.npz` file, as scipy does."""
    sparse.save_npz(path, block, compressed=False)


def load_sparse(
    path: Path,
    n_rows: int,
    dtypes: Sequence[DTypeLike] = (np.float32,),
    *,
    ascending: bool = True,
) -> sparse.csr_array:
    """The block that `save_sparse` wrote, or another sparse matrix that scipy wrote.

    Args:
        path: The file.
        n_rows: Rows that the block must have.
        dtypes: Its numbers must have one of these.
        ascending: Whether the columns of each row must ascend.

    Raises:
        VectorIndexError: If the file is missing or damaged, or the block does not have `n_rows`
            rows, or its columns do not ascend, or are not within the shape.
    """
    try:
        arrays = _read(path, {**_MEMBERS, "data": (dtypes, (None,))})
    except VectorIndexError:
        raise
    # NotImplementedError (a RuntimeError) is a kind of compression that zipfile does not know.
    except (OSError, BadZipFile, RuntimeError, EOFError, ValueError, MemoryError) as error:
        raise VectorIndexError(f"{path} must be a readable sparse block: {error}.") from None
    if arrays["format"] != b"csr":
        raise VectorIndexError(f"{path} must have the format csr, got {arrays['format'][()]!r}.")
    rows, columns = arrays["shape"].tolist()
    if rows != n_rows or columns < 0:
        raise VectorIndexError(f"{path} must have {n_rows} rows, got the shape {(rows, columns)}.")
    starts, indices, data = arrays["indptr"], arrays["indices"], arrays["data"]
    _check_structure(path, starts, indices, data, n_rows, columns)
    descends = np.flatnonzero(indices[1:] <= indices[:-1]) + 1
    if ascending and not np.isin(descends, starts).all():
        raise VectorIndexError(f"{path} must have ascending columns in each row.")
    return sparse.csr_array((data, indices, starts), shape=(n_rows, columns))


def _read(path: Path, wanted: _Members) -> dict[str, NDArray[Any]]:
    arrays = {}
    with ZipFile(path) as archive:
        members = archive.infolist()
        names = [member.filename for member in members]
        if sorted(names) != sorted(f"{name}.npy" for name in wanted):
            raise VectorIndexError(f"{path} must hold the arrays {list(wanted)}, got {names}.")
        # Compressed content could be far larger than the file.
        n_bytes = sum(member.file_size for member in members)
        stored = all(member.compress_type == ZIP_STORED for member in members)
        if not stored or n_bytes > path.stat().st_size:
            raise VectorIndexError(f"{path} must hold its arrays uncompressed.")
        for name, (dtypes, shape) in wanted.items():
            member = archive.getinfo(f"{name}.npy")
            with archive.open(member) as file:
                arrays[name] = read_array(
                    file, member.file_size, dtypes, shape, f"{name} in {path}"
                )
    return arrays


def _check_structure(
    path: Path,
    starts: NDArray[Any],
    indices: NDArray[Any],
    data: NDArray[Any],
    n_rows: int,
    n_columns: int,
) -> None:
    """Raise unless the arrays are a matrix in compressed sparse row format."""
    if len(indices) != len(data) or len(starts) != n_rows + 1:
        raise VectorIndexError(
            f"{path} must have {n_rows + 1} row starts and a value for each column, got "
            f"{len(starts)} starts, {len(indices)} columns and {len(data)} values."
        )
    # Compared and not subtracted: a difference could overflow.
    if starts[0] != 0 or starts[-1] != len(data) or (starts[1:] < starts[:-1]).any():
        raise VectorIndexError(f"{path} must have row starts that ascend from 0 to {len(data)}.")
    if len(indices) and (indices.min() < 0 or indices.max() >= n_columns):
        raise VectorIndexError(
            f"{path} must have columns in [0, {n_columns}), got {indices.min()} to {indices.max()}."
        )
    if not np.isfinite(data).all():
        raise VectorIndexError(f"{path} must be finite, but holds NaN or infinity.")

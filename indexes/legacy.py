"""Reading what the first version wrote: everything of a dense index in the FAISS file.

The scale was a diagonal matrix in front of the index, and the delta stood behind it.
"""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import faiss
import numpy as np

from indexes.arrays import read_array
from indexes.base import Rows, VectorIndexError, Vectors
from indexes.faiss_scale import as_scale

_FOOTER = struct.Struct("<Q8s")
_MAGIC = b"hrdelta1"


def without_matrix(index: Any, path: Path) -> tuple[Any, Vectors | None]:
    """The index behind a diagonal matrix, and the diagonal; None where there is no such matrix.

    No factory string names an index with such a matrix in front. The index inside is freed with
    the one given.

    Args:
        index: What FAISS read.
        path: Where it was read from, for errors.

    Raises:
        VectorIndexError: If the matrix is no scale.
    """
    outer = faiss.downcast_index(index)
    if not isinstance(outer, faiss.IndexPreTransform) or outer.chain.size() != 1:
        return index, None
    matrix = faiss.downcast_VectorTransform(outer.chain.at(0))
    if type(matrix) is not faiss.LinearTransform or matrix.d_in != matrix.d_out:
        return index, None
    values = faiss.vector_to_array(matrix.A)
    if len(values) != matrix.d_in**2 or matrix.have_bias:
        raise VectorIndexError(
            f"scale in {path} must be a matrix of {matrix.d_in} dimensions, "
            f"got {len(values)} values."
        )
    diagonal = values.reshape(matrix.d_in, -1).diagonal()
    scale = as_scale(diagonal, matrix.d_in, f"scale in {path}")
    return faiss.downcast_index(outer.index), scale


def delta_behind(path: Path, dim: int) -> tuple[Rows, Vectors] | None:
    """The rows and the vectors of a delta behind the FAISS index in a file; None for no delta.

    Raises:
        VectorIndexError: If the delta is damaged.
    """
    try:
        with path.open("rb") as file:
            size = file.seek(0, 2)
            if size < _FOOTER.size:
                return None
            file.seek(size - _FOOTER.size)
            start, magic = _FOOTER.unpack(file.read(_FOOTER.size))
            if magic != _MAGIC:
                return None
            end, name = size - _FOOTER.size, f"delta in {path}"
            file.seek(min(start, end))
            rows = read_array(file, end - file.tell(), [np.int64], (None,), name, is_last=False)
            vectors = read_array(file, end - file.tell(), [np.float32], (len(rows), dim), name)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise VectorIndexError(f"index file must be readable, got {path}: {error}.") from None
    return rows, vectors

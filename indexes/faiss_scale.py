"""How much each dimension counts in the geometry of an approximate index.

A score is the sum of `w q x` over the dimensions, with weights w, a query q and a vector x. An
approximate index finds vectors that are near in its own geometry. If dimensions with a small weight
count fully there, it misses most of the best rows. So the index holds `s x` and is asked for
`w q / s`, which has the same scores. With s near the square root of w, vectors are near to each
other if they score high for each other. Queries may use other weights than those that s was made
for; the more they differ, the more rows are missed.
"""

from __future__ import annotations

from typing import Any

import faiss
import numpy as np
from numpy.typing import ArrayLike

from indexes.base import VectorIndexError, Vectors
from indexes.checks import as_vectors


def as_scale(scale: ArrayLike, dim: int) -> Vectors:
    """A scale `(dim,)`, checked.

    Raises:
        VectorIndexError: For another shape, or anything but powers of two.
    """
    checked: Vectors = as_vectors(np.atleast_2d(np.asarray(scale)), dim, "scale")[0]
    if not (np.frexp(checked)[0] == 0.5).all():
        raise VectorIndexError("scale must hold powers of two.")
    return checked


def wrapped(index: Any, scale: Vectors) -> Any:
    """The index behind a diagonal matrix, the form that a scale takes in a FAISS file."""
    matrix = faiss.LinearTransform(len(scale), len(scale), False)
    faiss.copy_array_to_vector(np.diag(scale).astype(np.float32).ravel(), matrix.A)
    matrix.is_trained = True
    return faiss.IndexPreTransform(matrix, index)


def unwrapped(index: Any) -> tuple[Any, Vectors | None]:
    """What `wrapped` was given, which lives as long as `index` does.

    No factory string names an index such as `wrapped` makes.
    """
    outer = faiss.downcast_index(index)
    if not isinstance(outer, faiss.IndexPreTransform) or outer.chain.size() != 1:
        return index, None
    matrix = faiss.downcast_VectorTransform(outer.chain.at(0))
    if type(matrix) is not faiss.LinearTransform or matrix.d_in != matrix.d_out:
        return index, None
    scale = faiss.vector_to_array(matrix.A).reshape(matrix.d_in, -1).diagonal()
    inner = faiss.downcast_index(outer.index)
    return inner, as_scale(scale, matrix.d_in)

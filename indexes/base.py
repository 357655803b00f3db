"""What every vector index promises."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, Self, runtime_checkable

import numpy as np
from numpy.typing import ArrayLike, NDArray

Vectors = NDArray[np.float32]
Rows = NDArray[np.int64]
Mask = NDArray[np.bool_]

NO_ROW = -1
NO_SCORE = np.float32(-np.inf)


class VectorIndexError(ValueError):
    """Vectors, queries or an index file are not what an index can work with."""


@dataclass(frozen=True)
class SearchResult:
    """The best rows of each query, best first; equal scores are in order of their rows.

    Where fewer than k rows were allowed, the rest of a line is filled with row -1 and score -inf;
    `found` counts the entries that are real.
    """

    rows: Rows
    """Rows, `(n_queries, k)` int64."""
    scores: Vectors
    """Inner products, higher is better, `(n_queries, k)` float32."""

    @property
    def found(self) -> Rows:
        """Real entries of each query, `(n_queries,)` int64."""
        found: Rows = np.asarray((self.rows != NO_ROW).sum(axis=1), dtype=np.int64)
        return found


@runtime_checkable
class VectorIndex(Protocol):
    """Vectors in, nearest rows by inner product out.

    A row is a vector's place in the order of adding. A query equal to a stored vector finds that
    vector among its neighbours. Results are in a total order, score descending, then row
    ascending, and do not depend on how many queries are asked at once.
    """

    @property
    def dim(self) -> int:
        """Dimensions of a vector."""
        ...

    def __len__(self) -> int: ...

    def add(self, vectors: ArrayLike) -> None:
        """Append vectors `(n, dim)`; their rows follow those already there.

        Raises:
            VectorIndexError: For another shape, NaN or infinity.
        """
        ...

    def search(
        self,
        queries: ArrayLike,
        k: int,
        *,
        allow: Rows | None = None,
        block: Rows | None = None,
    ) -> SearchResult:
        """The k best rows of each query.

        Args:
            queries: `(n_queries, dim)`.
            k: At least 1. With more than the index holds or the filter leaves, the lines are
                filled up as `SearchResult` says; an empty index gives only filling.
            allow: Only these rows may be found; None for all.
            block: These rows may not be found, even if allowed.

        Raises:
            VectorIndexError: For another shape, NaN or infinity, k < 1 or a row out of range.
        """
        ...

    def reconstruct(self, rows: Rows) -> Vectors:
        """The stored vectors of `rows`, `(len(rows), dim)`; decoded where they are compressed.

        Raises:
            VectorIndexError: For a row out of range.
        """
        ...

    def save(self, path: Path) -> None:
        """Write the index to one file."""
        ...

    @classmethod
    def load(cls, path: Path, *, mmap: bool = False) -> Self:
        """Read an index from its file, or map it into memory, so that processes share it.

        Raises:
            VectorIndexError: If the file is missing or is no index of this kind.
        """
        ...

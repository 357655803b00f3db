"""Brute force in NumPy: slow, obvious, and the oracle of every other index."""

from __future__ import annotations

from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import ArrayLike

from indexes.arrays import save_array
from indexes.base import NO_ROW, NO_SCORE, Rows, SearchResult, VectorIndexError, Vectors
from indexes.checks import allowed_mask, as_vectors, check_k, check_rows
from indexes.selection import best, inner_products


class ExactIndex:
    """All inner products of all rows, sorted. See `VectorIndex` for the contract.

    Examples:
        >>> index = ExactIndex(np.eye(3))
        >>> index.search([[0.0, 1.0, 0.5]], k=2).rows
        array([[1, 2]])
    """

    def __init__(self, vectors: ArrayLike) -> None:
        self._vectors = as_vectors(vectors, None, "vectors").copy()

    @property
    def dim(self) -> int:
        """Dimensions of a vector."""
        return int(self._vectors.shape[1])

    def __len__(self) -> int:
        return len(self._vectors)

    def add(self, vectors: ArrayLike) -> None:
        """See `VectorIndex.add`."""
        self._vectors = np.concatenate([self._vectors, as_vectors(vectors, self.dim, "vectors")])

    def search(
        self,
        queries: ArrayLike,
        k: int,
        *,
        allow: Rows | None = None,
        block: Rows | None = None,
    ) -> SearchResult:
        """See `VectorIndex.search`."""
        k = check_k(k)
        checked = as_vectors(queries, self.dim, "queries")
        mask = allowed_mask(len(self), allow, block)
        scores = np.empty((len(checked), len(self)), np.float32)
        for number, query in enumerate(checked):
            scores[number] = inner_products(self._vectors, query)
        rows = np.broadcast_to(np.arange(len(self)), scores.shape).copy()
        if mask is not None:
            rows[:, ~mask] = NO_ROW
            scores[:, ~mask] = NO_SCORE
        return best(rows, scores, k)

    def reconstruct(self, rows: Rows) -> Vectors:
        """See `VectorIndex.reconstruct`."""
        return self._vectors[check_rows(rows, len(self), "rows")]

    def save(self, path: Path) -> None:
        """Write the vectors as one `.npy` file."""
        save_array(Path(path), self._vectors)

    @classmethod
    def load(cls, path: Path, *, mmap: bool = False) -> Self:
        """See `VectorIndex.load`."""
        try:
            vectors = np.load(path, mmap_mode="r" if mmap else None, allow_pickle=False)
        except (OSError, ValueError, EOFError) as error:
            raise VectorIndexError(
                f"index file must be a readable .npy matrix, got {path}: {error}."
            ) from None
        return cls(vectors)

"""Full scans: the scores of all rows for some queries."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from indexes.base import Vectors
from indexes.selection import norms

# Scores held at a time: 192 MiB. Matrix products of more queries at once take less time per query.
_SCORES = 3 << 24

_Parts = Callable[[], Iterator[tuple[int, Vectors]]]


class Scanner:
    """Scores of all rows of one array of vectors.

    A scanner does not keep the vectors, which FAISS may own, but their largest norm.

    Args:
        n_rows: Number of vectors.
    """

    def __init__(self, n_rows: int) -> None:
        self._n_rows = n_rows
        self._norm: float | None = None
        self._spare: list[Vectors] = []

    def lines(self, queries: Vectors, parts: _Parts) -> Iterator[tuple[Vectors, float]]:
        """For each query its score with every row, `(n_rows,)`, and how far off one may be.

        The scores come from matrix products, so their last digits depend on which queries are
        asked together. The caller may change a line; it is overwritten once the next is taken.

        Args:
            queries: `(n_queries, dim)`.
            parts: Returns all vectors in parts, each with the row of its first vector; the same
                at every call.
        """
        lot = self._queries_at_once()
        # Leading and trailing columns that are 0 in all queries need not be read.
        used = np.flatnonzero(queries.any(axis=0))
        span = slice(used[0], used[-1] + 1) if len(used) else slice(0, 0)
        memory = self._memory(min(lot, len(queries)))
        for start in range(0, len(queries), lot):
            part = queries[start : start + lot]
            lines = memory[: len(part) * self._n_rows].reshape(len(part), self._n_rows)
            slack = _rounding(part, self._largest_norm(parts))
            for first, vectors in parts():
                into = lines[:, first : first + len(vectors)]
                np.matmul(part[:, span], vectors[:, span].T, out=into)
            yield from zip(lines, slack.tolist(), strict=True)
        # Who asks so much at once asks again; for a few queries it would not pay.
        if 2 * len(queries) > lot and not self._spare:
            self._spare.append(memory)

    def _queries_at_once(self) -> int:
        return max(1, _SCORES // max(1, self._n_rows))

    def _memory(self, n_queries: int) -> Vectors:
        """An array for the scores of some queries.

        It is used again after many queries: allocating it can take half as long as computing the
        scores.
        """
        size = n_queries * self._n_rows
        try:
            # Removed from the list, so that no search of another thread gets the same array.
            memory = self._spare.pop()
        except IndexError:
            memory = np.empty(0, np.float32)
        return memory if len(memory) >= size else np.empty(size, np.float32)

    def _largest_norm(self, parts: _Parts) -> float:
        if self._norm is None:
            self._norm = max((float(norms(part).max()) for _, part in parts()), default=0.0)
        return self._norm


def _rounding(queries: Vectors, norm: float) -> Vectors:
    """How far the rounding of two ways to sum an inner product can differ, `(n_queries,)`."""
    return np.asarray(norms(queries) * np.float32(norm * 2.0**-18), dtype=np.float32)

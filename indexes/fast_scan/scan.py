"""Every row looked at: the scores of all rows with some queries."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from indexes.base import Vectors
from indexes.fast_scan.scan_copy import ScanCopies
from indexes.selection import norms

# Scores that one step holds: 192 MiB. More queries at once are multiplied faster.
_SCORES = 3 << 24

_Parts = Callable[[], Iterator[tuple[int, Vectors]]]


class Scanner:
    """Scores of all rows of one array of vectors, from themselves or from copies that are faster.

    It keeps what it learned of them, but not the vectors, which FAISS may own.

    Args:
        n_rows: How many vectors there are.
    """

    def __init__(self, n_rows: int) -> None:
        self._n_rows = n_rows
        self._copies = ScanCopies()
        self._norm: float | None = None
        self._is_expecting = False
        self._spare: list[Vectors] = []

    def expect(self, n_queries: int) -> None:
        """Hear how many queries are to come in all; it changes no result.

        What pays then is done at once, and the memory of a step is kept for the next.
        """
        self._copies.expect(n_queries)
        self._is_expecting = n_queries > self._lot()

    def lines(
        self, queries: Vectors, parts: _Parts, *, whole: bool
    ) -> Iterator[tuple[Vectors, float]]:
        """For each query its score with every row, `(n_rows,)`, and how far off one may be.

        The scores come from matrix products, so their last digits depend on what else is asked.
        Each line is the caller's to change, and gone with the next.

        Args:
            queries: `(n_queries, dim)`.
            parts: Gives all vectors, some at a time, and the row of the first; the same at every
                call.
            whole: Whether they come in one part, of which copies can be made.
        """
        lot = self._lot()
        # Blocks that weigh nothing in any of the queries need not be read.
        used = np.flatnonzero(queries.any(axis=0))
        span = slice(used[0], used[-1] + 1) if len(used) else slice(0, 0)
        copy = None
        if whole:
            _, vectors = next(parts())
            copy = self._copies.get(vectors, span, queries)
        memory = self._memory(min(lot, len(queries)))
        for start in range(0, len(queries), lot):
            part = queries[start : start + lot]
            lines = memory[: len(part) * self._n_rows].reshape(len(part), self._n_rows)
            slack = _rounding(part, self._largest_norm(parts))
            off = None if copy is None else copy.scores(part, lines)
            if off is not None:
                slack += off
            else:
                for first, vectors in parts():
                    into = lines[:, first : first + len(vectors)]
                    np.matmul(part[:, span], vectors[:, span].T, out=into)
            yield from zip(lines, slack.tolist(), strict=True)
        if self._is_expecting and not self._spare:
            self._spare.append(memory)

    def _lot(self) -> int:
        """Queries of one step."""
        return max(1, _SCORES // max(1, self._n_rows))

    def _memory(self, n_queries: int) -> Vectors:
        """Room for the scores of one step. Fresh memory costs up to half of what fills it."""
        size = n_queries * self._n_rows
        try:
            # Taken away, so that searches of other threads take none of it.
            memory = self._spare.pop()
        except IndexError:
            memory = np.empty(0, np.float32)
        return memory if len(memory) >= size else np.empty(size, np.float32)

    def _largest_norm(self, parts: _Parts) -> float:
        if self._norm is None:
            self._norm = max((float(norms(part).max()) for _, part in parts()), default=0.0)
        return self._norm


def _rounding(queries: Vectors, norm: float) -> Vectors:
    """How far two ways of adding up an inner product may lie apart, `(n_queries,)`."""
    return np.asarray(norms(queries) * np.float32(norm * 2.0**-18), dtype=np.float32)

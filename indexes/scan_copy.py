"""Copies of stored vectors that are scanned faster than the vectors themselves."""

from __future__ import annotations

import numpy as np

from indexes.base import Vectors
from indexes.bfloat16 import Bfloat16Vectors, pays

# With fewer dimensions than these, reading scores of bfloat16 takes longer than making them.
_MANY_DIMENSIONS = 192
# Multiplications from which on a copy of some columns pays.
_MUCH = 5e9


class Columns:
    """Some columns next to each other.

    In the rows themselves they lie far apart, on as many pages of memory as there are rows, which
    takes three times as long to read.

    Args:
        vectors: `(n, dim)`.
        span: The columns.
    """

    def __init__(self, vectors: Vectors, span: slice) -> None:
        self._span = span
        self._rows = np.ascontiguousarray(vectors[:, span])

    def covers(self, span: slice) -> bool:
        """Whether these columns are among them."""
        inside: bool = self._span.start <= span.start and span.stop <= self._span.stop
        return inside

    def scores(self, queries: Vectors, out: Vectors) -> Vectors:
        """Fill `out` with inner products; how far each line may be off beyond float32, that is 0.

        Args:
            queries: `(n_queries, dim)`, 0 in all other columns.
            out: `(n_queries, n)`.
        """
        np.matmul(queries[:, self._span], self._rows.T, out=out)
        return np.zeros(len(queries), np.float32)


class ScanCopies:
    """The copies of one array of vectors, made once so much is asked of it that they pay."""

    def __init__(self) -> None:
        self._halves: Bfloat16Vectors | None = None
        self._columns: Columns | None = None
        self._too_large = False
        self._n_expected = 0
        self._n_asked = {True: 0, False: 0}

    def expect(self, n_queries: int) -> None:
        """Hear how many queries are to come in all, so that what pays then is done at once."""
        self._n_expected = n_queries

    def get(
        self, vectors: Vectors, span: slice, queries: Vectors
    ) -> Bfloat16Vectors | Columns | None:
        """What to scan instead of the vectors; None for nothing.

        Args:
            vectors: `(n, dim)`, the same at every call.
            span: Columns outside of which the queries are 0.
            queries: What is asked now, `(n_queries, dim)`.
        """
        dim = span.stop - span.start
        wide = dim >= _MANY_DIMENSIONS
        self._n_asked[wide] += len(queries)
        n_products = float(max(self._n_asked[wide], self._n_expected)) * len(vectors) * dim
        if wide:
            if self._halves is None and not self._too_large and pays(n_products):
                self._halves = Bfloat16Vectors.of(vectors, queries)
                # Such vectors never can be; looking at all of them again would be for nothing.
                self._too_large = self._halves is None
            return self._halves
        # What is asked first is asked most; more than one copy would take the memory of the rest.
        if self._columns is None and 0 < dim < vectors.shape[1] and n_products >= _MUCH:
            self._columns = Columns(vectors, span)
        covered = self._columns is not None and self._columns.covers(span)
        return self._columns if covered else None

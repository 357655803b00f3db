"""Copies of stored vectors that are scanned faster than the vectors themselves."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from indexes.base import Vectors
from indexes.fast_scan.bfloat16 import Bfloat16Vectors, pays

# From so many dimensions on all columns are copied, so that one copy serves all such queries.
_MANY_DIMENSIONS = 192
# With fewer dimensions than these, reading scores of bfloat16 takes longer than making them.
_FEW_DIMENSIONS = 64
# Multiplications from which on a plain copy of some columns pays.
_MUCH = 5e9


class Columns:
    """Some columns next to each other.

    In the rows themselves they lie far apart, on as many pages of memory as there are rows, which
    takes three times as long to read.

    Args:
        columns: `(n, dim)`; they are copied.
    """

    def __init__(self, columns: Vectors) -> None:
        self._rows = columns.copy()

    def scores(self, queries: Vectors, out: Vectors) -> Vectors:
        """Fill `out` with inner products; how far each line may be off beyond float32, that is 0.

        Args:
            queries: `(n_queries, dim)`.
            out: `(n_queries, n)`.
        """
        np.matmul(queries, self._rows.T, out=out)
        return np.zeros(len(queries), np.float32)


@dataclass(frozen=True, eq=False)
class Copy:
    """A copy of the columns in `span`."""

    span: slice
    columns: Bfloat16Vectors | Columns

    def covers(self, span: slice) -> bool:
        """Whether these columns are among them."""
        inside: bool = self.span.start <= span.start and span.stop <= self.span.stop
        return inside

    def scores(self, queries: Vectors, out: Vectors) -> Vectors | None:
        """See `Bfloat16Vectors.scores`; the queries are 0 in all other columns."""
        return self.columns.scores(np.ascontiguousarray(queries[:, self.span]), out)


class ScanCopies:
    """The copies of one array of vectors, made once so much is asked of it that they pay.

    There are at most two: of all columns, and of those few that are asked alone first, as what is
    asked first is asked most.
    """

    def __init__(self) -> None:
        self._copies: dict[bool, Copy] = {}
        self._refused: set[bool] = set()
        self._n_expected = 0
        self._n_asked = {True: 0, False: 0}

    def expect(self, n_queries: int) -> None:
        """Hear how many queries are to come in all, so that what pays then is done at once."""
        self._n_expected = n_queries

    def get(self, vectors: Vectors, span: slice, queries: Vectors) -> Copy | None:
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
        copy = self._copies.get(wide)
        if copy is None:
            self._make(vectors, slice(0, vectors.shape[1]) if wide else span, queries, n_products)
        elif isinstance(copy.columns, Columns) and copy.covers(span):
            self._make(vectors, copy.span, queries, n_products)
        copy = self._copies.get(wide)
        return copy if copy is not None and copy.covers(span) else None

    def _make(self, vectors: Vectors, span: slice, queries: Vectors, n_products: float) -> None:
        """Make what pays by now, if it is not there."""
        dim = span.stop - span.start
        wide = dim >= _MANY_DIMENSIONS
        if dim >= _FEW_DIMENSIONS and wide not in self._refused and pays(n_products):
            halves = Bfloat16Vectors.of(vectors[:, span], queries[:, span])
            if halves is not None:
                self._copies[wide] = Copy(span, halves)
                return
            # Such vectors never can be; trying it again would be for nothing.
            self._refused.add(wide)
        part = 0 < dim < vectors.shape[1]
        if not wide and part and wide not in self._copies and n_products >= _MUCH:
            self._copies[wide] = Copy(span, Columns(vectors[:, span]))

"""Copies of stored vectors that are scanned faster than the vectors themselves."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from indexes.base import Vectors
from indexes.fast_scan.bfloat16 import Bfloat16Vectors, pays

# If queries use at least this many columns, all columns are copied, so that one copy serves all
# such queries.
_MANY_DIMENSIONS = 192
# With fewer columns than this, reading bfloat16 scores takes longer than computing them.
_FEW_DIMENSIONS = 64
# From this many multiplications on, a plain copy of some columns is worth its time.
_MUCH = 5e9


class Columns:
    """A float32 copy of some columns.

    In the full matrix each row of these columns lies on another page of memory; reading them there
    takes three times as long.

    Args:
        columns: `(n, dim)`; they are copied.
    """

    def __init__(self, columns: Vectors) -> None:
        self._rows = columns.copy()

    def scores(self, queries: Vectors, out: Vectors) -> Vectors:
        """Fill `out` with inner products; returns the error of each line beyond float32, always 0.

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
        """Whether the copy holds all of these columns."""
        inside: bool = self.span.start <= span.start and span.stop <= self.span.stop
        return inside

    def scores(self, queries: Vectors, out: Vectors) -> Vectors | None:
        """See `Bfloat16Vectors.scores`; the queries are 0 in all other columns."""
        return self.columns.scores(np.ascontiguousarray(queries[:, self.span]), out)


class ScanCopies:
    """The copies of one array of vectors, made once there are enough queries to be worth it.

    There are at most two: one of all columns, and one of the first narrow span of columns that
    queries use alone, because the span that is used first is usually the one used most.
    """

    def __init__(self) -> None:
        self._copies: dict[bool, Copy] = {}
        self._refused: set[bool] = set()
        self._n_asked = {True: 0, False: 0}

    def get(self, vectors: Vectors, span: slice, queries: Vectors, n_expected: int) -> Copy | None:
        """The copy to scan instead of the vectors; None where there is none.

        Args:
            vectors: `(n, dim)`, the same at every call.
            span: Columns outside of which the queries are 0.
            queries: The queries of this search, `(n_queries, dim)`.
            n_expected: Queries that will follow in all, as far as is known.
        """
        dim = span.stop - span.start
        wide = dim >= _MANY_DIMENSIONS
        self._n_asked[wide] += len(queries)
        n_products = float(max(self._n_asked[wide], n_expected)) * len(vectors) * dim
        copy = self._copies.get(wide)
        if copy is None:
            self._make(vectors, slice(0, vectors.shape[1]) if wide else span, queries, n_products)
        elif isinstance(copy.columns, Columns) and copy.covers(span):
            self._make(vectors, copy.span, queries, n_products)
        copy = self._copies.get(wide)
        return copy if copy is not None and copy.covers(span) else None

    def _make(self, vectors: Vectors, span: slice, queries: Vectors, n_products: float) -> None:
        """Make the copy that is worth it by now, if it is not there."""
        dim = span.stop - span.start
        wide = dim >= _MANY_DIMENSIONS
        if dim >= _FEW_DIMENSIONS and wide not in self._refused and pays(n_products):
            halves = Bfloat16Vectors.of(vectors[:, span], queries[:, span])
            if halves is not None:
                self._copies[wide] = Copy(span, halves)
                return
            # It never will be of use for these vectors, so do not try again.
            self._refused.add(wide)
        part = 0 < dim < vectors.shape[1]
        if not wide and part and wide not in self._copies and n_products >= _MUCH:
            self._copies[wide] = Copy(span, Columns(vectors[:, span]))

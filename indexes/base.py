"""What every vector index promises, and the checks and the order that they share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, Self, runtime_checkable

import numpy as np
from numpy.typing import ArrayLike, NDArray

Vectors = NDArray[np.float32]
Rows = NDArray[np.int64]
Mask = NDArray[np.bool_]

NO_ROW = -1
NO_SCORE = np.float32(-np.inf)
# Scores that are compared at once where only the best count.
_GROUP = 64
# Contenders for each row wanted, from which on it pays to look closer at some of them first.
_MANY = 3


class VectorIndexError(ValueError):
    """Vectors, queries or an index file are not what an index can work with."""


@dataclass(frozen=True)
class SearchResult:
    """The best rows of each query, best first; equal scores stand in order of their rows.

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


def as_vectors(values: ArrayLike, dim: int | None, what: str) -> Vectors:
    """`values` as a C-contiguous float32 matrix with `dim` columns.

    Raises:
        VectorIndexError: For another shape, NaN or infinity, saying which row is wrong.
    """
    try:
        vectors = np.ascontiguousarray(values, dtype=np.float32)
    except (TypeError, ValueError):
        raise VectorIndexError(f"{what} must be a matrix of numbers, got {values!r:.80}.") from None
    wanted = "dim" if dim is None else str(dim)
    if vectors.ndim != 2 or (dim is not None and vectors.shape[1] != dim):
        raise VectorIndexError(f"{what} must have shape (n, {wanted}), got {vectors.shape}.")
    finite = np.isfinite(vectors).all(axis=1)
    if not finite.all():
        raise VectorIndexError(
            f"{what} must be finite, but row {int(np.flatnonzero(~finite)[0])} "
            "holds NaN or infinity."
        )
    return vectors


def check_k(k: Any) -> int:
    """`k` as an int of at least 1.

    Raises:
        VectorIndexError: For anything else.
    """
    if isinstance(k, bool) or not isinstance(k, int | np.integer) or k < 1:
        raise VectorIndexError(f"k must be an integer of at least 1, got {k!r}.")
    return int(k)


def check_rows(rows: Any, n_rows: int, what: str) -> Rows:
    """`rows` as int64, each in [0, n_rows).

    Raises:
        VectorIndexError: Naming the first row out of range.
    """
    checked = np.asarray(rows, dtype=np.int64).reshape(-1)
    wrong = (checked < 0) | (checked >= n_rows)
    if wrong.any():
        raise VectorIndexError(f"{what} must be in [0, {n_rows}), got {checked[wrong][0]}.")
    return checked


def allowed_mask(n_rows: int, allow: Rows | None, block: Rows | None) -> Mask | None:
    """Which rows a search may return, `(n_rows,)` bool, or None if all may."""
    if allow is None and block is None:
        return None
    mask = np.full(n_rows, allow is None)
    if allow is not None:
        mask[check_rows(allow, n_rows, "allow")] = True
    if block is not None:
        mask[check_rows(block, n_rows, "block")] = False
    return mask


def inner_products(vectors: Vectors, queries: Vectors) -> Vectors:
    """Inner products over the last axis, each rounded alike however many are computed at once.

    A matrix product rounds differently for one query and for a hundred. One dot product a pair
    does not, and this is what every score that leaves an index is made of.

    Args:
        vectors: `(..., dim)`.
        queries: Broadcast against `vectors`.
    """
    products: Vectors = np.vecdot(vectors, queries)
    return products


def norms(vectors: Vectors) -> Vectors:
    """Lengths of the rows, `(n,)`; infinite where their squares are too large."""
    with np.errstate(over="ignore"):
        lengths: Vectors = np.sqrt(np.vecdot(vectors, vectors))
    return lengths


def contenders(scores: Vectors, k: int, slack: float) -> Rows:
    """Rows that may be among the k best of all, ascending; at least k where as many count.

    Args:
        scores: `(n_rows,)`, rounded anyhow; -inf for rows that do not count.
        k: Rows wanted.
        slack: How far a score may lie from the true one.
    """
    n_groups = len(scores) // _GROUP
    if n_groups < 2 * k:
        return np.flatnonzero(scores >= _threshold(scores, k, slack))
    # As many groups as are wanted hold a score that is no less, so the k-th best is no less.
    # Groups of rows far apart are compared side by side, which is what a processor does best.
    grouped = scores[: n_groups * _GROUP].reshape(_GROUP, n_groups)
    tops = grouped.max(axis=0)
    threshold = _threshold(tops, k, slack)
    groups = np.flatnonzero(tops >= threshold)
    near = np.flatnonzero(grouped[:, groups] >= threshold)
    place, column = np.divmod(near, len(groups))
    rest = np.flatnonzero(scores[n_groups * _GROUP :] >= threshold) + n_groups * _GROUP
    rows = np.concatenate([place * n_groups + groups[column], rest])
    found = scores[rows]
    return np.sort(rows[found >= _threshold(found, k, slack)])


def narrowed(
    rows: Rows, scores: Vectors, k: int, slack: float, exactly: Callable[[Rows], Vectors]
) -> Rows:
    """Contenders without those that cannot be among the k best, as true scores of a few tell.

    The k-th best true score is no less than the least of any k, and with that known a contender may
    be off by `slack` once, where it was twice as long as both were rounded.

    Args:
        rows: What `contenders` gave, `(n,)`.
        scores: Of all rows, as they were there, `(n_rows,)`.
        k: Rows wanted.
        slack: How far a score may lie from the true one.
        exactly: Gives the true scores of rows, `(n,)`.
    """
    if len(rows) < _MANY * k:
        return rows
    rounded = scores[rows]
    first = rows[np.argpartition(rounded, -k)[-k:]]
    kept: Rows = rows[rounded >= exactly(first).min() - slack]
    return kept


def _threshold(scores: Vectors, k: int, slack: float) -> float:
    """What a score must reach to be among the k best for all that is known of it."""
    least = float(np.finfo(np.float32).min)
    if len(scores) <= k:
        return least
    # Where scores are huge, so is the slack, and the threshold refuses nothing.
    return max(least, float(np.partition(scores, -k)[-k]) - 2 * slack)


def scores_of_rows(index: VectorIndex, queries: Vectors, rows: Rows) -> Vectors:
    """Inner products of each query with its own rows, -inf where the row is -1.

    Args:
        index: Gives the vectors.
        queries: `(n_queries, dim)`.
        rows: `(n_queries, n)`.
    """
    vectors = index.reconstruct(np.maximum(rows, 0).reshape(-1))
    products = inner_products(vectors.reshape(*rows.shape, index.dim), queries[:, None, :])
    products[rows == NO_ROW] = NO_SCORE
    return products


def best(rows: Rows, scores: Vectors, k: int) -> SearchResult:
    """The k best entries of each line by score descending, then row ascending, filled up to k.

    Args:
        rows: `(n_queries, n)`, filled with -1 where there is nothing.
        scores: `(n_queries, n)`, -inf there.
        k: Entries wanted.
    """
    if len(rows) and rows.shape[1] > 4 * k + 64:
        rows, scores = _preselect(rows, scores, k)
    order = np.lexsort((rows, -scores), axis=-1)[:, :k]
    rows = np.take_along_axis(rows, order, axis=1)
    scores = np.take_along_axis(scores, order, axis=1)
    lacking = k - rows.shape[1]
    if lacking > 0:
        rows = np.pad(rows, ((0, 0), (0, lacking)), constant_values=NO_ROW)
        scores = np.pad(scores, ((0, 0), (0, lacking)), constant_values=NO_SCORE)
    return SearchResult(np.ascontiguousarray(rows), np.ascontiguousarray(scores))


def _preselect(rows: Rows, scores: Vectors, k: int) -> tuple[Rows, Vectors]:
    """Every entry that may be among the k best: all that reach the k-th score, ties included."""
    threshold = np.partition(scores, -k, axis=1)[:, -k, None]
    keep = scores >= threshold
    width = int(keep.sum(axis=1).max())
    if width > scores.shape[1] // 2:
        return rows, scores
    columns = np.argsort(~keep, axis=1, kind="stable")[:, :width]
    return np.take_along_axis(rows, columns, axis=1), np.take_along_axis(scores, columns, axis=1)

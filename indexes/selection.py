"""The best k rows: exact scores, the rows that may be among the best, and their order."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from indexes.base import NO_ROW, NO_SCORE, Rows, SearchResult, VectorIndex, Vectors

# Scores in a group of which only the best is compared first.
_GROUP = 64
# With this many contenders for each row wanted, it pays to compute the true scores of a few first.
_MANY = 3


def inner_products(vectors: Vectors, queries: Vectors) -> Vectors:
    """Inner products over the last axis; the number of pairs changes no bit of any of them.

    A matrix product rounds differently for one query and for a hundred; one dot product per pair
    does not. Every score that an index returns is computed by this function.

    Args:
        vectors: `(..., dim)`.
        queries: Broadcast against `vectors`.
    """
    products: Vectors = np.vecdot(vectors, queries)
    return products


def norms(vectors: Vectors) -> Vectors:
    """Euclidean norms of the rows, `(n,)`; infinite where a square overflows."""
    with np.errstate(over="ignore"):
        lengths: Vectors = np.sqrt(np.vecdot(vectors, vectors))
    return lengths


def scores_of_rows(index: VectorIndex, queries: Vectors, rows: Rows) -> Vectors:
    """Inner products of each query with its own rows, -inf where the row is -1.

    Args:
        index: Index that holds the vectors.
        queries: `(n_queries, dim)`.
        rows: `(n_queries, n)`.
    """
    vectors = index.reconstruct(np.maximum(rows, 0).reshape(-1))
    products = inner_products(vectors.reshape(*rows.shape, index.dim), queries[:, None, :])
    products[rows == NO_ROW] = NO_SCORE
    return products


def contenders(scores: Vectors, k: int, slack: float) -> Rows:
    """Rows that may be among the k best, ascending; at least k, if that many are allowed.

    Args:
        scores: Approximate scores `(n_rows,)`; -inf for rows that are not allowed.
        k: Rows wanted.
        slack: Largest difference between a score and the exact one.
    """
    n_groups = len(scores) // _GROUP
    if n_groups < 2 * k:
        return np.flatnonzero(scores >= _threshold(scores, k, slack))
    # At least k groups have a best score that reaches the k-th best of these, so the k-th best of
    # all rows is no less. Groups are columns, so that the maximum runs over contiguous memory.
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
    """The contenders that are left once the exact scores of k of them are known.

    The k-th best exact score is no less than the smallest exact score of any k rows. Compared with
    an exact threshold, a contender may be off by `slack` once; compared with an approximate one, as
    in `contenders`, by twice that.

    Args:
        rows: Result of `contenders`, `(n,)`.
        scores: The approximate scores of all rows that it was given, `(n_rows,)`.
        k: Rows wanted.
        slack: Largest difference between a score and the exact one.
        exactly: Returns the exact scores of rows, `(n,)`.
    """
    if len(rows) < _MANY * k:
        return rows
    rounded = scores[rows]
    first = rows[np.argpartition(rounded, -k)[-k:]]
    kept: Rows = rows[rounded >= exactly(first).min() - slack]
    return kept


def best(rows: Rows, scores: Vectors, k: int) -> SearchResult:
    """The k best entries of each line by score descending, then row ascending, filled up to k.

    Args:
        rows: `(n_queries, n)`; -1 for no row.
        scores: `(n_queries, n)`; -inf for no row.
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


def _threshold(scores: Vectors, k: int, slack: float) -> float:
    """What an approximate score must reach for its row to be possibly among the k best."""
    least = float(np.finfo(np.float32).min)
    if len(scores) <= k:
        return least
    # Huge scores have a huge slack; the threshold then lets every allowed row pass.
    return max(least, float(np.partition(scores, -k)[-k]) - 2 * slack)


def _preselect(rows: Rows, scores: Vectors, k: int) -> tuple[Rows, Vectors]:
    """The entries that reach the k-th best score of their line, ties included."""
    threshold = np.partition(scores, -k, axis=1)[:, -k, None]
    keep = scores >= threshold
    width = int(keep.sum(axis=1).max())
    if width > scores.shape[1] // 2:
        return rows, scores
    columns = np.argsort(~keep, axis=1, kind="stable")[:, :width]
    return np.take_along_axis(rows, columns, axis=1), np.take_along_axis(scores, columns, axis=1)

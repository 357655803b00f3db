"""The best k rows: exact scores, the rows that may be among the best, and their order."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from indexes.base import NO_ROW, NO_SCORE, Rows, SearchResult, VectorIndex, Vectors

# Scores that are compared at once where only the best count.
_GROUP = 64
# With this many contenders for each row wanted, it pays to compute the true scores of a few first.
_MANY = 3


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


def _threshold(scores: Vectors, k: int, slack: float) -> float:
    """What a score must reach to be among the k best for all that is known of it."""
    least = float(np.finfo(np.float32).min)
    if len(scores) <= k:
        return least
    # Where scores are huge, so is the slack, and the threshold refuses nothing.
    return max(least, float(np.partition(scores, -k)[-k]) - 2 * slack)


def _preselect(rows: Rows, scores: Vectors, k: int) -> tuple[Rows, Vectors]:
    """Every entry that may be among the k best: all that reach the k-th score, ties included."""
    threshold = np.partition(scores, -k, axis=1)[:, -k, None]
    keep = scores >= threshold
    width = int(keep.sum(axis=1).max())
    if width > scores.shape[1] // 2:
        return rows, scores
    columns = np.argsort(~keep, axis=1, kind="stable")[:, :width]
    return np.take_along_axis(rows, columns, axis=1), np.take_along_axis(scores, columns, axis=1)

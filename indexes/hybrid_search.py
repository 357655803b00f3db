"""Which rows a `HybridIndex` must score in full: few, but the k best are among them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import partial

import numpy as np

from indexes.base import NO_ROW, NO_SCORE, Mask, Rows, Vectors
from indexes.delta import DenseIndex
from indexes.posting_lists import Listed
from indexes.selection import contenders, narrowed

# With an approximate index, a query whose sparse blocks touch more than this share of all rows is
# answered by a full scan.
_SCAN_SHARE = 0.1


def full_scores(index: DenseIndex, query: Vectors, rows: Rows, listed: Listed) -> Vectors:
    """Exact scores of `rows` for one query over all blocks, `(len(rows),)`."""
    scores: Vectors = index.scores(query[None], rows[None])[0]
    hot_rows, hot_scores = listed
    if len(hot_rows):
        place = np.minimum(np.searchsorted(hot_rows, rows), len(hot_rows) - 1)
        scores += np.where(hot_rows[place] == rows, hot_scores[place], np.float32(0))
    return scores


def scanned(
    index: DenseIndex,
    dense: Vectors,
    extra: Iterable[Listed],
    k: int,
    mask: Mask | None,
    exclude: Sequence[Rows],
) -> Iterator[tuple[Vectors, Rows, Listed]]:
    """The rows among which the k best of each query are, by the dense scores of all rows.

    Args:
        index: The dense blocks.
        dense: Weighted queries, `(n_queries, dim)`.
        extra: The posting lists of each query; may be an iterator.
        k: Rows wanted.
        mask: Which rows are allowed; None for all.
        exclude: For each query the rows that it may not find.

    Returns:
        For each query its vector, the rows, ascending, and its posting lists.
    """
    lines = index.scan(dense)
    for query, (line, slack), hot, left_out in zip(dense, lines, extra, exclude, strict=True):
        rows, bonus = hot
        line[rows] += bonus
        if len(bonus):
            slack += float(np.abs(line[rows]).max()) * 1e-6
        if mask is not None:
            line[~mask] = NO_SCORE
        line[left_out] = NO_SCORE
        exactly = partial(full_scores, index, query, listed=hot)
        yield query, narrowed(contenders(line, k, slack), line, k, slack, exactly), hot


def proposed(
    index: DenseIndex,
    dense: Vectors,
    extra: Sequence[Listed],
    k: int,
    mask: Mask | None,
    exclude: Sequence[Rows],
) -> Iterator[tuple[Vectors, Rows, Listed]]:
    """See `scanned`; by an approximate index, or a scan where the posting lists are long."""
    long = np.array([len(rows) > _SCAN_SHARE * len(index) for rows, _ in extra], dtype=bool)
    to_scan, to_ask = np.flatnonzero(long).tolist(), np.flatnonzero(~long).tolist()
    near = {}
    if to_ask:
        # A row with a negative score in its posting lists may drop out of the best k, so one
        # more is fetched for each.
        spare = max(len(exclude[i]) + int((extra[i][1] < 0).sum()) for i in to_ask)
        allow = None if mask is None else np.flatnonzero(mask)
        found = index.search(dense[to_ask], k + spare, allow=allow).rows
        for number, rows in zip(to_ask, found, strict=True):
            near[number] = _union(rows, extra[number][0], mask, exclude[number])
    hot, left_out = [extra[i] for i in to_scan], [exclude[i] for i in to_scan]
    rest = scanned(index, dense[to_scan], hot, k, mask, left_out)
    for number, (_, rows, _) in zip(to_scan, rest, strict=True):
        near[number] = rows
    for number in range(len(dense)):
        yield dense[number], near[number], extra[number]


def _union(near: Rows, hot: Rows, mask: Mask | None, exclude: Rows) -> Rows:
    """Dense candidates and posting lists, each row once, without rows that are not allowed."""
    rows = np.union1d(near[near != NO_ROW], hot)
    if mask is not None:
        rows = rows[mask[rows]]
    return np.setdiff1d(rows, exclude, assume_unique=True) if len(exclude) else rows

"""HybridIndex: dense blocks in FAISS, sparse blocks as posting lists, weights at query time."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import ArrayLike
from scipy import sparse

from indexes.base import NO_ROW, NO_SCORE, Mask, Rows, SearchResult, VectorIndexError, Vectors
from indexes.checks import allowed_mask, as_vectors, check_k, check_rows
from indexes.delta import DenseIndex, load_dense
from indexes.faiss_index import FaissIndex
from indexes.hybrid_queries import HybridQueries, weighted
from indexes.posting_lists import PostingLists, as_block
from indexes.selection import best, contenders, narrowed

__all__ = ["HybridIndex", "HybridQueries"]

# With an approximate index, a query whose sparse blocks touch more than this share of all rows is
# answered by a full scan.
_SCAN_SHARE = 0.1
# Queries whose posting lists are in memory at a time.
_CHUNK = 256
_DENSE_FILE = "index.faiss"
_LAYOUT_FILE = "index.json"

# Rows in the posting lists of a query, ascending, and their scores from the sparse blocks.
_Extra = tuple[Rows, Vectors]


class HybridIndex:
    """Exact search over dense and sparse blocks without one large matrix of all columns.

    The score of a row is the sum over the blocks of `weight * <query block, row block>`. Only the
    query is multiplied by the weights, so they may change with every call. The dense blocks lie
    side by side in one dense index. A sparse block changes only the scores of the rows in its
    posting lists, so the best k rows are among the best k of the dense index and those lists,
    which are scored in full.

    With an exact dense index ("Flat") results equal brute force over the matrix of all columns,
    ties included. With an approximate one, only the dense part is approximate.

    Args:
        index: The dense blocks, side by side.
        layout: Names and widths of the dense blocks, in order.
        one_hot: Sparse blocks by name, each `(n_rows, n_columns)`.
    """

    def __init__(
        self,
        index: DenseIndex,
        layout: Mapping[str, int],
        one_hot: Mapping[str, sparse.csr_array] | None = None,
    ) -> None:
        if sum(layout.values()) != index.dim:
            raise VectorIndexError(
                f"dense blocks must fill the {index.dim} dimensions of the index, got {layout}."
            )
        self.index = index
        self.layout = dict(layout)
        self.one_hot = {name: as_block(m, len(index), name) for name, m in (one_hot or {}).items()}
        self._postings = PostingLists(self.one_hot, len(index))
        if set(self.layout) & set(self.one_hot):
            raise VectorIndexError("dense and one-hot blocks must have different names.")

    @classmethod
    def build(
        cls,
        dense: Mapping[str, ArrayLike],
        one_hot: Mapping[str, sparse.csr_array] | None = None,
        *,
        factory: str = "Flat",
        seed: int = 0,
        scale: ArrayLike | None = None,
    ) -> Self:
        """An index of blocks that have one row an item.

        Args:
            dense: Dense blocks by name, each `(n_rows, dim)`; at least one.
            one_hot: Sparse blocks by name, each `(n_rows, n_columns)`.
            factory: FAISS factory string of the dense index.
            seed: Seed of its training.
            scale: How much each dimension counts in its geometry, see `FaissIndex.build`.

        Raises:
            VectorIndexError: If there is no dense block, or row counts differ, or a value is NaN.
        """
        if not dense:
            raise VectorIndexError("a hybrid index must have at least one dense block, got none.")
        blocks = {name: as_vectors(block, None, name) for name, block in dense.items()}
        counts = {name: len(block) for name, block in blocks.items()}
        if len(set(counts.values())) != 1:
            raise VectorIndexError(f"dense blocks must have equally many rows, got {counts}.")
        joined = np.concatenate(list(blocks.values()), axis=1)
        layout = {name: block.shape[1] for name, block in blocks.items()}
        return cls(FaissIndex.build(joined, factory, seed=seed, scale=scale), layout, one_hot)

    def __len__(self) -> int:
        return len(self.index)

    def blocks(self, rows: Rows) -> dict[str, Vectors]:
        """The dense blocks of `rows` by name, each `(len(rows), dim)`.

        They are decoded where the index compresses them.

        Raises:
            VectorIndexError: For a row out of range.
        """
        ends = np.cumsum(list(self.layout.values()))[:-1]
        parts = np.split(self.index.reconstruct(rows), ends, axis=1)
        return dict(zip(self.layout, parts, strict=True))

    def prepare(self, n_queries: int) -> None:
        """Tell the index how many queries will follow; see `FaissIndex.prepare`."""
        self.index.prepare(n_queries)

    def search(
        self,
        queries: HybridQueries,
        k: int,
        weights: Mapping[str, float],
        *,
        allow: Rows | None = None,
        block: Rows | None = None,
        exclude: Sequence[Rows] | None = None,
    ) -> SearchResult:
        """The k best rows of each query by the weighted sum over all blocks.

        Args:
            queries: Blocks of the queries.
            k: At least 1; lines are filled up as `SearchResult` says.
            weights: Weight of each block; a block without one counts as zero.
            allow: Only these rows may be found, for all queries; None for all rows.
            block: These rows may not be found, for all queries.
            exclude: For each query the rows that it may not find.

        Raises:
            VectorIndexError: For shapes that do not fit, NaN, k < 1, a row out of range or a
                weight for a block that does not exist.
        """
        k = check_k(k)
        found = list(self._nearest(queries, k, weights, allow=allow, block=block, exclude=exclude))
        rows = np.full((len(found), k), NO_ROW, np.int64)
        scores = np.full((len(found), k), NO_SCORE, np.float32)
        for number, (query, near, extra) in enumerate(found):
            line = best(near[None], self._scores(query, near, extra)[None], k)
            rows[number], scores[number] = line.rows[0], line.scores[0]
        return SearchResult(rows, scores)

    def candidates(
        self,
        queries: HybridQueries,
        k: int,
        weights: Mapping[str, float],
        *,
        allow: Rows | None = None,
        block: Rows | None = None,
        exclude: Sequence[Rows] | None = None,
    ) -> Iterator[Rows]:
        """The rows that `search` finds for each query, ascending; faster than `search`.

        Exact scores are computed only where they decide which rows are among the k best. See
        `search` for arguments and errors.
        """
        k = check_k(k)
        for query, near, extra in self._nearest(
            queries, k, weights, allow=allow, block=block, exclude=exclude
        ):
            if len(near) > k:
                near = np.sort(best(near[None], self._scores(query, near, extra)[None], k).rows[0])
            yield near

    def _nearest(
        self,
        queries: HybridQueries,
        k: int,
        weights: Mapping[str, float],
        *,
        allow: Rows | None,
        block: Rows | None,
        exclude: Sequence[Rows] | None,
    ) -> Iterator[tuple[Vectors, Rows, _Extra]]:
        """For each query: its vector, rows among which its k best are, and its posting lists."""
        n_columns = {name: block.shape[1] for name, block in self.one_hot.items()}
        dense, hot = weighted(queries, weights, self.layout, n_columns)
        mask = allowed_mask(len(self), allow, block)
        if exclude is not None and len(exclude) != len(dense):
            raise VectorIndexError(
                f"exclude must have one entry a query, {len(dense)}, got {len(exclude)}."
            )
        for start in range(0, len(dense), _CHUNK):
            part = slice(start, start + _CHUNK)
            left_out = [
                check_rows(entry, len(self), "exclude") for entry in (exclude or [])[part]
            ] or [np.empty(0, np.int64)] * len(dense[part])
            lists = {name: query[part] for name, query in hot.items()}
            extra = (self._postings.scores(lists, number) for number in range(len(left_out)))
            if self.index.exact:
                near = self._near_scanned(dense[part], extra, k, mask, left_out)
            else:
                near = self._near_proposed(dense[part], list(extra), k, mask, left_out)
            yield from near

    def _near_scanned(
        self,
        dense: Vectors,
        extra: Iterable[_Extra],
        k: int,
        mask: Mask | None,
        exclude: Sequence[Rows],
    ) -> Iterator[tuple[Vectors, Rows, _Extra]]:
        """See `_nearest`, by the dense scores of all rows; `extra` may be an iterator."""
        lines = self.index.scan(dense)
        for query, (line, slack), hot, left_out in zip(dense, lines, extra, exclude, strict=True):
            rows, bonus = hot
            line[rows] += bonus
            if len(bonus):
                slack += float(np.abs(line[rows]).max()) * 1e-6
            if mask is not None:
                line[~mask] = NO_SCORE
            line[left_out] = NO_SCORE
            exactly = partial(self._scores, query, extra=hot)
            yield query, narrowed(contenders(line, k, slack), line, k, slack, exactly), hot

    def _near_proposed(
        self,
        dense: Vectors,
        extra: Sequence[_Extra],
        k: int,
        mask: Mask | None,
        exclude: Sequence[Rows],
    ) -> Iterator[tuple[Vectors, Rows, _Extra]]:
        """See `_nearest`, by an approximate index, or a scan where the posting lists are long."""
        long = np.array([len(rows) > _SCAN_SHARE * len(self) for rows, _ in extra], dtype=bool)
        scanned, proposed = np.flatnonzero(long).tolist(), np.flatnonzero(~long).tolist()
        near = {}
        if proposed:
            # A row with a negative score in its posting lists may drop out of the best k, so one
            # more is fetched for each.
            spare = max(len(exclude[i]) + int((extra[i][1] < 0).sum()) for i in proposed)
            allow = None if mask is None else np.flatnonzero(mask)
            found = self.index.search(dense[proposed], k + spare, allow=allow).rows
            for number, rows in zip(proposed, found, strict=True):
                near[number] = _union(rows, extra[number][0], mask, exclude[number])
        hot, left_out = [extra[i] for i in scanned], [exclude[i] for i in scanned]
        rest = self._near_scanned(dense[scanned], hot, k, mask, left_out)
        for number, (_, rows, _) in zip(scanned, rest, strict=True):
            near[number] = rows
        for number in range(len(dense)):
            yield dense[number], near[number], extra[number]

    def _scores(self, query: Vectors, rows: Rows, extra: _Extra) -> Vectors:
        """Full scores of `rows` for one query, `(len(rows),)`."""
        scores: Vectors = self.index.scores(query[None], rows[None])[0]
        hot_rows, hot_scores = extra
        if len(hot_rows):
            place = np.minimum(np.searchsorted(hot_rows, rows), len(hot_rows) - 1)
            scores += np.where(hot_rows[place] == rows, hot_scores[place], np.float32(0))
        return scores

    def save(self, folder: Path) -> None:
        """Write the index into an existing folder: one FAISS file, the layout, the blocks."""
        self.index.save(folder / _DENSE_FILE)
        layout = {"dense": self.layout, "one_hot": list(self.one_hot)}
        (folder / _LAYOUT_FILE).write_text(json.dumps(layout), encoding="utf-8")
        for name, block in self.one_hot.items():
            sparse.save_npz(folder / f"{name}.npz", block, compressed=False)

    @classmethod
    def load(cls, folder: Path, *, mmap: bool = False) -> Self:
        """Read what `save` wrote; with `mmap` the dense index is mapped, not read.

        Raises:
            VectorIndexError: If a file is missing, damaged or does not fit the others.
        """
        try:
            layout = json.loads((folder / _LAYOUT_FILE).read_text(encoding="utf-8"))
            one_hot = {name: sparse.load_npz(folder / f"{name}.npz") for name in layout["one_hot"]}
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise VectorIndexError(f"hybrid index in {folder} must be readable: {error}.") from None
        return cls(load_dense(folder / _DENSE_FILE, mmap=mmap), layout["dense"], one_hot)


def _union(near: Rows, hot: Rows, mask: Mask | None, exclude: Rows) -> Rows:
    """Dense candidates and posting lists, each row once, without rows that are not allowed."""
    rows = np.union1d(near[near != NO_ROW], hot)
    if mask is not None:
        rows = rows[mask[rows]]
    return np.setdiff1d(rows, exclude, assume_unique=True) if len(exclude) else rows

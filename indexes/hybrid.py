"""HybridIndex: dense blocks in FAISS, sparse blocks as posting lists, weights at query time."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import ArrayLike
from scipy import sparse

from indexes import hybrid_files
from indexes.base import NO_ROW, NO_SCORE, Rows, SearchResult, VectorIndexError, Vectors
from indexes.checks import allowed_mask, as_vectors, check_k, check_rows
from indexes.delta import DenseIndex
from indexes.faiss_index import FaissIndex
from indexes.hybrid_queries import HybridQueries, weighted
from indexes.hybrid_search import full_scores, proposed, scanned
from indexes.posting_lists import Listed, PostingLists, as_block
from indexes.selection import best

__all__ = ["HybridIndex", "HybridQueries"]

# Queries whose posting lists are in memory at a time.
_CHUNK = 256


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

    Names of blocks match `[a-z][a-z0-9_]{0,63}`.

    Raises:
        VectorIndexError: If the blocks do not fit the index or each other.
    """

    def __init__(
        self,
        index: DenseIndex,
        layout: Mapping[str, int],
        one_hot: Mapping[str, sparse.csr_array] | None = None,
    ) -> None:
        hybrid_files.check_block_names([*layout, *(one_hot or ())])
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
            VectorIndexError: If there is no dense block, row counts differ, a value is NaN or a
                name does not match `[a-z][a-z0-9_]{0,63}`.
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
            line = best(near[None], full_scores(self.index, query, near, extra)[None], k)
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
                near = np.sort(
                    best(near[None], full_scores(self.index, query, near, extra)[None], k).rows[0]
                )
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
    ) -> Iterator[tuple[Vectors, Rows, Listed]]:
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
                near = scanned(self.index, dense[part], extra, k, mask, left_out)
            else:
                near = proposed(self.index, dense[part], list(extra), k, mask, left_out)
            yield from near

    def save(self, folder: Path) -> None:
        """Write the index into an existing folder.

        `index.json`, `index.faiss`, `index.*.npy`, and `blocks/NAME/items.npz` for each sparse
        block.
        """
        hybrid_files.write(folder, self.index, self.layout, self.one_hot)

    @staticmethod
    def files(folder: Path) -> list[str]:
        """The files in `folder` that `load` reads, as POSIX paths relative to it.

        Raises:
            VectorIndexError: If `index.json` is missing or damaged.
        """
        return hybrid_files.file_names(folder)

    @classmethod
    def load(
        cls, folder: Path, *, mmap: bool = False, files: Collection[str] | None = None
    ) -> Self:
        """Read what `save` wrote, also by the first version.

        Args:
            folder: Where it is.
            mmap: Whether to map the dense index into memory instead of reading it.
            files: The only files that may be read, POSIX paths relative to `folder`, such as those
                whose checksums were verified; None for all.

        Raises:
            VectorIndexError: If a file is missing, damaged, not among `files` or does not fit the
                others.
        """
        index, layout, one_hot = hybrid_files.read(folder, mmap=mmap, files=files)
        try:
            return cls(index, layout, one_hot)
        except VectorIndexError as error:
            raise VectorIndexError(f"index in {folder} must fit together: {error}") from None

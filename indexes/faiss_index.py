"""FaissIndex: any kind of FAISS index behind the `VectorIndex` contract."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any, Self

import faiss
import numpy as np
from numpy.typing import ArrayLike

from indexes.base import NO_ROW, NO_SCORE, Mask, Rows, SearchResult, VectorIndexError, Vectors
from indexes.checks import allowed_mask, as_vectors, check_k, check_rows
from indexes.faiss_factory import (
    add,
    empty_index,
    is_flat,
    reason,
    search_parameters,
    train,
    widen_search,
)
from indexes.faiss_files import map_rows, read_index, sidecar, write_index, write_sidecars
from indexes.faiss_scale import as_scale, load_scale
from indexes.legacy import without_matrix
from indexes.scan import Scanner
from indexes.selection import best, contenders, narrowed, scores_of_rows

# Candidates fetched beyond k, because ties and rounding may change which rows are the last of k.
_SPARE = 16
# Floats gathered at a time when candidates are scored again: 64 MiB.
_GATHER = 1 << 24


class FaissIndex:
    """A FAISS inner-product index. See `VectorIndex` for the contract.

    FAISS proposes candidates. Their scores are then computed again from the stored vectors, so
    that they do not depend on the number of queries, and ties are ordered by row. The kind "Flat"
    is exact. An approximate index may miss rows, but returns k of them whenever the filter allows
    that many.

    Args:
        index: A trained FAISS index with the inner-product metric.
        scale: What the vectors in `index` were multiplied by, `(dim,)`, see `build`; None if they
            were not.
    """

    def __init__(self, index: Any, scale: Vectors | None = None) -> None:
        self._index = index
        self._scale = scale
        # What was read from a file; it may hold `index`, which then lives as long as it does.
        self._outer = index
        self._flat = is_flat(index)
        self._scanner = Scanner(len(self))

    @classmethod
    def build(
        cls,
        vectors: ArrayLike,
        factory: str = "Flat",
        *,
        seed: int = 0,
        scale: ArrayLike | None = None,
    ) -> Self:
        """An index of `vectors` `(n, dim)`, trained on them where `factory` needs training.

        Args:
            vectors: What to index.
            factory: FAISS factory string, such as "Flat", "HNSW32" or "IVF1024,SQ8".
            seed: Seed of the training.
            scale: How much each dimension counts in the geometry of the index, `(dim,)`, powers
                of two; None for all alike. It changes no score, only which rows an approximate
                index finds: where queries weigh dimensions by w, it finds most with a scale near
                the square root of w. Powers of two lose no bits.

        Raises:
            VectorIndexError: For bad vectors, a factory string that FAISS does not know or that
                cannot give vectors back, or too few vectors to train it.

        References:
            https://github.com/facebookresearch/faiss/wiki/The-index-factory
        """
        checked = as_vectors(vectors, None, "vectors")
        widths = None if scale is None else as_scale(scale, checked.shape[1])
        index = empty_index(factory, checked.shape[1])
        # An exact index finds the same in every geometry.
        built = cls(index, None if is_flat(index) else widths)
        train(index, built._scaled(checked), factory, seed)
        built.add(checked)
        built._check_reconstruction(factory)
        return built

    @property
    def dim(self) -> int:
        """Dimensions of a vector."""
        return int(self._index.d)

    @property
    def exact(self) -> bool:
        """Whether searches are exact: plain vectors, all of them compared."""
        return self._flat

    def __len__(self) -> int:
        return int(self._index.ntotal)

    def add(self, vectors: ArrayLike) -> None:
        """See `VectorIndex.add`. Graph indexes are built on one thread, to be reproducible."""
        checked = as_vectors(vectors, self.dim, "vectors")
        add(self._index, self._scaled(checked))
        self._scanner = Scanner(len(self))

    def search(
        self,
        queries: ArrayLike,
        k: int,
        *,
        allow: Rows | None = None,
        block: Rows | None = None,
    ) -> SearchResult:
        """See `VectorIndex.search`."""
        k = check_k(k)
        checked = as_vectors(queries, self.dim, "queries")
        mask = allowed_mask(len(self), allow, block)
        n_allowed = len(self) if mask is None else int(mask.sum())
        rows = np.full((len(checked), k), NO_ROW, np.int64)
        scores = np.full((len(checked), k), NO_SCORE, np.float32)
        todo = np.arange(len(checked))
        width = min(k + _SPARE, n_allowed)
        while len(todo) and width:
            # If a quarter of the rows would be candidates, scanning all of them is cheaper.
            if self._flat or width * 4 >= n_allowed:
                result, done = self._scan(checked[todo], k, mask), np.ones(len(todo), dtype=bool)
            else:
                result, done = self._propose(checked[todo], k, width, mask)
            rows[todo[done]], scores[todo[done]] = result.rows[done], result.scores[done]
            todo = todo[~done]
            width = min(width * 4, n_allowed)
        return SearchResult(rows, scores)

    def _propose(
        self, queries: Vectors, k: int, width: int, mask: Mask | None
    ) -> tuple[SearchResult, Mask]:
        """The candidates of FAISS, scored again, and which queries got k of them."""
        scores = np.empty((len(queries), width), np.float32)
        step = max(1, _GATHER // (width * self.dim))
        rows = self._ask(queries, width, mask)
        for start in range(0, len(queries), step):
            part = slice(start, start + step)
            scores[part] = self.scores(queries[part], rows[part])
        result = best(rows, scores, k)
        return result, result.found == k

    def _ask(self, queries: Vectors, width: int, mask: Mask | None) -> Rows:
        """Rows that FAISS proposes, `(n_queries, width)`; -1 where it found nothing."""
        if self._scale is not None:
            queries = np.ascontiguousarray(queries / self._scale)
        if mask is None:
            _, rows = self._index.search(queries, width)
        else:
            # The selector does not own the bits, so they must live until the search is over.
            bits = np.packbits(mask, bitorder="little")
            parameters = search_parameters(self._index, faiss.IDSelectorBitmap(bits))
            try:
                _, rows = self._index.search(queries, width, params=parameters)
            except RuntimeError:
                # This kind of index has no filters: rows that are not allowed are dropped, and
                # `search` asks again for more where too few are left.
                _, rows = self._index.search(queries, width)
                rows[~mask[rows]] = NO_ROW
        found: Rows = rows.astype(np.int64, copy=False)
        return found

    def _scan(self, queries: Vectors, k: int, mask: Mask | None) -> SearchResult:
        """The k best of all allowed rows, each of them scored."""
        rows = np.full((len(queries), k), NO_ROW, np.int64)
        scores = np.full((len(queries), k), NO_SCORE, np.float32)
        for number, (line, slack) in enumerate(self.scan(queries)):
            if mask is not None:
                line[~mask] = NO_SCORE
            exactly = partial(self._row_scores, queries[number])
            near = narrowed(contenders(line, k, slack), line, k, slack, exactly)
            found = best(near[None], exactly(near)[None], k)
            rows[number], scores[number] = found.rows[0], found.scores[0]
        return SearchResult(rows, scores)

    def proposals(self, queries: Vectors, k: int) -> Rows:
        """The rows that FAISS finds for many queries, `(n_queries, k)`; -1 where there are fewer.

        Faster than `search`, on all cores; but near the end of a line, rows may be missing whose
        scores differ from those of others by rounding alone.
        """
        return self._ask(queries, k, None)

    def scan(self, queries: Vectors) -> Iterator[tuple[Vectors, float]]:
        """For each query its scores of all rows, `(n_rows,)`, and their largest error.

        Unlike those of `scores`, they depend on which queries are asked together. See
        `Scanner.lines`.
        """
        return self._scanner.lines(queries, self._stored_parts)

    def scores(self, queries: Vectors, rows: Rows) -> Vectors:
        """Inner products of each query with its own rows, -inf where the row is -1.

        Args:
            queries: `(n_queries, dim)`.
            rows: `(n_queries, n)`.
        """
        return scores_of_rows(self, queries, rows)

    def _row_scores(self, query: Vectors, rows: Rows) -> Vectors:
        scores: Vectors = self.scores(query[None], rows[None])[0]
        return scores

    def reconstruct(self, rows: Rows) -> Vectors:
        """See `VectorIndex.reconstruct`."""
        checked = check_rows(rows, len(self), "rows")
        if self._flat and len(checked):
            vectors: Vectors = self._stored()[checked]
            return vectors
        decoded = np.asarray(self._index.reconstruct_batch(checked), dtype=np.float32)
        return decoded if self._scale is None else decoded / self._scale

    def _scaled(self, vectors: Vectors) -> Vectors:
        return vectors if self._scale is None else np.ascontiguousarray(vectors * self._scale)

    def _stored(self) -> Vectors:
        """The vectors of a flat index without a copy; FAISS owns them, so do not keep them."""
        flat = faiss.downcast_index(self._index)
        view = faiss.rev_swig_ptr(flat.get_xb(), len(self) * self.dim)
        stored: Vectors = view.reshape(len(self), self.dim)
        return stored

    def _stored_parts(self) -> Iterator[tuple[int, Vectors]]:
        """All vectors in parts, each with the row of its first vector."""
        if self._flat:
            yield 0, self._stored()
            return
        step = max(1, _GATHER // self.dim)
        for start in range(0, len(self), step):
            yield start, self.reconstruct(np.arange(start, min(start + step, len(self))))

    def _check_reconstruction(self, factory: str) -> None:
        if not len(self):
            return
        try:
            self.reconstruct(np.zeros(1, np.int64))
        except RuntimeError as error:
            raise VectorIndexError(
                f"factory must name an index that can give its vectors back, "
                f"got {factory!r:.200}: {reason(error)}"
            ) from None

    def save(self, path: Path) -> None:
        """Write a FAISS file and, where there is a scale, the scale as `.npy` beside it.

        `index.faiss` and `index.scale.npy`, for instance.
        """
        write_index(self._index, path)
        write_sidecars(path, {} if self._scale is None else {"scale": self._scale})

    @classmethod
    def load(cls, path: Path, *, mmap: bool = False) -> Self:
        """See `VectorIndex.load`."""
        outer = read_index(path, mmap=mmap)
        file = sidecar(path, "scale")
        if not file.exists():
            index, scale = without_matrix(outer, path)
        else:
            index, scale = outer, load_scale(file, outer.d)
        if scale is not None and is_flat(index):
            raise VectorIndexError(f"index file with a scale must not be exact, got {path}.")
        map_rows(index)
        widen_search(index)
        loaded = cls(index, scale)
        loaded._outer = outer
        return loaded

"""DeltaIndex: a trained index that does not change, and a small index of new and moved rows."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import ArrayLike

from indexes.arrays import load_array, save_array
from indexes.base import Mask, Rows, SearchResult, VectorIndexError, Vectors
from indexes.checks import allowed_mask, as_vectors, check_k, check_rows
from indexes.faiss_files import sidecar
from indexes.faiss_index import FaissIndex
from indexes.legacy import delta_behind
from indexes.selection import best, scores_of_rows


class DeltaIndex:
    """A trained index (the base) with a flat index of changed rows (the delta) beside it.

    See `VectorIndex` for the contract. Most trained indexes cannot overwrite a vector, and training
    again for a few rows takes too long. So rows that are new or have moved are kept in the delta,
    which every search scans; the base still holds the old vectors of moved rows, but searches skip
    them. The base never changes, so several delta indexes may share it. Exact if the base is exact.

    Args:
        base: Rows 0 to `len(base) - 1`.
        rows: The rows that the delta holds, ascending: moved rows of the base, and those that
            follow the base without a gap.
        vectors: Their vectors, `(len(rows), dim)`.

    Raises:
        VectorIndexError: If rows and vectors do not fit the base or each other.
    """

    def __init__(
        self, base: FaissIndex, rows: Rows | None = None, vectors: ArrayLike | None = None
    ) -> None:
        self._base = base
        moved = np.empty(0, np.int64) if rows is None else np.asarray(rows, dtype=np.int64)
        held = as_vectors(
            np.empty((0, base.dim), np.float32) if vectors is None else vectors,
            base.dim,
            "vectors of the delta",
        )
        n_base = len(base)
        if moved.ndim != 1 or len(moved) != len(held) or (np.diff(moved) <= 0).any():
            raise VectorIndexError(
                f"rows of the delta must ascend, one for each of {len(held)} vectors, got {moved}."
            )
        n_moved = int(np.searchsorted(moved, n_base))
        n_rows = n_base + len(moved) - n_moved
        if len(moved) and (moved[0] < 0 or moved[-1] >= max(n_rows, n_base)):
            raise VectorIndexError(
                f"new rows of the delta must follow the {n_base} of the base without a gap, "
                f"got {moved[0]} to {moved[-1]}."
            )
        self._rows = moved
        # Flat, in order of rows, so that its ties are settled by row, too.
        self._delta = FaissIndex.build(held)
        self._in_base = np.ones(n_base, dtype=bool)
        self._in_base[moved[:n_moved]] = False
        self._n_rows = n_rows

    @classmethod
    def build(cls, vectors: ArrayLike, factory: str = "Flat", *, seed: int = 0) -> Self:
        """An index of `vectors` with an empty delta; see `FaissIndex.build`."""
        return cls(FaissIndex.build(vectors, factory, seed=seed))

    @property
    def dim(self) -> int:
        """Dimensions of a vector."""
        return self._base.dim

    @property
    def exact(self) -> bool:
        """Whether searches are exact; the delta always is."""
        return self._base.exact

    @property
    def n_delta(self) -> int:
        """Number of rows in the delta."""
        return len(self._rows)

    def __len__(self) -> int:
        return self._n_rows

    def add(self, vectors: ArrayLike) -> None:
        """See `VectorIndex.add`; the new rows go into the delta."""
        checked = as_vectors(vectors, self.dim, "vectors")
        self._delta.add(checked)
        self._rows = np.append(self._rows, np.arange(len(checked)) + self._n_rows)
        self._n_rows += len(checked)

    def with_rows(self, rows: Rows, vectors: ArrayLike) -> Self:
        """An index in which `rows` have new vectors; this one does not change.

        Args:
            rows: Ascending. Rows of this index, and those that follow it without a gap.
            vectors: Their vectors, `(len(rows), dim)`.

        Raises:
            VectorIndexError: If rows and vectors do not fit this index or each other.
        """
        fresh = as_vectors(vectors, self.dim, "vectors")
        kept = ~np.isin(self._rows, rows)
        joined = np.concatenate([self._rows[kept], rows])
        order = np.argsort(joined, kind="stable")
        held = np.concatenate([self._delta.reconstruct(np.flatnonzero(kept)), fresh])
        return type(self)(self._base, joined[order], held[order])

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
        of_base, of_delta = self._split(mask)
        near = self._base.search(checked, k, allow=_rows_of(of_base))
        if not len(self._rows):
            return near
        moved = self._delta.search(checked, k, allow=_rows_of(of_delta))
        rows = np.where(moved.rows < 0, moved.rows, self._rows[moved.rows])
        return best(
            np.concatenate([near.rows, rows], axis=1),
            np.concatenate([near.scores, moved.scores], axis=1),
            k,
        )

    def scan(self, queries: Vectors) -> Iterator[tuple[Vectors, float]]:
        """See `FaissIndex.scan`."""
        of_base, of_delta = self._base.scan(queries), self._delta.scan(queries)
        for (near, slack), (moved, other) in zip(of_base, of_delta, strict=True):
            line = np.empty(len(self), np.float32)
            line[: len(near)] = near
            line[self._rows] = moved
            yield line, max(slack, other)

    def scores(self, queries: Vectors, rows: Rows) -> Vectors:
        """See `FaissIndex.scores`."""
        return scores_of_rows(self, queries, rows)

    def reconstruct(self, rows: Rows) -> Vectors:
        """See `VectorIndex.reconstruct`."""
        checked = check_rows(rows, len(self), "rows")
        vectors = np.empty((len(checked), self.dim), np.float32)
        in_base = checked < len(self._base)
        in_base[in_base] = self._in_base[checked[in_base]]
        vectors[in_base] = self._base.reconstruct(checked[in_base])
        places = np.searchsorted(self._rows, checked[~in_base])
        vectors[~in_base] = self._delta.reconstruct(places)
        return vectors

    def save(self, path: Path) -> None:
        """Write the base as `FaissIndex.save` does, and the delta as two arrays beside it.

        `index.delta_rows.npy` and `index.delta_vectors.npy`, for instance.
        """
        self._base.save(path)
        held = self._delta.reconstruct(np.arange(len(self._rows)))
        save_array(sidecar(path, "delta_rows"), self._rows)
        save_array(sidecar(path, "delta_vectors"), held)

    @classmethod
    def load(cls, path: Path, *, mmap: bool = False) -> Self:
        """See `VectorIndex.load`; with `mmap` the base is mapped and the delta read."""
        base = FaissIndex.load(path, mmap=mmap)
        return cls._of_file(path, base, _load_delta(path, base.dim))

    @classmethod
    def _of_file(cls, path: Path, base: FaissIndex, delta: tuple[Rows, Vectors] | None) -> Self:
        try:
            return cls(base, *(delta or ()))
        except VectorIndexError as error:
            raise VectorIndexError(f"delta of {path} must fit its index: {error}") from None

    def _split(self, mask: Mask | None) -> tuple[Mask | None, Mask | None]:
        """The allowed rows of the base and the allowed entries of the delta; None for all."""
        if not len(self._rows):
            return mask, None
        if mask is None:
            return (None if self._in_base.all() else self._in_base), None
        return mask[: len(self._base)] & self._in_base, mask[self._rows]


DenseIndex = FaissIndex | DeltaIndex
"""What `HybridIndex` can hold its dense blocks in."""


def load_dense(path: Path, *, mmap: bool = False) -> DenseIndex:
    """The index in a file that either kind wrote.

    Raises:
        VectorIndexError: If the file is missing or damaged.
    """
    base = FaissIndex.load(path, mmap=mmap)
    delta = _load_delta(path, base.dim)
    return base if delta is None else DeltaIndex._of_file(path, base, delta)


def put_rows(index: DenseIndex, rows: Rows, vectors: ArrayLike) -> DeltaIndex:
    """An index with new vectors for `rows` in its delta; see `DeltaIndex.with_rows`."""
    delta = index if isinstance(index, DeltaIndex) else DeltaIndex(index)
    return delta.with_rows(rows, vectors)


def _rows_of(mask: Mask | None) -> Rows | None:
    return None if mask is None else np.flatnonzero(mask)


def _load_delta(path: Path, dim: int) -> tuple[Rows, Vectors] | None:
    """The rows and vectors of the delta that belongs to a FAISS file; None for no delta."""
    of_rows, of_vectors = (sidecar(path, name) for name in ("delta_rows", "delta_vectors"))
    if not of_rows.exists() and not of_vectors.exists():
        return delta_behind(path, dim)
    rows = load_array(of_rows, [np.int64], (None,))
    return rows, load_array(of_vectors, [np.float32], (len(rows), dim))

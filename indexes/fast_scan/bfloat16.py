"""Full scans in bfloat16: faster than float32, with a bound for the error of each score."""

from __future__ import annotations

import sys
from functools import cache
from pathlib import Path
from typing import Self

import numpy as np

from indexes.base import Vectors
from indexes.fast_scan.balance import Balance
from indexes.selection import norms

_CPU_INFO = Path("/proc/cpuinfo")
_INSTRUCTIONS = frozenset({"avx512_bf16", "amx_bf16"})
# A bfloat16 number has 8 significant bits: rounding to nearest moves it by at most this share.
_ROUNDING = 2.0**-8
# Rows multiplied at a time, so that their scores stay in the processor's cache.
_BLOCK = 8192
# Columns with one common error bound. Groups with small values then add little to it.
_GROUP = 128
# Columns that stay in float32, and queries used to choose them.
_EXACT, _FEW = 8, 256
# If scores may be off by more than this share of their spread, too many rows need a second look.
_LOOSE = 0.2
# From this many multiplications on a copy is worth making: with torch loaded, and without.
_MUCH, _VERY_MUCH = 2e10, 1e11
_LARGEST = 1e15


def pays(n_products: float) -> bool:
    """Whether this many multiplications take less time in bfloat16 on this machine."""
    much = _MUCH if "torch" in sys.modules else _VERY_MUCH
    return n_products >= much and processor_has_bfloat16()


def processor_has_bfloat16() -> bool:
    """Whether the processor has instructions for bfloat16; without them it is slower than float32.

    torch could tell, but takes seconds to load. Where `/proc/cpuinfo` does not exist the answer is
    no, which costs time and changes no result.
    """
    return _has_instructions(_CPU_INFO)


@cache
def _has_instructions(cpu_info: Path) -> bool:
    try:
        lines = cpu_info.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return False
    flags = next((line for line in lines if line.startswith("flags")), "")
    return not _INSTRUCTIONS.isdisjoint(flags.split())


class Bfloat16Vectors:
    """A copy of vectors, mostly in bfloat16, and their inner products with queries.

    The vectors are rotated so that a few columns contribute most to the products, see `Balance`.
    These columns stay in float32, because rounding them would lose most.

    Args:
        vectors: `(n, dim)`.
        queries: Typical queries, `(n_queries, dim)`. Other queries are answered as well, with a
            wider error bound.
        n_exact: Columns that stay in float32.
    """

    def __init__(self, vectors: Vectors, queries: Vectors, n_exact: int = _EXACT) -> None:
        import torch

        self._torch = torch
        self._balance = Balance.of(vectors, queries)
        dim = vectors.shape[1]
        n_exact = min(n_exact, dim)
        self._exact = torch.empty((len(vectors), n_exact))
        self._rows = torch.empty((len(vectors), dim - n_exact), dtype=torch.bfloat16)
        self._groups = np.arange(0, dim - n_exact, _GROUP)
        self._norms, self._lost = np.zeros((2, len(self._groups)))
        norm = self._exact_norm = 0.0
        turn = self._balance.of_vectors.astype(np.float32)
        for start in range(0, len(vectors), _BLOCK):
            part = slice(start, start + _BLOCK)
            turned = vectors[part] @ turn
            self._exact[part] = torch.from_numpy(turned[:, :n_exact])
            narrow = np.ascontiguousarray(turned[:, n_exact:])
            rounded = torch.from_numpy(narrow).bfloat16()
            self._rows[part] = rounded
            kept = rounded.float().numpy()
            self._norms = np.maximum(self._norms, self._lengths(kept).max(axis=0))
            self._lost = np.maximum(self._lost, self._lengths(narrow - kept).max(axis=0))
            norm = max(norm, float(norms(vectors[part]).max()))
            self._exact_norm = max(self._exact_norm, float(norms(turned[:, :n_exact]).max()))
        # Bounds the sum of the terms that make up a column of the rotated vectors.
        self._terms = np.linalg.norm(self._balance.of_vectors, axis=0) * norm

    @classmethod
    def of(cls, vectors: Vectors, queries: Vectors) -> Self | None:
        """The copy; None if its error would be too large to be useful for such queries."""
        few = queries[:_FEW]
        if max(np.abs(few).max(), norms(vectors).max(initial=0)) > _LARGEST:
            return None
        copy = cls(vectors, few)
        return copy if copy._bounds(copy._turned(few)) is not None else None

    def scores(self, queries: Vectors, out: Vectors) -> Vectors | None:
        """Fill `out` with inner products; returns the largest error of each line, `(n_queries,)`.

        Args:
            queries: `(n_queries, dim)`.
            out: `(n_queries, n)`.

        Returns:
            None, and nothing in `out`, for queries too large for a bound, or so unlike the
            queries that the copy was made for that the error would be too large.

        References:
            Higham, "Accuracy and Stability of Numerical Algorithms", 2002, section 3.1.
        """
        if np.abs(queries).max(initial=0) > _LARGEST:
            return None
        turned = self._turned(queries)
        bounds = self._bounds(turned)
        if bounds is None:
            return None
        n_exact = self._exact.shape[1]
        exact = self._torch.from_numpy(turned[:, :n_exact])
        asked = self._torch.from_numpy(turned[:, n_exact:]).bfloat16()
        into = self._torch.from_numpy(out)
        memory = self._torch.empty(len(queries) * _BLOCK, dtype=self._torch.bfloat16)
        for start in range(0, len(self._rows), _BLOCK):
            part = slice(start, start + _BLOCK)
            scores = into[:, part]
            rows = self._rows[part]
            products = memory[: len(queries) * len(rows)].view(len(queries), len(rows))
            self._torch.mm(asked, rows.T, out=products)
            scores.copy_(products)
            # With torch as well: the threads of two libraries would slow each other down.
            scores.addmm_(exact, self._exact[part].T)
        return bounds

    def _turned(self, queries: Vectors) -> Vectors:
        turned: Vectors = (queries @ self._balance.of_queries).astype(np.float32)
        return turned

    def _bounds(self, turned: Vectors) -> Vectors | None:
        """Error bounds for rotated queries, `(n_queries,)`; None if they are too wide."""
        n_exact = self._exact.shape[1]
        narrow = np.ascontiguousarray(turned[:, n_exact:])
        rounded = self._torch.from_numpy(narrow).bfloat16().float().numpy()
        # With x' the rounded x, |qx - q'x'| <= |q| |x - x'| + |q - q'| |x'|, for each group of
        # columns. The result, at most |q'| |x'|, is rounded once more.
        lost, kept = self._lengths(narrow - rounded), self._lengths(rounded)
        off = self._lengths(narrow) @ self._lost + (lost + _ROUNDING * kept) @ self._norms
        # The float32 sums also round: once in the rotation and once here.
        added = (
            np.abs(turned) @ self._terms
            + kept @ self._norms
            + norms(turned[:, :n_exact]) * self._exact_norm
        )
        off += (turned.shape[1] + 4) * 2.0**-24 * added
        if off.sum() > _LOOSE * self._balance.spread(turned).sum():
            return None
        return np.asarray(1.02 * off, dtype=np.float32)

    def _lengths(self, vectors: Vectors) -> Vectors:
        """The length of each group of columns, `(n, n_groups)`."""
        if not len(self._groups):
            return np.zeros((len(vectors), 0), np.float32)
        squares: Vectors = np.sqrt(np.add.reduceat(vectors * vectors, self._groups, axis=1))
        return squares

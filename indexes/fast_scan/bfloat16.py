"""Scans in bfloat16: a fraction of the time of float32, and a bound for how far off they are."""

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
# A number keeps 8 significant bits, so that rounding to the nearest moves it by at most this share.
_ROUNDING = 2.0**-8
# Rows that are multiplied at once: what comes out stays in the processor's cache.
_BLOCK = 8192
# Columns that are bounded together: those that say little add little.
_GROUP = 128
# Columns that stay in float32, and queries that they are chosen by.
_EXACT, _FEW = 8, 256
# Scores that may be off by more than this share of their spread leave too many rows open.
_LOOSE = 0.2
# Multiplications from which on a copy of the vectors pays, and loading torch besides.
_MUCH, _VERY_MUCH = 2e10, 1e11
_LARGEST = 1e15


def pays(n_products: float) -> bool:
    """Whether so many multiplications are done sooner in bfloat16 on this machine."""
    much = _MUCH if "torch" in sys.modules else _VERY_MUCH
    return n_products >= much and processor_has_bfloat16()


def processor_has_bfloat16() -> bool:
    """Whether the processor multiplies bfloat16 itself: without that it is slower than float32.

    torch knows, too, but takes seconds to load. Where Linux does not tell, the answer is no, which
    is slower and never wrong.
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

    It is turned so that a few columns say most, see `Balance`; these stay in float32, as there is
    most to lose.

    Args:
        vectors: `(n, dim)`.
        queries: Some queries such as will come, `(n_queries, dim)`. Others are answered as well,
            and with a wider bound.
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
        # What a column of turned vectors is added up from is no longer than this.
        self._terms = np.linalg.norm(self._balance.of_vectors, axis=0) * norm

    @classmethod
    def of(cls, vectors: Vectors, queries: Vectors) -> Self | None:
        """The copy; None where it would be of no use for such queries."""
        few = queries[:_FEW]
        if max(np.abs(few).max(), norms(vectors).max(initial=0)) > _LARGEST:
            return None
        copy = cls(vectors, few)
        return copy if copy._bounds(copy._turned(few)) is not None else None

    def scores(self, queries: Vectors, out: Vectors) -> Vectors | None:
        """Fill `out` with inner products; how far each line may be off, `(n_queries,)`.

        Args:
            queries: `(n_queries, dim)`.
            out: `(n_queries, n)`.

        Returns:
            None, and nothing in `out`, for queries too large to be bounded, or so unlike those
            that the copy was made for that its scores would tell too little.

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
            # By torch, too: the threads of two libraries would be in each other's way.
            scores.addmm_(exact, self._exact[part].T)
        return bounds

    def _turned(self, queries: Vectors) -> Vectors:
        turned: Vectors = (queries @ self._balance.of_queries).astype(np.float32)
        return turned

    def _bounds(self, turned: Vectors) -> Vectors | None:
        """How far scores of turned queries may be off, `(n_queries,)`; None where that is far."""
        n_exact = self._exact.shape[1]
        narrow = np.ascontiguousarray(turned[:, n_exact:])
        rounded = self._torch.from_numpy(narrow).bfloat16().float().numpy()
        # With x' the rounded x, |qx - q'x'| is at most |q| |x - x'| + |q - q'| |x'|, also group by
        # group. What comes out, at most |q'| |x'|, is rounded once more.
        lost, kept = self._lengths(narrow - rounded), self._lengths(rounded)
        off = self._lengths(narrow) @ self._lost + (lost + _ROUNDING * kept) @ self._norms
        # Adding up in float32, once when turning and once here, of what was rounded itself.
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

"""Scans in bfloat16: a fraction of the time of float32, and a bound for how far off they are."""

from __future__ import annotations

import sys
from functools import cache
from pathlib import Path
from typing import Any, Self

import numpy as np

from indexes.base import Vectors

_CPU_INFO = Path("/proc/cpuinfo")
_INSTRUCTIONS = frozenset({"avx512_bf16", "amx_bf16"})
# A number keeps 8 significant bits, so that rounding to the nearest moves it by at most this share.
_ROUNDING = 2.0**-9
# Rows that are multiplied at once: what comes out stays in the processor's cache.
_BLOCK = 8192
# Columns that are bounded together: a block of vectors that weighs little adds little.
_GROUP = 128
# Columns with values beyond this are few, or the bound would be useless.
_WIDE, _MOST_WIDE = 1.0, 8
# Multiplications from which on a copy of the vectors pays, and loading torch besides.
_MUCH, _VERY_MUCH = 2e10, 1e11
_LARGEST_QUERY = 1e30


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
    """A copy of vectors in bfloat16, two bytes a value, and their inner products with queries.

    The few columns with values above 1 stay in float32.

    Args:
        vectors: `(n, dim)`.
        wide: Those columns.
    """

    def __init__(self, vectors: Vectors, wide: np.ndarray[Any, Any]) -> None:
        import torch

        self._torch = torch
        self._wide = wide
        self._exact = torch.from_numpy(np.ascontiguousarray(vectors[:, wide].T))
        self._rows = torch.empty(vectors.shape, dtype=torch.bfloat16)
        self._groups = np.arange(0, vectors.shape[1], _GROUP)
        self._norms, self._lost = np.zeros((2, len(self._groups)))
        for start in range(0, len(vectors), _BLOCK):
            part = vectors[start : start + _BLOCK].copy()
            part[:, wide] = 0
            rounded = torch.from_numpy(part).bfloat16()
            self._rows[start : start + _BLOCK] = rounded
            kept = rounded.float().numpy()
            self._norms = np.maximum(self._norms, self._lengths(kept).max(axis=0))
            self._lost = np.maximum(self._lost, self._lengths(part - kept).max(axis=0))

    @classmethod
    def of(cls, vectors: Vectors) -> Self | None:
        """The copy; None where too many columns hold large values."""
        wide = np.flatnonzero(np.maximum(vectors.max(axis=0), -vectors.min(axis=0)) > _WIDE)
        return cls(vectors, wide) if len(wide) <= _MOST_WIDE else None

    def scores(self, queries: Vectors, out: Vectors) -> Vectors | None:
        """Fill `out` with inner products; how far each line may be off, `(n_queries,)`.

        Args:
            queries: `(n_queries, dim)`.
            out: `(n_queries, n)`.

        Returns:
            None, and nothing in `out`, for queries too large to be bounded.

        References:
            Higham, "Accuracy and Stability of Numerical Algorithms", 2002, section 3.1.
        """
        if np.abs(queries).max(initial=0) > _LARGEST_QUERY:
            return None
        narrow = queries.copy()
        narrow[:, self._wide] = 0
        asked = self._torch.from_numpy(narrow).bfloat16()
        asked_wide = self._torch.from_numpy(np.ascontiguousarray(queries[:, self._wide]))
        into = self._torch.from_numpy(out)
        for start in range(0, len(self._rows), _BLOCK):
            part = slice(start, start + _BLOCK)
            products = asked @ self._rows[part].T
            if len(self._wide):
                self._torch.mm(asked_wide, self._exact[:, part], out=into[:, part])
                into[:, part] += products
            else:
                into[:, part] = products
        # With x' the rounded x, |qx - q'x'| is at most |q| |x - x'| + |q - q'| |x'|, also group by
        # group. What comes out, at most |q'| |x'|, is rounded once more. That sums of float32 are
        # rounded, too, is far below the margin.
        rounded = asked.float().numpy()
        lost, kept = self._lengths(narrow - rounded), self._lengths(rounded)
        bound = self._lengths(narrow) @ self._lost + (lost + _ROUNDING * kept) @ self._norms
        return np.asarray(1.02 * bound, dtype=np.float32)

    def _lengths(self, vectors: Vectors) -> Vectors:
        """The length of each group of columns, `(n, n_groups)`."""
        squares: Vectors = np.sqrt(np.add.reduceat(vectors * vectors, self._groups, axis=1))
        return squares

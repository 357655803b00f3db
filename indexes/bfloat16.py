"""Scans in bfloat16: a fraction of the time of float32, and a bound for how far off they are."""

from __future__ import annotations

import sys
from functools import cache
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from indexes.base import Vectors

_CPU_INFO = Path("/proc/cpuinfo")
_INSTRUCTIONS = frozenset({"avx512_bf16", "amx_bf16"})
# A number keeps 8 significant bits, so that rounding to the nearest moves it by at most this share.
_ROUNDING = 2.0**-9
# Rows that are multiplied at once: what comes out stays in the processor's cache.
_BLOCK = 8192
# Columns that are bounded together: a block of vectors that weighs little adds little.
_GROUP = 128
# A group that weighs more than this share of the heaviest is heavy.
_HEAVY = 0.25
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
    """A copy of vectors, mostly in bfloat16, and their inner products with queries.

    Columns with values above 1, and those that queries weigh most, stay in float32: there is most
    to lose.

    Args:
        vectors: `(n, dim)`.
        exact: The columns that stay in float32.
    """

    def __init__(self, vectors: Vectors, exact: NDArray[np.intp]) -> None:
        import torch

        self._torch = torch
        self._wide = exact
        self._narrow = np.setdiff1d(np.arange(vectors.shape[1]), exact)
        self._exact = np.ascontiguousarray(vectors[:, exact])
        self._rows = torch.empty((len(vectors), len(self._narrow)), dtype=torch.bfloat16)
        self._groups = np.arange(0, len(self._narrow), _GROUP)
        self._norms, self._lost = np.zeros((2, len(self._groups)))
        for start in range(0, len(vectors), _BLOCK):
            part = vectors[start : start + _BLOCK, self._narrow]
            rounded = torch.from_numpy(part).bfloat16()
            self._rows[start : start + _BLOCK] = rounded
            kept = rounded.float().numpy()
            self._norms = np.maximum(self._norms, self._lengths(kept).max(axis=0))
            self._lost = np.maximum(self._lost, self._lengths(part - kept).max(axis=0))

    @classmethod
    def of(cls, vectors: Vectors, queries: Vectors) -> Self | None:
        """The copy; None where too many columns hold large values.

        Args:
            vectors: `(n, dim)`.
            queries: Some queries such as will come, `(n_queries, dim)`.
        """
        wide = np.flatnonzero(np.maximum(vectors.max(axis=0), -vectors.min(axis=0)) > _WIDE)
        if len(wide) > _MOST_WIDE:
            return None
        groups = np.arange(vectors.shape[1]) // _GROUP
        weight = np.sqrt(np.bincount(groups, weights=(queries * queries).sum(axis=0)))
        heavy = np.flatnonzero((weight > _HEAVY * weight.max())[groups])
        # Where all columns weigh alike, float32 for most of them would be no gain.
        return cls(vectors, np.union1d(wide, heavy) if 2 * len(heavy) <= len(groups) else wide)

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
        narrow = queries[:, self._narrow]
        asked = self._torch.from_numpy(narrow).bfloat16()
        asked_wide = np.ascontiguousarray(queries[:, self._wide])
        into = self._torch.from_numpy(out)
        for start in range(0, len(self._rows), _BLOCK):
            part = slice(start, start + _BLOCK)
            products = asked @ self._rows[part].T
            if len(self._wide):
                np.matmul(asked_wide, self._exact[part].T, out=out[:, part])
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

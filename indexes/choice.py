"""Which kind of index suits how many vectors, and why."""

from __future__ import annotations

from dataclasses import dataclass
from math import log2, sqrt
from typing import Literal

Goal = Literal["exact", "fast"]

AUTO = "auto"
EXACT_ITEMS = 500_000
"""With the goal "exact", up to this many vectors are searched exactly."""
FAST_ITEMS = 20_000
"""The same with the goal "fast": a graph would save a millisecond and miss a few per cent."""
# 32 neighbours on higher layers, 64 on the lowest, 4 bytes each, and what FAISS keeps a vector.
_GRAPH_BYTES = 64 * 4 + 16
_REDUCED = 128


@dataclass(frozen=True)
class Choice:
    """A kind of index."""

    factory: str
    """FAISS factory string."""
    reason: str
    """Why this one, as a sentence to print."""

    def __str__(self) -> str:
        return f"{self.factory}: {self.reason}"


def index_bytes(factory: str, n: int, dim: int) -> int:
    """Bytes that an index of one of the kinds `choose_factory` picks holds in memory and on disk.

    Args:
        factory: "Flat", "HNSW32", "HNSW32_SQ8" or "PCA…,IVF…,SQ8".
        n: Number of vectors.
        dim: Their dimensions.
    """
    if factory.startswith("PCA"):
        # Codes, row numbers, and the map from row to list that reconstruction needs; then the
        # projection and the centres of the lists.
        reduced = min(dim, _REDUCED)
        return n * (reduced + 16) + 4 * (dim * dim + _lists(n) * reduced)
    a_dimension = 1 if factory.endswith("SQ8") else 4
    graph = _GRAPH_BYTES if factory.startswith("HNSW") else 0
    return n * (dim * a_dimension + graph)


def choose_factory(n: int, dim: int, *, goal: Goal = "exact", memory_gb: float = 4.0) -> Choice:
    """The kind of index for so many vectors.

    The first of "Flat", "HNSW32", "HNSW32_SQ8" (a byte a dimension) and "PCA…,IVF…,SQ8" (128
    bytes a vector) that is within the memory; "Flat" only up to `EXACT_ITEMS` or `FAST_ITEMS`.

    Args:
        n: Number of vectors.
        dim: Their dimensions.
        goal: "exact" for batches and quality, "fast" for single queries.
        memory_gb: What the index may take, in 10^9 bytes. The last kind is chosen even if it takes
            more.

    Examples:
        >>> choose_factory(170_000, 513).factory, choose_factory(170_000, 513, goal="fast").factory
        ('Flat', 'HNSW32')
        >>> choose_factory(170_000, 513, memory_gb=0.2).reason
        '170,000 items as HNSW32 would take 0.40 GB, more than index.memory_gb = 0.2'
    """
    limit = EXACT_ITEMS if goal == "exact" else FAST_ITEMS
    smallest = f"PCA{min(dim, _REDUCED)},IVF{_lists(n)},SQ8" if dim > 1 else "SQ8"
    kinds = [*(["Flat"] if n <= limit else []), "HNSW32", "HNSW32_SQ8", smallest]
    sizes = [index_bytes(kind, n, dim) / 1e9 for kind in kinds]
    place = next((at for at, size in enumerate(sizes) if size <= memory_gb), len(kinds) - 1)
    chosen = kinds[place]
    if place:
        reason = (
            f"{n:,} items as {kinds[place - 1]} would take {sizes[place - 1]:.2f} GB, "
            f"more than index.memory_gb = {memory_gb:g}"
        )
    elif chosen == "Flat":
        reason = f'exact up to {limit:,} items with index.goal = "{goal}", and these are {n:,}'
    else:
        reason = (
            f"{n:,} items are more than {limit:,}, so that looking at all of them would take too "
            f'long for index.goal = "{goal}"'
        )
    return Choice(chosen, reason)


def _lists(n: int) -> int:
    """Lists of an inverted file: a power of two near 4 sqrt(n), with 39 vectors each to train."""
    return int(2 ** max(0, round(log2(max(1.0, min(4 * sqrt(n), n / 39))))))

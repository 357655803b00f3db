"""Parameters of the search: the vector index, and how lists are reordered."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from hybrid_rec.core.config.section import LARGEST_NUMBER, Section


class IndexConfig(Section):
    """The vector index."""

    factory: str = Field("auto", min_length=1)
    """FAISS factory string: `Flat` is exact; `HNSW32` or `IVF1024,SQ8` are approximate. `auto`
    chooses by the number of items, `goal` and `memory_gb`, and says why."""
    goal: Literal["exact", "fast"] = "exact"
    """What `auto` is to choose: `exact` is Flat up to 500,000 items; `fast` is it up to 20,000
    and a graph beyond, which answers single queries sooner and misses some items."""
    memory_gb: float = Field(4.0, gt=0.0, le=LARGEST_NUMBER, allow_inf_nan=False)
    """Most memory that `auto` may take for the index, in 10^9 bytes; with less than the vectors
    take it chooses a compressed index."""
    compact_share: float = Field(0.1, ge=0.0, le=1.0)
    """An update leaves new and moved rows in a flat delta beside an approximate index, until they
    are more than this share of all; then the index is built anew. 0 does so at every update."""


class DiversityConfig(Section):
    """Reordering of what `recommend` returns; off by default. See `diversity.Diversifier`."""

    mmr: float = Field(0.0, ge=0.0, le=1.0)
    """Strength of maximal marginal relevance: 0 orders by score alone, 1 by difference from what
    stands above."""
    artist_cap: int | None = Field(None, ge=1)
    """Most items of one artist in a list; None for no limit. It is exceeded only where a list
    could not be filled otherwise, at its end. Items without an artist are not counted."""
    pool: int = Field(100, ge=1, le=2000)
    """So many of the best items are reordered by `mmr`."""

    @property
    def active(self) -> bool:
        """Whether anything is reordered."""
        return self.mmr > 0 or self.artist_cap is not None

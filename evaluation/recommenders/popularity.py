"""Popularity: the most played items, whatever was asked."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from evaluation.recommenders.base import Baseline, Candidates
from evaluation.recommenders.registry import register_baseline
from hybrid_rec.data.catalog import Catalog
from hybrid_rec.data.playlists import Playlists


@register_baseline(default=True)
class Popularity(Baseline):
    """The most played items, whatever was asked.

    The score is the number of training playlists that hold the item, 0 for a cold one.
    """

    name = "popularity"

    def _fit(self, playlists: Playlists, catalog: Catalog) -> None:
        del catalog
        self._scores = playlists.playlist_counts.astype(np.float64)

    def _candidates(self, queries: Playlists, k: int) -> Iterator[Candidates]:
        del k
        everything = np.arange(len(self._scores))
        return ((everything, self._scores) for _ in range(len(queries)))

"""Vector baseline: queries and items compared by their vectors."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping

import numpy as np

from evaluation.recommenders.base import Baseline, Candidates
from hybrid_rec.core.arrays import Rows
from hybrid_rec.data.playlists import Playlists
from indexes.base import NO_ROW
from indexes.hybrid import HybridIndex, HybridQueries


class VectorBaseline(Baseline):
    """A baseline that compares vectors of queries and items in a `HybridIndex`."""

    _index: HybridIndex
    _known: Rows
    """Rows of the items whose vectors are not zero."""
    _weights: Mapping[str, float]

    def _candidates(self, queries: Playlists, k: int) -> Iterator[Candidates]:
        blocks = self._queries(queries)
        found = self._index.search(
            blocks, k, self._weights, allow=self._known, exclude=list(queries)
        )
        speaks = np.zeros(len(queries), dtype=bool)
        for dense in blocks.dense.values():
            speaks |= np.asarray(dense).any(axis=1)
        for hot in blocks.sparse.values():
            speaks |= np.diff(hot.indptr) > 0
        real = (found.rows != NO_ROW) & speaks[:, None]
        for rows, scores, held in zip(found.rows, found.scores, real, strict=True):
            yield rows[held], scores[held]

    @abstractmethod
    def _queries(self, queries: Playlists) -> HybridQueries:
        """Vectors of the queries, each computed by itself; zero where a query says nothing."""

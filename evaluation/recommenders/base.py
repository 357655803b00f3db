"""Baseline: what all baselines share, from reading queries to filling up lists."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from copy import copy
from dataclasses import replace
from typing import Any, ClassVar, Self

import numpy as np
from scipy import sparse

from evaluation.recommenders.parameters import check_whole
from hybrid_rec.core.arrays import Doubles, Floats, Rows
from hybrid_rec.core.errors import NotFittedError
from hybrid_rec.data.catalog import Catalog
from hybrid_rec.data.playlist_names import names_for
from hybrid_rec.data.playlists import Playlists
from hybrid_rec.data.queries import parse_queries
from hybrid_rec.data.recommendations import Recommendations
from hybrid_rec.data.training import check_training
from hybrid_rec.ranking.learned_queries import with_queries
from indexes.base import NO_ROW, NO_SCORE

Candidates = tuple[Rows, Doubles | Floats]
"""Rows and scores."""

# Queries that are scored at once, to bound memory: at 180,000 items the product of two sparse
# matrices may fill to 64 x 180,000 x 12 bytes.
_CHUNK = 64
# Far below every score of a baseline, yet adding whole numbers up to 2^23 is exact in float32.
_FILL = -(2.0**24)
_MOST_COUNTED = 2**23


class Baseline(ABC):
    """A recommender in a few dozen lines, to compare others with.

    A list never holds a seed, nor an item twice, and has exactly k items where the catalogue
    allows it. Items are in a total order, by descending score, then by row, and do not depend on
    what other queries are asked. Items that a method cannot score for a query (in most methods
    the cold ones, or those never played with any seed) come last, the most played first: their
    score is `-2^24` plus the number of training playlists that hold them. A query that says
    nothing therefore gets the most played items. `tests/recommender_contract.py` tests all this.
    """

    name: ClassVar[str]
    """Its name on the command line, and the `sources` of what it returns."""

    def __init__(self) -> None:
        self._catalog: Catalog | None = None

    def fit(self, playlists: Playlists, catalog: Catalog) -> Self:
        """Learn from playlists; a second fit starts anew.

        Args:
            playlists: What was played together, of `catalog`.
            catalog: All items, those that nobody has played included.

        Raises:
            DataError: If the playlists are empty or refer to another catalogue.
        """
        check_training(playlists, catalog)
        self._catalog = None
        self._counts = playlists.playlist_counts
        self._by_popularity = np.argsort(-self._counts, kind="stable")
        self._fit(playlists, catalog)
        self._catalog, self._learned_from = catalog, playlists
        return self

    def learned(self, queries: Playlists) -> Self:
        """The same baseline, fitted on its playlists and the queries that it will be asked.

        Args:
            queries: Playlists of the catalogue.

        Raises:
            NotFittedError: Before `fit`.
        """
        catalog = self._check(1)
        return copy(self).fit(with_queries(self._learned_from, queries), catalog)

    def recommend(
        self,
        queries: Playlists | Sequence[Any],
        k: int = 10,
        *,
        names: Sequence[str | None] | None = None,
    ) -> Recommendations:
        """Items that go with each playlist, never one of its own.

        Args:
            queries: `["a", "b"]` is one playlist, `[["a"], ["b", "c"]]` are two, `[]` is one empty
                playlist; or `Playlists` of the catalogue.
            k: Items wanted for each, at least 1.
            names: What each playlist is called; most methods do not look at it.

        Returns:
            Lists of k, whose `sources` are the name of the baseline. With fewer items to be had,
            the rest of a list is None, -inf and "".

        Raises:
            UnknownItemError: For an id that the catalogue lacks.
            DataError: For ids that are neither strings nor integers, or if names are not one
                for each query.
            ConfigError: If k < 1.
            NotFittedError: Before `fit`.
        """
        catalog = self._check(k)
        playlists, _ = parse_queries(queries, catalog, "raise")
        if names is not None:
            playlists = replace(playlists, names=names_for(names, len(playlists)))
        rows = np.full((len(playlists), k), NO_ROW, np.int64)
        scores = np.full((len(playlists), k), NO_SCORE, np.float32)
        for start in range(0, len(playlists), _CHUNK):
            part = playlists.select(np.arange(start, min(start + _CHUNK, len(playlists))))
            for number, (known, values) in enumerate(self._candidates(part, k)):
                line = self._best(known, values, part[number], k)
                rows[start + number, : len(line[0])], scores[start + number, : len(line[0])] = line
        sources = np.full(rows.shape, self.name, dtype=object)
        return Recommendations.from_rows(rows, scores, sources, playlists.playlist_ids, catalog)

    def _check(self, k: int) -> Catalog:
        """The catalogue; an error if it is not fitted, or k is out of range."""
        if self._catalog is None:
            raise NotFittedError(f"This {type(self).__name__} is not fitted; call fit first.")
        check_whole(self, "k", k)
        return self._catalog

    @abstractmethod
    def _fit(self, playlists: Playlists, catalog: Catalog) -> None:
        """Learn from playlists that are known to be of the catalogue and to have plays."""

    @abstractmethod
    def _candidates(self, queries: Playlists, k: int) -> Iterator[Candidates]:
        """Distinct rows and their scores for each query, in any order.

        They must include the best k that are not seeds, or else all that the method can score, and
        must not depend on the other queries, not even by rounding.
        """

    def _best(self, known: Rows, values: Doubles | Floats, seeds: Rows, k: int) -> Candidates:
        """The best k of one query, filled up with the most played items."""
        scores = values.astype(np.float32)
        free = np.ones(len(self._counts), dtype=bool)
        free[seeds] = False
        usable = free[known]
        known, scores = known[usable], scores[usable]
        if len(known) > k:
            # Keep all that tie with the k-th item, so that the order by row decides between them.
            reached = scores >= np.partition(scores, -k)[-k]
            known, scores = known[reached], scores[reached]
        order = np.lexsort((known, -scores))[:k]
        known, scores = known[order], scores[order]
        if len(known) == k:
            return known, scores
        free[known] = False
        rest = self._by_popularity[free[self._by_popularity]][: k - len(known)]
        fill = (_FILL + np.minimum(self._counts[rest], _MOST_COUNTED)).astype(np.float32)
        return np.concatenate([known, rest]), np.concatenate([scores, fill])


def sparse_candidates(scores: sparse.csr_array) -> Iterator[Candidates]:
    """The entries of each line of a sparse matrix as rows and scores."""
    for start, end in zip(scores.indptr[:-1], scores.indptr[1:], strict=True):
        yield scores.indices[start:end].astype(np.int64), scores.data[start:end]

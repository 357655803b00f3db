"""Random order: what chance alone would find."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from evaluation.recommenders.base import Baseline, Candidates
from evaluation.recommenders.parameters import check_seed
from evaluation.recommenders.registry import register_baseline
from hybrid_rec.data.catalog import Catalog
from hybrid_rec.data.playlists import Playlists


@register_baseline()
class Random(Baseline):
    """All items in random order: the level that any method must beat.

    The order is drawn anew for every query, from the seed and the query's different items: the
    same query gets the same list whatever else is asked, and however often. Scores are evenly
    spaced in [0, 1).

    Args:
        seed: Seed of the orders, in [0, 2^32).

    Raises:
        ConfigError: If the seed is out of range.
    """

    name = "random"

    def __init__(self, seed: int = 0) -> None:
        super().__init__()
        check_seed(self, seed)
        self.seed = seed

    def _fit(self, playlists: Playlists, catalog: Catalog) -> None:
        del playlists
        self._n_items = len(catalog)

    def _candidates(self, queries: Playlists, k: int) -> Iterator[Candidates]:
        del k
        everything = np.arange(self._n_items)
        for seeds in queries:
            items = np.unique(seeds)
            # The length keeps apart [0] and [0, 0], which NumPy's seeding does not.
            rng = np.random.default_rng([self.seed, len(items), *items.tolist()])
            yield everything, rng.permutation(self._n_items) / self._n_items

"""The order for queries that were learned from before they are answered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from hybrid_rec.blocks.cold_start import ColdStartMap
from hybrid_rec.core.config import HybridConfig
from hybrid_rec.core.progress import Progress
from hybrid_rec.data.catalog import Catalog
from hybrid_rec.model.fitted import ItemDescriptions, Model
from hybrid_rec.model.learning import changes_by_queries
from hybrid_rec.model.update import update_model
from hybrid_rec.ranking.candidates import CandidateFeatures
from hybrid_rec.ranking.cases import Case
from hybrid_rec.ranking.cross_fitting import Fold, cases_of, learning_fold
from hybrid_rec.ranking.order import Order, fit_orders, order_steps
from hybrid_rec.ranking.renewal import updated_statistics

# What is drawn here does not change what is drawn for anything else.
_STREAM = 4


class LearnedCases:
    """Cases whose seeds were learned from before, as queries will be, and their order.

    Args:
        catalog: The items.
        items: What describes them.
        config: Of the model.
        names: Names of the features.
    """

    def __init__(
        self, catalog: Catalog, items: ItemDescriptions, config: HybridConfig, names: Sequence[str]
    ) -> None:
        index = config.index.model_copy(update={"factory": "Flat"})
        self._config = config.model_copy(update={"index": index})
        self._catalog, self._items, self._names = catalog, items, names
        self._rng = np.random.default_rng([config.seed, _STREAM])
        self._cases: list[Case] = []

    def add(self, fold: Fold, source: CandidateFeatures, cold_map: ColdStartMap) -> None:
        """The cases of one fold.

        Args:
            fold: What to ask.
            source: What candidates come from, fitted on `fold.train`.
            cold_map: Fitted on the same.
        """
        asked = learning_fold(fold)
        items = self._items
        before = Model(
            self._config, self._catalog, fold.train, items.blocks, source.index, source.sources,
            items.group_of, cold_map,
        )  # fmt: skip
        changes = changes_by_queries(before, asked.seeds)
        after = update_model(before, changes, Progress())
        statistics = updated_statistics(
            source.statistics,
            changes.playlists,
            changes.touched,
            items.group_of,
            items.blocks.n_groups,
            self._config.ranking.statistics,
        )
        learned = replace(
            source,
            index=after.index,
            sources=after.sources,
            statistics=statistics,
            learned_from=len(fold.train),
        )
        self._cases += cases_of(asked, learned, self._rng)

    def order(self, progress: Progress) -> Order | None:
        """What they taught; None without cases.

        Args:
            progress: Told of every tree, and of every round of the network.
        """
        if not self._cases:
            return None
        config, seed = self._config.ranking, self._config.seed
        with progress.stage("ranking, order of learned queries", order_steps(config)) as advance:
            (order,) = fit_orders(self._names, [self._cases], config, seed, advance)
        return order

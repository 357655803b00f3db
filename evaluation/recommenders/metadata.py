"""Metadata: what describes items, without a look at who played what."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from scipy import sparse

from evaluation.recommenders.parameters import check_seed
from evaluation.recommenders.registry import register_baseline
from evaluation.recommenders.vectors import VectorBaseline
from hybrid_rec.blocks.base import Values, pooled
from hybrid_rec.blocks.block_set import BlockSet, columns_of
from hybrid_rec.core.config import HybridConfig, TextConfig
from hybrid_rec.core.progress import Progress
from hybrid_rec.data.catalog import Catalog
from hybrid_rec.data.playlists import Playlists
from hybrid_rec.data.recommendations import Recommendations
from indexes.hybrid import HybridIndex, HybridQueries

_NOTHING = "nothing"


@register_baseline(default=True)
class MetadataOnly(VectorBaseline):
    """The notebook's fallback: what titles, artists and other blocks say, and no playlist.

    The score is the sum over the blocks of the cosine of an item and the mean of the seeds: of
    texts in [-1, 1], of categories in [0, 1]. Playlists serve only to fill up lists. An item of
    which nothing is known cannot be scored.

    Args:
        titles: How texts become vectors; None for the default sentence model.
        seed: Seed of the encoders, in [0, 2^32).
        config: Blocks that describe items; None for titles, artists and tags.

    Raises:
        ConfigError: If the seed is out of range.
        ModelUnavailableError: When fitted, if a text model cannot be found.
    """

    name = "metadata"

    def __init__(
        self,
        titles: TextConfig | None = None,
        seed: int = 0,
        config: HybridConfig | None = None,
    ) -> None:
        super().__init__()
        check_seed(self, seed)
        self.titles = titles or TextConfig()
        self.seed = seed
        self.config = config or HybridConfig()

    def _fit(self, playlists: Playlists, catalog: Catalog) -> None:
        del playlists
        settings = self.config.model_copy(update={"titles": self.titles, "seed": self.seed})
        blocks = BlockSet.of(settings, columns_of(catalog.table)).fit(catalog.table, Progress())
        self._blocks = blocks
        self._rows = blocks.encode(catalog.table, Progress())
        dense = {name: rows for name, rows in self._rows.items() if not sparse.issparse(rows)}
        hot = {name: rows for name, rows in self._rows.items() if sparse.issparse(rows)}
        said = np.zeros(len(catalog), dtype=bool)
        for rows in dense.values():
            said |= rows.any(axis=1)
        for rows in hot.values():
            said |= np.diff(rows.indptr) > 0
        # An index must have a dense block, even where nothing is dense.
        filled = dense or {_NOTHING: np.zeros((len(catalog), 1), np.float32)}
        self._index = HybridIndex.build(filled, hot)
        self._known = np.flatnonzero(said)
        self._weights = dict.fromkeys(self._rows, 1.0)

    def recommend_for_new_items(self, frame: pd.DataFrame, k: int = 10) -> Recommendations:
        """The items most like those that are described by the columns of a frame.

        Args:
            frame: Any of the columns that the blocks are made from, a row a query.
            k: Items wanted of each, at least 1.

        Raises:
            DataError: If a column is of the wrong kind.
            NotFittedError: Before `fit`.
        """
        catalog = self._check(k)
        described = self._blocks.encode(self._blocks.items_of(frame), Progress())
        found = self._index.search(
            _as_queries(described, len(frame)), k, self._weights, allow=self._known
        )
        sources = np.full(found.rows.shape, self.name, dtype=object)
        ids = np.arange(len(frame)).astype(str).astype(object)
        return Recommendations.from_rows(found.rows, found.scores, sources, ids, catalog)

    def _queries(self, queries: Playlists) -> HybridQueries:
        counts = queries.counts()
        means = {name: pooled(rows, counts) for name, rows in self._rows.items()}
        return _as_queries(means, len(queries))


def _as_queries(means: Mapping[str, Values], n_queries: int) -> HybridQueries:
    dense = {name: rows for name, rows in means.items() if not sparse.issparse(rows)}
    return HybridQueries(
        dense or {_NOTHING: np.zeros((n_queries, 1), np.float32)},
        {name: rows for name, rows in means.items() if sparse.issparse(rows)},
    )

"""The radio notebook that this project grew from: Word2Vec over playlists, nothing else."""

from __future__ import annotations

import numpy as np

from evaluation.recommenders.parameters import check_seed
from evaluation.recommenders.registry import register_baseline
from evaluation.recommenders.vectors import VectorBaseline
from hybrid_rec.blocks.cooccurrence import fit_cooccurrence
from hybrid_rec.core.config import COOCCURRENCE, CooccurrenceConfig
from hybrid_rec.core.linalg import unit_rows
from hybrid_rec.data.catalog import Catalog
from hybrid_rec.data.playlists import Playlists
from indexes.hybrid import HybridIndex, HybridQueries


@register_baseline(default=True)
class NotebookWord2Vec(VectorBaseline):
    """The radio notebook that this project grew from: Word2Vec over playlists, and nothing else.

    The score is the cosine of an item's vector and the mean of the seeds' unit vectors, in
    [-1, 1]; a seed that repeats counts as often. Settings are the preset "notebook" of
    `CooccurrenceConfig`: CBOW, 32 dimensions, window 20, 5 epochs.

    Args:
        seed: Seed of the training, in [0, 2^32).

    Raises:
        ConfigError: If the seed is out of range.

    References:
        Barkan and Koenigstein, "Item2Vec: Neural Item Embedding for Collaborative Filtering",
        2016, https://arxiv.org/abs/1603.04259.
    """

    name = "notebook"

    def __init__(self, seed: int = 0) -> None:
        super().__init__()
        check_seed(self, seed)
        self.seed = seed

    def _fit(self, playlists: Playlists, catalog: Catalog) -> None:
        del catalog
        config = CooccurrenceConfig(preset="notebook")
        self._vectors = fit_cooccurrence(playlists, config, self.seed)
        self._index = HybridIndex.build({COOCCURRENCE: self._vectors})
        self._known = np.flatnonzero(self._vectors.any(axis=1))
        self._weights = {COOCCURRENCE: 1.0}

    def _queries(self, queries: Playlists) -> HybridQueries:
        return HybridQueries({COOCCURRENCE: unit_rows(queries.counts() @ self._vectors)})

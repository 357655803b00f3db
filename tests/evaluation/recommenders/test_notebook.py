"""The notebook's Word2Vec against cosines of its vectors."""

from __future__ import annotations

import numpy as np

from evaluation.recommenders.notebook import NotebookWord2Vec
from hybrid_rec import (
    CooccurrenceConfig,
)
from hybrid_rec.blocks.cooccurrence import fit_cooccurrence
from hybrid_rec.data.synthetic import SyntheticDataset


class TestNotebookWord2Vec:
    def test_scores_are_cosines_with_the_mean(self, world: SyntheticDataset) -> None:
        vectors = fit_cooccurrence(world.playlists, CooccurrenceConfig(preset="notebook"), 3)
        model = NotebookWord2Vec(seed=3).fit(world.playlists, world.catalog)
        seeds = world.playlists[0]
        mean = vectors[seeds].mean(axis=0)
        cosines = vectors @ mean / np.linalg.norm(mean)
        cosines[seeds] = -np.inf
        found = model.recommend(world.playlists.select(np.array([0])), k=10)
        assert vectors.shape[1] == 32
        np.testing.assert_allclose(found.scores[0], np.sort(cosines)[::-1][:10], rtol=1e-5)

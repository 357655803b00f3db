"""Item-kNN by hand and against dense similarities."""

from __future__ import annotations

import math

import numpy as np
import pytest

from evaluation.recommenders.item_knn import ItemKNN
from hybrid_rec import (
    Catalog,
    Playlists,
)
from hybrid_rec.data.synthetic import SyntheticDataset
from hybrid_rec.ranking import knn as neighbours

FILL = -(2.0**24)


class TestItemKNN:
    def test_by_hand(self, letters: Catalog, plays: Playlists) -> None:
        model = ItemKNN(shrinkage=0).fit(plays, letters)
        found = model.recommend([["b"], ["b", "c"], ["b", "b"], ["d"]], k=3)
        assert found.item_ids.tolist() == [
            ["a", "c", "d"],
            ["a", "d", None],
            ["a", "c", "d"],
            ["a", "b", "c"],
        ]
        one = 2 / math.sqrt(6)
        np.testing.assert_allclose(found.scores[0], [one, 0.5, FILL + 1], rtol=1e-6)
        np.testing.assert_allclose(found.scores[1, :2], [2 * one, FILL + 1], rtol=1e-6)
        assert found.scores[2].tolist() == found.scores[0].tolist()
        assert found.scores[3].tolist() == [FILL + 3, FILL + 2, FILL + 2]

    def test_shrinkage_by_hand(self, letters: Catalog, plays: Playlists) -> None:
        found = ItemKNN(shrinkage=1).fit(plays, letters).recommend(["b"], k=2)
        np.testing.assert_allclose(found.scores[0], [2 / (math.sqrt(6) + 1), 1 / 3], rtol=1e-6)

    def test_only_the_nearest_neighbours_of_a_seed_count(
        self, letters: Catalog, plays: Playlists
    ) -> None:
        model = ItemKNN(n_neighbours=1).fit(plays, letters)
        found = model.recommend([["a"], ["b"]], k=3)
        assert (found.scores > 0).tolist() == [[True, False, False]] * 2
        # b and c are equally near to a: the first in the catalogue is kept.
        assert found.item_ids[:, 0].tolist() == ["b", "a"]

    def test_against_dense_similarities(
        self, world: SyntheticDataset, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(neighbours, "_PRODUCTS", 5000)
        model = ItemKNN(n_neighbours=7, shrinkage=2).fit(world.playlists, world.catalog)
        holds = world.playlists.matrix().toarray().astype(float)
        together = holds.T @ holds
        sizes = np.diag(together)
        similar = together / (np.sqrt(np.outer(sizes, sizes)) + 2)
        np.fill_diagonal(similar, 0)
        for row in range(len(similar)):
            order = np.lexsort((np.arange(len(similar)), -similar[row]))
            similar[row, order[7:]] = 0
        expected = holds[:20] @ similar
        found = model.recommend(world.playlists.select(np.arange(20)), k=25)
        for line in range(20):
            rows = world.catalog.rows(found.item_ids[line])
            np.testing.assert_allclose(
                np.maximum(found.scores[line], 0), expected[line, rows], rtol=1e-5
            )
            free = np.setdiff1d(np.arange(len(similar)), world.playlists[line])
            np.testing.assert_allclose(
                np.maximum(found.scores[line], 0), np.sort(expected[line, free])[::-1][:25], 1e-5
            )

"""EASE by hand and against a ridge regression for each item."""

from __future__ import annotations

import numpy as np
import pytest

from evaluation.recommenders import ease
from evaluation.recommenders.ease import EASE
from hybrid_rec import (
    Catalog,
    DataError,
    NotFittedError,
    Playlists,
)
from hybrid_rec.data.synthetic import SyntheticDataset, synthetic_radio


class TestEASE:
    def test_against_a_ridge_for_each_column(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(ease, "_BLOCK", 30)
        world = synthetic_radio(seed=2, n_items=80, n_playlists=200)
        holds = world.playlists.matrix().toarray().astype(float)
        played = np.flatnonzero(holds.any(axis=0))
        holds = holds[:, played]
        weights = np.zeros((len(played), len(played)))
        for target in range(len(played)):
            others = np.delete(np.arange(len(played)), target)
            features = holds[:, others]
            gram = features.T @ features + 20 * np.eye(len(others))
            weights[others, target] = np.linalg.solve(gram, features.T @ holds[:, target])
        scores = holds[:10] @ weights
        scores[holds[:10] > 0] = -np.inf
        model = EASE(regularisation=20).fit(world.playlists, world.catalog)
        found = model.recommend(world.playlists.select(np.arange(10)), k=40)
        for line in range(10):
            order = np.argsort(-scores[line])[:40]
            np.testing.assert_allclose(found.scores[line], scores[line, order], atol=1e-5)
            assert found.item_ids[line, 0] == world.catalog.item_ids[played[order[0]]]

    def test_by_hand(self) -> None:
        # X'X + I is [[3, 1], [1, 2]], so regressing b on a gives 1 / 3, and a on b 1 / 2.
        catalog = Catalog.from_columns(list("ab"), list("AB"), [None] * 2)
        plays = Playlists.from_lists([["a", "b", "b"], ["a"]], catalog)
        found = (
            EASE(regularisation=1).fit(plays, catalog).recommend([["a"], ["b"], ["b", "b"]], k=1)
        )
        np.testing.assert_allclose(found.scores.ravel(), [1 / 3, 1 / 2, 1 / 2], rtol=1e-6)

    def test_block_size_changes_nothing(
        self, world: SyntheticDataset, queries: list[list[str]], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        whole = EASE().fit(world.playlists, world.catalog).recommend(queries, k=50)
        monkeypatch.setattr(ease, "_BLOCK", 37)
        parts = EASE().fit(world.playlists, world.catalog).recommend(queries, k=50)
        assert parts.scores.tobytes() == whole.scores.tobytes()

    def test_too_many_items(self, letters: Catalog, plays: Playlists) -> None:
        assert EASE(max_items=4).fit(plays, letters)
        model = EASE(max_items=3)
        with pytest.raises(DataError, match="at most max_items = 3 played items, got 4"):
            model.fit(plays, letters)

    def test_a_fit_that_fails_leaves_nothing_half_fitted(
        self, letters: Catalog, plays: Playlists, world: SyntheticDataset
    ) -> None:
        model = EASE(max_items=4).fit(plays, letters)
        with pytest.raises(DataError, match="max_items"):
            model.fit(world.playlists, world.catalog)
        with pytest.raises(NotFittedError):
            model.recommend(["a"])

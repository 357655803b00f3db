"""Learned block weights against planted ones."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hybrid_rec import HybridConfig, HybridRecommender
from hybrid_rec.core.config import WeightsConfig
from hybrid_rec.data.synthetic import SyntheticDataset
from hybrid_rec.ranking.block_weights import learn_weights
from hybrid_rec.ranking.cases import Case

COLUMNS = {"cooccurrence": 0, "title": 1, "artist": 4, "tags": 2, "popularity": 3}
"""The column of each block among the features; the others are noise."""
GIVEN = dict.fromkeys(COLUMNS, 0.1)


def planted(weights: dict[str, float], n_cases: int = 400, seed: int = 0) -> list[Case]:
    """Cases in which one candidate each was drawn as a conditional logit says."""
    rng = np.random.default_rng(seed)
    cases = []
    for _ in range(n_cases):
        features = rng.normal(size=(50, 9)).astype(np.float32)
        score = sum(w * features[:, COLUMNS[name]] for name, w in weights.items())
        hit = int(np.argmax(score + rng.gumbel(size=50)))
        cases.append(Case(features, np.arange(50) == hit, np.zeros(50, bool), False))
    return cases


def test_planted_weights_are_found() -> None:
    cases = planted({"cooccurrence": 4.0, "title": 1.0, "artist": 2.0, "popularity": 0.4})
    found = learn_weights(cases, COLUMNS, GIVEN, np.random.default_rng(0))
    assert list(found) == list(COLUMNS)
    assert found["cooccurrence"] == 1.0
    assert found["title"] == pytest.approx(0.25, abs=0.05)
    assert found["artist"] == pytest.approx(0.5, abs=0.05)
    assert found["popularity"] == pytest.approx(0.1, abs=0.03)
    assert found["tags"] == pytest.approx(0.0, abs=0.03)


def test_what_speaks_against_an_item_weighs_nothing() -> None:
    cases = planted({"cooccurrence": 2.0, "popularity": -3.0})
    assert learn_weights(cases, COLUMNS, GIVEN, np.random.default_rng(0))["popularity"] == 0.0


def test_given_weights_are_kept() -> None:
    assert WeightsConfig().learned
    assert not WeightsConfig(title=0.3).learned
    assert WeightsConfig(title=0.3, learned=True).learned
    assert HybridConfig().weights.learned
    assert not HybridConfig(weights={"artist": 0.1}).weights.learned


def test_linear_calls_use_them_also_when_loaded(
    ranked: HybridRecommender, world: SyntheticDataset, tmp_path: Path
) -> None:
    learned = ranked.model_.weights
    assert set(learned) == {"cooccurrence", "popularity", "title", "artist"}
    assert learned != ranked.model_.given_weights
    items = world.catalog.item_ids[:3].tolist()
    plain = ranked.recommend(items, weights={})
    same = ranked.recommend(items, weights=learned)
    np.testing.assert_array_equal(plain.scores, same.scores)
    ranked.save(tmp_path / "model")
    loaded = HybridRecommender.load(tmp_path / "model")
    assert loaded.model_.weights == learned
    np.testing.assert_array_equal(loaded.recommend(items, weights={}).scores, plain.scores)

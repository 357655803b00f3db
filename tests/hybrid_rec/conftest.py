"""The planted world, fitted once for all tests that only ask."""

from __future__ import annotations

from pathlib import Path

import pytest

from hybrid_rec import HybridConfig, HybridRecommender
from hybrid_rec.core.config import RankingConfig
from hybrid_rec.data.synthetic import SyntheticDataset, synthetic_radio

QUICK = HybridConfig(
    titles={"encoder": "tfidf", "tfidf_size": 64},
    cooccurrence={"vector_size": 32, "epochs": 8, "sample": 0.0},
    # Most tests look at the first stage; those of the second have a model of their own.
    ranking={"enabled": False},
)
RANKED = QUICK.model_copy(update={"ranking": RankingConfig(cases=200, trees=30, candidates=100)})


@pytest.fixture(scope="session")
def world() -> SyntheticDataset:
    """1,000 songs in 8 genres, 1,500 playlists; a tenth of the songs is cold."""
    return synthetic_radio(seed=1, n_items=1000, n_playlists=1500)


@pytest.fixture(scope="session")
def quick_config() -> HybridConfig:
    """A configuration that fits the world in seconds, without torch."""
    return QUICK


@pytest.fixture(scope="session")
def fitted(world: SyntheticDataset) -> HybridRecommender:
    """The world, fitted; tests must not fit it again."""
    return HybridRecommender(QUICK).fit(world.playlists, world.catalog)


@pytest.fixture(scope="session")
def ranked(world: SyntheticDataset) -> HybridRecommender:
    """The world, fitted with the learned second stage."""
    return HybridRecommender(RANKED).fit(world.playlists, world.catalog)


@pytest.fixture(scope="session")
def small_ranked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A saved model with the second stage, of 300 songs, for tests that load it often."""
    world = synthetic_radio(seed=2, n_items=300, n_playlists=400)
    config = RANKED.model_copy(update={"ranking": RankingConfig(cases=50, trees=5, candidates=50)})
    folder = tmp_path_factory.mktemp("saved") / "model"
    HybridRecommender(config).fit(world.playlists, world.catalog).save(folder)
    return folder

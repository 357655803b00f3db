"""The planted world, fitted once for all tests that only ask."""

from __future__ import annotations

import pytest

from hybrid_rec import HybridConfig, HybridRecommender
from hybrid_rec.config import RankingConfig
from hybrid_rec.synthetic import SyntheticDataset, synthetic_radio

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

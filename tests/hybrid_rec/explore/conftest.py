"""A model of four genres and the page of its map, for all tests of maps."""

from __future__ import annotations

from pathlib import Path

import pytest

from hybrid_rec import HybridRecommender
from tests.genres import N, genres_model


@pytest.fixture(scope="session")
def genres() -> HybridRecommender:
    """See `genres_model`; tests must not change it."""
    return genres_model()


@pytest.fixture(scope="session")
def map_page(genres: HybridRecommender, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("map") / "map.html"
    assert genres.map(path, playlists=True) == N + 400
    return path

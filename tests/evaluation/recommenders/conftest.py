"""A catalogue of four letters, and queries of the planted world."""

from __future__ import annotations

import pytest

from hybrid_rec import (
    Catalog,
    Playlists,
)
from hybrid_rec.data.synthetic import SyntheticDataset
from tests import recommender_contract as contract


@pytest.fixture
def letters() -> Catalog:
    return Catalog.from_columns(list("abcd"), list("ABCD"), [None] * 4)


@pytest.fixture
def plays(letters: Catalog) -> Playlists:
    return Playlists.from_lists([["a", "b"], ["a", "b", "c"], ["a", "c"], ["d"]], letters)


@pytest.fixture(scope="module")
def queries(world: SyntheticDataset) -> list[list[str]]:
    return contract.seeds_of(world.playlists, world.catalog)

"""Ten groups, of which a third of the items is cold and known by one block alone.

No item has a title or an artist, and playlists stay within their group, so the right neighbours
of a cold item are known: those of its own group, among 200 items.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from hybrid_rec import HybridRecommender
from tests.block_contract import (
    GROUP_SIZE,
    KINDS,
    N_GROUPS,
    NAME,
    Kind,
    World,
    letters_registered,
    world_of,
)

K = 10
RIGHT = 0.8
"""Share of the ten nearest that must be of the own group."""
PLACED = 0.7
"""The same by the place alone, which a linear map predicts: it adds up what tempo and energy say
each, and the groups here are told apart by both together."""
ONLY_PLAYS_OFF = {"cooccurrence": 0.0, "popularity": 0.0}
CHANCE = (GROUP_SIZE - 1) / (N_GROUPS * GROUP_SIZE - 1)


@pytest.fixture(scope="module", autouse=True)
def _letters() -> Iterator[None]:
    with letters_registered():
        yield


@pytest.fixture(scope="module", params=KINDS, ids=list(KINDS))
def kind(request: pytest.FixtureRequest, _letters: None) -> Kind:
    return KINDS[request.param]


@pytest.fixture(scope="module")
def world(kind: Kind) -> World:
    return world_of(kind)


@pytest.fixture(scope="module")
def model(kind: Kind, world: World) -> HybridRecommender:
    return HybridRecommender(kind.config()).fit(world.playlists, world.catalog)


def share_of_cold(model: HybridRecommender, world: World, **options: Any) -> float:
    """Share of the neighbours of cold items that are of their group."""
    cold = np.flatnonzero(world.cold)
    found = model.similar_items(world.ids(cold), K, **options)
    return world.of_own_group(found.item_ids, world.groups[cold])


def is_chance(share: float, n_lists: int) -> bool:
    """Whether a share of `n_lists` lists is within three standard errors of chance."""
    error = np.sqrt(CHANCE * (1 - CHANCE) / (n_lists * K))
    return bool(abs(share - CHANCE) <= 3 * error)


def test_the_world_is_as_it_is_meant(model: HybridRecommender, world: World, kind: Kind) -> None:
    assert world.catalog.columns == kind.columns
    assert model.model_.blocks.names == (NAME,)
    assert model.model_.blocks.group is None
    assert (world.playlists.play_counts == 0).tolist() == world.cold.tolist()
    assert world.cold.mean() == pytest.approx(0.3)


def test_neighbours_of_cold_items(model: HybridRecommender, world: World) -> None:
    assert share_of_cold(model, world) >= RIGHT


def test_neighbours_by_the_block_alone(model: HybridRecommender, world: World) -> None:
    assert share_of_cold(model, world, weights={NAME: 1.0, **ONLY_PLAYS_OFF}) >= RIGHT


def test_the_place_that_the_block_predicts(model: HybridRecommender, world: World) -> None:
    weights = {NAME: 0.0, "cooccurrence": 1.0, "popularity": 0.0}
    assert share_of_cold(model, world, weights=weights) >= PLACED


def test_without_the_block_it_is_chance(model: HybridRecommender, world: World, kind: Kind) -> None:
    n_cold = int(world.cold.sum())
    assert is_chance(share_of_cold(model, world, weights={NAME: 0.0, **ONLY_PLAYS_OFF}), n_cold)
    alone = HybridRecommender(kind.config(cold_start={"fallback": False}))
    alone.fit(world.playlists, world.catalog)
    assert alone.model_.source_counts() == {
        "hybrid": len(world.cold) - n_cold, "artist": 0, "text": 0, "metadata": n_cold
    }  # fmt: skip
    assert is_chance(share_of_cold(alone, world, weights={NAME: 0.0}), n_cold)
    assert not is_chance(share_of_cold(alone, world), n_cold)


def test_new_items_are_placed_by_the_column_alone(
    model: HybridRecommender, world: World, kind: Kind
) -> None:
    groups = list(range(N_GROUPS)) * 4
    frame = kind.frame(groups, seed=5)
    assert tuple(frame.columns) == kind.columns
    found = model.recommend_for_new_items(frame, K)
    assert found.query_sources is not None
    assert set(found.query_sources) == {"text"}
    assert world.of_own_group(found.item_ids, groups) >= RIGHT

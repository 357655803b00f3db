"""The cold-start fallback, place by place, against hand-computed ones."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from hybrid_rec import HybridConfig, HybridRecommender
from hybrid_rec.blocks.block_set import BlockSet
from hybrid_rec.blocks.cold_start import (
    ARTIST,
    METADATA,
    TEXT,
    ColdStartMap,
    Fallback,
    group_means,
    shrink,
    trust_of,
)
from hybrid_rec.core.config import ColdStartConfig
from hybrid_rec.core.linalg import unit_rows
from hybrid_rec.data.synthetic import SyntheticDataset
from tests.hybrid_rec.conftest import QUICK

BLOCKS = BlockSet.of(QUICK, {"title": True, "artist": True, "tags": True})


def described(titles: np.ndarray, tags: sparse.csr_array | None = None) -> dict[str, Any]:
    """Rows of titles, of artists that the map must not look at, and of tags, none if not given."""
    none = sparse.csr_array((len(titles), 0), dtype=np.float32)
    return {"title": titles, "artist": none, "tags": none if tags is None else tags}


def fit_map(
    vectors: np.ndarray,
    titles: np.ndarray,
    trust: np.ndarray,
    config: ColdStartConfig | None = None,
    tags: sparse.csr_array | None = None,
) -> ColdStartMap:
    rows = described(titles, tags)
    return ColdStartMap.fit(vectors, rows, BLOCKS, trust, config or ColdStartConfig())


def f32(rows: object) -> np.ndarray:
    return np.array(rows, dtype=np.float32)


def test_trust_is_n_over_n_plus_k() -> None:
    assert trust_of(np.array([0, 1, 3]), 1.0).tolist() == [0, 0.5, 0.75]
    assert trust_of(np.array([0, 1, 3]), 0.0).tolist() == [0, 1, 1]


def test_group_means_by_hand() -> None:
    vectors = f32([[1, 0], [0, 1], [1, 1], [5, 5]])
    means, known = group_means(vectors, f32([1, 3, 1, 0]), np.array([0, 0, -1, 1]), 2)
    assert known.tolist() == [True, False]
    np.testing.assert_allclose(means, [[0.25, 0.75], [0, 0]])


def test_shrinkage_by_hand() -> None:
    # One artist: a song with 1 play at (1, 0) and one with 3 plays at (0, 1); k = 1.
    vectors, plays, artists = f32([[1, 0], [0, 1]]), np.array([1, 3]), np.array([0, 0])
    mean = (0.5 * f32([1, 0]) + 0.75 * f32([0, 1])) / 1.25
    expected = unit_rows(f32([(1 * f32([1, 0]) + mean) / 2, (3 * f32([0, 1]) + mean) / 4]))
    np.testing.assert_allclose(shrink(vectors, plays, artists, 1, 1.0), expected, rtol=1e-6)


def test_no_shrinkage_leaves_every_item_where_it_is() -> None:
    vectors = unit_rows(np.random.default_rng(0).normal(size=(20, 4)).astype(np.float32))
    plays, artists = np.arange(1, 21), np.arange(20) % 3
    np.testing.assert_allclose(shrink(vectors, plays, artists, 3, 0.0), vectors, atol=1e-6)


def test_shrinkage_moves_rare_items_more_and_leaves_its_arguments() -> None:
    rng = np.random.default_rng(0)
    vectors = unit_rows(rng.normal(size=(40, 8)).astype(np.float32))
    before, plays = vectors.copy(), np.array([1] * 20 + [100] * 20)
    drawn = shrink(vectors, plays, np.zeros(40, np.int64), 1, 5.0)
    moved = 1 - (drawn * vectors).sum(axis=1)
    assert moved[:20].min() > moved[20:].max()
    np.testing.assert_array_equal(vectors, before)


def test_items_without_vector_or_group_stay() -> None:
    vectors = f32([[1, 0], [0, 0], [0, 1]])
    drawn = shrink(vectors, np.array([1, 1, 9]), np.array([-1, 0, 0]), 1, 10.0)
    np.testing.assert_array_equal(drawn, vectors)


@pytest.fixture
def text_world() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Titles that determine the vectors by a rotation, and unit trust."""
    rng = np.random.default_rng(0)
    titles = unit_rows(rng.normal(size=(300, 6)).astype(np.float32))
    rotation = np.linalg.qr(rng.normal(size=(6, 6)))[0].astype(np.float32)
    return titles, titles @ rotation, np.ones(300, np.float32)


def test_the_map_learns_a_linear_map(text_world: tuple[np.ndarray, ...]) -> None:
    titles, vectors, trust = text_world
    config = ColdStartConfig(ridge=0.01)
    learned = fit_map(vectors[:200], titles[:200], trust[:200], config)
    predicted, known = learned.predict(described(titles[200:]), 100)
    assert known.all()
    assert (predicted * vectors[200:]).sum(axis=1).min() > 0.99


def test_the_map_learns_from_tags() -> None:
    tag = np.arange(200) % 4
    tags = sparse.csr_array((np.ones(200, np.float32), (np.arange(200), tag)), shape=(200, 9))
    vectors, titles = np.eye(4, dtype=np.float32)[tag], np.zeros((200, 3), np.float32)
    learned = fit_map(vectors, titles, np.ones(200, np.float32), tags=tags)
    predicted, known = learned.predict(described(titles, tags), 200)
    assert known.all()
    assert (predicted.argmax(axis=1) == tag).all()


def test_the_map_does_not_depend_on_company(text_world: tuple[np.ndarray, ...]) -> None:
    titles, vectors, trust = text_world
    learned = fit_map(vectors, titles, trust)
    together = learned.predict(described(titles), 300)[0]
    for row in range(0, 300, 37):
        alone = learned.predict(described(titles[row : row + 1]), 1)[0]
        assert alone.tobytes() == together[row].tobytes()


def test_the_map_ignores_untrusted_items(text_world: tuple[np.ndarray, ...]) -> None:
    titles, vectors, trust = text_world
    spoiled, half = vectors.copy(), trust.copy()
    spoiled[150:], half[150:] = 7.0, 0.0
    with_them = fit_map(spoiled, titles, half)
    without = fit_map(vectors[:150], titles[:150], trust[:150])
    np.testing.assert_allclose(with_them.coefficients, without.coefficients, atol=1e-5)


def test_too_little_to_learn_from_gives_an_empty_map(text_world: tuple[np.ndarray, ...]) -> None:
    titles, vectors, trust = text_world
    few = fit_map(vectors[:5], titles[:5], trust[:5])
    predicted, known = few.predict(described(titles), 300)
    assert not known.any()
    assert not predicted.any()


def test_each_item_has_the_best_place_there_is(text_world: tuple[np.ndarray, ...]) -> None:
    titles, vectors, trust = text_world
    cold_map = fit_map(vectors, titles, trust)
    means = f32([[0, 2, 0, 0, 0, 0], [0] * 6])
    asked = titles[:4].copy()
    asked[3] = 0
    artists, known = np.array([0, 1, -1, -1]), np.array([True, False])
    fallback = Fallback(means, known, cold_map, by_group=True)
    placed, sources = fallback.places(described(asked), artists)
    assert sources.tolist() == [ARTIST, TEXT, TEXT, METADATA]
    np.testing.assert_allclose(placed[0], [0, 1, 0, 0, 0, 0])
    assert (placed[1:3] * vectors[1:3]).sum(axis=1).min() > 0.9
    assert (placed[3] == 0).all()


def test_without_the_fallback_cold_items_have_metadata_alone(world: SyntheticDataset) -> None:
    config = HybridConfig(**{**QUICK.model_dump(), "cold_start": {"fallback": False}})
    model = HybridRecommender(config).fit(world.playlists, world.catalog)
    cold = world.playlists.play_counts == 0
    assert cold.any()
    assert (model.model_.sources[cold] == METADATA).all()
    assert not model.model_.index.blocks(np.flatnonzero(cold))["cooccurrence"].any()
    artist = world.catalog.artists[int(np.flatnonzero(~cold)[0])]
    frame = pd.DataFrame({"item_id": ["x"], "title": ["Love"], "artist": [artist]})
    sources = model.recommend_for_new_items(frame, 3).query_sources
    assert sources is not None
    assert sources.tolist() == ["metadata"]

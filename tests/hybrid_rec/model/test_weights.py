"""Block weights of one call: by the blocks that there are."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from hybrid_rec import Catalog, ConfigError, HybridConfig, HybridRecommender, Playlists
from hybrid_rec.core.config import WeightsConfig
from tests.hybrid_rec.conftest import QUICK

BLOCKS = {
    "genre": {"kind": "categories", "columns": ["genre"]},
    "off": {"kind": "categories", "columns": ["mood"], "enabled": False},
}


@pytest.fixture(scope="module")
def model() -> HybridRecommender:
    """Forty items of two genres, without titles, artists or tags."""
    ids = [f"i{number}" for number in range(40)]
    frame = pd.DataFrame({"item_id": ids, "genre": ["x", "y"] * 20, "title": [None] * 40})
    catalog = Catalog.from_frame(frame)
    playlists = Playlists.from_lists([ids[n : n + 6] for n in range(30)], catalog)
    config = HybridConfig(**{**QUICK.model_dump(), "blocks": BLOCKS, "weights": {"off": 0.5}})
    return HybridRecommender(config).fit(playlists, catalog)


def test_blocks_without_columns_are_absent(model: HybridRecommender) -> None:
    assert model.model_.blocks.names == ("genre",)
    assert set(model.model_.index.layout) == {"cooccurrence", "popularity"}
    assert set(model.model_.weights) == {"cooccurrence", "popularity", "genre"}
    assert model.model_.blocks.group is None


@pytest.mark.parametrize("form", [dict, lambda weights: WeightsConfig(**weights)])
def test_weights_of_a_block_that_is_not_there_are_refused(
    model: HybridRecommender, form: Any
) -> None:
    for call in (model.recommend, model.similar_items):
        with pytest.raises(ConfigError, match="there is no block 'gener'; did you mean"):
            call(["i1"], weights=form({"gener": 1.0}))
        with pytest.raises(ConfigError, match="there is no block 'lyrics'"):
            call(["i1"], weights=form({"lyrics": 1.0}))


def test_weights_of_blocks_that_are_there(model: HybridRecommender) -> None:
    only = {"cooccurrence": 0.0, "popularity": 0.0, "genre": 1.0}
    found = model.recommend(["i1"], 19, weights=only)
    assert {int(item[1:]) % 2 for item in found.item_ids[0]} == {1}
    np.testing.assert_allclose(found.scores, 1.0, rtol=1e-6)
    same = model.recommend(["i1"], 19, weights=WeightsConfig(**only))
    assert same.scores.tobytes() == found.scores.tobytes()
    # A default block may be named whether it is there or not; those of the config are those.
    named = model.recommend(["i1"], 19, weights={**only, "title": 3.0, "artist": 1.0, "tags": 2.0})
    assert named.scores.tobytes() == found.scores.tobytes()
    default, config = model.recommend(["i1"]), model.recommend(["i1"], weights=model.config.weights)
    assert default.scores.tobytes() == config.scores.tobytes()


def test_an_artist_block_of_another_kind_makes_no_groups() -> None:
    ids = [f"i{number}" for number in range(80)]
    frame = pd.DataFrame({"item_id": ids, "artist": [f"singer {n % 7}" for n in range(80)]})
    catalog = Catalog.from_frame(frame)
    playlists = Playlists.from_lists([ids[n : n + 6] for n in range(70)], catalog)
    blocks = {"artist": {"kind": "text", "columns": ["artist"]}}
    config = HybridConfig(
        **{**QUICK.model_dump(), "blocks": blocks, "ranking": {"cases": 20, "trees": 3}}
    )
    model = HybridRecommender(config).fit(playlists, catalog)
    assert model.model_.ranking is not None
    assert (model.model_.blocks.group, model.model_.blocks.n_groups) == (None, 0)
    found = model.recommend(["i1"], 5, explain=True)
    assert found.explanations is not None
    assert found.explanations[0, 0].artist is None

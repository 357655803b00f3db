"""Block ablation: it says which block pays in a world where that is known."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from evaluation.report.section import Section
from evaluation.splits.cold_items import cold_items
from evaluation.splits.continuation import continuation
from evaluation.studies.block_ablation import block_ablation
from hybrid_rec import Catalog, DataError, HybridConfig, HybridRecommender, Playlists
from tests.block_contract import KINDS, NAME, world_of

LYRICS = KINDS["tfidf"]


@pytest.fixture(scope="module")
def found() -> Section:
    """A world whose lyrics tell the group and whose tempo is noise, and items without history."""
    world = world_of(LYRICS)
    frame = world.catalog.to_frame()
    frame["tempo"] = np.random.default_rng(4).normal(120, 20, len(frame))
    catalog = Catalog.from_frame(frame)
    playlists = Playlists.from_lists(world.playlists.to_lists(world.catalog), catalog)
    settings = LYRICS.config().model_dump()
    settings["blocks"]["tempo"] = {"kind": "numbers", "columns": ["tempo"]}
    split = cold_items(playlists, catalog, np.random.default_rng(0), share=0.3)
    model = HybridRecommender(HybridConfig(**settings)).fit(split.train, split.catalog)
    return block_ablation(model, split, k=(10, 50))


def row_of(section: Section, block: str, metric: str) -> dict[str, Any]:
    table = section.table
    chosen = table[(table["block"] == block) & (table["metric"] == metric)]
    return dict(zip(map(str, chosen.columns), chosen.iloc[0].tolist(), strict=True))


def test_lyrics_that_tell_the_group_pay_where_there_is_no_history(found: Section) -> None:
    for metric in ("hit_rate@10", "ndcg@50", "recall@50"):
        lyrics = row_of(found, NAME, metric)
        assert lyrics["gain"] > 0.1
        assert lyrics["gain"] == pytest.approx(lyrics["with"] - lyrics["without"])
        assert 0 < lyrics["low"] < lyrics["gain"] < lyrics["high"]
        assert lyrics["p"] < 0.01
    assert any(text.startswith(f"{NAME}: it pays (ndcg@50 ") for text in found.sentences)


def test_a_number_that_says_nothing_does_not_pay(found: Section) -> None:
    tempo = row_of(found, "tempo", "ndcg@50")
    assert tempo["with"] == row_of(found, NAME, "ndcg@50")["with"]
    told = next(text for text in found.sentences if text.startswith("tempo: "))
    assert not told.startswith("tempo: it pays")


def test_every_block_is_left_out_once(found: Section) -> None:
    assert found.table["block"].tolist() == [NAME, "tempo"] * 3
    assert len(found.sentences) == 2


def test_there_must_be_a_block() -> None:
    world = world_of(LYRICS)
    bare = Catalog.from_frame(world.catalog.to_frame()[["item_id"]])
    playlists = Playlists.from_lists(world.playlists.to_lists(world.catalog), bare)
    split = continuation(playlists, bare, np.random.default_rng(0))
    config = LYRICS.config(blocks={})
    model = HybridRecommender(config).fit(split.train, split.catalog)
    with pytest.raises(DataError, match="must have a block to leave out"):
        block_ablation(model, split)

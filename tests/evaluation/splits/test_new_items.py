"""New items: they leave catalogue and playlists, and are asked for by their columns."""

from __future__ import annotations

import numpy as np
import pytest

from evaluation.harness import evaluate
from evaluation.recommenders.metadata import MetadataOnly
from evaluation.recommenders.registry import make_baseline
from evaluation.splits.new_items import new_items
from hybrid_rec import ConfigError, DataError, HybridConfig, HybridRecommender
from hybrid_rec.core.config import TextConfig
from hybrid_rec.data.synthetic import SyntheticDataset
from tests.evaluation.splits.worlds import CATALOG, LONG, playlists_of, rng


def test_nothing_is_left_of_what_was_taken_out() -> None:
    lists = LONG * 3
    split = new_items(playlists_of(lists), CATALOG, rng(), share=0.3)
    assert split.task == "new item"
    assert split.new_items is not None
    gone = split.new_items["item_id"].tolist()
    assert gone == split.targets.playlist_ids.tolist()
    assert not set(gone) & set(split.catalog.item_ids)
    assert len(split.catalog) + len(gone) == len(CATALOG)
    assert split.new_items["title"].tolist() == gone, "the columns are kept"
    trained = ["".join(items) for items in split.train.to_lists(split.catalog)]
    expected = ["".join(item for item in items if item not in gone) for items in lists]
    assert trained == [items for items in expected if items]
    for item, wanted in zip(gone, split.targets.to_lists(split.catalog), strict=True):
        company = {other for items in lists if item in items for other in items} - set(gone)
        assert set(wanted) == company
    assert (split.seeds.lengths == 0).all()


def test_only_items_with_five_plays_are_taken() -> None:
    split = new_items(playlists_of(["abc"] * 5 + ["de"] * 4), CATALOG, rng(), share=0.4)
    assert split.new_items is not None
    assert set(split.new_items["item_id"]) <= set("abc")
    with pytest.raises(DataError, match="in at least 5 playlists, but none is"):
        new_items(playlists_of(LONG), CATALOG, rng())


@pytest.mark.parametrize(
    ("options", "message"),
    [({"share": 0.0}, "share must be above 0"), ({"n_cases": 0}, "n_cases must be at least 1")],
)
def test_parameters_out_of_range(options: dict[str, float], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        new_items(playlists_of(LONG), CATALOG, rng(), **options)


def test_the_harness_asks_by_the_columns(world: SyntheticDataset) -> None:
    split = new_items(world.playlists, world.catalog, np.random.default_rng(0), n_cases=20)
    config = HybridConfig(titles={"encoder": "tfidf"}, cooccurrence={"epochs": 2})
    model = HybridRecommender(config).fit(split.train, split.catalog)
    assert split.new_items is not None
    found = evaluate(model, split, (5,), fit=False)
    expected = model.recommend_for_new_items(split.new_items, 5)
    assert split.catalog.item_ids[found.rows].tolist() == expected.item_ids.tolist()
    peer = evaluate(MetadataOnly(TextConfig(encoder="tfidf")), split, (5,))
    assert peer.problems == dict.fromkeys(peer.problems, 0)
    with pytest.raises(ConfigError, match="item-knn must have recommend_for_new_items"):
        evaluate(make_baseline("item-knn"), split, (5,))

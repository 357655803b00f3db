"""Item to item: one item with history is given, the rest of its held-out playlist is wanted."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from evaluation.harness import evaluate
from evaluation.recommenders.registry import make_baseline
from evaluation.splits.continuation import continuation
from evaluation.splits.item_to_item import item_to_item
from hybrid_rec import ConfigError, HybridConfig, HybridRecommender
from hybrid_rec.data.synthetic import SyntheticDataset
from tests.evaluation.splits.worlds import CATALOG, LONG, ids, letters, playlists_of, rng


@pytest.mark.parametrize("part", ["validation", "test"])
def test_cases_are_single_items_of_held_out_playlists(part: Any) -> None:
    playlists = playlists_of(LONG * 4)
    split = item_to_item(playlists, CATALOG, rng(), part=part, shares=(0.2, 0.2))
    whole = continuation(playlists, CATALOG, rng(), part=part, shares=(0.2, 0.2))
    assert split.task == "item"
    assert ids(split.train) == ids(whole.train)
    owners = {name.split(", ")[0] for name in split.seeds.playlist_ids}
    assert owners == ids(whole.seeds)
    lists, seeds, wanted = letters(playlists), letters(split.seeds), letters(split.targets)
    for name, seed in seeds.items():
        owner, item = name.split(", ")
        assert seed == item
        assert item in lists[owner]
        assert set(wanted[name]) == set(lists[owner]) - {item}
        assert split.train.play_counts[CATALOG.rows([item])[0]] > 0


def test_every_playlist_gives_as_many_cases_and_no_item_twice() -> None:
    playlists = playlists_of(["abcdefgh"] * 10 + ["abcdefghijkl"] * 10)
    split = item_to_item(playlists, CATALOG, rng(), shares=(0, 0.5), n_cases=25)
    assert len(split) == 25
    assert len(set(split.seeds.playlist_ids)) == 25
    owners = [name.split(", ")[0] for name in split.seeds.playlist_ids]
    sizes = [owners.count(owner) for owner in set(owners)]
    assert set(sizes) == {2, 3}


def test_an_item_without_history_is_never_given() -> None:
    playlists = playlists_of(["ab", "ab", "ab", "abk", "abl"])
    for seed in range(5):
        split = item_to_item(playlists, CATALOG, rng(seed), shares=(0, 0.6))
        assert not split.cold[split.seeds.rows].any()


def test_too_few_cases_are_refused() -> None:
    with pytest.raises(ConfigError, match="n_cases must be at least 1, got 0"):
        item_to_item(playlists_of(LONG), CATALOG, rng(), n_cases=0)


def test_the_harness_asks_for_similar_items(world: SyntheticDataset) -> None:
    split = item_to_item(world.playlists, world.catalog, np.random.default_rng(0), n_cases=40)
    config = HybridConfig(titles={"encoder": "tfidf"}, cooccurrence={"epochs": 2})
    model = HybridRecommender(config).fit(split.train, split.catalog)
    found = evaluate(model, split, (5,), fit=False)
    expected = model.similar_items(split.catalog.item_ids[split.seeds.rows], 5)
    assert split.catalog.item_ids[found.rows].tolist() == expected.item_ids.tolist()
    peer = evaluate(make_baseline("item-knn"), split, (5,))
    assert peer.problems["lists that hold a seed"] == 0

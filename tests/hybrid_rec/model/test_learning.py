"""Learning from the queries before they are answered."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hybrid_rec import HybridConfig, HybridRecommender, UnknownItemError
from hybrid_rec.core.config import RankingConfig
from hybrid_rec.data.synthetic import SyntheticDataset, synthetic_radio


@pytest.fixture(scope="module")
def model(small_ranked: Path) -> HybridRecommender:
    return HybridRecommender.load(small_ranked)


@pytest.fixture(scope="module")
def queries(model: HybridRecommender) -> list[list[str]]:
    """Sixty playlists, each with two of four items that no playlist of the fit holds."""
    ids, plays = model.model_.catalog.item_ids, model.model_.playlists.play_counts
    cold = ids[np.flatnonzero(plays == 0)[:4]]
    warm = ids[np.flatnonzero(plays > 0)]
    rng = np.random.default_rng(0)
    return [[*rng.choice(warm, 2, replace=False), *rng.permutation(cold)[:2]] for _ in range(60)]


@pytest.fixture(scope="module")
def learned(model: HybridRecommender, queries: list[list[str]]) -> HybridRecommender:
    return model.learned(queries)


def test_the_model_itself_stays(
    model: HybridRecommender, learned: HybridRecommender, queries: list[list[str]]
) -> None:
    assert len(learned.model_.playlists) == len(model.model_.playlists) + len(queries)
    assert model.model_.learned_from is None
    assert learned.model_.learned_from == len(model.model_.playlists)
    again = HybridRecommender(model.config)
    again._set(model.model_)
    before, after = again.recommend(queries, 20), model.recommend(queries, 20)
    assert before.scores.tobytes() == after.scores.tobytes()


def test_items_that_only_queries_hold_are_found(
    model: HybridRecommender, learned: HybridRecommender, queries: list[list[str]]
) -> None:
    new = {item for query in queries for item in query[2:]}

    def found(recommender: HybridRecommender) -> int:
        lists = recommender.recommend(queries, 10).item_ids
        return sum(
            len((new - set(query)) & set(line)) for query, line in zip(queries, lists, strict=True)
        )

    # Each query lacks two of them, and they are much like one another.
    assert found(learned) > found(model)


def test_no_query_is_answered_by_its_own_items(
    learned: HybridRecommender, queries: list[list[str]]
) -> None:
    for query, line in zip(queries, learned.recommend(queries, 50).item_ids, strict=True):
        assert not set(query) & set(line)


def test_order_of_the_queries_changes_nothing(
    model: HybridRecommender, learned: HybridRecommender, queries: list[list[str]]
) -> None:
    backward = model.learned(queries[::-1]).recommend(queries, 10)
    forward = learned.recommend(queries, 10)
    assert backward.item_ids.tolist() == forward.item_ids.tolist()
    assert backward.scores.tobytes() == forward.scores.tobytes()


def test_learn_of_recommend_is_the_same(
    model: HybridRecommender, learned: HybridRecommender, queries: list[list[str]]
) -> None:
    asked = model.recommend(queries, 10, learn=True)
    told = learned.recommend(queries, 10)
    assert asked.item_ids.tolist() == told.item_ids.tolist()
    assert asked.scores.tobytes() == told.scores.tobytes()
    explained = model.recommend(queries[:2], 3, learn=True, explain=True)
    assert explained.explanations is not None


def test_playlists_of_the_fit_and_empty_ones_are_not_learned(model: HybridRecommender) -> None:
    known = model.model_.playlists.select(np.arange(5))
    assert model.learned(known).model_ is model.model_
    assert model.learned([[]]).model_ is model.model_


def test_unknown_items(model: HybridRecommender) -> None:
    with pytest.raises(UnknownItemError, match="nope"):
        model.learned([["nope"]])
    assert model.learned([["nope"]], on_unknown="skip").model_ is model.model_


def test_a_learned_model_is_saved(
    learned: HybridRecommender, queries: list[list[str]], tmp_path: Path
) -> None:
    learned.save(tmp_path / "model")
    loaded = HybridRecommender.load(tmp_path / "model")
    assert loaded.model_.learned_from == learned.model_.learned_from
    found, before = loaded.recommend(queries, 10), learned.recommend(queries, 10)
    assert found.scores.tobytes() == before.scores.tobytes()


def test_trees_of_their_own(tmp_path: Path) -> None:
    world: SyntheticDataset = synthetic_radio(seed=3, n_items=200, n_playlists=300)
    config = HybridConfig(
        titles={"encoder": "tfidf", "tfidf_size": 32},
        cooccurrence={"vector_size": 16, "epochs": 2},
        ranking=RankingConfig(cases=50, trees=5, candidates=50, learn="always"),
    )
    model = HybridRecommender(config).fit(world.playlists, world.catalog)
    ranking = model.model_.ranking
    assert ranking is not None
    assert ranking.learned is not None
    asked = [world.catalog.item_ids[start : start + 5].tolist() for start in range(0, 50, 5)]
    learned = model.learned(asked)
    assert learned.model_.ranking is not None
    assert learned.model_.ranking.ranker.usual is ranking.learned
    assert ranking.learned.trees != ranking.ranker.usual.trees
    model.save(tmp_path / "model")
    loaded = HybridRecommender.load(tmp_path / "model").learned(asked)
    assert (
        loaded.recommend(asked, 10).scores.tobytes()
        == learned.recommend(asked, 10).scores.tobytes()
    )


def test_without_drift_there_are_none_by_default(model: HybridRecommender) -> None:
    assert model.model_.ranking is not None
    assert model.model_.ranking.learned is None

"""The learned second stage: better than the linear one, and just as reliable."""

from __future__ import annotations

import builtins
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest

from evaluation.harness import evaluate
from evaluation.splits.continuation import continuation
from hybrid_rec import HybridConfig, HybridRecommender
from hybrid_rec.core.config import Generator, RankingConfig
from hybrid_rec.core.errors import ArtifactError, ConfigError, HybridRecError
from hybrid_rec.data.synthetic import SyntheticDataset, synthetic_radio
from hybrid_rec.ranking.feature_set import features_of
from hybrid_rec.ranking.order import Order
from hybrid_rec.ranking.ranker import Ranker
from tests import recommender_contract as contract
from tests.hybrid_rec.conftest import RANKED


def test_it_beats_the_linear_score_on_playlists_never_seen() -> None:
    world = synthetic_radio(seed=3, n_items=1000, n_playlists=1500)
    split = continuation(world.playlists, world.catalog, np.random.default_rng(0))
    model = HybridRecommender(RANKED).fit(split.train, split.catalog)
    ranked = evaluate(model, split, (10, 100), fit=False).means()

    class Linear:
        def fit(self, playlists: Any, catalog: Any) -> None: ...

        def recommend(self, queries: Any, k: int = 10) -> Any:
            return model.recommend(queries, k, weights={})

    linear = evaluate(Linear(), split, (10, 100), fit=False, name="linear").means()
    assert ranked["ndcg@100"] > 1.02 * linear["ndcg@100"]
    assert ranked["hit_rate@10"] > linear["hit_rate@10"]


@pytest.fixture
def queries(world: SyntheticDataset) -> list[list[str]]:
    return contract.seeds_of(world.playlists, world.catalog)


def test_contract(
    ranked: HybridRecommender, queries: list[list[str]], world: SyntheticDataset
) -> None:
    contract.check_shapes_and_types(ranked, queries)
    contract.check_lists_are_ordered_distinct_and_without_seeds(ranked, queries, world.catalog)
    contract.check_batch_equals_single(ranked, queries)
    contract.check_order_of_requests_does_not_matter(ranked, queries)


def test_same_seed_same_bytes(world: SyntheticDataset, ranked: HybridRecommender) -> None:
    again = HybridRecommender(RANKED).fit(world.playlists, world.catalog)
    assert again.model_.ranking is not None
    assert ranked.model_.ranking is not None
    one, two = again.model_.ranking.ranker.usual, ranked.model_.ranking.ranker.usual
    assert one.trees == two.trees
    assert one.network is not None
    assert two.network is not None
    assert one.network.numbers.tobytes() == two.network.numbers.tobytes()


def test_saved_and_loaded_it_answers_the_same(
    ranked: HybridRecommender, queries: list[list[str]], tmp_path: Path
) -> None:
    ranked.save(tmp_path / "model")
    loaded = HybridRecommender.load(tmp_path / "model")
    one, two = ranked.recommend(queries, 50), loaded.recommend(queries, 50)
    assert one.item_ids.tolist() == two.item_ids.tolist()
    assert one.scores.tobytes() == two.scores.tobytes()
    assert not [*(tmp_path / "model").rglob("*pkl*")]


def test_filters_hold(ranked: HybridRecommender, queries: list[list[str]]) -> None:
    best = ranked.recommend(queries, 20)
    blocked = best.item_ids[0, :10].tolist()
    found = ranked.recommend(queries, 20, block=blocked)
    assert not set(blocked) & set(found.item_ids.ravel())
    allowed = best.item_ids[1, :7].tolist()
    few = ranked.recommend(queries, 20, allow=allowed)
    assert set(few.item_ids.ravel()) <= {*allowed, None}
    with_seeds = ranked.recommend(queries, 200, exclude_seeds=False)
    assert set(queries[0]) & set(with_seeds.item_ids[0])


def test_a_list_as_long_as_the_catalogue_holds_everything(
    ranked: HybridRecommender, queries: list[list[str]], world: SyntheticDataset
) -> None:
    everything = ranked.recommend(queries[0], len(world.catalog) + 5)
    found = [item for item in everything.item_ids[0] if item is not None]
    assert len(set(found)) == len(found) == len(world.catalog) - len(set(queries[0]))


def test_cold_items_are_ranked_with_the_rest(
    ranked: HybridRecommender, queries: list[list[str]]
) -> None:
    found = ranked.recommend(queries, 300)
    assert {"hybrid", "artist"} <= set(found.sources.ravel())


def test_queries_of_cold_items_and_empty_ones(
    ranked: HybridRecommender, world: SyntheticDataset
) -> None:
    cold = world.catalog.item_ids[world.playlists.play_counts == 0]
    found = ranked.recommend([[cold[0]], []], 10)
    assert (found.item_ids != None).all()  # noqa: E711
    assert set(found.sources[1]) == {"popularity"}


def test_weights_ask_for_the_linear_score(
    ranked: HybridRecommender, fitted: HybridRecommender, queries: list[list[str]]
) -> None:
    linear = ranked.recommend(queries, 10, weights={})
    same = fitted.recommend(queries, 10, weights=ranked.model_.weights)
    assert linear.scores.tobytes() == same.scores.tobytes()


def test_off_by_configuration_and_with_few_playlists(world: SyntheticDataset) -> None:
    few = world.playlists.select(np.arange(40))
    model = HybridRecommender(RANKED).fit(few, world.catalog)
    assert model.model_.ranking is None
    assert model.recommend([world.catalog.item_ids[0]], 3).item_ids.shape == (1, 3)


def test_without_the_library_the_error_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    import lightgbm

    data = lightgbm.Dataset(np.random.default_rng(0).random((50, 1)), np.arange(50) % 2)
    ranker = Ranker(["Column_0"], Order(lightgbm.train({"verbose": -1}, data, 1).model_to_string()))
    real = builtins.__import__

    def without(name: str, *rest: Any, **more: Any) -> Any:
        if name == "lightgbm":
            raise OSError("libgomp.so.1: cannot open shared object file")
        return real(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(HybridRecError, match=r"libgomp1.*ranking.enabled = false"):
        ranker.contributions(np.zeros((1, 1), np.float32), np.zeros(1, bool))


def test_a_model_of_other_features_is_refused() -> None:
    with pytest.raises(ArtifactError, match="LightGBM text"):
        Ranker(["plays"], Order("nonsense"))
    import lightgbm

    data = lightgbm.Dataset(np.random.default_rng(0).random((50, 3)), np.arange(50) % 2)
    other = Order(lightgbm.train({"verbose": -1}, data, 1).model_to_string())
    with pytest.raises(
        ArtifactError, match=r"lacks als, plays; has beside them Column_0, Column_2"
    ):
        Ranker(["plays", "Column_1", "als"], other)
    with pytest.raises(
        ArtifactError, match="features of its blocks, but has them in another order"
    ):
        Ranker(["Column_0", "Column_2", "Column_1"], other)
    assert Ranker(["Column_0", "Column_1", "Column_2"], other).names[1] == "Column_1"


def test_importance_adds_up(ranked: HybridRecommender) -> None:
    assert ranked.model_.ranking is not None
    importance = ranked.model_.ranking.ranker.importance()
    usual = [name for name, one in features_of(ranked.model_.blocks).items() if one.by_default]
    assert list(importance) == usual
    assert sum(importance.values()) == pytest.approx(1)


def test_default_is_on() -> None:
    assert HybridConfig().ranking.enabled
    assert RankingConfig().min_playlists == 50


@pytest.mark.parametrize("generator", get_args(Generator))
def test_any_generator_alone_gives_whole_lists(
    ranked: HybridRecommender, queries: list[list[str]], generator: Generator
) -> None:
    model = ranked.model_
    ranking = model.config.ranking.model_copy(update={"generators": (generator,)})
    config = model.config.model_copy(update={"ranking": ranking})
    other = HybridRecommender(config)
    other._set(replace(model, config=config))
    found, whole = other.recommend(queries, k=30), ranked.recommend(queries, k=30)
    assert all(len(set(line)) == 30 and None not in line for line in found.item_ids.tolist())
    assert found.item_ids.tolist() != whole.item_ids.tolist()


def test_features_that_are_left_out_split_nothing(world: SyntheticDataset) -> None:
    config = RANKED.ranking.model_copy(update={"without": ("user_knn", "als")})
    model = HybridRecommender(RANKED.model_copy(update={"ranking": config}))
    ranking = model.fit(world.playlists, world.catalog).model_.ranking
    assert ranking is not None
    gains = ranking.ranker.importance()
    assert gains["user_knn"] == gains["als"] == 0
    wrong = HybridConfig(
        **{**RANKED.model_dump(), "ranking": {"without": ["user_kn"], "cases": 50}}
    )
    with pytest.raises(ConfigError, match=r"ranking.without.*'user_kn'; did you mean 'user_knn'"):
        HybridRecommender(wrong).fit(world.playlists, world.catalog)


def test_features_beside_the_usual_ones(world: SyntheticDataset, tmp_path: Path) -> None:
    extra = ("als_small", "user_knn_by_als", "cooccurrence_times_plays")
    ranking = RANKED.ranking.model_copy(update={"extra": extra})
    fitted = HybridRecommender(RANKED.model_copy(update={"ranking": ranking}))
    model = fitted.fit(world.playlists, world.catalog).model_
    assert model.ranking is not None
    assert set(model.ranking.statistics.factors) == {"als", "als_small"}
    assert sum(model.ranking.ranker.importance()[name] for name in extra) > 0
    fitted.save(tmp_path / "model")
    queries = world.playlists.select(np.arange(5))
    asked = [world.catalog.item_ids[rows].tolist() for rows in queries]
    again = HybridRecommender.load(tmp_path / "model")
    np.testing.assert_array_equal(again.recommend(asked).scores, fitted.recommend(asked).scores)
    again.update(asked)
    updated = again.model_.ranking
    assert updated is not None
    assert set(updated.statistics.factors) == {"als", "als_small"}
    assert (again.recommend(asked).scores > -np.inf).all()


def test_a_fit_leaves_out_what_costs_more_than_it_is_worth(ranked: HybridRecommender) -> None:
    ranking = ranked.model_.ranking
    assert ranking is not None
    assert set(ranking.statistics.factors) == {"als"}
    assert "als_large" not in ranking.ranker.names
    assert "als_large" in features_of(ranked.model_.blocks)

"""Parameters as scikit-learn asks for them."""

from __future__ import annotations

from typing import Any

import pytest
from sklearn.base import clone

from hybrid_rec import ConfigError, HybridConfig, HybridRecommender


def test_a_clone_is_an_unfitted_recommender_of_the_same_parameters(
    fitted: HybridRecommender,
) -> None:
    copy = clone(fitted)
    assert type(copy) is HybridRecommender
    assert repr(copy) == "HybridRecommender(not fitted)"
    assert copy.config == fitted.config
    assert copy.get_params(deep=False) == {"config": fitted.config}
    assert clone(HybridRecommender()).config == HybridConfig()


def test_parameters_by_flat_names() -> None:
    lyrics = {"kind": "text", "columns": ["lyrics"]}
    config = HybridConfig(
        seed=3, ranking={"trees": 7}, weights={"lyrics": 0.2}, blocks={"lyrics": lyrics}
    )
    params = HybridRecommender(config).get_params()
    assert params["config"] is config
    assert (params["seed"], params["ranking__trees"], params["weights__lyrics"]) == (3, 7, 0.2)
    assert params["ranking"] == config.ranking
    assert params["ranking__statistics__als__size"] == config.ranking.statistics.als.size
    again = HybridRecommender().set_params(**params)
    assert again.config == config


def test_one_parameter_is_changed() -> None:
    model = HybridRecommender(HybridConfig(seed=3, ranking={"trees": 7}))
    assert model.set_params(ranking__cases=50, cooccurrence__window=4) is model
    assert (model.config.seed, model.config.ranking.trees) == (3, 7)
    assert (model.config.ranking.cases, model.config.cooccurrence.window) == (50, 4)
    # What was left out still follows from the data.
    assert "epochs" not in model.config.cooccurrence.model_fields_set
    assert model.config.weights.learned
    model.set_params(ranking__statistics__als__size=16)
    assert model.config.ranking.statistics.als.size == 16
    model.set_params(config=HybridConfig(seed=9), weights__title=0.3)
    assert (model.config.seed, model.config.weights.title) == (9, 0.3)
    assert not model.config.weights.learned


def test_another_preset_brings_its_settings() -> None:
    model = HybridRecommender(HybridConfig(cooccurrence={"preset": "notebook", "window": 9}))
    model.set_params(cooccurrence__preset="skipgram")
    expected = HybridConfig(cooccurrence={"preset": "skipgram", "window": 9})
    assert model.config.cooccurrence == expected.cooccurrence


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"sed": 1}, "'sed'; did you mean 'seed'"),
        ({"ranking__treees": 1}, "'treees'; did you mean 'trees'"),
        ({"rankin__trees": 1}, "no parameter 'rankin'; did you mean 'ranking'"),
        ({"seed__x": 1}, "no parameter 'seed'"),
        ({"seed": -1}, "'seed' parameter of HybridConfig must be"),
        ({"config": 5}, "config must be a HybridConfig, got int"),
    ],
)
def test_what_is_no_parameter(params: dict[str, Any], message: str) -> None:
    model = HybridRecommender()
    with pytest.raises(ConfigError, match=message):
        model.set_params(**params)
    assert model.config == HybridConfig()

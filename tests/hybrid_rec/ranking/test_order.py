"""An order is the sum of its trees and its network."""

from __future__ import annotations

import numpy as np
import pytest

from hybrid_rec.core.arrays import Floats
from hybrid_rec.core.config import NetworkConfig, RankingConfig
from hybrid_rec.core.progress import silent
from hybrid_rec.ranking.cases import Case
from hybrid_rec.ranking.order import Order, Scorer, fit_orders, order_steps
from hybrid_rec.ranking.trees import Trees

NAMES = ["a", "b", "c"]
CONFIG = RankingConfig(trees=10, min_leaf=5, network=NetworkConfig(first_layer=8, second_layer=4))


def cases(n: int) -> list[Case]:
    rng = np.random.default_rng(0)
    drawn: list[Floats] = [rng.random((30, 3), np.float32) for _ in range(n)]
    return [Case(rows, rows[:, 0] > 0.8, np.zeros(30, bool), False) for rows in drawn]


def fitted(given: list[Case], config: RankingConfig) -> Order:
    (order,) = fit_orders(NAMES, [given], config, 0, silent)
    return order


def test_scores_and_contributions_are_added() -> None:
    order = fitted(cases(40), CONFIG)
    assert order.network is not None
    rows = np.random.default_rng(1).random((50, 3), np.float32)
    scorer, trees = Scorer(order, NAMES), Trees(order.trees, NAMES)
    assert np.array_equal(scorer.predict(rows), trees.predict(rows) + order.network.predict(rows))
    assert order.network.predict(rows).std() > 0.01
    assert scorer.contributions(rows).sum(axis=1) == pytest.approx(scorer.predict(rows))
    assert np.array_equal(Scorer(Order(order.trees), NAMES).predict(rows), trees.predict(rows))


def test_without_a_weight_there_is_no_network() -> None:
    config = CONFIG.model_copy(update={"network": NetworkConfig(weight=0)})
    order = fitted(cases(40), config)
    assert order.network is None
    assert order.trees == fitted(cases(40), CONFIG).trees


@pytest.mark.parametrize("weight", [0.0, 0.5])
def test_every_tree_and_every_round_is_told(weight: float) -> None:
    network = NetworkConfig(weight=weight, epochs=3)
    config, told = CONFIG.model_copy(update={"network": network}), list[int]()
    fit_orders(NAMES, [cases(20)], config, 0, told.append)
    assert sum(told) == order_steps(config) == (13 if weight else 10)


def test_neither_looks_at_what_is_left_out() -> None:
    config = CONFIG.model_copy(update={"without": ("a", "unknown")})
    order = fitted(cases(40), config)
    rows = np.random.default_rng(1).random((50, 3), np.float32)
    other = rows.copy()
    other[:, 0] = 1 - other[:, 0]
    scorer = Scorer(order, NAMES)
    assert np.array_equal(scorer.predict(rows), scorer.predict(other))


def test_each_kind_has_what_it_would_have_alone() -> None:
    kinds = [cases(40), cases(25), cases(10)]
    together = fit_orders(NAMES, kinds, CONFIG, 0, silent)
    for given, found in zip(kinds, together, strict=True):
        alone = fitted(given, CONFIG)
        assert found.trees == alone.trees
        assert found.network is not None
        assert alone.network is not None
        assert found.network.numbers.tobytes() == alone.network.numbers.tobytes()

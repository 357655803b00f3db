"""Names alone have trees of their own, where there are enough to learn from."""

from __future__ import annotations

import numpy as np

from hybrid_rec.core.arrays import Floats
from hybrid_rec.core.config import RankingConfig
from hybrid_rec.ranking.cases import Case
from hybrid_rec.ranking.query_orders import is_name_alone
from hybrid_rec.ranking.ranker import Ranker

NAMES = ["has_name", "n_seeds", "a", "b"]
CONFIG = RankingConfig(trees=10, min_leaf=2)


def rows(has_name: int, n_seeds: int, rng: np.random.Generator) -> Floats:
    found = rng.random((30, 4), dtype=np.float32)
    found[:, 0], found[:, 1] = has_name, n_seeds
    return found


def cases(n_alone: int) -> list[Case]:
    """Of names alone those with a small `a` are hits, of other queries those with a large one."""
    rng = np.random.default_rng(0)
    kinds = [(1, 0)] * n_alone + [(1, 3), (0, 3)] * 40
    drawn = [rows(*kind, rng) for kind in kinds]
    return [
        Case(one, one[:, 2] < 0.2 if one[0, 1] == 0 else one[:, 2] > 0.8, np.zeros(30, bool), False)
        for one in drawn
    ]


def test_a_name_alone_has_a_name_and_no_items() -> None:
    given = np.array([[1, 0, 5, 5], [1, 2, 5, 5], [0, 0, 5, 5]], np.float32)
    assert is_name_alone(NAMES, given).tolist() == [True, False, False]
    assert is_name_alone(NAMES[1:], given[:, 1:]).tolist() == [False] * 3


def test_each_kind_of_query_is_ordered_by_its_own_trees() -> None:
    ranker = Ranker.fit(NAMES, cases(60), CONFIG, 0)
    assert ranker.of_names is not None
    rng = np.random.default_rng(1)
    alone, usual = rows(1, 0, rng), rows(1, 3, rng)
    assert np.corrcoef(ranker.predict(alone), alone[:, 2])[0, 1] < -0.5
    assert np.corrcoef(ranker.predict(usual), usual[:, 2])[0, 1] > 0.5
    # Explanations come from the order that gave the score.
    nobody = np.zeros(30, bool)
    for given in (alone, usual):
        parts = ranker.contributions(given, nobody)
        assert np.allclose(parts.sum(axis=1), ranker.predict(given), atol=1e-5)
    # Together as alone.
    both = ranker.predict(np.concatenate([alone, usual]))
    assert (both == np.concatenate([ranker.predict(alone), ranker.predict(usual)])).all()
    again = Ranker(ranker.names, ranker.usual, of_names=ranker.of_names)
    assert (again.predict(alone) == ranker.predict(alone)).all()


def test_from_few_names_alone_no_order_is_learned() -> None:
    assert Ranker.fit(NAMES, cases(20), CONFIG, 0).of_names is None
    assert Ranker.fit(NAMES, cases(0), CONFIG, 0).of_names is None

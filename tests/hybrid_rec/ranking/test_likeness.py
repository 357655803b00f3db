"""How the order of the ranker and that of likeness become one list."""

from __future__ import annotations

import numpy as np

from hybrid_rec.ranking.likeness import fused


def test_the_most_alike_and_the_best_take_turns() -> None:
    scores = np.arange(20, 0, -1, dtype=np.float32)
    likeness = np.arange(20, dtype=np.float64)
    order = np.argsort(-fused(scores, likeness), kind="stable").tolist()
    assert order[:10] == [19, 0, 18, 1, 17, 2, 16, 3, 15, 4]
    assert order[10:] == list(range(5, 15))


def test_one_that_is_both_stands_once() -> None:
    scores = np.array([3, 2, 1], np.float32)
    found = fused(scores, np.array([3.0, 1.0, 2.0]))
    assert np.argsort(-found, kind="stable").tolist() == [0, 2, 1]
    assert sorted(found.tolist()) == [1, 2, 3]

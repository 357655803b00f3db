"""Contenders: exactly the rows that may be among the best, however many there are."""

from __future__ import annotations

import numpy as np
import pytest

from indexes.base import NO_SCORE, Rows, Vectors
from indexes.selection import contenders, narrowed


def all_that_may(scores: Vectors, k: int, slack: float) -> Rows:
    counted = np.flatnonzero(scores > NO_SCORE)
    best = np.sort(scores[counted])[-k:]
    return counted[scores[counted] >= best[0] - 2 * slack] if len(best) else counted


@pytest.mark.parametrize("n", [1, 7, 100, 6_400, 50_000, 50_017])
@pytest.mark.parametrize("k", [1, 10, 100])
@pytest.mark.parametrize("slack", [0.0, 0.01])
@pytest.mark.parametrize("kind", ["spread", "few values", "mostly masked", "sorted", "all masked"])
def test_as_all_scores_say(n: int, k: int, slack: float, kind: str) -> None:
    rng = np.random.default_rng(0)
    scores = rng.standard_normal(n).astype(np.float32)
    if kind == "few values":
        scores = np.round(scores)
    if kind == "mostly masked":
        scores[rng.random(n) < 0.999] = NO_SCORE
    if kind == "sorted":
        scores.sort()
    if kind == "all masked":
        scores[:] = NO_SCORE
    assert np.array_equal(contenders(scores, k, slack), all_that_may(scores, k, slack))


def test_a_slack_beyond_all_scores_refuses_nothing() -> None:
    scores = np.arange(50_000, dtype=np.float32)
    assert len(contenders(scores, 3, 1e38)) == 50_000


@pytest.mark.parametrize("k", [1, 10, 100])
@pytest.mark.parametrize("slack", [0.0, 0.01, 0.3, np.inf])
@pytest.mark.parametrize("kind", ["spread", "few values"])
@pytest.mark.parametrize("share", [0.2, 0.999])
def test_narrowed_rows_hold_the_best(k: int, slack: float, kind: str, share: float) -> None:
    rng = np.random.default_rng(0)
    truth = rng.standard_normal(20_000)
    if kind == "few values":
        truth = np.round(truth)
    off = rng.uniform(-share, share, len(truth)) * min(slack, 1.0)
    rounded = (truth + off).astype(np.float32)
    looked_up: list[int] = []

    def exactly(rows: Rows) -> Vectors:
        looked_up.append(len(rows))
        return truth[rows].astype(np.float32)

    near = contenders(rounded, k, slack)
    kept = narrowed(near, rounded, k, slack, exactly)
    must = np.flatnonzero(truth >= np.sort(truth)[-k])
    assert np.isin(must, kept).all()
    assert np.isin(kept, near).all()
    assert looked_up in ([], [k])
    # Scores are seldom as far off as they may be, and this is what there is to gain.
    if (slack, kind, share) == (0.3, "spread", 0.2):
        assert len(kept) < 0.6 * len(near)

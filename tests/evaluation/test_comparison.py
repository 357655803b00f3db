"""Intervals, paired tests and corrections, against hand computation and scipy."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from evaluation.comparison import Comparison
from evaluation.evaluations import Evaluation
from evaluation.significance import bootstrap_interval, detectable_difference, holm, randomisation_p
from evaluation.splits.split import Split
from hybrid_rec import Catalog, ConfigError, DataError, Playlists


def evaluation(name: str, ndcg: list[float], clicks: list[float] | None = None) -> Evaluation:
    n = len(ndcg)
    catalog = Catalog.from_columns(["a", "b"], [None, None], [None, None])
    one = Playlists.from_rows(np.ones(n, np.int64), np.zeros(n, np.int64), 2)
    cases = pd.DataFrame(
        {
            "case": [str(number) for number in range(n)],
            "ndcg@10": ndcg,
            "clicks@10": clicks or [0.0] * n,
        }
    )
    return Evaluation(
        name, Split("made up", catalog, one, one, one, {}), (10,), cases,
        np.zeros((n, 1), np.int64), np.full((n, 1), "", dtype=object), {}, {},
    )  # fmt: skip


def test_table_and_winner() -> None:
    comparison = Comparison((evaluation("a", [0, 1, 0.5]), evaluation("b", [1, 1, 0.25])))
    table = comparison.table(["ndcg@10"])
    assert table["recommender"].tolist() == ["a", "b"]
    assert table["ndcg@10"].tolist() == [0.5, 0.75]
    assert (table["ndcg@10 low"] <= table["ndcg@10"]).all()
    assert (table["ndcg@10 high"] >= table["ndcg@10"]).all()
    assert comparison.best("ndcg@10") == "b"


def test_nobody_wins_without_significance() -> None:
    rng = np.random.default_rng(0)
    low, high = rng.random(200), rng.random(200) + 0.5
    clear = Comparison((evaluation("a", low.tolist()), evaluation("b", high.tolist())))
    assert clear.winner("ndcg@10") == "b"
    # A third one that is as good as the best takes the victory from it.
    third = evaluation("c", (high - 1e-4 * (rng.random(200) < 0.05)).tolist())
    assert Comparison((*clear.evaluations, third)).winner("ndcg@10") is None
    two = Comparison((evaluation("a", [0, 0]), evaluation("b", [1, 1])))
    assert (two.best("ndcg@10"), two.winner("ndcg@10")) == ("b", None)
    nothing = Comparison((evaluation("a", [0, 0]), evaluation("b", [0, 0])))
    assert nothing.winner("ndcg@10") is None
    assert Comparison((evaluation("a", [1, 1]),)).winner("ndcg@10") is None


def test_fewer_clicks_win() -> None:
    few, many = evaluation("few", [0, 0], [1, 2]), evaluation("many", [0, 0], [3, 2])
    comparison = Comparison((many, few))
    assert comparison.best("clicks@10") == "few"
    row = comparison.against("few", "clicks@10").iloc[0]
    assert (row["win"], row["tie"], row["loss"], row["difference"]) == (1, 1, 0, -1)


def test_against_by_hand() -> None:
    comparison = Comparison(
        (evaluation("a", [1, 1, 0, 0.5]), evaluation("b", [0, 1, 0, 1]), evaluation("c", [0] * 4))
    )
    table = comparison.against("a", "ndcg@10").set_index("other")
    assert table.loc["b", ["win", "tie", "loss"]].tolist() == [1, 2, 1]
    assert table.loc["b", "difference"] == pytest.approx(0.125)
    assert table.loc["c", ["win", "tie", "loss"]].tolist() == [3, 1, 0]
    assert (table["p_holm"] >= table["p"]).all()


def test_bootstrap_covers_the_truth_as_often_as_it_says() -> None:
    rng = np.random.default_rng(0)
    values = rng.exponential(size=(300, 200))
    low, high = bootstrap_interval(values, seed=1)
    # Percentile intervals of skewed data are a little too short.
    assert 0.90 < ((low <= 1) & (high >= 1)).mean() < 0.97


def test_bootstrap_equals_scipy() -> None:
    values = np.random.default_rng(0).random(150)
    low, high = bootstrap_interval(values[None], seed=0)
    theirs = stats.bootstrap((values,), np.mean, method="percentile", n_resamples=2000, rng=1)
    assert low[0] == pytest.approx(theirs.confidence_interval.low, abs=0.006)
    assert high[0] == pytest.approx(theirs.confidence_interval.high, abs=0.006)


def test_randomisation_equals_scipy() -> None:
    rng = np.random.default_rng(3)
    for shift in (0.0, 0.1, 0.3):
        difference = rng.normal(shift, 1, size=60)
        theirs = stats.permutation_test(
            (difference,), np.mean, permutation_type="samples", n_resamples=10_000, rng=1
        )
        assert randomisation_p(difference, seed=0) == pytest.approx(theirs.pvalue, abs=0.02)


def test_randomisation_counts_exactly_where_it_can() -> None:
    # Three equal differences: the observed sum is as extreme as 2 of 8 flips.
    assert randomisation_p(np.array([0.1, 0.1, 0.1, 0.0]), seed=0) == pytest.approx(0.25, abs=0.02)
    assert randomisation_p(np.zeros(5), seed=0) == 1.0


def test_randomisation_is_uniform_without_a_difference() -> None:
    rng = np.random.default_rng(5)
    p = [randomisation_p(rng.normal(size=40), seed) for seed in range(150)]
    assert stats.kstest(p, "uniform").pvalue > 0.001


def test_holm_by_hand() -> None:
    assert holm(np.array([0.01, 0.04, 0.03])).tolist() == pytest.approx([0.03, 0.06, 0.06])
    assert holm(np.array([0.9, 0.8])).tolist() == [1.0, 1.0]


def test_detectable_difference_is_found_with_its_power() -> None:
    rng = np.random.default_rng(0)
    n = 400
    effect = detectable_difference(rng.normal(size=n))
    assert effect == pytest.approx(2.8016 / n**0.5, rel=0.1)
    found = [stats.ttest_1samp(rng.normal(effect, 1, n), 0).pvalue < 0.05 for _ in range(400)]
    assert 0.7 < np.mean(found) < 0.9
    assert detectable_difference(np.array([1.0])) == float("inf")


def test_same_seed_same_numbers() -> None:
    rng = np.random.default_rng(0)
    pair = evaluation("a", rng.random(50).tolist()), evaluation("b", rng.random(50).tolist())
    one, two = Comparison(pair, seed=4), Comparison(pair, seed=4)
    pd.testing.assert_frame_equal(one.against("a", "ndcg@10"), two.against("a", "ndcg@10"))


def test_mistakes() -> None:
    one = evaluation("a", [0, 1])
    with pytest.raises(ConfigError, match="different names"):
        Comparison((one, one))
    with pytest.raises(ConfigError, match="different names"):
        Comparison(())
    with pytest.raises(DataError, match="same cases and metrics"):
        Comparison((one, evaluation("b", [0, 1, 1])))
    other = replace(one, name="b", cases=one.cases.assign(case=["x", "y"]))
    with pytest.raises(DataError, match="same cases and metrics"):
        Comparison((one, other))
    comparison = Comparison((one,))
    with pytest.raises(ConfigError, match="metric must be one of ndcg@10, clicks@10, got 'map'"):
        comparison.table(["map"])
    with pytest.raises(ConfigError, match="recommender must be one of a, got 'z'"):
        comparison.against("z", "ndcg@10")
    assert len(comparison.against("a", "ndcg@10")) == 0

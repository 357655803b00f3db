"""Several draws of a split: means, errors, tests by playlist, and the peer from validation."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from evaluation.comparison import Comparison
from evaluation.draws import Draws
from evaluation.run_draws import compare_draws
from evaluation.significance import bootstrap_interval, detectable_difference, randomisation_p
from evaluation.splits.registry import make_split, make_validation_split
from evaluation.splits.split import Split
from hybrid_rec import ConfigError, DataError, HybridConfig
from hybrid_rec.data.synthetic import SyntheticDataset, synthetic_radio
from tests.evaluation.test_comparison import evaluation

QUICK = HybridConfig(
    titles={"encoder": "tfidf", "tfidf_size": 16},
    cooccurrence={"epochs": 1, "vector_size": 8},
    ranking={"enabled": False},
)


def compared(*ndcg: list[float]) -> Comparison:
    names = "abc"
    return Comparison(tuple(evaluation(names[n], line) for n, line in enumerate(ndcg)))


def test_means_and_errors_by_hand() -> None:
    draws = Draws((compared([0, 1], [1, 1]), compared([1, 1, 1], [0, 0, 0])), (4, 7))
    table = draws.table(["ndcg@10"])
    assert table.columns.tolist()[:3] == ["recommender", "ndcg@10", "ndcg@10 error"]
    assert table["ndcg@10"].tolist() == [pytest.approx(0.8), pytest.approx(0.4)]
    # The draws' means are 0.5 and 1: a deviation of 0.3536, over the root of 2.
    assert table["ndcg@10 error"][0] == pytest.approx(0.25)
    by_draw = draws.by_draw(["ndcg@10"])
    assert by_draw["seed"].tolist() == [4, 4, 7, 7]
    assert by_draw["ndcg@10"].tolist() == [0.5, 1, 1, 0]
    assert draws.n_cases == 5


def test_cases_of_one_playlist_are_no_more_evidence_than_one() -> None:
    rng = np.random.default_rng(0)
    ours, theirs = (rng.random(8) + 0.5).tolist(), rng.random(8).tolist()
    one = compared(ours, theirs)
    # The same playlists five times over say what they said once.
    five = Draws((one,) * 5, tuple(range(5)))
    p, q = (each.against("a", "ndcg@10").iloc[0] for each in (one, five))
    assert q["p"] == pytest.approx(p["p"], abs=0.01)
    assert (q["low"], q["high"]) == (pytest.approx(p["low"]), pytest.approx(p["high"]))
    assert q["detectable"] == pytest.approx(p["detectable"])
    assert q["win"] == 5 * p["win"]


def test_groups_equal_their_sums() -> None:
    rng = np.random.default_rng(2)
    groups = rng.integers(0, 30, 100)
    groups[:30] = np.arange(30)
    difference = rng.normal(0.2, 1, 100)
    sums = np.bincount(groups, difference)
    theirs = stats.permutation_test(
        (sums,), np.mean, permutation_type="samples", n_resamples=10_000, rng=1
    )
    assert randomisation_p(difference, 0, groups) == pytest.approx(theirs.pvalue, abs=0.02)
    low, high = bootstrap_interval(difference[None], 0, groups=groups)
    assert low[0] < difference.mean() < high[0]
    alone = np.arange(100)
    assert randomisation_p(difference, 0, alone) == randomisation_p(difference, 0)
    assert detectable_difference(difference, alone) == pytest.approx(
        detectable_difference(difference)
    )
    np.testing.assert_allclose(
        bootstrap_interval(difference[None], 0, groups=alone),
        bootstrap_interval(difference[None], 0),
    )


def test_grouped_tests_are_right_as_often_as_they_say() -> None:
    rng = np.random.default_rng(5)
    groups = np.repeat(np.arange(40), 5)
    p = [
        randomisation_p(np.repeat(rng.normal(size=40), 5) + rng.normal(size=200) / 4, seed, groups)
        for seed in range(150)
    ]
    assert stats.kstest(p, "uniform").pvalue > 0.001


def test_the_peer_is_the_best_of_validation(world: SyntheticDataset) -> None:
    def make(seed: int) -> tuple[Split, Split | None]:
        tested = make_split("continuation", world.playlists, world.catalog, seed=seed)
        chosen = make_validation_split("continuation", world.playlists, world.catalog, seed=seed)
        return tested, chosen

    found = compare_draws(make, (0, 1), QUICK, ("random", "item-knn"), k=(10, 50))
    assert found.draws.peers == dict.fromkeys(found.draws.metrics, "item-knn")
    assert found.draws.names == ["hybrid", "random", "item-knn"]
    # Only what is looked into keeps its lists.
    assert [d.evaluations[0].rows.shape[1] for d in found.draws.draws] == [50, 0]
    assert found.first.validation is not None
    assert found.first.validation.names == ["random", "item-knn"]


def test_splits_without_a_validation_part_are_fitted_again(world: SyntheticDataset) -> None:
    def make(seed: int) -> tuple[Split, Split | None]:
        tested = make_split("cold-items", world.playlists, world.catalog, seed=seed)
        return tested, make_validation_split(
            "cold-items", world.playlists, world.catalog, seed=seed
        )

    found = compare_draws(make, (3,), QUICK, ("random", "metadata"), k=(10,))
    assert found.draws.peers["recall@10"] == "metadata"


def test_mistakes(world: SyntheticDataset) -> None:
    split = make_split("leave-last-out", world.playlists, world.catalog)
    with pytest.raises(ConfigError, match="draws nothing: every draw is the same"):
        compare_draws(lambda _: (split, None), (0, 1), QUICK, (), k=(10,))
    with pytest.raises(ConfigError, match="at least one and different, got \\[1, 1\\]"):
        compare_draws(lambda _: (split, None), (1, 1), QUICK, (), k=(10,))
    one = compared([0, 1], [1, 1])
    with pytest.raises(ConfigError, match="each with a seed"):
        Draws((one,), (0, 1))
    other = replace(one, evaluations=one.evaluations[:1])
    with pytest.raises(DataError, match="same recommenders and metrics"):
        Draws((one, other), (0, 1))


def test_new_items_have_a_validation_split() -> None:
    world = synthetic_radio(seed=1, n_items=300, n_playlists=300)
    tested = make_split("new-items", world.playlists, world.catalog)
    chosen = make_validation_split("new-items", world.playlists, world.catalog)
    assert tested.new_items is not None
    assert chosen.new_items is not None
    assert not set(tested.new_items["item_id"]) & set(chosen.new_items["item_id"])

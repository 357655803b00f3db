"""The network beside the trees: right slopes, exact sums, and what it learns."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from threadpoolctl import threadpool_limits

from hybrid_rec.core.arrays import Floats, Mask
from hybrid_rec.core.config import NetworkConfig
from hybrid_rec.core.progress import silent
from hybrid_rec.ranking import network_training as training
from hybrid_rec.ranking.cases import Case
from hybrid_rec.ranking.network import Network, n_numbers
from hybrid_rec.ranking.network_training import train_network

N_FEATURES, UNITS = 5, (12, 7)
CONFIG = NetworkConfig(first_layer=16, second_layer=8, epochs=40, weight=1.0)


def drawn(seed: int = 0) -> Network:
    rng = np.random.default_rng(seed)
    numbers = rng.standard_normal(n_numbers(N_FEATURES, UNITS)).astype(np.float32)
    return Network.of_numbers(numbers, N_FEATURES, UNITS)


def rows_of(n: int, seed: int = 1) -> Floats:
    return np.random.default_rng(seed).standard_normal((n, N_FEATURES)).astype(np.float32)


def test_scores_are_those_of_two_layers_in_double_precision() -> None:
    network, rows = drawn(), rows_of(700)
    inputs = np.concatenate([rows, np.sign(rows) * np.sqrt(np.abs(rows))], axis=1)
    inputs = np.clip((inputs - network.centre) * network.scale, -4, 4).astype(np.float64)
    hidden = np.maximum(inputs @ network.first + network.first_bias, 0)
    hidden = np.maximum(hidden @ network.second + network.second_bias, 0)
    assert network.predict(rows) == pytest.approx(hidden @ network.last, abs=0.02)
    assert np.corrcoef(network.predict(rows), hidden @ network.last)[0, 1] > 1 - 1e-6


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 600), st.integers(0, 600), st.sampled_from([1, 2, 4]))
def test_a_score_does_not_depend_on_other_rows_nor_on_threads(
    start: int, length: int, n_threads: int
) -> None:
    network, rows = drawn(), rows_of(1200)
    whole = network.predict(rows)
    with threadpool_limits(n_threads, "blas"):
        part = network.predict(rows[start : start + length])
    assert part.tobytes() == whole[start : start + length].tobytes()


def test_its_numbers_make_it_again() -> None:
    network = drawn()
    again = Network.of_numbers(network.numbers, N_FEATURES, UNITS)
    assert len(network.numbers) == n_numbers(N_FEATURES, UNITS)
    assert again.predict(rows_of(20)).tobytes() == network.predict(rows_of(20)).tobytes()


def test_contributions_add_up_and_leave_out_what_does_not_matter() -> None:
    network, rows = drawn(), rows_of(40)
    blind = network.first.copy()
    blind[[2, N_FEATURES + 2]] = 0
    network = replace(network, first=blind)
    found = network.contributions(rows)
    assert found.sum(axis=1) == pytest.approx(network.predict(rows), abs=1e-9)
    assert not found[:, 2].any()
    # The base value is the score of a mean candidate, whoever is explained.
    assert np.ptp(found[:, -1]) < 1e-9
    alone = network.contributions(rows[7:8])
    assert np.array_equal(alone, found[7:8])


def test_a_mean_candidate_owes_its_score_to_nothing() -> None:
    network = drawn()
    mean = np.zeros((1, N_FEATURES), np.float32)
    network = replace(network, centre=np.zeros_like(network.centre))
    found = network.contributions(mean)
    assert found[0, -1] == pytest.approx(network.predict(mean)[0])
    assert not found[0, :-1].any()


def test_slopes_are_those_of_the_loss(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training, "_DROPPED", 0.0)
    network, rows = drawn(3), rows_of(30, 4)
    hits = np.arange(30) % 5 == 0
    starts = np.array([0, 12, 20])

    def loss(changed: Network) -> float:
        scores = changed.predict(rows)
        total = 0.0
        for part in np.split(np.arange(30), starts[1:]):
            shares = np.exp(scores[part]) / np.exp(scores[part]).sum()
            total -= np.log(shares[hits[part]]).mean()
        return total / len(starts)

    slopes = training._slopes(network, rows, hits, starts, np.random.default_rng(0))
    rng = np.random.default_rng(5)
    for name, slope in zip(
        ("first", "first_bias", "second", "second_bias", "last"), slopes, strict=True
    ):
        way = rng.standard_normal(slope.shape).astype(np.float32)
        there, back = (
            loss(replace(network, **{name: getattr(network, name) + sign * np.float32(5e-3) * way}))
            for sign in (1, -1)
        )
        assert (there - back) / 0.01 == pytest.approx(
            float((slope * way).sum()), rel=0.05, abs=0.02
        )


def cases(n: int, seed: int, wanted: str = "sum") -> list[Case]:
    """Candidates of which those with the largest sum, or product, of two features are hits."""
    rng = np.random.default_rng(seed)
    made = []
    for _ in range(n):
        rows = rng.random((40, N_FEATURES), np.float32)
        value = rows[:, 0] + rows[:, 1] if wanted == "sum" else rows[:, 0] * rows[:, 1]
        made.append(Case(rows, value > np.sort(value)[-5], np.zeros(40, bool), False))
    return made


def share_of_hits(network: Network, given: list[Case]) -> float:
    """Of the best four candidates of each case."""

    def best(case: Case) -> Mask:
        return case.hits[np.argsort(-network.predict(case.features))[:4]]

    return float(np.mean([best(case) for case in given]))


@pytest.mark.parametrize("wanted", ["sum", "product"])
def test_it_learns_an_order(wanted: str) -> None:
    network = train_network(cases(150, 0, wanted), CONFIG, 0, [], silent)
    assert share_of_hits(network, cases(50, 1, wanted)) > 0.7


def test_the_same_seed_gives_the_same_bytes_on_however_many_threads() -> None:
    given = cases(70, 0)
    with threadpool_limits(1, "blas"):
        one = train_network(given, CONFIG, 3, [], silent)
    two = train_network(given, CONFIG, 3, [], silent)
    other = train_network(given, CONFIG, 4, [], silent)
    assert one.numbers.tobytes() == two.numbers.tobytes() != other.numbers.tobytes()


def test_a_weight_is_one_of_its_scores() -> None:
    given, rows = cases(40, 0), rows_of(30)
    one = train_network(given, CONFIG, 0, [], silent)
    half = train_network(given, CONFIG.model_copy(update={"weight": 0.5}), 0, [], silent)
    assert half.predict(rows) == pytest.approx(one.predict(rows) / 2, abs=1e-3)


def test_what_is_ignored_or_never_differs_says_nothing() -> None:
    given = cases(40, 0)
    for case in given:
        case.features[:, 3] = 7.25
    network = train_network(given, CONFIG, 0, [1], silent)
    rows = rows_of(20)
    other = rows.copy()
    other[:, [1, 3]] += 100
    assert network.predict(other).tobytes() == network.predict(rows).tobytes()
    other[:, 0] += 1
    assert network.predict(other).tobytes() != network.predict(rows).tobytes()


def test_it_tells_of_every_round() -> None:
    told: list[int] = []
    train_network(cases(5, 0), CONFIG, 0, [], told.append)
    assert told == [1] * CONFIG.epochs


def test_one_case_with_one_candidate_gives_finite_scores() -> None:
    rows = np.ones((1, N_FEATURES), np.float32)
    network = train_network([Case(rows, np.ones(1, bool), np.zeros(1, bool), False)],
                            CONFIG, 0, [], silent)  # fmt: skip
    assert np.isfinite(network.predict(rows_of(5))).all()


def test_no_rows_have_no_scores() -> None:
    assert drawn().predict(rows_of(0)).shape == (0,)
    assert drawn().contributions(rows_of(0)).shape == (0, N_FEATURES + 1)

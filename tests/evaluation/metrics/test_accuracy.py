"""Metrics: hand-computed tables, ranx and a slow oracle; chunks, repeats and short lists."""

from __future__ import annotations

from collections.abc import Sequence
from math import log2
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluation.metrics import rankings
from evaluation.metrics.rankings import evaluate_rankings, target_hits
from evaluation.metrics.registry import METRICS
from hybrid_rec import DataError, Playlists
from hybrid_rec.core.errors import ConfigError

N_ITEMS = 12
# Beyond 3 the lists of `cases` may end, beyond 8 they all have; 1 and 2 cut into target sets.
KS = (1, 2, 3, 5, 8, 20)

rows_of_a_list = st.lists(st.integers(-1, N_ITEMS - 1), min_size=8, max_size=8)
target_sets = st.lists(st.integers(0, N_ITEMS - 1), max_size=6)
cases = st.lists(st.tuples(rows_of_a_list, target_sets), min_size=1, max_size=10)


def targets_of(lists: Sequence[Sequence[int]], n_items: int = N_ITEMS) -> Playlists:
    rows = np.array([row for rows in lists for row in rows], dtype=np.int64)
    return Playlists.from_rows([len(rows) for rows in lists], rows, n_items)


def evaluate(
    lists: Sequence[Sequence[int]],
    targets: Sequence[Sequence[int]],
    ks: Sequence[int] = KS,
    n_items: int = N_ITEMS,
) -> dict[str, list[float]]:
    values = evaluate_rankings(np.array(lists), targets_of(targets, n_items), ks)
    return {label: column.tolist() for label, column in values.items()}


def slow(ranking: list[int], target_list: list[int], k: int) -> dict[str, float]:
    """Every metric of one case, by its definition."""
    targets = set(target_list)
    hits = [
        row in targets and row not in ranking[:place] for place, row in enumerate(ranking)
    ] + [False] * 1000  # fmt: skip
    ranks = [place for place, hit in enumerate(hits[:k], start=1) if hit]
    depth = min(len(targets), k)
    ideal = sum(1 / log2(rank + 1) for rank in range(1, depth + 1))
    return {
        "hit_rate": float(bool(ranks)),
        "precision": len(ranks) / k,
        "recall": len(ranks) / len(targets),
        "ndcg": sum(1 / log2(rank + 1) for rank in ranks) / ideal,
        "mrr": 1 / ranks[0] if ranks else 0.0,
        "average_precision": sum(n / rank for n, rank in enumerate(ranks, start=1)) / depth,
        "r_precision": sum(hits[:depth]) / depth,
        "clicks": (ranks[0] - 1) // 10 if ranks else 51,
    }


# Targets at ranks 2 and 4 of five; three targets, of which 9 is not found.
LIST, TARGETS = [3, 1, 4, 0, 5], [0, 1, 9]
HAND: dict[int, dict[str, float]] = {
    1: dict(zip(METRICS, [0, 0, 0, 0, 0, 0, 0, 51], strict=True)),
    2: dict(zip(METRICS, [1, 1 / 2, 1 / 3, 0.386853, 1 / 2, 1 / 4, 1 / 2, 0], strict=True)),
    3: dict(zip(METRICS, [1, 1 / 3, 1 / 3, 0.296082, 1 / 2, 1 / 6, 1 / 3, 0], strict=True)),
    5: dict(zip(METRICS, [1, 2 / 5, 2 / 3, 0.498189, 1 / 2, 1 / 3, 1 / 3, 0], strict=True)),
    10: dict(zip(METRICS, [1, 2 / 10, 2 / 3, 0.498189, 1 / 2, 1 / 3, 1 / 3, 0], strict=True)),
}


@pytest.mark.parametrize("k", HAND)
@pytest.mark.parametrize("name", METRICS)
def test_by_hand(name: str, k: int) -> None:
    values = evaluate_rankings(np.array([LIST]), targets_of([TARGETS]), [k], [name])
    assert list(values) == [f"{name}@{k}"]
    assert values[f"{name}@{k}"].dtype == np.float64
    assert values[f"{name}@{k}"] == pytest.approx([HAND[k][name]], abs=1e-6)


def test_all_metrics_at_all_k_in_one_pass() -> None:
    values = evaluate([LIST], [TARGETS], list(HAND))
    assert list(values) == [f"{name}@{k}" for name in METRICS for k in HAND]
    for k, row in HAND.items():
        for name, expected in row.items():
            assert values[f"{name}@{k}"] == pytest.approx([expected], abs=1e-6)


@pytest.mark.parametrize(
    ("rank", "k", "expected"),
    [
        (1, 500, 0), (10, 500, 0), (11, 500, 1), (20, 500, 1), (21, 500, 2), (500, 500, 49),
        (501, 500, 51), (11, 10, 51), (510, 1000, 50), (520, 1000, 51), (901, 1000, 51),
        (None, 500, 51), (None, 1000, 51),
    ],
)  # fmt: skip
def test_clicks_are_pages_of_ten(rank: int | None, k: int, expected: float) -> None:
    target = 1000 if rank is None else rank - 1
    values = evaluate([list(range(1000))], [[target]], [k], n_items=1001)
    assert values[f"clicks@{k}"] == [expected]


@settings(max_examples=300)
@given(cases)
def test_equals_the_slow_oracle(given_cases: list[tuple[list[int], list[int]]]) -> None:
    values = evaluate([ranking for ranking, _ in given_cases], [t for _, t in given_cases])
    for case, (ranking, targets) in enumerate(given_cases):
        for k in KS:
            expected = slow(ranking, targets, k) if targets else dict.fromkeys(METRICS, np.nan)
            for name in METRICS:
                found = values[f"{name}@{k}"][case]
                assert found == pytest.approx(expected[name], abs=1e-12, nan_ok=True), (name, k)


# Where another test has compiled ranx, numba warns of a cast in it that nothing here can change.
@pytest.mark.filterwarnings("ignore:unsafe cast from uint64 to int64")
def test_equals_ranx(monkeypatch: pytest.MonkeyPatch) -> None:
    # To compile ranx takes 20 seconds, to interpret it one.
    monkeypatch.setenv("NUMBA_DISABLE_JIT", "1")
    from ranx import Qrels, Run
    from ranx import evaluate as evaluate_with_ranx

    rng = np.random.default_rng(0)
    n_cases, n_items, n = 60, 40, 15
    rows = np.array([rng.permutation(n_items)[:n] for _ in range(n_cases)])
    lengths = rng.integers(1, n + 1, n_cases)
    rows[np.arange(n) >= lengths[:, None]] = -1
    targets = [rng.permutation(n_items)[: rng.integers(1, 12)].tolist() for _ in range(n_cases)]
    queries = [f"{case:03}" for case in range(n_cases)]
    qrels = Qrels({q: {str(t): 1 for t in case} for q, case in zip(queries, targets, strict=True)})
    run = Run(
        {
            query: {str(row): 1 / rank for rank, row in enumerate(ranking, start=1) if row >= 0}
            for query, ranking in zip(queries, rows.tolist(), strict=True)
        }
    )
    ks = (1, 3, 5, 10, 15, 20)
    ours = evaluate_rankings(rows, targets_of(targets, n_items), ks)
    sizes = np.array([len(case) for case in targets])

    def theirs(name: str) -> Any:
        return evaluate_with_ranx(qrels, run, name, return_mean=False)

    same = ("hit_rate", "precision", "recall", "ndcg", "mrr")
    for k in ks:
        for name in same:
            np.testing.assert_allclose(ours[f"{name}@{k}"], theirs(f"{name}@{k}"), err_msg=name)
        # ranx divides by |T| where we divide by min(|T|, k).
        average = ours[f"average_precision@{k}"] * np.minimum(sizes, k) / sizes
        np.testing.assert_allclose(average, theirs(f"map@{k}"))
        # The R-precision of ranx knows no k.
        deep = sizes <= k
        np.testing.assert_allclose(ours[f"r_precision@{k}"][deep], theirs("r-precision")[deep])
    assert (sizes > 3).any()
    assert ours["ndcg@10"].std() > 0.1


@pytest.mark.parametrize("chunk", [1, 3, 7, 100])
def test_chunk_size_changes_nothing(chunk: int, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(3)
    n_cases, n_items = 101, 300
    rows = np.array([rng.permutation(n_items)[:100] for _ in range(n_cases)])
    targets = targets_of(
        [rng.permutation(n_items)[: case % 60].tolist() for case in range(n_cases)], n_items
    )
    whole = evaluate_rankings(rows, targets, (1, 10, 100))
    monkeypatch.setattr(rankings, "_CHUNK", chunk)
    parts = evaluate_rankings(rows, targets, (1, 10, 100))
    for label, values in whole.items():
        assert np.isnan(values).sum() == 2
        np.testing.assert_array_equal(parts[label], values, err_msg=label)


def test_a_case_alone_has_the_values_it_has_among_others() -> None:
    rng = np.random.default_rng(4)
    rows = np.array([rng.permutation(200)[:50] for _ in range(9)])
    targets = [rng.permutation(200)[:30].tolist() for _ in range(9)]
    together = evaluate_rankings(rows, targets_of(targets, 200), (7, 50))
    for case in range(9):
        alone = evaluate_rankings(rows[[case]], targets_of([targets[case]], 200), (7, 50))
        assert {label: values[0] for label, values in alone.items()} == {
            label: values[case] for label, values in together.items()
        }


@given(cases)
def test_values_are_within_bounds(given_cases: list[tuple[list[int], list[int]]]) -> None:
    values = evaluate([ranking for ranking, _ in given_cases], [t for _, t in given_cases])
    for label, column in values.items():
        upper = 51 if label.startswith("clicks") else 1
        assert all(0 <= v <= upper for v, (_, t) in zip(column, given_cases, strict=True) if t)


@settings(max_examples=60)
@given(n_targets=st.integers(1, 120), k=st.integers(1, 120), seed=st.integers(0, 99))
def test_a_perfect_ranking_has_exactly_one(n_targets: int, k: int, seed: int) -> None:
    ranking = np.random.default_rng(seed).permutation(150)[:120]
    targets = np.sort(ranking[:n_targets])
    values = evaluate([ranking.tolist()], [targets.tolist()], [k], n_items=150)
    found = {label.split("@")[0]: column[0] for label, column in values.items()}
    best = min(k, n_targets)
    assert found == {
        "hit_rate": 1, "precision": best / k, "recall": best / n_targets, "ndcg": 1, "mrr": 1,
        "average_precision": 1, "r_precision": 1, "clicks": 0,
    }  # fmt: skip


def test_a_ranking_without_hits() -> None:
    values = evaluate([[3, 4, 5]], [[0, 1]])
    for label, column in values.items():
        assert column == [51 if label.startswith("clicks") else 0]


def test_an_ended_list_has_no_hits_after_its_end() -> None:
    short = evaluate([[3, 0, -1, -1]], [[0, 11]])
    long = evaluate([[3, 0, 4, 5]], [[0, 11]])
    assert short == long
    assert short["precision@8"] == [1 / 8]
    assert short["recall@20"] == [1 / 2]
    assert short["ndcg@20"] == pytest.approx([(1 / log2(3)) / (1 + 1 / log2(3))])
    nothing = evaluate([[-1, -1, -1, -1]], [[0, 11]])
    assert nothing["hit_rate@20"] == [0]
    assert nothing["clicks@20"] == [51]


def test_an_ended_list_is_no_target_of_the_case_before() -> None:
    # A -1 must not be mistaken for the last item of the catalogue, nor of the case before.
    values = evaluate([[3, 4], [-1, -1], [-1, 0]], [[11], [11], [1]], [2])
    assert values["hit_rate@2"] == [0, 0, 0]
    rows = np.array([[3], [-1], [-2], [-13]])
    assert not target_hits(rows, targets_of([list(range(4, N_ITEMS)), [11], [11], [11]])).any()


def test_lists_of_length_zero_and_no_cases() -> None:
    empty = evaluate_rankings(np.empty((2, 0), dtype=np.int64), targets_of([[0], []]), (1, 5))
    for label, column in empty.items():
        expected = [51 if label.startswith("clicks") else 0, np.nan]
        np.testing.assert_array_equal(column, expected, err_msg=label)
    none = evaluate_rankings(np.empty((0, 5), dtype=np.int64), targets_of([]), (1, 5))
    assert {len(column) for column in none.values()} == {0}
    assert len(none) == 2 * len(METRICS)


def test_a_repeated_row_counts_once() -> None:
    values = evaluate([[1, 1, 1, 2]], [[1, 2]])
    assert values["recall@3"] == [1 / 2]
    assert values["precision@3"] == [1 / 3]
    assert values["average_precision@5"] == [(1 + 2 / 4) / 2]
    assert target_hits(np.array([[5, 1, 5, 1]]), targets_of([[1, 5]])).tolist() == [
        [True, True, False, False]
    ]


def test_repeated_targets_count_once() -> None:
    assert evaluate([[1, 3, 2]], [[1, 1, 2, 1]]) == evaluate([[1, 3, 2]], [[1, 2]])


def test_targets_of_other_cases_are_no_hits() -> None:
    values = evaluate([[1, 2], [3, 4]], [[3, 4], [1, 2]])
    assert values["hit_rate@2"] == [0, 0]


def test_cases_without_targets_are_nan_and_leave_the_others_alone() -> None:
    values = evaluate([[1, 2], [1, 2], [1, 2]], [[1], [], [2]])
    for column in values.values():
        assert np.isnan(column).tolist() == [False, True, False]
    assert values["mrr@2"][::2] == [1, 1 / 2]


def test_arguments_are_not_changed() -> None:
    rows = np.array([[1, 1, 2, -1]])
    rows.flags.writeable = False
    evaluate_rankings(rows, targets_of([[1, 2]]), (1, 5))
    assert rows.tolist() == [[1, 1, 2, -1]]


def test_small_integers_do_not_overflow() -> None:
    rows = np.tile(np.array([[100, 7]], dtype=np.int8), (300, 1))
    values = evaluate_rankings(rows, targets_of([[7]] * 300, 120), [2])
    assert set(values["mrr@2"]) == {1 / 2}


@pytest.mark.parametrize(
    ("rows", "ks", "names", "error", "message"),
    [
        ([[1], [2]], [1], ["mrr"], DataError, "of equally many cases, got 2 and 1"),
        ([1], [1], ["mrr"], DataError, r"integers of shape \(n_cases, n\), got int64 of shape"),
        ([[1.0]], [1], ["mrr"], DataError, "rows must be integers .* got float64"),
        ([[True]], [1], ["mrr"], DataError, "rows must be integers .* got bool"),
        ([[3, 12]], [1], ["mrr"], DataError, "rows must be below 12, .* got 12; rank and score"),
        ([[1]], [0], ["mrr"], ConfigError, "k must be an integer of at least 1, got 0"),
        ([[1]], [5, -1], ["mrr"], ConfigError, "k must be an integer of at least 1, got -1"),
        ([[1]], [2.5], ["mrr"], ConfigError, r"k must be an integer of at least 1, got 2\.5"),
        ([[1]], [True], ["mrr"], ConfigError, "k must be an integer of at least 1, got True"),
        ([[1]], [1], ["mrr", "map"], ConfigError, "metric must be one of hit_rate.*, got 'map'"),
    ],
)
def test_bad_arguments(
    rows: Any, ks: Any, names: list[str], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        evaluate_rankings(np.array(rows), targets_of([[1]]), ks, names)

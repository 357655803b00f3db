"""Scans in bfloat16: within their bound, and the same results in the end."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from indexes.base import Vectors
from indexes.faiss_index import FaissIndex
from indexes.fast_scan import bfloat16
from indexes.fast_scan.bfloat16 import Bfloat16Vectors


def random_vectors(n: int, dim: int, seed: int = 0) -> Vectors:
    vectors = np.random.default_rng(seed).standard_normal((n, dim), dtype=np.float32)
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), dtype=np.float32)


def copied(index: FaissIndex) -> bool:
    """Whether a copy of its vectors was made."""
    return any(
        isinstance(copy.columns, Bfloat16Vectors)
        for copy in index._scanner._copies._copies.values()
    )


@pytest.fixture
def always(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("indexes.fast_scan.scan_copy.pays", lambda _: True)
    monkeypatch.setattr("indexes.fast_scan.scan_copy._FEW_DIMENSIONS", 1)


def bound_that_holds(halves: Bfloat16Vectors, vectors: Vectors, queries: Vectors) -> Vectors:
    """The bound, after a look at whether no score is further off."""
    out = np.full((len(queries), len(vectors)), np.nan, np.float32)
    bound = halves.scores(queries, out)
    assert bound is not None
    truth = queries.astype(np.float64) @ vectors.astype(np.float64).T
    assert (np.abs(out - truth).max(axis=1) <= bound).all()
    return bound


@pytest.mark.parametrize("wide", [0, 1, 3, 40])
def test_scores_are_within_their_bound(wide: int) -> None:
    vectors, queries = random_vectors(20_000, 96), 3 * random_vectors(7, 96, seed=1)
    vectors[:, :wide] *= 50
    halves = Bfloat16Vectors.of(vectors, queries)
    assert halves is not None
    bound = bound_that_holds(halves, vectors, queries)
    # A bound that no score comes near would be of no use.
    assert (bound < 0.12 * (queries @ vectors.T).std(axis=1)).all()
    assert (bound > 0).all()


@pytest.mark.parametrize("dim", [1, 5, 8, 9, 10])
def test_few_columns_are_all_exact(dim: int) -> None:
    vectors, queries = random_vectors(5_000, dim), random_vectors(30, dim, seed=1)
    assert (bound_that_holds(Bfloat16Vectors(vectors, queries), vectors, queries) < 1e-2).all()


def blocks(weight: float) -> tuple[Vectors, Vectors]:
    """Vectors and queries of two blocks, of which the first has few directions and weighs most."""
    mixed = random_vectors(500, 6) @ random_vectors(6, 128, seed=3)
    vectors = np.hstack([mixed, random_vectors(500, 384, seed=4)])
    queries = np.hstack([mixed[:40], weight * random_vectors(40, 384, seed=6)])
    return vectors, queries


def test_what_says_most_stays_exact() -> None:
    vectors, queries = blocks(0.02)
    chosen = Bfloat16Vectors(vectors, queries)
    rounded = Bfloat16Vectors(vectors, queries, n_exact=0)
    tight = bound_that_holds(chosen, vectors, queries)
    assert (tight < 0.2 * bound_that_holds(rounded, vectors, queries)).all()


@pytest.mark.parametrize("n_sample", [1, 3, 40])
def test_a_few_queries_tell_what_others_weigh(n_sample: int) -> None:
    vectors, queries = blocks(0.02)
    of_few, of_all = (Bfloat16Vectors(vectors, queries[:n]) for n in (n_sample, 40))
    bound = bound_that_holds(of_few, vectors, queries)
    assert bound.mean() < 1.5 * bound_that_holds(of_all, vectors, queries).mean()


def test_the_bound_holds_for_queries_of_another_kind() -> None:
    vectors, queries = blocks(0.5)
    bound_that_holds(Bfloat16Vectors(vectors, queries), vectors, random_vectors(5, 512, seed=7))


def test_a_copy_that_would_tell_too_little_is_not_used() -> None:
    vectors = random_vectors(500, 256)
    vectors[:, :128] *= 100
    queries = random_vectors(40, 256, seed=1)
    queries[:, 128:] = 0
    halves = Bfloat16Vectors.of(vectors, queries)
    assert halves is not None
    # What queries are about now was next to nothing then.
    other = np.roll(queries, 128, axis=1)
    assert halves.scores(other, np.empty((40, 500), np.float32)) is None
    # Where all scores are alike, none tells anything.
    same = np.repeat(vectors[:1], 50, axis=0)
    assert Bfloat16Vectors.of(same, queries) is None


def test_the_worst_rounding_is_within_the_bound() -> None:
    # Every factor lies halfway between two numbers of eight significant bits.
    vectors = np.eye(64, dtype=np.float32) * np.float32(1 - 2.0**-9 - 2.0**-17)
    vectors = np.vstack([vectors, -vectors])
    bound_that_holds(Bfloat16Vectors(vectors, vectors, n_exact=0), vectors, vectors)


@pytest.mark.parametrize("value", [0.0, 1e16, 1e30])
def test_vectors_that_tell_nothing_or_overflow_are_left_alone(value: float) -> None:
    vectors = np.full((40, 40), value, np.float32)
    assert value == 0 or Bfloat16Vectors.of(vectors, random_vectors(3, 40)) is None
    found = FaissIndex.build(vectors).search(random_vectors(3, 40), 5)
    assert (found.rows == np.arange(5)).all()


def test_queries_that_cannot_be_bounded_are_refused() -> None:
    vectors = random_vectors(10, 4)
    halves = Bfloat16Vectors(vectors, vectors)
    assert halves.scores(np.full((1, 4), 1e31, np.float32), np.empty((1, 10), np.float32)) is None


@pytest.mark.usefixtures("always")
@pytest.mark.parametrize("masked", [False, True])
def test_searches_find_the_same_to_the_last_bit(masked: bool) -> None:
    vectors, queries = random_vectors(9_000, 64), random_vectors(40, 64, seed=2)
    vectors[4_000:5_000] = vectors[:1_000]
    vectors[:, 5] *= 30
    block = np.arange(0, 9_000, 3) if masked else None
    index = FaissIndex.build(vectors)
    found = index.search(queries, 50, block=block)
    assert copied(index)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("indexes.fast_scan.scan_copy.pays", lambda _: False)
        exact = FaissIndex.build(vectors).search(queries, 50, block=block)
    assert np.array_equal(found.rows, exact.rows)
    assert np.array_equal(found.scores, exact.scores)


@pytest.mark.usefixtures("always")
def test_vectors_that_are_left_alone_are_looked_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[Vectors] = []
    monkeypatch.setattr(Bfloat16Vectors, "of", lambda vectors, _: looked.append(vectors))
    monkeypatch.setattr("indexes.fast_scan.scan_copy.pays", lambda n_products: n_products > 0)
    index = FaissIndex.build(2 * np.eye(40, dtype=np.float32))
    for _ in range(3):
        assert index.search(np.eye(40, dtype=np.float32)[:2], 1).rows.tolist() == [[0], [1]]
    assert len(looked) == 1


@pytest.mark.usefixtures("always")
def test_one_query_is_enough_where_many_are_to_come(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "indexes.fast_scan.scan_copy.pays", lambda n_products: n_products >= 100 * 300 * 16
    )
    index = FaissIndex.build(random_vectors(300, 16))
    query = random_vectors(1, 16, seed=3)
    index.search(query, 1)
    assert not copied(index)
    index.prepare(100)
    index.search(query, 1)
    assert copied(index)


@pytest.mark.usefixtures("always")
def test_what_is_added_is_found() -> None:
    index = FaissIndex.build(random_vectors(300, 16))
    new = random_vectors(5, 16, seed=3)
    index.search(new, 1)
    index.add(new)
    assert index.search(new, 1).rows[:, 0].tolist() == [300, 301, 302, 303, 304]


def test_it_pays_when_much_is_asked_and_the_processor_can(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    info = tmp_path / "cpuinfo"
    info.write_text("flags : fpu avx512_bf16 sse\n")
    monkeypatch.setattr(bfloat16, "_CPU_INFO", info)
    assert bfloat16.pays(1e13)
    assert not bfloat16.pays(1e6)
    monkeypatch.setattr(bfloat16, "_CPU_INFO", tmp_path / "none")
    assert not bfloat16.pays(1e13)

"""Scans in bfloat16: within their bound, and the same results in the end."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from indexes import bfloat16
from indexes.base import Vectors
from indexes.bfloat16 import Bfloat16Vectors
from indexes.faiss_index import FaissIndex


def random_vectors(n: int, dim: int, seed: int = 0) -> Vectors:
    vectors = np.random.default_rng(seed).standard_normal((n, dim), dtype=np.float32)
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), dtype=np.float32)


@pytest.fixture
def always(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("indexes.scan_copy.pays", lambda _: True)
    monkeypatch.setattr("indexes.scan_copy._MANY_DIMENSIONS", 1)


@pytest.mark.parametrize("wide", [0, 1, 3])
def test_scores_are_within_their_bound(wide: int) -> None:
    vectors, queries = random_vectors(20_000, 96), 3 * random_vectors(7, 96, seed=1)
    vectors[:, :wide] *= 50
    halves = Bfloat16Vectors.of(vectors, queries)
    assert halves is not None
    out = np.full((7, 20_000), np.nan, np.float32)
    bound = halves.scores(queries, out)
    assert bound is not None
    truth = queries.astype(np.float64) @ vectors.astype(np.float64).T
    off = np.abs(out - truth).max(axis=1)
    assert (off <= bound).all()
    # A bound that no score comes near would be of no use.
    assert (bound < 0.05 * np.linalg.norm(queries, axis=1)).all()
    assert off.max() > 1e-5


def test_columns_that_weigh_little_add_little_to_the_bound() -> None:
    vectors = np.hstack([random_vectors(500, 128), random_vectors(500, 384, seed=4)])
    queries = np.hstack([random_vectors(5, 128, seed=5), 0.02 * random_vectors(5, 384, seed=6)])
    none = np.empty(0, np.int64)
    halves, narrow = Bfloat16Vectors(vectors, none), Bfloat16Vectors(vectors[:, :128], none)
    out = np.empty((5, 500), np.float32)
    bound, least = halves.scores(queries, out), narrow.scores(queries[:, :128].copy(), out)
    assert bound is not None
    assert least is not None
    assert (bound < 1.2 * least).all()


def test_columns_that_weigh_most_stay_exact() -> None:
    vectors = np.hstack([random_vectors(500, 128), random_vectors(500, 384, seed=4)])
    queries = np.hstack([random_vectors(5, 128, seed=5), 0.05 * random_vectors(5, 384, seed=6)])
    rounded = Bfloat16Vectors(vectors, np.empty(0, np.int64))
    chosen = Bfloat16Vectors.of(vectors, queries)
    assert chosen is not None
    loose, tight = (np.empty((5, 500), np.float32) for _ in range(2))
    bounds = rounded.scores(queries, loose), chosen.scores(queries, tight)
    assert bounds[0] is not None
    assert bounds[1] is not None
    assert (bounds[1] < 0.1 * bounds[0]).all()
    truth = queries.astype(np.float64) @ vectors.astype(np.float64).T
    assert (np.abs(tight - truth).max(axis=1) <= bounds[1]).all()
    # The bound holds for others, too.
    other = random_vectors(5, 512, seed=7)
    bound = chosen.scores(other, tight)
    assert bound is not None
    truth = other.astype(np.float64) @ vectors.astype(np.float64).T
    assert (np.abs(tight - truth).max(axis=1) <= bound).all()


def test_the_worst_rounding_is_within_the_bound() -> None:
    # Every factor lies halfway between two numbers of eight significant bits.
    vectors = np.full((1, 64), 1 - 2.0**-9 - 2.0**-17, np.float32)
    halves = Bfloat16Vectors.of(vectors, vectors)
    assert halves is not None
    out = np.empty((1, 1), np.float32)
    bound = halves.scores(vectors, out)
    assert bound is not None
    assert abs(out[0, 0] - float(vectors[0] @ vectors[0])) <= bound[0]


def test_vectors_with_many_large_columns_are_left_alone() -> None:
    many = 2 * np.eye(40, dtype=np.float32)
    assert Bfloat16Vectors.of(many, many) is None


def test_queries_that_cannot_be_bounded_are_refused() -> None:
    vectors = random_vectors(10, 4)
    halves = Bfloat16Vectors.of(vectors, vectors)
    assert halves is not None
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
    assert index._copies._halves is not None
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("indexes.scan_copy.pays", lambda _: False)
        exact = FaissIndex.build(vectors).search(queries, 50, block=block)
    assert np.array_equal(found.rows, exact.rows)
    assert np.array_equal(found.scores, exact.scores)


@pytest.mark.usefixtures("always")
def test_vectors_that_are_left_alone_are_looked_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[Vectors] = []
    monkeypatch.setattr(Bfloat16Vectors, "of", lambda vectors, _: looked.append(vectors))
    monkeypatch.setattr("indexes.scan_copy.pays", lambda n_products: n_products > 0)
    index = FaissIndex.build(2 * np.eye(40, dtype=np.float32))
    for _ in range(3):
        assert index.search(np.eye(40, dtype=np.float32)[:2], 1).rows.tolist() == [[0], [1]]
    assert len(looked) == 1


@pytest.mark.usefixtures("always")
def test_one_query_is_enough_where_many_are_to_come(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("indexes.scan_copy.pays", lambda n_products: n_products >= 100 * 300 * 16)
    index = FaissIndex.build(random_vectors(300, 16))
    query = random_vectors(1, 16, seed=3)
    index.search(query, 1)
    assert index._copies._halves is None
    index.expect(100)
    index.search(query, 1)
    assert index._copies._halves is not None


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

"""One contract for every vector index."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from indexes.base import VectorIndex, VectorIndexError
from indexes.delta import DeltaIndex
from indexes.exact import ExactIndex
from indexes.faiss_index import FaissIndex

Build = Callable[[Any], VectorIndex]


def with_delta(vectors: Any, factory: str = "Flat") -> DeltaIndex:
    """The vectors in an index of which a tenth came later and every seventh row has moved."""
    given = np.array(vectors, dtype=np.float32)
    n_base, moved = len(given) - len(given) // 10, np.arange(0, len(given), 7)
    before = given.copy()
    before[moved] = 9 - before[moved]
    index = DeltaIndex.build(before[:n_base], factory, seed=3)
    index.add(before[n_base:])
    return index.with_rows(moved, given[moved])


EXACT: dict[str, Build] = {
    "ExactIndex": ExactIndex,
    "Flat": FaissIndex.build,
    "Flat and delta": with_delta,
}
APPROXIMATE: dict[str, Build] = {
    factory: partial(FaissIndex.build, factory=factory, seed=3)
    for factory in ("HNSW16", "IVF8,Flat", "IVF8,SQ8", "SQ8", "PCA8,Flat", "SQ8,RFlat")
}
APPROXIMATE |= {
    f"{factory} and delta": partial(with_delta, factory=factory)
    for factory in ("HNSW16", "IVF8,SQ8")
}
KINDS = EXACT | APPROXIMATE


def vectors_of(n: int, dim: int = 16, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(n, dim)).astype(np.float32)


def brute_force(vectors: np.ndarray, query: np.ndarray, allowed: np.ndarray) -> list[int]:
    """Rows by score descending, then row ascending, the obvious way."""
    scores = vectors.astype(np.float64) @ query.astype(np.float64)
    return sorted(allowed.tolist(), key=lambda row: (-scores[row], row))


@pytest.fixture(params=KINDS, ids=list(KINDS))
def build(request: pytest.FixtureRequest) -> Build:
    return KINDS[request.param]


@pytest.fixture(params=EXACT, ids=list(EXACT))
def build_exact(request: pytest.FixtureRequest) -> Build:
    return EXACT[request.param]


def test_is_a_vector_index(build: Build) -> None:
    index = build(vectors_of(400))
    assert isinstance(index, VectorIndex)
    assert (len(index), index.dim) == (400, 16)


def test_exact_search_equals_brute_force(build_exact: Build) -> None:
    vectors, queries = vectors_of(3000), vectors_of(7, seed=1)
    result = build_exact(vectors).search(queries, 25)
    for query, rows, scores in zip(queries, result.rows, result.scores, strict=True):
        assert rows.tolist() == brute_force(vectors, query, np.arange(3000))[:25]
        np.testing.assert_allclose(scores, vectors[rows] @ query, rtol=1e-5, atol=1e-5)


def test_ties_stand_in_order_of_rows(build_exact: Build) -> None:
    rng = np.random.default_rng(5)
    vectors = rng.integers(-1, 2, size=(2000, 4)).astype(np.float32)
    queries = rng.integers(-1, 2, size=(20, 4)).astype(np.float32)
    result = build_exact(vectors).search(queries, 30)
    for query, rows in zip(queries, result.rows, strict=True):
        assert rows.tolist() == brute_force(vectors, query, np.arange(2000))[:30]


def test_order_is_total_and_rows_are_distinct(build: Build) -> None:
    result = build(vectors_of(600)).search(vectors_of(5, seed=2), 40)
    assert result.rows.shape == result.scores.shape == (5, 40)
    assert result.rows.dtype == np.int64
    assert result.scores.dtype == np.float32
    for rows, scores in zip(result.rows.tolist(), result.scores.tolist(), strict=True):
        assert len(set(rows)) == 40
        keys = [(-score, row) for score, row in zip(scores, rows, strict=True)]
        assert keys == sorted(keys)


def test_batch_equals_single_to_the_byte(build: Build) -> None:
    index, queries = build(vectors_of(2000)), vectors_of(64, seed=1)
    together = index.search(queries, 10)
    for number, query in enumerate(queries):
        alone = index.search(query[None], 10)
        assert alone.rows.tobytes() == together.rows[number].tobytes()
        assert alone.scores.tobytes() == together.scores[number].tobytes()


def test_a_stored_vector_finds_itself_first(build_exact: Build) -> None:
    vectors = vectors_of(500)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    assert build_exact(vectors).search(vectors[:50], 1).rows.ravel().tolist() == list(range(50))


@pytest.mark.parametrize("selective", [3, 50])
def test_filters_leave_exactly_k(build: Build, selective: int) -> None:
    index = build(vectors_of(1000))
    allow, block = np.arange(0, 1000, selective), np.arange(0, 1000, selective * 2)
    result = index.search(vectors_of(4, seed=1), 8, allow=allow, block=block)
    assert result.found.tolist() == [8] * 4
    assert set(result.rows.ravel().tolist()) <= set(allow.tolist()) - set(block.tolist())


def test_exact_filter_equals_brute_force(build_exact: Build) -> None:
    vectors, query = vectors_of(1000), vectors_of(1, seed=1)[0]
    allow = np.random.default_rng(2).permutation(1000)[:300]
    result = build_exact(vectors).search(query[None], 20, allow=allow, block=allow[:100])
    assert result.rows[0].tolist() == brute_force(vectors, query, allow[100:])[:20]


def test_k_larger_than_the_index_is_filled_up(build: Build) -> None:
    result = build(vectors_of(300)).search(vectors_of(2, seed=1), 310)
    assert result.found.tolist() == [300, 300]
    assert (result.rows[:, 300:] == -1).all()
    assert np.isneginf(result.scores[:, 300:]).all()
    assert sorted(result.rows[0, :300].tolist()) == list(range(300))


def test_nothing_allowed_gives_only_filling(build: Build) -> None:
    result = build(vectors_of(300)).search(
        vectors_of(2), 3, allow=np.empty(0, np.int64), block=np.arange(3)
    )
    assert (result.rows == -1).all()
    assert np.isneginf(result.scores).all()


def test_empty_index_gives_only_filling(build_exact: Build) -> None:
    index = build_exact(np.empty((0, 16), np.float32))
    assert len(index) == 0
    assert (index.search(vectors_of(2), 3).rows == -1).all()


def test_no_queries_give_no_lines(build: Build) -> None:
    assert build(vectors_of(300)).search(np.empty((0, 16)), 3).rows.shape == (0, 3)


def test_added_vectors_are_found(build: Build) -> None:
    index = build(vectors_of(400))
    new = np.full((1, 16), 3.0, np.float32)
    index.add(new)
    assert len(index) == 401
    assert index.search(new, 1, allow=np.array([5, 400])).rows[0, 0] == 400


def test_reconstruct_gives_the_vectors_back(build: Build) -> None:
    vectors = vectors_of(400)
    got = build(vectors).reconstruct(np.array([7, 0, 399]))
    assert got.shape == (3, 16)
    # PCA8 keeps half of the dimensions, so its error is the largest that is acceptable.
    assert np.abs(got - vectors[[7, 0, 399]]).mean() < 0.7


@pytest.mark.parametrize("mmap", [False, True])
def test_saved_and_loaded_is_the_same(build: Build, tmp_path: Path, mmap: bool) -> None:
    index, queries = build(vectors_of(400)), vectors_of(3, seed=1)
    before = index.search(queries, 5)
    index.save(tmp_path / "index")
    after = type(index).load(tmp_path / "index", mmap=mmap).search(queries, 5)
    assert before.rows.tobytes() == after.rows.tobytes()
    assert before.scores.tobytes() == after.scores.tobytes()


def test_same_seed_same_bytes(build: Build, tmp_path: Path) -> None:
    for name in ("a", "b"):
        build(vectors_of(400)).save(tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_arguments_are_left_as_they_are(build: Build) -> None:
    vectors, queries, allow = vectors_of(400), vectors_of(3), np.arange(10)
    copies = vectors.copy(), queries.copy(), allow.copy()
    build(vectors).search(queries, 3, allow=allow)
    for array, copy in zip((vectors, queries, allow), copies, strict=True):
        np.testing.assert_array_equal(array, copy)


@pytest.mark.parametrize(
    ("queries", "message"),
    [
        (np.zeros((1, 3)), r"queries must have shape \(n, 16\), got \(1, 3\)"),
        (np.zeros(16), r"queries must have shape \(n, 16\), got \(16,\)"),
        (np.full((2, 16), np.nan), "queries must be finite, but row 0"),
        ([["x"] * 16], "queries must be a matrix of numbers"),
    ],
)
def test_bad_queries(build: Build, queries: Any, message: str) -> None:
    with pytest.raises(VectorIndexError, match=message):
        build(vectors_of(300)).search(queries, 3)


@pytest.mark.parametrize("k", [0, -1, 1.5, True, None])
def test_bad_k(build: Build, k: Any) -> None:
    with pytest.raises(VectorIndexError, match="k must be an integer of at least 1"):
        build(vectors_of(300)).search(vectors_of(1), k)


def test_bad_rows(build: Build) -> None:
    index = build(vectors_of(300))
    with pytest.raises(VectorIndexError, match=r"allow must be in \[0, 300\), got 300"):
        index.search(vectors_of(1), 3, allow=np.array([1, 300]))
    with pytest.raises(VectorIndexError, match=r"block must be in \[0, 300\), got -1"):
        index.search(vectors_of(1), 3, block=np.array([-1]))
    with pytest.raises(VectorIndexError, match=r"rows must be in \[0, 300\), got -2"):
        index.reconstruct(np.array([-2]))


def test_bad_vectors(build: Build) -> None:
    index = build(vectors_of(300))
    with pytest.raises(VectorIndexError, match=r"vectors must have shape \(n, 16\)"):
        index.add(vectors_of(2, dim=5))
    bad = vectors_of(300)
    bad[41, 3] = np.inf
    with pytest.raises(VectorIndexError, match="vectors must be finite, but row 41"):
        build(bad)


def test_bad_files(build: Build, tmp_path: Path) -> None:
    kind = type(build(vectors_of(300)))
    with pytest.raises(VectorIndexError, match="index file must be a readable"):
        kind.load(tmp_path / "absent")
    (tmp_path / "garbage").write_bytes(b"not an index at all")
    with pytest.raises(VectorIndexError, match="index file must be a readable"):
        kind.load(tmp_path / "garbage")

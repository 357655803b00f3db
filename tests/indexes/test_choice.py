"""The kind of index that is chosen, and why."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from indexes.base import VectorIndexError
from indexes.choice import EXACT_ITEMS, FAST_ITEMS, Goal, choose_factory, index_bytes
from indexes.faiss_index import FaissIndex


@pytest.mark.parametrize(
    ("n", "goal", "memory_gb", "factory", "reason"),
    [
        (180_000, "exact", 4.0, "Flat", "exact up to 500,000 items"),
        (EXACT_ITEMS, "exact", 4.0, "Flat", "these are 500,000"),
        (EXACT_ITEMS + 1, "exact", 4.0, "HNSW32", "500,001 items are more than 500,000"),
        (FAST_ITEMS, "fast", 4.0, "Flat", "exact up to 20,000 items"),
        (FAST_ITEMS + 1, "fast", 4.0, "HNSW32", 'index.goal = "fast"'),
        (180_000, "exact", 0.3, "HNSW32_SQ8", "as HNSW32 would take 0.42 GB, more than"),
        (180_000, "fast", 0.1, "PCA128,IVF2048,SQ8", "as HNSW32_SQ8 would take 0.14 GB"),
        (10_000_000, "exact", 0.1, "PCA128,IVF16384,SQ8", "as HNSW32_SQ8 would take"),
        (1, "exact", 1e-9, "PCA128,IVF1,SQ8", "1 items as HNSW32_SQ8 would take"),
    ],
)
def test_choice(n: int, goal: Goal, memory_gb: float, factory: str, reason: str) -> None:
    choice = choose_factory(n, 513, goal=goal, memory_gb=memory_gb)
    assert choice.factory == factory
    assert reason in choice.reason


@pytest.mark.parametrize("factory", ["Flat", "HNSW32", "HNSW32_SQ8", "PCA128,IVF256,SQ8"])
def test_bytes_are_those_of_the_file(
    factory: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    vectors = np.random.default_rng(0).normal(size=(12_000, 160)).astype(np.float32)
    path = tmp_path_factory.mktemp("index") / "index"
    FaissIndex.build(vectors, factory).save(path)
    assert path.stat().st_size == pytest.approx(index_bytes(factory, 12_000, 160), rel=0.1)


def test_scale_changes_what_is_found_and_no_score() -> None:
    rng = np.random.default_rng(0)
    # A few dimensions that the queries weigh, beside many that they hardly do.
    vectors = rng.normal(size=(5000, 64)).astype(np.float32)
    weights = np.repeat([1.0, 0.01], [8, 56]).astype(np.float32)
    queries = rng.normal(size=(50, 64)).astype(np.float32) * weights
    scale = np.repeat([1.0, 0.125], [8, 56])
    truth = FaissIndex.build(vectors).search(queries, 10)
    plain = FaissIndex.build(vectors, "IVF64,Flat")
    scaled = FaissIndex.build(vectors, "IVF64,Flat", scale=scale)
    recalls = [
        np.mean(np.isin(truth.rows + 5000 * np.arange(50)[:, None], found))
        for found in (
            index.search(queries, 10).rows + 5000 * np.arange(50)[:, None]
            for index in (plain, scaled)
        )
    ]
    assert recalls[1] > recalls[0] + 0.2
    np.testing.assert_array_equal(scaled.reconstruct(np.arange(5000)), vectors)
    found = scaled.search(queries, 10)
    np.testing.assert_array_equal(
        found.scores, FaissIndex.build(vectors).scores(queries, found.rows)
    )


def test_queries_are_scaled_too() -> None:
    rng = np.random.default_rng(0)
    vectors, queries = rng.normal(size=(2000, 16)), rng.normal(size=(50, 16))
    truth = FaissIndex.build(vectors).search(queries, 10).rows
    coded = FaissIndex.build(vectors, "SQ8", scale=np.repeat([1.0, 0.0625], 8))
    found = coded.search(queries, 10).rows
    overlaps = [len(np.intersect1d(*pair)) / 10 for pair in zip(truth, found, strict=True)]
    assert np.mean(overlaps) > 0.95


@pytest.mark.parametrize("mmap", [False, True])
@pytest.mark.parametrize("factory", ["HNSW16", "IVF8,SQ8", "PCA8,Flat"])
def test_scale_is_saved(factory: str, mmap: bool, tmp_path_factory: pytest.TempPathFactory) -> None:
    vectors = np.random.default_rng(0).normal(size=(1000, 16)).astype(np.float32)
    path = tmp_path_factory.mktemp("index") / "index"
    index = FaissIndex.build(vectors, factory, scale=np.repeat([1.0, 0.25], 8))
    index.save(path)
    loaded = FaissIndex.load(path, mmap=mmap)
    before, after = index.search(vectors[:20], 5), loaded.search(vectors[:20], 5)
    np.testing.assert_array_equal(before.rows, after.rows)
    np.testing.assert_array_equal(before.scores, after.scores)
    np.testing.assert_array_equal(index.reconstruct(np.arange(9)), loaded.reconstruct(np.arange(9)))
    allow = np.arange(100, 130)
    assert set(loaded.search(vectors[:5], 5, allow=allow).rows.ravel()) <= set(allow.tolist())
    index.add(vectors[:3])
    loaded.save(path.with_name("again"))
    for end in ("", ".scale.npy"):
        first, second = (path.with_name(f"{stem}{end}") for stem in ("index", "again"))
        assert first.read_bytes() == second.read_bytes()


@pytest.mark.parametrize(
    ("scale", "message"),
    [
        (np.ones(3, np.float32), r"must hold an array \(2\) of float32, got \(3,\)"),
        (np.ones(2), r"must hold .* got \(2,\) of float64"),
        (np.full(2, 0.3, np.float32), "must hold powers of two"),
        (np.full(2, np.nan, np.float32), "must be finite"),
    ],
)
def test_a_saved_scale_is_checked(scale: np.ndarray, message: str, tmp_path: Path) -> None:
    FaissIndex.build(np.eye(2), "HNSW8", scale=[1.0, 0.5]).save(tmp_path / "index.faiss")
    np.save(tmp_path / "index.scale.npy", scale)
    with pytest.raises(VectorIndexError, match=rf"index\.scale\.npy {message}"):
        FaissIndex.load(tmp_path / "index.faiss")
    FaissIndex.build(np.eye(2)).save(tmp_path / "index.faiss")
    np.save(tmp_path / "index.scale.npy", np.ones(2, np.float32))
    with pytest.raises(VectorIndexError, match="with a scale must not be exact"):
        FaissIndex.load(tmp_path / "index.faiss")


@pytest.mark.parametrize("scale", [[1.0, 0.3], [1.0, 0.0], [1.0, -0.5], [1.0], [1.0, np.inf]])
def test_a_scale_must_hold_powers_of_two(scale: list[float]) -> None:
    with pytest.raises(VectorIndexError, match="scale must"):
        FaissIndex.build(np.eye(2), "HNSW8", scale=scale)

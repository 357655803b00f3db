"""What FAISS adds to the contract: factory strings, recall, exactness near rounding."""

from __future__ import annotations

from pathlib import Path

import faiss
import numpy as np
import pytest

from indexes.base import VectorIndexError
from indexes.exact import ExactIndex
from indexes.faiss_index import FaissIndex


def clustered(n: int, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(40, 32))
    return (centres[rng.integers(0, 40, n)] + 0.3 * rng.normal(size=(n, 32))).astype(np.float32)


@pytest.mark.parametrize(("factory", "least"), [("HNSW32", 0.9), ("IVF20,Flat", 0.4), ("SQ8", 0.9)])
def test_approximate_recall_is_reasonable(factory: str, least: float) -> None:
    vectors, queries = clustered(4000), clustered(50, seed=1)
    truth = ExactIndex(vectors).search(queries, 10).rows
    found = FaissIndex.build(vectors, factory).search(queries, 10).rows
    recall = np.mean([len(set(a) & set(b)) / 10 for a, b in zip(truth, found, strict=True)])
    assert recall >= least


def test_flat_is_exact_where_scores_differ_by_rounding_only() -> None:
    rng = np.random.default_rng(0)
    base = rng.normal(size=128).astype(np.float32)
    # Thousands of vectors whose scores agree to six digits: BLAS order and ours differ here.
    vectors = base + 1e-6 * rng.normal(size=(5000, 128)).astype(np.float32)
    index, queries = FaissIndex.build(vectors), np.repeat(base[None], 30, axis=0)
    truth = ExactIndex(vectors).search(base[None], 10)
    for result in (index.search(base[None], 10), index.search(queries, 10)):
        assert (result.rows == truth.rows).all()
        assert (result.scores == truth.scores).all()


def test_zero_query_is_settled_by_row() -> None:
    index = FaissIndex.build(clustered(3000))
    assert index.search(np.zeros((1, 32)), 5).rows[0].tolist() == [0, 1, 2, 3, 4]


def test_only_flat_storage_counts_as_exact() -> None:
    assert FaissIndex.build(clustered(500)).exact
    assert not FaissIndex.build(clustered(500), "HNSW8").exact


def test_reconstructed_vectors_outlive_the_index() -> None:
    vectors = clustered(500)
    got = FaissIndex.build(vectors).reconstruct(np.arange(500))
    np.testing.assert_array_equal(got, vectors)


def test_index_that_cannot_grow_says_so() -> None:
    index = FaissIndex.build(clustered(500), "NSG16")
    with pytest.raises(VectorIndexError, match="vectors cannot be added"):
        index.add(clustered(1))


@pytest.mark.parametrize(
    ("factory", "message"),
    [
        ("nonsense", "factory must be a FAISS factory string for 32 dimensions, got 'nonsense'"),
        ("IVF900,Flat", "must be trained on enough vectors, got 500"),
        ("IDMap,Flat", "must leave the numbering of rows to us"),
        ("IVF4,PQ8x4fs", "can give its vectors back"),
        # Those would end the process, or never end.
        ("HNSW0", "must not hold numbers as small as"),
        ("HNSW01_SQ8", "must not hold numbers as small as"),
        ("IVF4_HNSW1,Flat", "must not hold numbers as small as"),
        ("NSG2,Flat", "must not hold numbers as small as"),
        ("PQ4x0", "must not hold numbers as small as"),
        ("RQ0x4", "must not hold numbers as small as"),
        ("ZnLattice4x10_6", "can be loaded again"),
        ("Flat," * 40_000, "must have at most 1000 characters, got 200,000"),
        (5, "must be a FAISS factory string, got 5"),
    ],
)
def test_bad_factory(factory: str, message: str) -> None:
    with pytest.raises(VectorIndexError, match=message):
        FaissIndex.build(clustered(500), factory)


def test_index_of_another_metric_is_refused(tmp_path: Path) -> None:
    faiss.write_index(faiss.IndexFlatL2(4), str(tmp_path / "l2"))
    with pytest.raises(VectorIndexError, match="the kind 'IxF2' cannot be read"):
        FaissIndex.load(tmp_path / "l2")


def test_every_truncation_of_a_file_fails_cleanly(tmp_path: Path) -> None:
    path = tmp_path / "index"
    FaissIndex.build(clustered(20)).save(path)
    whole = path.read_bytes()
    for size in range(0, len(whole), 97):
        path.write_bytes(whole[:size])
        with pytest.raises(VectorIndexError, match="index file must be a readable"):
            FaissIndex.load(path)


def test_training_is_seeded(tmp_path: Path) -> None:
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        FaissIndex.build(clustered(2000), "IVF30,Flat", seed=seed).save(tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    assert (tmp_path / "a").read_bytes() != (tmp_path / "c").read_bytes()


def test_a_huge_score_does_not_let_masked_rows_through() -> None:
    index = FaissIndex.build(np.eye(8, dtype=np.float32))
    query = np.full(8, 1e20, np.float32)
    found = index.search(query[None], 2, block=np.arange(3, 8))
    assert set(found.rows[0].tolist()) <= {0, 1, 2}

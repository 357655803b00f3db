"""DeltaIndex: moved rows are found where they are now, and the base stays as it was."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import sparse

from indexes.base import VectorIndexError
from indexes.delta import DeltaIndex, load_dense, put_rows
from indexes.exact import ExactIndex
from indexes.faiss_index import FaissIndex
from indexes.hybrid import HybridIndex, HybridQueries

N, DIM = 1200, 12


def vectors_of(n: int, seed: int = 0) -> np.ndarray:
    """Small integers, so that there are many ties."""
    return np.random.default_rng(seed).integers(-1, 2, size=(n, DIM)).astype(np.float32)


def moved_world() -> tuple[DeltaIndex, np.ndarray, FaissIndex]:
    """An index with moved and added rows, its vectors as they are now, and its base."""
    before, now = vectors_of(N), vectors_of(N + 100, seed=1)
    rows = np.concatenate([np.arange(3, N, 10), np.arange(N, N + 100)])
    now[:N] = np.where(np.isin(np.arange(N), rows)[:, None], now[:N], before)
    base = FaissIndex.build(before)
    return put_rows(base, rows, now[rows]), now, base


def test_equals_an_index_of_the_vectors_as_they_are_now() -> None:
    index, now, base = moved_world()
    queries = vectors_of(40, seed=2)
    allow, block = np.arange(0, len(now), 3), np.arange(0, len(now), 7)
    for k in (1, 10, 400, 2000):
        for filters in ({}, {"allow": allow}, {"block": block}, {"allow": allow, "block": block}):
            found = index.search(queries, k, **filters)
            truth = ExactIndex(now).search(queries, k, **filters)
            assert found.rows.tobytes() == truth.rows.tobytes()
            assert found.scores.tobytes() == truth.scores.tobytes()
    np.testing.assert_array_equal(index.reconstruct(np.arange(len(now))), now)
    assert index.n_delta == 220
    np.testing.assert_array_equal(base.reconstruct(np.arange(N)), vectors_of(N))


@pytest.mark.parametrize("factory", ["Flat", "HNSW16", "IVF8,Flat"])
def test_a_moved_row_is_not_found_where_it_was(factory: str) -> None:
    vectors = np.random.default_rng(3).normal(size=(800, DIM)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    base = FaissIndex.build(vectors, factory)
    index = put_rows(base, np.array([5]), -vectors[5:6])
    assert base.search(vectors[5:6], 1).rows[0, 0] == 5
    assert 5 not in index.search(vectors[5:6], 50).rows
    assert index.search(-vectors[5:6], 1).rows[0, 0] == 5


def test_rows_move_again_and_others_follow() -> None:
    index, now, _ = moved_world()
    rows = np.array([3, 4, N + 7, N + 100, N + 101])
    later = index.with_rows(rows, vectors_of(5, seed=9))
    then = np.concatenate([now, np.zeros((2, DIM), np.float32)])
    then[rows] = vectors_of(5, seed=9)
    np.testing.assert_array_equal(later.reconstruct(np.arange(len(then))), then)
    assert (len(later), later.n_delta) == (N + 102, 223)
    np.testing.assert_array_equal(index.reconstruct(np.arange(len(now))), now)


@pytest.mark.parametrize("n_columns", [3, 400], ids=["scanned", "posting lists"])
def test_a_hybrid_index_may_hold_it(n_columns: int) -> None:
    index, now, _ = moved_world()
    rng = np.random.default_rng(4)
    hot = sparse.csr_array(
        (np.ones(len(now)), rng.integers(0, n_columns, len(now)), np.arange(len(now) + 1)),
        shape=(len(now), n_columns),
    )
    rows = np.arange(0, len(now), 50)
    queries = HybridQueries({"c": now[rows]}, {"a": hot[rows]})
    exclude = [rows[i : i + 1] for i in range(len(rows))]
    found, truth = (
        hybrid.search(
            queries, 15, {"c": 1.0, "a": 0.5}, block=np.arange(0, N, 11), exclude=exclude
        )
        for hybrid in (HybridIndex(index, {"c": DIM}, {"a": hot}), HybridIndex.build(
            {"c": now}, {"a": hot}
        ))
    )  # fmt: skip
    assert found.rows.tobytes() == truth.rows.tobytes()
    assert found.scores.tobytes() == truth.scores.tobytes()


def test_a_file_tells_its_kind(tmp_path: Path) -> None:
    index, now, base = moved_world()
    index.save(tmp_path / "delta")
    base.save(tmp_path / "base")
    assert isinstance(load_dense(tmp_path / "base"), FaissIndex)
    loaded = load_dense(tmp_path / "delta", mmap=True)
    assert isinstance(loaded, DeltaIndex)
    np.testing.assert_array_equal(loaded.reconstruct(np.arange(len(now))), now)
    loaded.save(tmp_path / "again")
    for name in ("{}", "{}.delta_rows.npy", "{}.delta_vectors.npy"):
        first, second = ((tmp_path / name.format(stem)).read_bytes() for stem in ("delta", "again"))
        assert first == second
    # FAISS reads the base, and nothing else stands in its file.
    assert (tmp_path / "delta").read_bytes() == (tmp_path / "base").read_bytes()


def test_what_an_earlier_index_left_is_removed(tmp_path: Path) -> None:
    index, _, base = moved_world()
    index.save(tmp_path / "index.faiss")
    base.save(tmp_path / "index.faiss")
    assert [path.name for path in tmp_path.iterdir()] == ["index.faiss"]
    assert isinstance(load_dense(tmp_path / "index.faiss"), FaissIndex)


@pytest.mark.parametrize("name", ["delta_rows", "delta_vectors"])
def test_a_damaged_delta(tmp_path: Path, name: str) -> None:
    moved_world()[0].save(tmp_path / "index.faiss")
    path = tmp_path / f"index.{name}.npy"
    whole = path.read_bytes()
    for damaged in (b"", whole[:5], whole[:-1], whole + b"x", whole[:8] + whole[17:]):
        path.write_bytes(damaged)
        with pytest.raises(VectorIndexError, match=f"{name}.npy must"):
            load_dense(tmp_path / "index.faiss")
    path.unlink()
    with pytest.raises(VectorIndexError, match=f"{name}.npy must be a readable array"):
        load_dense(tmp_path / "index.faiss")


@pytest.mark.parametrize(
    ("name", "array", "message"),
    [
        ("delta_rows", np.arange(220, dtype=np.int32), r"must hold an array \(n\) of int64"),
        ("delta_rows", np.arange(219), r"must hold an array \(219, 12\) of float32, got \(220, 12"),
        ("delta_rows", np.arange(220)[::-1], "must fit its index: rows of the delta must ascend"),
        ("delta_rows", np.arange(N + 1, N + 221), "must fit its index: new rows of the delta"),
        ("delta_vectors", np.zeros((220, DIM)), r"of float32, got \(220, 12\) of float64"),
        ("delta_vectors", np.full((220, DIM), np.nan, np.float32), "must be finite, but row 0"),
        ("delta_vectors", np.zeros((220, DIM), object), "allow_pickle|must hold an array"),
    ],
)
@pytest.mark.parametrize("kind", [load_dense, DeltaIndex.load])
def test_a_delta_that_does_not_fit(
    tmp_path: Path, kind: Any, name: str, array: np.ndarray, message: str
) -> None:
    moved_world()[0].save(tmp_path / "index.faiss")
    np.save(tmp_path / f"index.{name}.npy", array)
    with pytest.raises(VectorIndexError, match=message) as caught:
        kind(tmp_path / "index.faiss")
    assert "index." in str(caught.value)


@pytest.mark.parametrize(
    ("rows", "vectors", "message"),
    [
        ([4, 2], vectors_of(2), "rows of the delta must ascend"),
        ([2, 2], vectors_of(2), "rows of the delta must ascend"),
        ([2], vectors_of(2), "one for each of 2 vectors"),
        ([N + 1], vectors_of(1), "must follow the 1200 of the base without a gap"),
        ([-1], vectors_of(1), "must follow the 1200 of the base without a gap"),
        ([1], np.zeros((1, 3)), r"vectors of the delta must have shape \(n, 12\)"),
    ],
)
def test_rows_that_do_not_fit(rows: Any, vectors: np.ndarray, message: str) -> None:
    with pytest.raises(VectorIndexError, match=message):
        DeltaIndex(FaissIndex.build(vectors_of(N)), np.array(rows), vectors)

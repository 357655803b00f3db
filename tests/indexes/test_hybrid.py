"""HybridIndex against brute force over the materialised matrix."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from indexes.base import VectorIndexError
from indexes.hybrid import HybridIndex, HybridQueries


def one_hot(columns: np.ndarray, n_columns: int) -> Any:
    """One row an entry; a negative entry has no column."""
    rows = np.flatnonzero(columns >= 0)
    return sparse.csr_array(
        (np.ones(len(rows), np.float32), (rows, columns[rows])), shape=(len(columns), n_columns)
    )


def brute_force(
    blocks: dict[str, np.ndarray],
    queries: dict[str, np.ndarray],
    weights: dict[str, float],
    allowed: np.ndarray,
    number: int,
) -> list[tuple[float, int]]:
    """Score and row of every allowed row over the materialised matrix, best first."""
    matrix = np.concatenate(list(blocks.values()), axis=1).astype(np.float64)
    query = np.concatenate([queries[name][number] * weights.get(name, 0.0) for name in blocks])
    scores = matrix @ query.astype(np.float64)
    return sorted(((scores[row], row) for row in allowed), key=lambda pair: (-pair[0], pair[1]))


@st.composite
def worlds(draw: st.DrawFn) -> dict[str, Any]:
    """Small integers, halves and quarters: float32 sums are exact, so ties are real ties."""
    seed = draw(st.integers(0, 2**32 - 1))
    rng = np.random.default_rng(seed)
    n, n_artists = draw(st.integers(1, 400)), draw(st.integers(1, 30))
    n_queries = draw(st.integers(1, 5))
    dense = {
        "c": rng.integers(-2, 3, (n, draw(st.integers(1, 5)))).astype(np.float32),
        "t": rng.integers(-1, 2, (n, draw(st.integers(1, 3)))).astype(np.float32),
    }
    hot = {
        "a": one_hot(rng.integers(-1, n_artists, n), n_artists),
        "g": sparse.random_array((n, 6), density=0.1, rng=rng).astype(np.float32).ceil(),
    }
    queries = {name: rng.integers(-2, 3, (n_queries, b.shape[1])) for name, b in dense.items()}
    queries |= {
        "a": rng.integers(0, 3, (n_queries, n_artists))
        * (rng.random((n_queries, n_artists)) < 0.1),
        "g": rng.integers(-1, 2, (n_queries, 6)),
    }
    weights = {
        name: draw(st.sampled_from([0.0, 0.25, 0.5, 1.0, 2.0, -0.5]))
        for name in ("c", "t", "a", "g")
    }
    allow = np.flatnonzero(rng.random(n) < 0.7) if draw(st.booleans()) else None
    block = np.flatnonzero(rng.random(n) < 0.2) if draw(st.booleans()) else None
    exclude = [rng.integers(0, n, rng.integers(0, 5)) for _ in range(n_queries)]
    k = draw(st.integers(1, 60))
    return locals()


@settings(max_examples=300, deadline=None)
@given(worlds())
def test_equals_brute_force_ties_included(world: dict[str, Any]) -> None:
    index = HybridIndex.build(world["dense"], world["hot"])
    queries = HybridQueries(
        {name: world["queries"][name] for name in world["dense"]},
        {name: sparse.csr_array(world["queries"][name]) for name in world["hot"]},
    )
    result = index.search(
        queries,
        world["k"],
        world["weights"],
        allow=world["allow"],
        block=world["block"],
        exclude=world["exclude"],
    )
    blocks = world["dense"] | {name: block.toarray() for name, block in world["hot"].items()}
    allowed = np.arange(world["n"]) if world["allow"] is None else world["allow"]
    if world["block"] is not None:
        allowed = np.setdiff1d(allowed, world["block"])
    for number in range(world["n_queries"]):
        left = np.setdiff1d(allowed, world["exclude"][number])
        truth = brute_force(blocks, world["queries"], world["weights"], left, number)[: world["k"]]
        found = int(result.found[number])
        assert result.rows[number, :found].tolist() == [row for _, row in truth]
        np.testing.assert_array_equal(result.scores[number, :found], [score for score, _ in truth])


def real_world(n: int = 3000, n_artists: int = 400) -> tuple[dict[str, Any], dict[str, Any]]:
    rng = np.random.default_rng(1)
    dense = {"c": rng.normal(size=(n, 16)), "t": rng.normal(size=(n, 24))}
    dense = {
        name: (b / np.linalg.norm(b, axis=1, keepdims=True)).astype(np.float32)
        for name, b in dense.items()
    }
    return dense, {"a": one_hot(rng.integers(0, n_artists, n), n_artists)}


def queries_of(dense: dict[str, Any], hot: dict[str, Any], rows: np.ndarray) -> HybridQueries:
    return HybridQueries(
        {name: block[rows] for name, block in dense.items()},
        {name: block[rows] for name, block in hot.items()},
    )


@pytest.mark.parametrize("n_artists", [3, 400], ids=["scanned", "posting lists"])
def test_equals_brute_force_on_real_numbers(n_artists: int) -> None:
    dense, hot = real_world(n_artists=n_artists)
    index, rows = HybridIndex.build(dense, hot), np.arange(0, 3000, 311)
    weights = {"c": 1.0, "t": 0.3, "a": 0.7}
    result = index.search(queries_of(dense, hot, rows), 20, weights)
    blocks = dense | {"a": hot["a"].toarray()}
    queries = {name: block[rows] for name, block in blocks.items()}
    for number in range(len(rows)):
        truth = brute_force(blocks, queries, weights, np.arange(3000), number)[:20]
        np.testing.assert_allclose(result.scores[number], [s for s, _ in truth], atol=1e-6)
        assert result.rows[number].tolist() == [row for _, row in truth]


def test_batch_equals_single_to_the_byte() -> None:
    dense, hot = real_world()
    index, rows = HybridIndex.build(dense, hot), np.arange(0, 3000, 7)
    weights = {"c": 1.0, "t": 0.3, "a": 0.7}
    exclude = [rows[i : i + 1] for i in range(len(rows))]
    together = index.search(queries_of(dense, hot, rows), 9, weights, exclude=exclude)
    for i in range(0, len(rows), 50):
        alone = index.search(
            queries_of(dense, hot, rows[i : i + 1]), 9, weights, exclude=exclude[i : i + 1]
        )
        assert alone.rows.tobytes() == together.rows[i].tobytes()
        assert alone.scores.tobytes() == together.scores[i].tobytes()


def test_weights_change_without_a_new_index() -> None:
    dense, hot = real_world()
    index = HybridIndex.build(dense, hot)
    queries = queries_of(dense, hot, np.array([5]))
    by_artist = index.search(queries, 3, {"a": 1.0}).rows[0]
    assert (hot["a"][by_artist].indices == hot["a"].indices[5]).all()
    by_title = index.search(queries, 3, {"t": 1.0}).rows[0]
    assert by_title[0] == 5
    assert by_title.tolist() != by_artist.tolist()


@pytest.mark.parametrize("factory", ["HNSW16", "IVF8,Flat"])
def test_approximate_dense_part_keeps_the_posting_lists_exact(factory: str) -> None:
    dense, hot = real_world()
    index = HybridIndex.build(dense, hot, factory=factory)
    result = index.search(queries_of(dense, hot, np.array([5])), 5, {"c": 1.0, "a": 10.0})
    fellows = np.flatnonzero(hot["a"].indices == hot["a"].indices[5])
    truth = fellows[np.lexsort((fellows, -(dense["c"][fellows] @ dense["c"][5])))][:5]
    assert result.rows[0].tolist() == truth.tolist()


@pytest.mark.parametrize("mmap", [False, True])
def test_saved_and_loaded_is_the_same(tmp_path: Path, mmap: bool) -> None:
    dense, hot = real_world()
    index, queries = HybridIndex.build(dense, hot), queries_of(dense, hot, np.array([1, 2]))
    index.save(tmp_path)
    again = HybridIndex.load(tmp_path, mmap=mmap)
    weights = {"c": 1.0, "t": 0.5, "a": 0.2}
    before, after = (i.search(queries, 7, weights) for i in (index, again))
    assert before.rows.tobytes() == after.rows.tobytes()
    assert before.scores.tobytes() == after.scores.tobytes()
    np.testing.assert_array_equal(again.blocks(np.array([4]))["t"], dense["t"][[4]])


def test_bad_input() -> None:
    dense, hot = real_world()
    index, queries = HybridIndex.build(dense, hot), queries_of(dense, hot, np.array([1]))
    with pytest.raises(VectorIndexError, match="must have equally many rows"):
        HybridIndex.build({"c": np.zeros((2, 3)), "t": np.zeros((3, 3))})
    with pytest.raises(VectorIndexError, match="at least one dense block"):
        HybridIndex.build({})
    with pytest.raises(VectorIndexError, match="block 'a' must have 2 rows, got 3000"):
        HybridIndex.build({"c": np.zeros((2, 3))}, hot)
    known = r"blocks must be among \['c', 't'\] \(dense\) and \['a'\] \(sparse\)"
    with pytest.raises(VectorIndexError, match=known):
        index.search(queries, 3, {"artist": 1.0})
    for wrong in (HybridQueries(sparse={"c": hot["a"][:1]}), HybridQueries({"a": dense["c"][:1]})):
        with pytest.raises(VectorIndexError, match=known):
            index.search(wrong, 3, {"a": 1.0})
    with pytest.raises(VectorIndexError, match=r"queries of 'a' must have shape \(1, 400\)"):
        index.search(HybridQueries({"c": dense["c"][:1]}, {"a": hot["a"][:1, :5]}), 3, {"a": 1.0})
    with pytest.raises(VectorIndexError, match=r"queries of 'c' must have shape \(n, 16\)"):
        index.search(HybridQueries({"c": np.zeros((1, 3))}), 3, {"c": 1.0})
    with pytest.raises(VectorIndexError, match="exclude must have one entry a query"):
        index.search(queries, 3, {"c": 1.0}, exclude=[])
    with pytest.raises(VectorIndexError, match="k must be an integer"):
        index.search(queries, 0, {"c": 1.0})
    with pytest.raises(VectorIndexError, match="weights must be finite"):
        index.search(queries, 1, {"c": float("nan")})
    with pytest.raises(VectorIndexError, match=r"rows must be in \[0, 3000\), got 3000"):
        index.blocks(np.array([3000]))
    with pytest.raises(VectorIndexError, match="query blocks must have equally many rows"):
        index.search(HybridQueries({"c": dense["c"][:1], "t": dense["t"][:2]}), 3, {"c": 1.0})
    with pytest.raises(VectorIndexError, match="at least one block of queries"):
        index.search(HybridQueries(), 3, {"c": 1.0})


@pytest.mark.parametrize("name", ["", "A", "1a", "a-b", "a/b", "../a", "a" * 65, "a\n", "ä", 3])
def test_names_of_blocks(name: Any) -> None:
    block, hot = np.zeros((2, 3)), one_hot(np.zeros(2, np.int64), 1)
    for dense, sparse_blocks in (({name: block}, {}), ({"c": block}, {name: hot})):
        with pytest.raises(VectorIndexError, match="names of blocks must match"):
            HybridIndex.build(dense, sparse_blocks)


def test_a_block_may_have_many_columns_if_they_hold_something() -> None:
    dense = {"c": np.zeros((2, 3))}
    empty = sparse.csr_array((2, (1 << 20) + 1), dtype=np.float32)
    with pytest.raises(VectorIndexError, match="block 'a' must have at most 1048576 columns"):
        HybridIndex.build(dense, {"a": empty})
    HybridIndex.build(dense, {"a": empty[:, :-1]})

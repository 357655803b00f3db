"""Copies of some columns: made when it pays, and the same results."""

from __future__ import annotations

import numpy as np
import pytest

from indexes.base import Vectors
from indexes.faiss_index import FaissIndex
from indexes.fast_scan.bfloat16 import Bfloat16Vectors
from indexes.fast_scan.scan_copy import Copy


def random_vectors(n: int, dim: int, seed: int = 0) -> Vectors:
    return np.random.default_rng(seed).standard_normal((n, dim), dtype=np.float32)


def narrow_queries(start: int, stop: int) -> Vectors:
    queries = np.zeros((30, 64), np.float32)
    queries[:, start:stop] = random_vectors(30, stop - start, seed=1)
    return queries


def columns_of(index: FaissIndex) -> Copy | None:
    """The copy of a few columns that was made."""
    return index._scanner._copies._copies.get(False)


def test_searches_find_the_same_to_the_last_bit(monkeypatch: pytest.MonkeyPatch) -> None:
    vectors = random_vectors(2_000, 64)
    vectors[1_000:1_100] = vectors[:100]
    plain, copied = FaissIndex.build(vectors), FaissIndex.build(vectors)
    spans = [(0, 20), (5, 20), (10, 30)]
    expected = [plain.search(narrow_queries(*span), 50) for span in spans]
    assert columns_of(plain) is None
    monkeypatch.setattr("indexes.fast_scan.scan_copy._MUCH", 0)
    # The second is part of the first, the third is not.
    for span, truth in zip(spans, expected, strict=True):
        found = copied.search(narrow_queries(*span), 50)
        assert np.array_equal(found.rows, truth.rows)
        assert np.array_equal(found.scores, truth.scores)
    columns = columns_of(copied)
    assert columns is not None
    assert not columns.covers(slice(10, 30))


def test_a_copy_is_made_when_so_much_is_expected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("indexes.fast_scan.scan_copy._MUCH", 100 * 500 * 8)
    index = FaissIndex.build(random_vectors(500, 64))
    one = narrow_queries(0, 8)[:1]
    index.search(one, 3)
    assert columns_of(index) is None
    index.prepare(100)
    index.search(one, 3)
    assert columns_of(index) is not None


def test_a_better_copy_covers_what_the_first_did(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("indexes.fast_scan.scan_copy._MUCH", 0)
    monkeypatch.setattr("indexes.fast_scan.scan_copy._FEW_DIMENSIONS", 1)
    monkeypatch.setattr("indexes.fast_scan.scan_copy.pays", lambda _: False)
    index = FaissIndex.build(random_vectors(500, 64))
    index.search(narrow_queries(0, 20), 3)
    monkeypatch.setattr("indexes.fast_scan.scan_copy.pays", lambda _: True)
    index.search(narrow_queries(2, 20), 3)
    better = columns_of(index)
    assert better is not None
    assert isinstance(better.columns, Bfloat16Vectors)
    assert better.covers(slice(0, 20))


def test_what_is_added_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("indexes.fast_scan.scan_copy._MUCH", 0)
    index = FaissIndex.build(random_vectors(500, 64))
    new = narrow_queries(0, 8)
    new *= 100 / np.linalg.norm(new, axis=1, keepdims=True)
    index.search(new, 1)
    index.add(new)
    assert index.search(new, 1).rows[:, 0].tolist() == list(range(500, 530))


def test_all_columns_are_not_copied(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("indexes.fast_scan.scan_copy._MUCH", 0)
    index = FaissIndex.build(random_vectors(500, 64))
    index.search(random_vectors(3, 64, seed=2), 3)
    assert columns_of(index) is None

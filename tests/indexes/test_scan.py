"""Scans in lots: the memory of one serves the next, and no other scan at the same time."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from indexes.base import Vectors
from indexes.scan import Scanner

VECTORS = np.random.default_rng(0).standard_normal((50, 8), dtype=np.float32)
QUERIES = np.random.default_rng(1).standard_normal((7, 8), dtype=np.float32)


def scan(scanner: Scanner, queries: Vectors) -> Iterator[tuple[Vectors, float]]:
    def parts() -> Iterator[tuple[int, Vectors]]:
        yield 0, VECTORS[:30]
        yield 30, VECTORS[30:]

    return scanner.lines(queries, parts)


@pytest.fixture(autouse=True)
def _lots_of_three(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("indexes.scan._SCORES", 3 * 50)


def test_scans_side_by_side_do_not_share_memory() -> None:
    scanner = Scanner(50)
    for _ in range(3):
        pairs = zip(scan(scanner, QUERIES), scan(scanner, -QUERIES), strict=True)
        for query, ((line, slack), (other, _)) in zip(QUERIES, pairs, strict=True):
            assert np.allclose(line, VECTORS @ query, rtol=0, atol=slack)
            assert np.allclose(line, -other, atol=1e-5)
            line[:] = -np.inf


def test_memory_is_kept_after_many_queries_at_once() -> None:
    few, many = Scanner(50), Scanner(50)
    for _ in range(2):
        list(scan(few, QUERIES[:1]))
        lines = [line.ctypes.data for line, _ in scan(many, QUERIES)]
        assert lines[0] == lines[3] == lines[6]
    assert (len(few._spare), len(many._spare)) == (0, 1)

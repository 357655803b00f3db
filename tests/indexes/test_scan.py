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

    return scanner.lines(queries, parts, whole=False)


@pytest.fixture(autouse=True)
def _lots_of_three(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("indexes.scan._SCORES", 3 * 50)


@pytest.mark.parametrize("n_expected", [0, 100])
def test_scans_side_by_side_do_not_share_memory(n_expected: int) -> None:
    scanner = Scanner(50)
    scanner.n_expected = n_expected
    for _ in range(3):
        pairs = zip(scan(scanner, QUERIES), scan(scanner, -QUERIES), strict=True)
        for query, ((line, slack), (other, _)) in zip(QUERIES, pairs, strict=True):
            assert np.allclose(line, VECTORS @ query, rtol=0, atol=slack)
            assert np.allclose(line, -other, atol=1e-5)
            line[:] = -np.inf


def test_memory_is_kept_where_many_queries_are_to_come() -> None:
    places = []
    for n_expected in (0, 100):
        scanner = Scanner(50)
        scanner.n_expected = n_expected
        for _ in range(2):
            lines = [line.ctypes.data for line, _ in scan(scanner, QUERIES)]
            assert lines[0] == lines[3] == lines[6]
        places.append(len(scanner._spare))
    assert places == [0, 1]

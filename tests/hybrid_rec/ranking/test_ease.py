"""Sparse EASE against the dense matrix inverse."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

from hybrid_rec.ranking import ease
from hybrid_rec.ranking.ease import ease_weights


def some_holds(n_playlists: int = 40, n_items: int = 30) -> sparse.csr_array:
    rng = np.random.default_rng(0)
    dense = (rng.random((n_playlists, n_items)) < 0.2).astype(np.float64)
    dense[:, 7] = 0  # nobody played it
    return sparse.csr_array(dense)


def test_against_the_inverse_of_items_by_items() -> None:
    holds = some_holds()
    x = holds.toarray()
    inverse = np.linalg.inv(x.T @ x + 20.0 * np.eye(x.shape[1]))
    expected = -inverse / np.diag(inverse)
    np.fill_diagonal(expected, 0)
    expected[:, 7] = expected[7] = 0
    found = ease_weights(holds, 20.0, x.shape[1]).toarray()
    np.testing.assert_allclose(found, np.maximum(expected, 0), atol=1e-6)


def test_only_the_strongest_are_kept() -> None:
    full = ease_weights(some_holds(), 20.0, 30).toarray()
    few = ease_weights(some_holds(), 20.0, 3)
    assert np.diff(few.indptr).max() == 3
    for line, row in zip(few.toarray(), full, strict=True):
        assert np.allclose(np.sort(line)[-3:], np.sort(row)[-3:])


def test_chunks_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = ease_weights(some_holds(), 5.0, 10).toarray()
    monkeypatch.setattr(ease, "_CHUNK", 7)
    np.testing.assert_allclose(ease_weights(some_holds(), 5.0, 10).toarray(), whole, atol=1e-12)


def test_too_large_a_catalogue_gets_none(monkeypatch: pytest.MonkeyPatch) -> None:
    for limit in ("MOST_ITEMS", "MOST_PLAYLISTS"):
        with monkeypatch.context() as patch:
            patch.setattr(ease, limit, 10)
            found = ease_weights(some_holds(), 5.0, 10)
            assert found.shape == (30, 30)
            assert found.nnz == 0

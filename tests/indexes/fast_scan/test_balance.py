"""Balanced coordinates: the same products, most of them in the first columns."""

from __future__ import annotations

import numpy as np
import pytest

from indexes.fast_scan.balance import Balance


@pytest.mark.parametrize("n_queries", [1, 50])
def test_products_stay_and_columns_are_alike(n_queries: int) -> None:
    rng = np.random.default_rng(0)
    vectors = (rng.standard_normal((400, 6)) @ rng.standard_normal((6, 200))).astype(np.float32)
    vectors += 0.1 * rng.standard_normal(vectors.shape).astype(np.float32) + 0.5
    queries = vectors[:n_queries] * np.float32(3)
    balance = Balance.of(vectors, queries)
    mapped, asked = vectors @ balance.of_vectors, queries @ balance.of_queries
    products = queries.astype(np.float64) @ vectors.astype(np.float64).T
    assert np.allclose(mapped @ asked.T, products.T, rtol=1e-6)
    squares = mapped.T @ mapped / len(mapped)
    assert np.allclose(np.diag(squares), balance.sizes, rtol=1e-3, atol=1e-6)
    assert np.abs(squares - np.diag(np.diag(squares))).max() < 1e-6 * balance.sizes[0]
    assert (np.diff(balance.sizes) <= 0).all()
    # Six directions and a mean are all there is.
    first = mapped[:, :7] @ asked[:, :7].T
    assert np.abs(first - products.T).max() < 0.02 * products.std()
    assert np.allclose(balance.spread(asked), products.std(axis=1), rtol=1e-3)


def test_directions_that_hold_nothing_do_no_harm() -> None:
    vectors = np.zeros((10, 4), np.float32)
    vectors[:, 0] = 1
    balance = Balance.of(vectors, np.zeros((2, 4), np.float32))
    assert np.allclose(balance.of_queries @ balance.of_vectors.T, np.eye(4), atol=1e-6)

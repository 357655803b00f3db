"""Alternating least squares, and placing a playlist that was not there in training."""

from __future__ import annotations

import numpy as np

from hybrid_rec.core.config import AlsConfig
from hybrid_rec.data.synthetic import SyntheticDataset
from hybrid_rec.ranking.als import Factors

CONFIG = AlsConfig(size=8, iterations=5)


def test_cold_items_are_zero_and_seeds_give_the_same_bytes(world: SyntheticDataset) -> None:
    holds = world.playlists.matrix()
    factors = Factors.fit(holds, CONFIG, 3)
    cold = world.playlists.play_counts == 0
    assert not factors.vectors[cold].any()
    assert factors.vectors[~cold].any(axis=1).all()
    assert factors.vectors.tobytes() == Factors.fit(holds, CONFIG, 3).vectors.tobytes()


def test_a_placed_playlist_minimises_the_loss(world: SyntheticDataset) -> None:
    factors = Factors.fit(world.playlists.matrix(), CONFIG, 0)
    rows = np.unique(world.playlists[0])
    vectors = factors.vectors.astype(np.float64)
    wanted = np.zeros(len(vectors))
    wanted[rows] = 1

    def loss(u: np.ndarray) -> float:
        confidence = 1 + (factors.alpha - 1) * wanted
        return float(
            (confidence * (wanted - vectors @ u) ** 2).sum() + factors.regularisation * (u @ u)
        )

    placed = factors.place(rows).astype(np.float64)
    rng = np.random.default_rng(0)
    for _ in range(20):
        assert loss(placed + 1e-2 * rng.normal(size=8)) > loss(placed)


def test_nothing_known_is_nowhere(world: SyntheticDataset) -> None:
    factors = Factors.fit(world.playlists.matrix(), CONFIG, 0)
    assert not factors.place(np.empty(0, np.int64)).any()

"""Worlds of tastes that never share a playlist: whose neighbours are right is known beforehand."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from hybrid_rec import Playlists
from hybrid_rec.core.arrays import Rows


def tastes(
    sizes: Sequence[int],
    n_lists: int,
    length: int,
    rng: np.random.Generator,
    *,
    everywhere: int = 0,
) -> tuple[Playlists, Rows]:
    """Playlists that each draw from one taste, and the taste of each item.

    Args:
        sizes: Items of each taste; larger ones have more playlists.
        n_lists: Number of playlists.
        length: Items of each, or all of its taste if these are fewer.
        rng: What they are drawn by.
        everywhere: Items without a taste, behind all others, that nine of ten playlists hold.
    """
    first = np.cumsum([0, *sizes])
    lists: list[Rows] = []
    for taste in rng.choice(len(sizes), n_lists, p=np.array(sizes) / sum(sizes)):
        own = rng.choice(sizes[taste], min(length, sizes[taste]), replace=False)
        hot = np.flatnonzero(rng.random(everywhere) < 0.9)
        lists.append(rng.permutation(np.concatenate([first[taste] + own, first[-1] + hot])))
    n_items = int(first[-1]) + everywhere
    playlists = Playlists.from_rows([len(rows) for rows in lists], np.concatenate(lists), n_items)
    return playlists, np.repeat(np.arange(len(sizes)), sizes)


def share_of_own_taste(scores: NDArray[np.floating], taste: Rows, k: int = 5) -> float:
    """Share of each item's nearest `k`, or as many as its taste has, that are of its taste.

    Args:
        scores: Likeness of all items, `(n, n)`.
        taste: Of each item, `(n,)`.
        k: Neighbours looked at.
    """
    near = scores.astype(np.float64)
    np.fill_diagonal(near, -np.inf)
    order = np.argsort(-near, axis=1, kind="stable")
    others = np.bincount(taste)[taste] - 1
    return float(
        np.mean(
            [
                (taste[order[item, : min(k, others[item])]] == taste[item]).mean()
                for item in np.flatnonzero(others)
            ]
        )
    )

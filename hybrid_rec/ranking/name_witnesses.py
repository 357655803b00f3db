"""Which names of training playlists speak for an item."""

from __future__ import annotations

import numpy as np

from hybrid_rec.core.arrays import Doubles
from hybrid_rec.data.playlists import Playlists
from hybrid_rec.ranking.names import NameNeighbours


def likeness_of(names: NameNeighbours | None, queries: Playlists) -> list[Doubles | None]:
    """How alike each query's name is to those of playlists, `(n_names,)`; None if it says nothing.

    Args:
        names: What the training playlists are called; None where they have no names.
        queries: What is asked.
    """
    if names is None or queries.names is None:
        return [None] * len(queries)
    return [line if line.any() else None for line in names.likeness(queries.names)]


def alike_holders(
    names: NameNeighbours | None, row: int, likeness: Doubles | None, n: int
) -> tuple[str, ...]:
    """The n names most like a query's among those of playlists that hold an item, best first.

    Args:
        names: What the training playlists are called.
        row: The item.
        likeness: What `likeness_of` gave for the query.
        n: Names wanted.
    """
    if names is None or likeness is None:
        return ()
    span = slice(names.held_by.indptr[row], names.held_by.indptr[row + 1])
    holders = np.sort(names.held_by.indices[span])
    order = holders[np.argsort(-likeness[holders], kind="stable")][:n]
    return tuple(names.spelled[name] for name in order.tolist() if likeness[name] > 0)

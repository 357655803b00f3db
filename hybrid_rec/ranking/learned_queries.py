"""Queries as playlists that are learned from before they are answered."""

from __future__ import annotations

from dataclasses import replace
from itertools import count, islice

import numpy as np

from hybrid_rec.data.playlists import Playlists
from hybrid_rec.ranking.hashes import set_hashes


def with_queries(before: Playlists, queries: Playlists) -> Playlists:
    """Playlists with the queries behind them, each under an id of its own.

    The queries stand in an order that follows from what they hold, so that theirs changes nothing.
    Empty ones, and those with the very items of a playlist that is there, are left out.

    Args:
        before: What was learned from already.
        queries: What will be asked, of the same catalogue.
    """
    known = np.isin(set_hashes(queries.matrix()), set_hashes(before.matrix()))
    fresh = np.flatnonzero((queries.lengths > 0) & ~known).tolist()
    ordered = np.array(sorted(fresh, key=lambda number: queries[number].tolist()), dtype=np.int64)
    taken = set(before.playlist_ids)
    free = (name for name in (f"query {number}" for number in count()) if name not in taken)
    names = np.array(list(islice(free, len(ordered))), dtype=object)
    added = replace(queries.select(ordered), playlist_ids=names, times=None)
    return before.extended(added, np.full(len(added), -1, np.int64))

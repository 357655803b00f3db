"""Ids of queries as they come by: where the rows of another one begin, and which came before."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from hybrid_rec.core.arrays import Mask, Rows
from hybrid_rec.data.arrow_types import TEXT


class SeenIds:
    """Which ids came by before, as sorted 64-bit hashes: eight bytes an id.

    Of ten million ids two share a hash with a chance of one in 400,000.
    """

    def __init__(self) -> None:
        self._levels: list[NDArray[np.uint64]] = []

    def add(self, ids: pa.Array) -> Mask:
        """Remember ids, and tell which were there before or stand in `ids` before; null never is.

        Args:
            ids: `(n,)` strings.
        """
        known = np.asarray(ids.is_valid(), dtype=bool)
        hashes = np.asarray(
            pd.util.hash_array(np.array(ids.to_pylist(), dtype=object)[known], categorize=False),
            dtype=np.uint64,
        )
        distinct, first = np.unique(hashes, return_index=True)
        again = np.ones(len(hashes), dtype=bool)
        again[first] = False
        for level in self._levels:
            place = np.minimum(np.searchsorted(level, hashes), len(level) - 1)
            again |= level[place] == hashes
        # Levels are merged like the digits of a counter, so there are few and each id moves seldom.
        while self._levels and len(self._levels[-1]) <= 2 * len(distinct):
            distinct = np.union1d(self._levels.pop(), distinct)
        if len(distinct):
            self._levels.append(distinct)
        repeated = np.zeros(len(ids), dtype=bool)
        repeated[known] = again
        return repeated


def run_starts(ids: pa.ChunkedArray, last: str | None) -> tuple[Rows, str | None]:
    """Where in a batch the rows of another id begin, and the last id.

    Args:
        ids: The id of each row, none of them null.
        last: The last id of the batch before; None for the first batch.

    Returns:
        Rows of the batch, ascending int64, and the id of its last row.
    """
    joined = pa.concat_arrays([pa.array([last], TEXT), *ids.chunks])
    differs = pc.fill_null(pc.not_equal(joined[1:], joined[:-1]), True)
    starts = np.flatnonzero(differs.to_numpy(zero_copy_only=False)).astype(np.int64)
    return starts, joined[-1].as_py()

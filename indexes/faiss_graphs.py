"""The graphs in a FAISS file, whose links a search follows wherever they lead."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from indexes.faiss_cursor import Cursor

_MOST_LEVELS = 64
_LARGEST_WIDTH = 1 << 16


def check_hnsw(cursor: Cursor, n_rows: int) -> None:
    """Walk through the layers of an HNSW graph over so many rows.

    Raises:
        VectorIndexError: If a link leads to no row, or to one that its layer does not hold.
    """
    cursor.array("<f8", "its probabilities of layers")
    ends = cursor.array("<i4", "the places of its layers").astype(np.int64)
    n_layers = cursor.array("<i4", "the layers of its rows", n_rows).astype(np.int64)
    starts = cursor.array("<u8", "the places of its rows", n_rows + 1)
    links = cursor.array("<i4", "its links")
    entry, highest, _, width = (cursor.number("i") for _ in range(4))
    cursor.skip("i")
    if not 0 < width <= _LARGEST_WIDTH:
        raise cursor.wrong(f"it cannot keep {width} candidates in a search")
    if not 1 < len(ends) <= _MOST_LEVELS or ends[0] != 0 or (np.diff(ends) < 0).any():
        raise cursor.wrong("the places of its layers must ascend from 0")
    if n_rows and (n_layers.min() < 1 or n_layers.max() >= len(ends)):
        raise cursor.wrong(f"its rows must be in 1 to {len(ends) - 1} layers")
    wanted = np.concatenate([[0], np.cumsum(ends[n_layers])])
    if (starts != wanted.astype(np.uint64)).any() or len(links) != wanted[-1]:
        raise cursor.wrong("its links must lie row by row as its layers say")
    _check_rows(cursor, links, n_rows)
    if n_rows == 0:
        return
    if not 0 <= entry < n_rows or highest != n_layers[entry] - 1 or highest < n_layers.max() - 1:
        raise cursor.wrong(f"it cannot be entered at row {entry} in layer {highest}")
    for layer in range(1, int(n_layers.max())):
        members = np.flatnonzero(n_layers > layer)
        places = np.arange(ends[layer], ends[layer + 1])
        led = links[(wanted[members][:, None] + places).ravel()]
        if (n_layers[led[led >= 0]] <= layer).any():
            raise cursor.wrong(f"its links in layer {layer} must lead to rows of that layer")


def check_nsg(cursor: Cursor, n_rows: int) -> None:
    """Walk through an NSG graph over so many rows.

    Raises:
        VectorIndexError: If a link leads to no row.
    """
    cursor.skip("iB4i")
    told, most, _, _, width, entry = (cursor.number("i") for _ in range(6))
    is_built = cursor.number("B")
    if told != n_rows or is_built != 1 or not 0 < width <= _LARGEST_WIDTH or most < 1:
        raise cursor.wrong(f"its graph must be built over {n_rows} rows, got {told}")
    if not 0 <= entry < n_rows:
        raise cursor.wrong(f"it cannot be entered at row {entry}")
    # Each row has its links and then -1.
    ahead = cursor.ahead("<i4", n_rows * (most + 1))
    ends = np.flatnonzero(ahead == -1)[:n_rows]
    if len(ends) < n_rows or (np.diff(ends, prepend=-1) > most + 1).any():
        raise cursor.wrong(f"its rows must have at most {most} links")
    _check_rows(cursor, cursor.plain("<i4", int(ends[-1]) + 1), n_rows)


def _check_rows(cursor: Cursor, links: NDArray[Any], n_rows: int) -> None:
    if len(links) and (links.min() < -1 or links.max() >= n_rows):
        raise cursor.wrong(f"its links must lead to rows in [0, {n_rows})")

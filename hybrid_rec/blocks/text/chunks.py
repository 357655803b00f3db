"""Vectors of texts from vectors of the distinct ones, so many at a time."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from hybrid_rec.blocks.text.cleaning import Clean, Texts, distinct_texts
from hybrid_rec.core.arrays import Floats, Rows
from hybrid_rec.core.linalg import unit_rows
from hybrid_rec.core.progress import Progress

CHUNK = 8192
"""Texts that are encoded at once, to bound memory."""


def encode_in_chunks(
    texts: Texts,
    clean: Clean,
    size: int,
    encode: Callable[[list[str]], Floats],
    progress: Progress,
) -> Floats:
    """Unit vectors, `(n_texts, size)` float32; the row of a missing text is zero.

    Args:
        texts: Texts, None for a missing one.
        clean: What is done to each first.
        size: Length of a vector.
        encode: Vectors of distinct clean texts, `(n, size)`, of any length.
        progress: Told of the encoding.

    Raises:
        DataError: If a text is neither a string nor None.
    """
    distinct, places = distinct_texts(texts, clean)
    vectors = np.zeros((len(distinct), size), np.float32)
    if distinct:
        with progress.stage("Encoding texts", len(distinct)) as advance:
            for start in range(0, len(distinct), CHUNK):
                part = distinct[start : start + CHUNK]
                vectors[start : start + CHUNK] = encode(part)
                advance(len(part))
    return spread_rows(unit_rows(vectors), places)


def spread_rows(vectors: Floats, places: Rows) -> Floats:
    """Vectors of distinct texts, `(n_texts, dim)`, at the places of all texts; -1 gives zero."""
    spread = np.zeros((len(places), vectors.shape[1]), np.float32)
    spread[places >= 0] = vectors[places[places >= 0]]
    return spread

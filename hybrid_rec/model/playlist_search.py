"""Training playlists near a query in co-occurrence space."""

from __future__ import annotations

import numpy as np

from hybrid_rec.core.config import COOCCURRENCE
from hybrid_rec.data.playlists import Playlists
from hybrid_rec.data.recommendations import PlaylistMatches
from hybrid_rec.model.fitted import Model
from hybrid_rec.model.search import check_k


def similar_playlists(model: Model, playlists: Playlists, k: int) -> PlaylistMatches:
    """The `k` training playlists nearest to each playlist; none to one that says nothing.

    Raises:
        ConfigError: If k is out of range.
    """
    check_k(k)
    vectors = np.asarray(model.queries(playlists).dense[COOCCURRENCE])
    matches = np.full((len(playlists), k), None, dtype=object)
    scores = np.full((len(playlists), k), -np.inf, np.float32)
    asked = np.flatnonzero(vectors.any(axis=1))
    found = model.playlist_index.search(vectors[asked], min(k, len(model.playlists)))
    width = found.rows.shape[1]
    matches[asked, :width] = model.playlists.playlist_ids[found.rows]
    scores[asked, :width] = found.scores
    return PlaylistMatches(matches, scores, playlists.playlist_ids)

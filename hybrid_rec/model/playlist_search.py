"""Training playlists near a query: by what they hold, and by what they are called."""

from __future__ import annotations

import numpy as np

from hybrid_rec.core.arrays import Floats, Rows
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
    vectors = np.asarray(model.named_queries(playlists).dense[COOCCURRENCE])
    matches = np.full((len(playlists), k), None, dtype=object)
    called = None if model.playlists.names is None else np.full_like(matches, "")
    scores = np.full((len(playlists), k), -np.inf, np.float32)
    width = min(k, len(model.playlists))
    named = np.zeros(len(playlists), dtype=bool)
    if model.names is not None and playlists.names is not None:
        named = playlists.names != ""
    for numbers, is_named in ((np.flatnonzero(~named), False), (np.flatnonzero(named), True)):
        asked = numbers[vectors[numbers].any(axis=1)]
        if not len(asked):
            continue
        if is_named:
            rows, scores[asked, :width] = _by_both(
                model, playlists.select(asked), vectors[asked], width
            )
        else:
            found = model.playlist_index.search(vectors[asked], width)
            rows, scores[asked, :width] = found.rows, found.scores
        matches[asked, :width] = model.playlists.playlist_ids[rows]
        if called is not None and model.playlists.names is not None:
            called[asked, :width] = model.playlists.names[rows]
    return PlaylistMatches(matches, scores, playlists.playlist_ids, called)


def _by_both(
    model: Model, playlists: Playlists, vectors: Floats, width: int
) -> tuple[Rows, Floats]:
    """Rows and scores of the best `width` for queries with names, `(n_queries, width)`."""
    assert model.names is not None
    assert playlists.names is not None
    everything = np.arange(len(model.playlists))
    # A playlist without a name is like no name.
    likeness = np.pad(model.names.likeness(playlists.names), ((0, 0), (0, 1)))
    rows = np.empty((len(vectors), width), np.int64)
    scores = np.empty(rows.shape, np.float32)
    for number, (vector, alike) in enumerate(zip(vectors, likeness, strict=True)):
        cosines = model.playlist_index.scores(vector[None], everything[None])[0]
        both = ((cosines + alike[model.names.of_playlist]) / 2).astype(np.float32)
        order = np.argsort(-both, kind="stable")[:width]
        rows[number], scores[number] = order, both[order]
    return rows, scores

"""Training playlists near a query: by what they hold, and by what they are called."""

from __future__ import annotations

import numpy as np

from hybrid_rec.core.arrays import Floats, Objects, Rows
from hybrid_rec.core.config import COOCCURRENCE
from hybrid_rec.data.playlists import Playlists
from hybrid_rec.data.recommendations import PlaylistMatches
from hybrid_rec.model.fitted import Model
from hybrid_rec.model.search import check_k
from indexes.faiss_index import FaissIndex


def similar_playlists(model: Model, playlists: Playlists, k: int) -> PlaylistMatches:
    """The `k` training playlists nearest to each playlist; none to one that says nothing.

    Raises:
        ConfigError: If k is out of range.
    """
    check_k(k)
    vectors = np.asarray(model.named_queries(playlists).dense[COOCCURRENCE])
    places = None if model.names is None else model.names.of_playlist
    rows, scores = nearest_playlists(
        model, model.playlist_index, places, vectors, playlists.names, k
    )
    matches = np.full(rows.shape, None, dtype=object)
    matches[rows >= 0] = model.playlists.playlist_ids[rows[rows >= 0]]
    called = None
    if model.playlists.names is not None:
        called = np.full_like(matches, "")
        called[rows >= 0] = model.playlists.names[rows[rows >= 0]]
    return PlaylistMatches(matches, scores, playlists.playlist_ids, called)


def nearest_playlists(
    model: Model,
    index: FaissIndex,
    places: Rows | None,
    vectors: Floats,
    names: Objects | None,
    k: int,
) -> tuple[Rows, Floats]:
    """Rows and scores of the playlists of an index nearest to each query, `(n_queries, k)`.

    Args:
        model: What knows how alike names are.
        index: Playlists in co-occurrence space, `(n_playlists, dim)`.
        places: The place of each playlist's name among those that the model knows, -1 for none,
            `(n_playlists,)`; None for a model that knows no names.
        vectors: The queries, `(n_queries, dim)`; one of zeros finds none.
        names: What they are called, "" for no name; None for none at all.
        k: Playlists wanted. Where there are fewer, rows are -1 and scores -inf.
    """
    rows = np.full((len(vectors), k), -1, np.int64)
    scores = np.full((len(vectors), k), -np.inf, np.float32)
    width = min(k, len(index))
    speaks = vectors.any(axis=1)
    named = np.zeros(len(vectors), dtype=bool)
    if places is not None and names is not None:
        named = names != ""
    plain, both = np.flatnonzero(speaks & ~named), np.flatnonzero(speaks & named)
    if len(plain) and width:
        found = index.search(vectors[plain], width)
        rows[plain, :width], scores[plain, :width] = found.rows, found.scores
    if len(both) and width and places is not None and names is not None:
        rows[both, :width], scores[both, :width] = _by_both(
            model, index, places, vectors[both], names[both], width
        )
    return rows, scores


def _by_both(
    model: Model, index: FaissIndex, places: Rows, vectors: Floats, names: Objects, width: int
) -> tuple[Rows, Floats]:
    """Rows and scores of the best `width` for queries with names, `(n_queries, width)`."""
    assert model.names is not None
    everything = np.arange(len(index))
    # A playlist without a name is like no name.
    likeness = np.pad(model.names.likeness(names), ((0, 0), (0, 1)))
    rows = np.empty((len(vectors), width), np.int64)
    scores = np.empty(rows.shape, np.float32)
    for number, (vector, alike) in enumerate(zip(vectors, likeness, strict=True)):
        cosines = index.scores(vector[None], everything[None])[0]
        both = ((cosines + alike[places]) / 2).astype(np.float32)
        order = np.argsort(-both, kind="stable")[:width]
        rows[number], scores[number] = order, both[order]
    return rows, scores

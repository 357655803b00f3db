"""Playlists like one, with what they are called and which items they share with it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from hybrid_rec.core.arrays import Rows
from hybrid_rec.core.errors import DataError
from hybrid_rec.core.quoting import quoted
from hybrid_rec.data.playlists import OnUnknown
from hybrid_rec.data.queries import parse_queries
from hybrid_rec.model.fitted import Model
from hybrid_rec.model.nearest import NearestItems
from hybrid_rec.model.search import check_k

_SHOWN = 3


def like_playlist(recommender: NearestItems, playlist_id: str, k: int = 10) -> pd.DataFrame:
    """The training playlists nearest to one of them, which is not among them.

    Args:
        recommender: A fitted recommender.
        playlist_id: Id of a training playlist.
        k: Playlists wanted.

    Returns:
        One row a playlist: rank (from 1), playlist_id, name, score, shared (how many different
        items both hold) and songs (the titles of some of these).

    Raises:
        DataError: If there is no such playlist.
        ConfigError: If k is out of range.
        NotFittedError: Before `fit` or `load`.
    """
    model = recommender.model_
    found = np.flatnonzero(model.playlists.playlist_ids == playlist_id)
    if not len(found):
        raise DataError(
            f"the playlist must be one of the {len(model.playlists):,} that the model learned "
            f"from, got {quoted(playlist_id)}; name another, or give its items."
        )
    check_k(k)
    own = model.playlists.select(found[:1])
    names = None if own.names is None else own.names.tolist()
    matches = recommender.similar_playlists(own, k + 1, names=names).to_frame()
    matches = matches[matches["playlist_id"] != playlist_id].head(k)
    return _told(model, matches, own.rows)


def like_items(
    recommender: NearestItems,
    item_ids: Sequence[Any],
    k: int = 10,
    *,
    name: str | None = None,
    on_unknown: OnUnknown = "raise",
) -> pd.DataFrame:
    """The training playlists nearest to some items, a name, or both; see `like_playlist`.

    Args:
        recommender: A fitted recommender.
        item_ids: Ids of items.
        k: Playlists wanted.
        name: What the playlist is called; None or "" says nothing.
        on_unknown: "raise" or "skip" for ids that the catalogue lacks.

    Raises:
        UnknownItemError: For an unknown id, if `on_unknown` is "raise".
        ConfigError: If k is out of range.
        NotFittedError: Before `fit` or `load`.
    """
    asked, _ = parse_queries([list(item_ids)], recommender.model_.catalog, on_unknown)
    names = None if name is None else [name]
    found = recommender.similar_playlists(asked, k, names=names)
    return _told(recommender.model_, found.to_frame(), asked.rows)


def _told(model: Model, matches: pd.DataFrame, rows: Rows) -> pd.DataFrame:
    number_of = {own_id: number for number, own_id in enumerate(model.playlists.playlist_ids)}
    titles, ids, asked = model.catalog.titles, model.catalog.item_ids, set(rows.tolist())
    shared = [
        list(dict.fromkeys(row for row in model.playlists[number_of[own_id]] if row in asked))
        for own_id in matches["playlist_id"]
    ]
    songs = [", ".join(titles[row] or ids[row] for row in part[:_SHOWN]) for part in shared]
    return matches.drop(columns="query_id").assign(
        rank=np.arange(1, len(matches) + 1), shared=list(map(len, shared)), songs=songs
    )

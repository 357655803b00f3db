"""What the arrays of playlists must be."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from hybrid_rec.core.errors import DataError
from hybrid_rec.data.playlist_names import check_number_of_names

if TYPE_CHECKING:
    from hybrid_rec.data.playlist_rows import PlaylistRows


def check_arrays(playlists: PlaylistRows) -> None:
    """Raise a DataError unless the arrays of playlists fit together."""
    n_plays = len(playlists.rows)
    if (
        playlists.offsets[0] != 0
        or playlists.offsets[-1] != n_plays
        or (np.diff(playlists.offsets) < 0).any()
    ):
        raise DataError(f"offsets must rise from 0 to the number of plays, {n_plays}.")
    if len(playlists.playlist_ids) != len(playlists.offsets) - 1:
        raise DataError(
            f"playlist_ids must have one entry per playlist, {len(playlists.offsets) - 1}, "
            f"got {len(playlists.playlist_ids)}."
        )
    if n_plays and not (playlists.rows.min() >= 0 and playlists.rows.max() < playlists.n_items):
        raise DataError(f"rows must be in [0, {playlists.n_items}), got {playlists.rows.max()}.")
    for name in ("times", "weights"):
        column = getattr(playlists, name)
        if column is not None and len(column) != n_plays:
            raise DataError(f"{name} must have one entry per play, {n_plays}.")
    check_number_of_names(playlists.names, len(playlists))
    if playlists.elsewhere is not None and len(playlists.elsewhere) != playlists.n_items:
        raise DataError(f"elsewhere must have one entry per item, {playlists.n_items}.")

"""What a fit can be made of: playlists with plays, and the catalogue that they refer to."""

from __future__ import annotations

from typing import Any

from hybrid_rec.core.errors import DataError
from hybrid_rec.data.catalog import Catalog
from hybrid_rec.data.playlists import Playlists


def check_training(playlists: Any, catalog: Any) -> None:
    """Raise a DataError unless these are playlists with plays, and their catalogue."""
    if not isinstance(playlists, Playlists) or not isinstance(catalog, Catalog):
        raise DataError(
            "a fit needs Playlists and then a Catalog, got "
            f"{type(playlists).__name__} and {type(catalog).__name__}."
        )
    if playlists.n_items != len(catalog):
        raise DataError(
            f"playlists must refer to the catalogue given, of {len(catalog)} items, "
            f"but refer to one of {playlists.n_items}."
        )
    if not playlists.n_plays:
        raise DataError("playlists must hold at least one play to fit on, got none.")

"""What a fit can be made of: playlists with plays, and the catalogue that they refer to."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from scipy import sparse

from hybrid_rec.core.errors import DataError
from hybrid_rec.core.progress import Progress
from hybrid_rec.core.words import how_many
from hybrid_rec.data.catalog import Catalog
from hybrid_rec.data.frames import Frame, SparseMatrix, is_frame
from hybrid_rec.data.playlists import Playlists

TrainingPlays = Playlists | str | Path | Frame | Iterable[Iterable[Any]] | SparseMatrix
"""Playlists, a table of plays, a data set by its name, lists of item ids, or a sparse matrix."""
TrainingItems = Catalog | str | Path | Frame
"""A catalogue or a table of items."""


def training_data(
    playlists: TrainingPlays, catalog: TrainingItems | None, progress: Progress
) -> tuple[Playlists, Catalog]:
    """Playlists with plays that count, and their catalogue.

    What of a table is left out is told by a `UserWarning`.

    Args:
        playlists: See `HybridRecommender.fit`.
        catalog: See `HybridRecommender.fit`.
        progress: Told of what is read.

    Raises:
        DataError: If they do not fit together, or nothing is left to learn from.
    """
    plays: Any = playlists
    items: Any = catalog
    if _is_table(plays):
        plays, items = _read(plays, items, progress)
    elif not isinstance(plays, Playlists) and _is_table(items):
        items = _items(items)
    if isinstance(items, Catalog) and sparse.issparse(plays):
        plays = Playlists.from_csr(plays, items)
    elif isinstance(items, Catalog) and isinstance(plays, list | tuple):
        plays = Playlists.from_lists(plays, items)
    check_training(plays, items)
    return plays.liked(), items


def check_training(playlists: Any, catalog: Any) -> None:
    """Raise a DataError unless these are playlists with plays that count, and their catalogue."""
    if not isinstance(playlists, Playlists) or not isinstance(catalog, Catalog):
        raise DataError(
            "a fit needs Playlists and then a Catalog, got "
            f"{type(playlists).__name__} and {type(catalog).__name__}; or tables of plays and "
            "items."
        )
    if playlists.n_items != len(catalog):
        raise DataError(
            f"playlists must refer to the catalogue given, of {len(catalog)} items, "
            f"but refer to one of {playlists.n_items}."
        )
    if not playlists.n_plays:
        raise DataError("playlists must hold at least one play to fit on, got none.")
    if not playlists.liked().n_plays:
        raise DataError(
            "playlists must hold at least one play of a weight above 0 to fit on, got none."
        )


def _is_table(data: Any) -> bool:
    return isinstance(data, str | Path) or is_frame(data)


def _items(items: Any) -> Catalog:
    from hybrid_rec.data.readers.tidy import read_items

    return read_items(items)


def _read(plays: Any, items: Any, progress: Progress) -> tuple[Playlists, Catalog]:
    """Plays and items in tables, as `read_tidy` reads them."""
    # Whoever asks a saved model reads no data set.
    from hybrid_rec.data.datasets import read_dataset, read_tidy

    if isinstance(plays, str | Path):
        playlists, catalog, report = read_dataset(plays, items=items, progress=progress)
    else:
        playlists, catalog, report = read_tidy(plays, items)
    left_out = [how_many(n, why) for why, n in report.dropped.items() if n]
    if left_out:
        warnings.warn(f"left out of what was given: {', '.join(left_out)}.", stacklevel=4)
    return playlists, catalog

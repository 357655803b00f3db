"""LanceDB: a database in a folder, with a table of items or playlists that it searches itself."""

from __future__ import annotations

from pathlib import Path

from hybrid_rec.core.errors import ConfigError
from hybrid_rec.explore.exported import Exported

try:
    import lancedb
except ImportError:
    raise ConfigError(
        "an export to lance must have LanceDB; install it: pip install 'hybrid-rec[explore]'."
    ) from None


def write(taken: Exported, folder: Path) -> None:
    """Write a table `items` or `playlists`, with a vector column for each block.

    Args:
        taken: What is written.
        folder: An existing folder, which becomes the database.
    """
    parts = taken.tables()
    database = lancedb.connect(folder)
    table = database.create_table(taken.what, next(parts))
    for part in parts:
        table.add(part)

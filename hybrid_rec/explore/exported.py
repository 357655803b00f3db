"""Exported: what is taken out of a model, items or playlists, with vectors by block."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from hybrid_rec.blocks.cold_start import SOURCES
from hybrid_rec.core.arrays import Floats, Rows
from hybrid_rec.core.checks import check_block
from hybrid_rec.core.config import COOCCURRENCE, POPULARITY
from hybrid_rec.core.errors import ConfigError, DataError
from hybrid_rec.core.quoting import quoted
from hybrid_rec.data.arrow_types import TEXT
from hybrid_rec.data.item_table import ITEM_ID, TITLE
from hybrid_rec.model.fitted import Model

VECTOR = "_vector"
"""What the name of a block is followed by in the name of the column of its vectors."""
PLAYLIST_ID = "playlist_id"
# Rows whose vectors are in memory at once.
_CHUNK = 1 << 14


@dataclass(frozen=True, eq=False)
class Exported:
    """Items or playlists, what is known of them, and their vectors."""

    what: str
    """"items" or "playlists"."""
    id_column: str
    """The column of the table that holds ids."""
    table: pa.Table
    """What is known of each, ids first."""
    widths: Mapping[str, int]
    """Dimensions of the vectors by block."""
    rows: Rows
    """Their rows in the model, `(n,)`."""
    vectors_of: Callable[[Rows], Mapping[str, Floats]]
    """The vectors of some rows by block."""

    def __len__(self) -> int:
        return len(self.rows)

    def chunks(self) -> Iterator[tuple[pa.Table, dict[str, Floats]]]:
        """Part after part, with its vectors `(n, dim)` by block."""
        for start in range(0, len(self), _CHUNK):
            rows = self.rows[start : start + _CHUNK]
            vectors = self.vectors_of(rows)
            held = {
                block: np.ascontiguousarray(vectors[block], np.float32) for block in self.widths
            }
            yield self.table.slice(start, len(rows)), held

    def tables(self) -> Iterator[pa.Table]:
        """Part after part, with a column of vectors for each block."""
        for table, vectors in self.chunks():
            for block, matrix in vectors.items():
                column = pa.FixedSizeListArray.from_arrays(matrix.ravel(), matrix.shape[1])
                table = table.append_column(block + VECTOR, column)
            yield table


def exported(
    model: Model,
    *,
    block: str | None,
    every_block: bool,
    playlists: bool,
    sample: int | None,
    seed: int,
) -> Exported:
    """What is taken out of a model.

    Args:
        model: A fitted model.
        block: The block whose vectors are wanted; None for `cooccurrence`, or for all.
        every_block: Whether None stands for all dense blocks.
        playlists: Whether playlists are wanted instead of items.
        sample: How many, drawn without replacement; None for all.
        seed: Seed of the draw.

    Raises:
        ConfigError: For a block that the model does not have, or a sample out of range.
        DataError: If a column of the catalogue is called like one of vectors.
    """
    widths = _widths(model, block, every_block)
    if playlists:
        rows = _sampled(np.arange(len(model.playlists)), sample, seed)
        table, name = _playlist_table(model, rows), PLAYLIST_ID
    else:
        kept = np.setdiff1d(np.arange(len(model.catalog)), model.removed)
        rows = _sampled(kept, sample, seed)
        table, name = _item_table(model, rows), ITEM_ID
    for column in (block + VECTOR for block in widths):
        if column in table.column_names:
            raise DataError(
                f"the catalogue must have no column {quoted(column)}, which is that of vectors; "
                "rename it and fit again."
            )
    what = "playlists" if playlists else "items"

    def vectors_of(chosen: Rows) -> Mapping[str, Floats]:
        return _of_playlists(model, chosen) if playlists else model.index.blocks(chosen)

    return Exported(what, name, table, widths, rows, vectors_of)


def _widths(model: Model, block: str | None, every_block: bool) -> dict[str, int]:
    layout = model.index.layout
    if block is None and every_block:
        return {name: width for name, width in layout.items() if name != POPULARITY}
    wanted = COOCCURRENCE if block is None else block
    check_block(wanted, layout)
    return {wanted: layout[wanted]}


def _sampled(rows: Rows, sample: int | None, seed: int) -> Rows:
    if sample is None:
        return rows
    if isinstance(sample, bool) or not isinstance(sample, int | np.integer) or sample < 1:
        raise ConfigError(
            f"The 'sample' parameter must be an integer of at least 1, got {quoted(sample)} "
            "instead."
        )
    if sample >= len(rows):
        return rows
    return np.sort(np.random.default_rng(seed).choice(rows, sample, replace=False))


def _item_table(model: Model, rows: Rows) -> pa.Table:
    table = model.catalog.table.take(pa.array(rows))
    ours = {
        "plays": pa.array(model.playlists.play_counts[rows]),
        "source": pa.array(np.array(SOURCES, dtype=object)[model.sources[rows]], TEXT),
    }
    for name, column in ours.items():
        # What the catalogue says stays as it is.
        if name not in table.column_names:
            table = table.append_column(name, column)
    return table.combine_chunks()


def _playlist_table(model: Model, rows: Rows) -> pa.Table:
    names = model.playlists.names
    called = np.full(len(rows), "", dtype=object) if names is None else names[rows]
    titles = model.catalog.titles
    first = [
        next((titles[row] for row in model.playlists[number] if titles[row]), None)
        for number in rows.tolist()
    ]
    return pa.table(
        {
            PLAYLIST_ID: pa.array(model.playlists.playlist_ids[rows], TEXT),
            "name": pa.array(called, TEXT),
            "plays": pa.array(model.playlists.lengths[rows]),
            f"first_{TITLE}": pa.array(first, TEXT),
        }
    )


def _of_playlists(model: Model, rows: Rows) -> dict[str, Floats]:
    asked = model.queries(model.playlists.select(rows)).dense
    return {name: np.asarray(matrix, np.float32) for name, matrix in asked.items()}

"""The tables of a saved model, read without more memory than their size allows."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from hybrid_rec.blocks.base import Block
from hybrid_rec.blocks.block_set import BlockSet
from hybrid_rec.blocks.categories import CategoriesBlock
from hybrid_rec.blocks.numbers import NumbersBlock
from hybrid_rec.blocks.text.block import TextBlock
from hybrid_rec.blocks.vectors import VectorsBlock
from hybrid_rec.core.arrays import Objects
from hybrid_rec.core.errors import ArtifactError
from hybrid_rec.core.stored import refused
from hybrid_rec.data.arrow_types import TEXT, TEXTS
from hybrid_rec.data.catalog import Catalog
from hybrid_rec.data.item_table import ARTIST, TAGS, TITLE, is_list
from hybrid_rec.data.playlists import Playlists

CATALOG, PLAYLISTS = "catalog.parquet", "playlists.parquet"
_PLAYLIST_ID, _NAME = "playlist_id", "name"
# A file of so many bytes may hold a thousand times as many, and what every table may.
_MOST_SHRUNK, _ALWAYS = 1_000, 1 << 26
# Rows that are unpacked at once.
_LOT = 8_192


def write_tables(catalog: Catalog, playlists: Playlists, folder: Path) -> None:
    """Write the items, and the ids and names of the playlists."""
    pq.write_table(catalog.table, folder / CATALOG, compression="zstd")
    columns = {_PLAYLIST_ID: pa.array(playlists.playlist_ids, TEXT)}
    if playlists.n_named:
        columns[_NAME] = pa.array(playlists.names, TEXT)
    pq.write_table(pa.table(columns), folder / PLAYLISTS, compression="zstd")


def read_catalog(home: Path, n_items: int) -> Catalog:
    """The items, of which there must be so many.

    Raises:
        ArtifactError: If the file is missing or damaged, or is no catalogue of as many items.
    """
    path = home / CATALOG
    with refused(path):
        table = _read(path, n_items)
        for name, kind in ((TITLE, TEXT), (ARTIST, TEXT), (TAGS, TEXTS)):
            if name in table.column_names and table.schema.field(name).type != kind:
                raise ArtifactError(f"{path} must hold {kind} as {name}; save the model again.")
        return Catalog.from_table(table)


def read_playlist_table(home: Path, n_playlists: int) -> tuple[Objects, Objects | None]:
    """The ids of the playlists and their names, each `(n_playlists,)`; None for no names.

    Raises:
        ArtifactError: If the file is missing or damaged, or does not hold as many different ids, or
            as many names.
    """
    path = home / PLAYLISTS
    with refused(path):
        table = _read(path, n_playlists)
        columns = table.schema.names
        if columns not in ([_PLAYLIST_ID], [_PLAYLIST_ID, _NAME]) or any(
            field.type != TEXT for field in table.schema
        ):
            raise ArtifactError(f"{path} must hold {_PLAYLIST_ID} as text; save the model again.")
        ids = table[_PLAYLIST_ID].to_pylist()
        if None in ids or len(set(ids)) < len(ids):
            raise ArtifactError(f"{path} must hold different ids; save the model again.")
        names = None
        if _NAME in columns:
            if table[_NAME].null_count:
                raise ArtifactError(f"{path} must hold all names; save the model again.")
            names = np.array(table[_NAME].to_pylist(), dtype=object)
        return np.array(ids, dtype=object), names


def check_columns(catalog: Catalog, blocks: BlockSet) -> None:
    """Raise an ArtifactError unless columns of the items hold what the blocks are made from.

    Kinds of block that other packages bring look at their columns themselves.
    """
    for block in blocks:
        for name in block.config.columns:
            if name not in catalog.table.column_names:
                continue
            found = catalog.table.schema.field(name).type
            empty = catalog.table[name].null_count == len(catalog)
            if not empty and not _fits(block, found):
                raise ArtifactError(
                    f"{CATALOG} must hold what the block {block.name!r} of the kind {block.kind} "
                    f"is made from as {name}, got {found}; save the model again."
                )


def _fits(block: Block, found: pa.DataType) -> bool:
    listed = is_list(found)
    of = found.value_type if listed else found
    is_text = pa.types.is_large_string(of)
    is_whole = pa.types.is_integer(of) or pa.types.is_boolean(of)
    is_number = is_whole or pa.types.is_floating(of)
    if isinstance(block, CategoriesBlock):
        # A separator makes lists of texts.
        return (is_text or is_whole) and (block.has_lists or not listed)
    if isinstance(block, NumbersBlock | VectorsBlock):
        return is_number and listed == isinstance(block, VectorsBlock)
    return not isinstance(block, TextBlock) or (is_text and not listed)


def _read(path: Path, n_rows: int) -> pa.Table:
    """A table of so many rows.

    Raises:
        ArtifactError: If it has others, or is much larger than its file.
        ArrowException: If it is damaged.
    """
    with pq.ParquetFile(path) as file:
        if file.metadata.num_rows != n_rows:
            raise ArtifactError(
                f"{path} must hold the {n_rows} rows that the manifest counts, got "
                f"{file.metadata.num_rows}; save the model again."
            )
        most = _ALWAYS + _MOST_SHRUNK * path.stat().st_size
        lots, n_bytes = [], 0
        for lot in file.iter_batches(_LOT):
            n_bytes += lot.nbytes
            if n_bytes > most:
                raise ArtifactError(
                    f"{path} must hold at most {most} bytes unpacked; save the model again."
                )
            lots.append(lot)
        table = pa.Table.from_batches(lots, file.schema_arrow)
    # Text that is none, and lists that end before they begin.
    table.validate(full=True)
    if table.num_rows != n_rows or len(set(table.column_names)) < table.num_columns:
        raise ArtifactError(f"{path} must hold each column once; save the model again.")
    return table

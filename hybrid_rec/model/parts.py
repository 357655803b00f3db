"""The files of a saved model, format 2: what each part writes, and how it is read again.

To save something more, write it in `write_parts` and read it in `read_parts`; manifest, checksums
and what may be replaced follow from the files that are there.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from hybrid_rec.blocks.base import Block
from hybrid_rec.blocks.block_set import BlockSet
from hybrid_rec.blocks.cold_start import SOURCES, ColdStartMap
from hybrid_rec.blocks.registry import block_type
from hybrid_rec.core.config import COOCCURRENCE, HybridConfig
from hybrid_rec.core.errors import ArtifactError, ConfigError
from hybrid_rec.core.stored import read_array, read_json, refused, write_array, write_json
from hybrid_rec.data.playlists import Playlists
from hybrid_rec.model.fitted import Model
from hybrid_rec.model.held_out import read_held_out
from hybrid_rec.model.name_files import read_names, write_names
from hybrid_rec.model.ranking_files import read_ranking, write_ranking
from hybrid_rec.model.tables import (
    check_columns,
    read_catalog,
    read_playlist_table,
    write_tables,
)
from indexes.checks import check_rows
from indexes.choice import Choice
from indexes.hybrid import HybridIndex

_WEIGHTS = "weights.npy"
LEARNED_FROM = "learned_from"
"""Where a manifest says which playlists were learned from queries, if any were."""
_BLOCKS, _COLD, _NAMES, _RANKING = "blocks", "cold_start", "names", "ranking"


def write_parts(model: Model, folder: Path) -> None:
    """Write all parts of a model into an existing, empty folder."""
    write_tables(model.catalog, model.playlists, folder)
    _write_plays(model.playlists, folder)
    write_array(folder / "sources.npy", model.sources)
    write_array(folder / "group_of.npy", model.group_of)
    if len(model.removed):
        write_array(folder / "removed.npy", model.removed)
    names = {"blocks": list(model.blocks.names), "group": model.blocks.group}
    write_json(folder / "blocks.json", names)
    for block in model.blocks:
        own = folder / _BLOCKS / block.name
        own.mkdir(parents=True)
        block.save(own)
        if not any(own.iterdir()):
            # Folders without files are lost where a model is copied as files.
            write_json(own / "block.json", {"kind": block.kind})
    model.index.save(folder)
    _write_cold_map(model.cold_map, folder / _COLD)
    write_names(model.names, folder / _NAMES)
    if model.ranking is not None:
        write_ranking(model.ranking, folder / _RANKING)


def read_parts(home: Path, manifest: Mapping[str, Any], *, mmap: bool) -> Model:
    """The model that `write_parts` wrote; its checksums were verified before."""
    config = read_config(manifest["config"])
    catalog = read_catalog(home, manifest["counts"].get("items"))
    playlists = read_playlists(home, len(catalog), manifest)
    blocks = _read_blocks(home, config)
    check_columns(catalog, blocks)
    removed = np.empty(0, np.int64)
    if "removed.npy" in manifest["files"]:
        removed = read_array(home / "removed.npy", np.int64, (None,))
    group_of = read_array(home / "group_of.npy", np.int64, (len(catalog),))
    if len(group_of) and not (group_of.min() >= -1 and group_of.max() < blocks.n_groups):
        raise ArtifactError("group_of.npy must name groups that the model has; save it again.")
    return Model(
        config=config,
        catalog=catalog,
        playlists=playlists,
        blocks=blocks,
        index=read_index(home, blocks, len(catalog), config, manifest["files"], mmap=mmap),
        sources=read_sources(home, len(catalog)),
        group_of=group_of,
        cold_map=_read_cold_map(home / _COLD, blocks, config),
        names=read_names(home, _NAMES, manifest["files"], playlists, blocks),
        ranking=read_ranking(
            home, _RANKING, manifest["files"], playlists, blocks, group_of, config
        ),
        removed=check_rows(removed, len(catalog), "removed"),
        choice=read_choice(manifest),
        held_out=read_held_out(manifest),
        learned_from=read_learned_from(manifest, len(playlists)),
    )


def read_config(given: Mapping[str, Any]) -> HybridConfig:
    """The configuration in a manifest.

    Raises:
        ConfigError: Naming the manifest.
    """
    try:
        return HybridConfig(**given)
    except ConfigError as error:
        raise ConfigError(f"manifest.json: {error}") from None


def read_choice(manifest: Mapping[str, Any]) -> Choice | None:
    """Why the index is of its kind, where the manifest says so."""
    return Choice(**manifest["index"]) if "index" in manifest else None


def read_learned_from(manifest: Mapping[str, Any], n_playlists: int) -> int | None:
    """The number of the first playlist that was learned from queries; None for none.

    Raises:
        ArtifactError: If there are fewer playlists.
    """
    first = manifest.get(LEARNED_FROM)
    if first is not None and not 0 < first <= n_playlists:
        raise ArtifactError(
            f"manifest.json must name one of {n_playlists} playlists as {LEARNED_FROM}, got "
            f"{first}; save the model again."
        )
    return None if first is None else int(first)


def _write_plays(playlists: Playlists, folder: Path) -> None:
    write_array(folder / "offsets.npy", playlists.offsets)
    write_array(folder / "rows.npy", playlists.rows)
    if playlists.times is not None:
        write_array(folder / "times.npy", playlists.times)
    if playlists.weights is not None:
        write_array(folder / _WEIGHTS, playlists.weights)
    if playlists.elsewhere is not None:
        write_array(folder / "elsewhere.npy", playlists.elsewhere)


def read_playlists(home: Path, n_items: int, manifest: Mapping[str, Any]) -> Playlists:
    """The training playlists of a model of so many items.

    Raises:
        ArtifactError: If a file is missing or damaged, or does not fit the others.
    """
    ids, names = read_playlist_table(home, manifest["counts"].get("playlists"))
    rows = read_array(home / "rows.npy", np.int64, (manifest["counts"].get("plays"),))
    times = None
    if "times.npy" in manifest["files"]:
        times = read_array(home / "times.npy", "<M8[us]", (len(rows),))
    weights = None
    if _WEIGHTS in manifest["files"]:
        weights = read_array(home / _WEIGHTS, np.float32, (len(rows),))
        if not (np.isfinite(weights) & (weights > 0)).all():
            raise ArtifactError(f"{_WEIGHTS} must hold numbers above 0; save the model again.")
    elsewhere = None
    if "elsewhere.npy" in manifest["files"]:
        elsewhere = read_array(home / "elsewhere.npy", np.int64, (n_items,))
    offsets = read_array(home / "offsets.npy", np.int64, (len(ids) + 1,))
    with refused(home / "offsets.npy"):
        return Playlists(offsets, rows, ids, n_items, times, names, weights, elsewhere)


def read_sources(home: Path, n_items: int) -> Any:
    """Where the place of each item comes from, `(n_items,)`.

    Raises:
        ArtifactError: If a number is no place in `SOURCES`.
    """
    sources = read_array(home / "sources.npy", np.uint8, (n_items,))
    if len(sources) and sources.max() >= len(SOURCES):
        raise ArtifactError(f"sources.npy must hold numbers below {len(SOURCES)}; save it again.")
    return sources


def _read_blocks(home: Path, config: HybridConfig) -> BlockSet:
    state = read_json(home / "blocks.json")
    names = state.get("blocks") if isinstance(state, dict) else None
    if (
        not isinstance(names, list)
        or not all(isinstance(name, str) and name in config.blocks for name in names)
        or len(set(names)) != len(names)
    ):
        raise ArtifactError(
            "blocks.json must list blocks of the configuration, each once; save it again."
        )
    made: list[Block] = []
    for name in names:
        one, folder = config.blocks[name], home / _BLOCKS / name
        if not folder.is_dir():
            raise ArtifactError(f"block {name!r} must have its folder {folder}; save it again.")
        with refused(folder):
            made.append(block_type(one.kind).load(name, one, config, folder))
    blocks = BlockSet(tuple(made), state.get("group"))
    if blocks.group is not None and (blocks.group not in names or blocks.group_block is None):
        raise ArtifactError("blocks.json must name a block of categories as group; save it again.")
    return blocks


def read_index(
    home: Path,
    blocks: BlockSet,
    n_items: int,
    config: HybridConfig,
    files: Collection[str],
    *,
    mmap: bool,
) -> HybridIndex:
    """The index of a model with these blocks, made of files that are listed.

    Raises:
        VectorIndexError: If a file is damaged or not listed.
        ArtifactError: If it holds other blocks, or not as many items.
    """
    index = HybridIndex.load(home, mmap=mmap, files=files)
    check_index(index, blocks, n_items, config)
    return index


def check_index(index: HybridIndex, blocks: BlockSet, n_items: int, config: HybridConfig) -> None:
    """Raise an ArtifactError unless an index has the blocks of a model."""
    wanted = {COOCCURRENCE: config.cooccurrence.vector_size, "popularity": 1}
    wanted |= {block.name: block.width for block in blocks}
    found = dict(index.layout)
    found |= {name: matrix.shape[1] for name, matrix in index.one_hot.items()}
    if found != wanted or len(index) != n_items:
        raise ArtifactError(
            f"the index must hold {n_items} items in the blocks {wanted}, but holds {len(index)} "
            f"in {found}; save the model again."
        )


def _write_cold_map(cold_map: ColdStartMap, folder: Path) -> None:
    folder.mkdir()
    write_json(folder / "blocks.json", list(cold_map.columns))
    write_array(folder / "coefficients.npy", cold_map.coefficients)
    write_array(folder / "intercept.npy", cold_map.intercept)
    for name, columns in cold_map.columns.items():
        write_array(folder / f"{name}.columns.npy", columns)


def _read_cold_map(folder: Path, blocks: BlockSet, config: HybridConfig) -> ColdStartMap:
    names = read_json(folder / "blocks.json")
    if not isinstance(names, list) or not all(name in blocks.names for name in names):
        raise ArtifactError(f"{folder / 'blocks.json'} must list blocks of the model.")
    columns = {
        name: check_rows(
            read_array(folder / f"{name}.columns.npy", np.int64, (None,)), blocks[name].width, name
        )
        for name in names
    }
    dim = config.cooccurrence.vector_size
    n_features = sum(map(len, columns.values()))
    return ColdStartMap(
        read_array(folder / "coefficients.npy", np.float32, (n_features, dim)),
        read_array(folder / "intercept.npy", np.float32, (dim,)),
        columns,
    )

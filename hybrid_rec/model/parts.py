"""The files of a saved model, format 2: what each part writes, and how it is read again.

To save something more, write it in `write_parts` and read it in `read_parts`; manifest, checksums
and what may be replaced follow from the files that are there.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from hybrid_rec.blocks.block_set import BlockSet
from hybrid_rec.blocks.cold_start import SOURCES, ColdStartMap
from hybrid_rec.blocks.registry import block_type
from hybrid_rec.core.config import COOCCURRENCE, HybridConfig, WeightsConfig
from hybrid_rec.core.errors import ArtifactError, ConfigError
from hybrid_rec.core.stored import (
    read_array,
    read_json,
    read_sparse,
    write_array,
    write_json,
    write_sparse,
)
from hybrid_rec.data.arrow_types import TEXT
from hybrid_rec.data.catalog import Catalog
from hybrid_rec.data.playlists import Playlists
from hybrid_rec.model.fitted import Model, Ranking
from hybrid_rec.model.held_out import read_held_out
from hybrid_rec.ranking.feature_set import features_of
from hybrid_rec.ranking.ranker import Ranker
from hybrid_rec.ranking.statistics import Statistics
from indexes.checks import check_rows
from indexes.choice import Choice
from indexes.hybrid import HybridIndex

CATALOG, PLAYLISTS = "catalog.parquet", "playlists.parquet"
_BLOCKS, _COLD, _RANKING = "blocks", "cold_start", "ranking"
_STATISTICS = "statistics"
_TREES, _NEW_TREES, _WEIGHTS = "trees.txt", "new_trees.txt", "weights.json"


def write_parts(model: Model, folder: Path) -> None:
    """Write all parts of a model into an existing, empty folder."""
    pq.write_table(model.catalog.table, folder / CATALOG, compression="zstd")
    _write_playlists(model.playlists, folder)
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
    if model.ranking is not None:
        _write_ranking(model.ranking, folder / _RANKING)


def read_parts(home: Path, manifest: Mapping[str, Any], *, mmap: bool) -> Model:
    """The model that `write_parts` wrote; its checksums were verified before."""
    config = read_config(manifest["config"])
    catalog = Catalog.from_table(pq.read_table(home / CATALOG))
    playlists = _read_playlists(home, len(catalog), "times.npy" in manifest["files"])
    blocks = _read_blocks(home, config)
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
        index=_read_index(home, blocks, len(catalog), config, mmap=mmap),
        sources=read_sources(home, len(catalog)),
        group_of=group_of,
        cold_map=_read_cold_map(home / _COLD, blocks, config),
        ranking=_read_ranking(home / _RANKING, manifest, playlists, blocks, group_of, config),
        removed=check_rows(removed, len(catalog), "removed"),
        choice=read_choice(manifest),
        held_out=read_held_out(manifest),
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


def _write_playlists(playlists: Playlists, folder: Path) -> None:
    ids = pa.table({"playlist_id": pa.array(playlists.playlist_ids, TEXT)})
    pq.write_table(ids, folder / PLAYLISTS, compression="zstd")
    write_array(folder / "offsets.npy", playlists.offsets)
    write_array(folder / "rows.npy", playlists.rows)
    if playlists.times is not None:
        write_array(folder / "times.npy", playlists.times)


def _read_playlists(home: Path, n_items: int, with_times: bool) -> Playlists:
    ids = pq.read_table(home / PLAYLISTS)["playlist_id"].to_pylist()
    rows = read_array(home / "rows.npy", np.int64, (None,))
    times = read_array(home / "times.npy", "<M8[us]", (len(rows),)) if with_times else None
    offsets = read_array(home / "offsets.npy", np.int64, (len(ids) + 1,))
    return Playlists(offsets, rows, np.array(ids, dtype=object), n_items, times)


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
    made = []
    for name in names:
        one, folder = config.blocks[name], home / _BLOCKS / name
        if not folder.is_dir():
            raise ArtifactError(f"block {name!r} must have its folder {folder}; save it again.")
        made.append(block_type(one.kind).load(name, one, config, folder))
    blocks = BlockSet(tuple(made), state.get("group"))
    if blocks.group is not None and (blocks.group not in names or blocks.group_block is None):
        raise ArtifactError("blocks.json must name a block of categories as group; save it again.")
    return blocks


def _read_index(
    home: Path, blocks: BlockSet, n_items: int, config: HybridConfig, *, mmap: bool
) -> HybridIndex:
    index = HybridIndex.load(home, mmap=mmap)
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


def _write_ranking(ranking: Ranking, folder: Path) -> None:
    (folder / _STATISTICS).mkdir(parents=True)
    (folder / _TREES).write_text(ranking.ranker.text, encoding="utf-8")
    if ranking.ranker.new_text is not None:
        (folder / _NEW_TREES).write_text(ranking.ranker.new_text, encoding="utf-8")
    write_json(folder / _WEIGHTS, dict(ranking.weights))
    matrices, arrays = ranking.statistics.state()
    for name, matrix in matrices.items():
        write_sparse(folder / _STATISTICS / f"{name}.npz", matrix)
    for name, array in arrays.items():
        write_array(folder / _STATISTICS / f"{name}.npy", array)


def _read_ranking(
    folder: Path,
    manifest: Mapping[str, Any],
    playlists: Playlists,
    blocks: BlockSet,
    group_of: Any,
    config: HybridConfig,
) -> Ranking | None:
    if f"{_RANKING}/{_TREES}" not in manifest["files"]:
        return None
    text = (folder / _TREES).read_text(encoding="utf-8")
    names = known_features(text, blocks)
    settings = config.ranking.statistics
    shapes = Statistics.state_shapes(playlists, blocks.n_groups, settings, names)
    statistics = Statistics.from_state(
        playlists,
        group_of,
        blocks.n_groups,
        settings,
        {
            name: read_sparse(folder / _STATISTICS / f"{name}.npz", shape)
            for name, shape in shapes[0].items()
        },
        {
            name: read_array(folder / _STATISTICS / f"{name}.npy", np.float32, shape)
            for name, shape in shapes[1].items()
        },
    )
    new_text = None
    if f"{_RANKING}/{_NEW_TREES}" in manifest["files"]:
        new_text = (folder / _NEW_TREES).read_text(encoding="utf-8")
    ranker = Ranker(names, text, new_text, config.ranking.new_share)
    return Ranking(statistics, ranker, read_weights(read_json(folder / _WEIGHTS), blocks))


def known_features(text: str, blocks: BlockSet) -> list[str]:
    """The names of the features that trees look at.

    Raises:
        ArtifactError: If there are others than this version can compute.
    """
    found = re.search(r"^feature_names=(.*)$", text, re.MULTILINE)
    names = [] if found is None else found[1].split()
    unknown = [name for name in names if name not in features_of(blocks)]
    if unknown or not names:
        raise ArtifactError(
            f"the trees of the ranking must look at features that this version knows, got "
            f"{', '.join(unknown) or 'none'}; fit again."
        )
    return names


def read_weights(given: Any, blocks: BlockSet) -> dict[str, float]:
    """Learned block weights, checked.

    Raises:
        ArtifactError: If they are no mapping.
        ConfigError: If one of them is out of range.
    """
    if not isinstance(given, dict):
        raise ArtifactError("the learned weights must be a mapping; save the model again.")
    checked = WeightsConfig(**given)
    usual = blocks.weights(checked)
    return {name: usual[name] for name in given if name in usual}

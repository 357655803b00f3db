"""Models of format 1, which knew titles, artists and tags alone, read as models of today."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from hybrid_rec.blocks.base import Block, ColumnKind
from hybrid_rec.blocks.block_set import BlockSet
from hybrid_rec.blocks.categories import CategoriesBlock
from hybrid_rec.blocks.cold_start import ColdStartMap
from hybrid_rec.blocks.text.block import TextBlock
from hybrid_rec.core.arrays import Rows
from hybrid_rec.core.config import HybridConfig
from hybrid_rec.core.errors import ArtifactError
from hybrid_rec.core.stored import read_array, read_json, read_sparse, read_text, refused
from hybrid_rec.data.catalog import Catalog
from hybrid_rec.data.playlists import Playlists
from hybrid_rec.model.fitted import Model, Ranking
from hybrid_rec.model.parts import (
    check_index,
    read_choice,
    read_config,
    read_playlists,
    read_sources,
)
from hybrid_rec.model.ranking_files import known_features, read_weights
from hybrid_rec.model.tables import read_catalog
from hybrid_rec.ranking.feature_set import block_feature, features_of
from hybrid_rec.ranking.order import Order
from hybrid_rec.ranking.ranker import Ranker
from hybrid_rec.ranking.statistics import Statistics
from hybrid_rec.ranking.tree_text import TREE_SIZES
from indexes.checks import check_rows
from indexes.hybrid import HybridIndex

_TITLE, _ARTIST, _TAGS = "title", "artist", "tags"
FORMAT_1_COLUMNS: dict[str, ColumnKind] = {_TITLE: "text", _ARTIST: "text", _TAGS: "strings"}
"""The columns that its items were described by."""
_TREES, _NEW_TREES = "ranker.txt", "ranker_new.txt"

_PARAMETERS = {
    "ladder": "fallback",
    "sources": "generators",
    "evidence": "statistics",
    "artist_neighbours": "group_neighbours",
    "factors": "als",
    "factors_few": "als_small",
    "factors_many": "als_large",
}
_GENERATORS = {
    "playlists": "user_knn",
    "items": "item_knn",
    "artists": "group",
    "artist_playlists": "group_user_knn",
    "voted_artists": "user_knn_groups",
}
_FEATURES = {
    "title": block_feature(_TITLE),
    "tags": block_feature(_TAGS),
    "artist_match": block_feature(_ARTIST),
    "artist_share": "group_share",
    "votes": "user_knn",
    "votes_few": "user_knn_few",
    "votes_wide": "user_knn_wide",
    "votes_sharp": "user_knn_sharp",
    "votes_recent": "user_knn_recent",
    "votes_by_factors": "user_knn_by_als",
    "neighbours": "item_knn",
    "neighbours_recent": "item_knn_recent",
    "weights": "ease",
    "weights_recent": "ease_recent",
    "factors": "als",
    "factors_few": "als_small",
    "factors_many": "als_large",
    "artist_votes": "group_user_knn",
    "artist_item_votes": "group_user_knn_items",
    "votes_for_artist": "user_knn_groups",
    "artist_neighbours": "group_knn",
    "artist_plays": "group_plays",
    "artist_other_plays": "group_other_plays",
    "artist_size": "group_size",
    "seed_artists": "seed_groups",
    "votes_rank": "user_knn_rank",
    "weights_rank": "ease_rank",
    "factors_rank": "als_rank",
}
_MATRICES = {
    "item_neighbours": "item_neighbours",
    "ease_weights": "item_weights",
    "group_neighbours": "artist_neighbours",
}
_ARRAYS = {"als": "factors", "als_small": "factors_few", "als_large": "factors_many"}


def read_format_1(home: Path, manifest: Mapping[str, Any], *, mmap: bool) -> Model:
    """A model of format 1; its checksums were verified before."""
    # Credits were not read then: an artist was what stood there.
    old = {**_with_new_names(manifest["config"]), "blocks": {_ARTIST: {"credits": False}}}
    config = read_config(old)
    catalog = read_catalog(home, manifest["counts"].get("items"))
    n_items, files = len(catalog), manifest["files"]
    playlists = read_playlists(home, n_items, manifest)
    index = HybridIndex.load(home, mmap=mmap, files=files)
    blocks = _blocks(home, config, catalog, index)
    check_index(index, blocks, n_items, config)
    removed = np.empty(0, np.int64)
    if "removed.npy" in files:
        removed = read_array(home / "removed.npy", np.int64, (None,))
    group_of = blocks.groups(catalog.table)
    return Model(
        config=config,
        catalog=catalog,
        playlists=playlists,
        blocks=blocks,
        index=index,
        sources=read_sources(home, n_items),
        group_of=group_of,
        cold_map=_cold_map(home, blocks, config),
        ranking=_ranking(home, files, playlists, blocks, group_of, config),
        removed=check_rows(removed, n_items, "removed"),
        choice=read_choice(manifest),
    )


def _with_new_names(given: Any) -> Any:
    """A configuration with the parameters' names of today."""
    if not isinstance(given, dict):
        return given
    renamed = {_PARAMETERS.get(name, name): _with_new_names(value) for name, value in given.items()}
    if "generators" in renamed:
        renamed["generators"] = [_GENERATORS.get(name, name) for name in renamed["generators"]]
        renamed["without"] = [_FEATURES.get(name, name) for name in renamed.get("without", ())]
    return renamed


def _blocks(home: Path, config: HybridConfig, catalog: Catalog, index: HybridIndex) -> BlockSet:
    """Title, artist, and tags where the index has them: the first two were always there."""
    made: list[Block] = [TextBlock.load(_TITLE, config.blocks[_TITLE], config, home)]
    for name in (_ARTIST, _TAGS):
        if name in index.one_hot:
            block = CategoriesBlock(name, config.blocks[name], config)
            made.append(block.fit(catalog.table) if index.one_hot[name].shape[1] else block)
    return BlockSet(tuple(made), _ARTIST)


def _cold_map(home: Path, blocks: BlockSet, config: HybridConfig) -> ColdStartMap:
    columns: dict[str, Rows] = {_TITLE: np.arange(blocks[_TITLE].width, dtype=np.int64)}
    tags = read_array(home / "text_tags.npy", np.int64, (None,))
    if _TAGS in blocks.names:
        columns[_TAGS] = check_rows(tags, blocks[_TAGS].width, "text_tags")
    n_features, dim = sum(map(len, columns.values())), config.cooccurrence.vector_size
    return ColdStartMap(
        read_array(home / "text_coefficients.npy", np.float32, (n_features, dim)),
        read_array(home / "text_intercept.npy", np.float32, (dim,)),
        columns,
    )


def _ranking(
    home: Path,
    files: Mapping[str, Any],
    playlists: Playlists,
    blocks: BlockSet,
    group_of: Rows,
    config: HybridConfig,
) -> Ranking | None:
    if _TREES not in files:
        return None
    known = features_of(blocks)
    with refused(home / _TREES):
        text = _translated(read_text(home / _TREES), known)
        names = known_features(text, blocks)
    settings = config.ranking.statistics
    matrices, arrays = Statistics.state_shapes(playlists, blocks.n_groups, settings, names)
    statistics = Statistics.from_state(
        playlists,
        group_of,
        blocks.n_groups,
        settings,
        {
            name: read_sparse(home / f"{_MATRICES[name]}.npz", shape)
            for name, shape in matrices.items()
        },
        {
            name: read_array(home / f"{_ARRAYS.get(name, name)}.npy", np.float32, shape)
            for name, shape in arrays.items()
        },
    )
    new = None
    if _NEW_TREES in files:
        with refused(home / _NEW_TREES):
            new = Order(_translated(read_text(home / _NEW_TREES), known))
    weights = read_json(home / "weights.json")
    given = {name: weights.get(name) for name in ("cooccurrence", "popularity", *blocks.names)}
    with refused(home / _TREES):
        ranker = Ranker(names, Order(text), new, config.ranking.new_share)
    return Ranking(statistics, ranker, read_weights(given, blocks))


def _translated(text: str, known: Collection[str]) -> str:
    """Trees with the features of today, without those of blocks that the model lacks.

    Raises:
        ArtifactError: If the trees look at other features.
    """
    found = re.search(r"^feature_names=(.*)$", text, re.MULTILINE)
    infos = re.search(r"^feature_infos=(.*)$", text, re.MULTILINE)
    if found is None or infos is None:
        raise ArtifactError("the trees of the ranking must name their features; fit again.")
    old = [_FEATURES.get(name, name) for name in found[1].split()]
    names = [name for name in old if name in known]
    place = {number: names.index(name) for number, name in enumerate(old) if name in known}

    def renumbered(match: re.Match[str]) -> str:
        try:
            columns = [place[int(number)] for number in match[1].split()]
        except (KeyError, ValueError):
            raise ArtifactError(
                "the trees of the ranking look at features that the model lacks; fit again."
            ) from None
        return "split_feature=" + " ".join(map(str, columns))

    kept = [info for name, info in zip(old, infos[1].split(), strict=True) if name in names]
    # Other numbers have other lengths.
    text = TREE_SIZES.sub("", text)
    text = re.sub(r"^split_feature=(.*)$", renumbered, text, flags=re.MULTILINE)
    text = text.replace(found[0], "feature_names=" + " ".join(names))
    text = text.replace(infos[0], "feature_infos=" + " ".join(kept))
    return re.sub(
        r"^max_feature_idx=\d+$", f"max_feature_idx={len(names) - 1}", text, flags=re.MULTILINE
    )

"""The small models whose folders are mutated: every kind of block, of index, and both formats."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from hybrid_rec import Catalog, HybridConfig, HybridRecommender, Playlists, synthetic_radio
from hybrid_rec.model import storage
from hybrid_rec.model.index_measure import measure_index
from tests.data import make_model_v1

_RANKING = {
    "min_playlists": 10,
    "cases": 30,
    "trees": 4,
    "leaves": 5,
    "candidates": 20,
    "min_leaf": 10,
    "extra": ["als_small", "als_large", "user_knn_by_als"],
    "statistics": {
        "item_neighbours": 8,
        "group_neighbours": 5,
        "als": {"size": 4},
        "als_small": {"size": 2},
        "als_large": {"size": 6},
    },
}
_BLOCKS = {
    "lyrics": {"kind": "text", "columns": ["lyrics"], "encoder": "word2vec", "size": 4},
    "genre": {"kind": "categories", "columns": ["genre"]},
    "audio": {"kind": "numbers", "columns": ["tempo", "energy"]},
    "cover": {"kind": "vectors", "columns": ["cover"]},
}
_N_ITEMS = 60


@dataclass(frozen=True)
class _Kind:
    """How a model is made."""

    factory: str = "Flat"
    blocks: bool = False
    ranking: bool = False
    updated: bool = False
    group: bool = True


_KINDS = {
    "ranked": _Kind(blocks=True, ranking=True),
    "plain": _Kind(group=False),
    "hnsw": _Kind("HNSW4", updated=True),
    "hnsw_codes": _Kind("HNSW4_SQ8", blocks=True),
    "inverted": _Kind("IVF4,Flat", updated=True, ranking=True),
    "inverted_codes": _Kind("PCA8,IVF4,SQ8"),
    "product": _Kind("IVF4,PQ4x4", updated=True),
    "graph_of_few": _Kind("PCA8,HNSW4"),
    "codes": _Kind("SQ8", blocks=True, updated=True),
}
FORMAT_1 = "format_1"
NAMES = (*_KINDS, FORMAT_1)
"""Names of the models."""


def write_models(folder: Path) -> None:
    """Fit all models and save each under its name."""
    items, plays = world_frames()
    for name, kind in _KINDS.items():
        _write(folder / name, kind, items, plays)
    shutil.copytree(Path(make_model_v1.__file__).parent / "model_v1", folder / FORMAT_1)


def world_frames() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Items of a small world with columns of every kind, and its plays."""
    world = synthetic_radio(seed=7, n_items=_N_ITEMS, n_playlists=80, n_genres=4)
    lists = world.playlists.to_lists(world.catalog)
    plays = pd.DataFrame(
        [
            (f"p{number}", item, 1.6e9 + 86_400.0 * number + place)
            for number, items_of in enumerate(lists)
            for place, item in enumerate(items_of)
        ],
        columns=["playlist_id", "item_id", "played_at"],
    )
    return _described(world.catalog.to_frame(), world.truth.genre_of_item), plays


def _write(folder: Path, kind: _Kind, items: pd.DataFrame, plays: pd.DataFrame) -> None:
    given: dict[str, Any] = {
        "titles": {"encoder": "tfidf", "tfidf_size": 5},
        "cooccurrence": {"vector_size": 6, "epochs": 2},
        "index": {"factory": kind.factory, "compact_share": 1.0},
        "ranking": _RANKING if kind.ranking else {"enabled": False},
        "blocks": _BLOCKS if kind.blocks else {},
    }
    if not kind.group:
        given["group_by"] = None
    columns = items.columns if kind.blocks else ["item_id", "title", "artist"]
    catalog = Catalog.from_frame(items[list(columns)])
    model = HybridRecommender(HybridConfig(**given))
    model.fit(Playlists.from_frame(plays, catalog), catalog)
    if kind.updated:
        new = items[list(columns)].head(3).assign(item_id=["new-0", "new-1", "new-2"])
        ids = items["item_id"].tolist()
        model.update([[*ids[:4], "new-0"], ids[5:9]], new, remove=[ids[10]])
    model.save(folder)
    if kind.factory != "Flat":
        found = measure_index(model.model_, 5)
        storage.keep_measurement(folder, storage.read_manifest(folder), found)


def _described(items: pd.DataFrame, genres: Any) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    n = len(items)
    tags: list[Any] = [[f"t{row % 5}", f"u{row % 3}"] if row % 7 else [] for row in range(n)]
    words = [f"la la {title} and the night" for title in items["title"]]
    lyrics: list[Any] = [text if row % 9 else None for row, text in enumerate(words)]
    return items.assign(
        tags=tags,
        lyrics=lyrics,
        genre=[f"g{genre}" for genre in genres],
        tempo=np.where(rng.random(n) < 0.1, np.nan, rng.normal(110, 20, n)),
        energy=rng.random(n),
        cover=list(rng.normal(size=(n, 3))),
    )

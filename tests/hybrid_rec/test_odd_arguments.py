"""Arguments of any type and size: one short line, and an error of this package."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from hybrid_rec import (
    Catalog,
    HybridConfig,
    HybridRecError,
    HybridRecommender,
    Playlists,
    read_dataset,
    read_plays,
    read_tidy,
    score_playlists,
)
from hybrid_rec.core.quoting import quoted

ODD = {
    "array": np.array([1, 2]),
    "array of 0": np.array(3),
    "words": np.array(["raise"]),
    "series": pd.Series(["raise", "skip"]),
    "NA": pd.NA,
    "NaT": pd.NaT,
    "nan": float("nan"),
    "frame": pd.DataFrame({"a": [1]}),
    "object": object(),
    "keys": {1: 2, None: 3},
    "bytes": b"x",
    "long": "x" * 200_000,
    "large": 10**6000,
    "complex": 1j,
}
PLAYS = pd.DataFrame({"playlist_id": list("ppqq"), "item_id": list("abcd")}, dtype=object)


@pytest.fixture(scope="module")
def model() -> HybridRecommender:
    playlists, catalog, _ = read_tidy(pd.concat([PLAYS.assign(playlist_id=x) for x in "pqr"]))
    config = HybridConfig(
        titles={"encoder": "tfidf"}, cooccurrence={"epochs": 1}, ranking={"enabled": False}
    )
    return HybridRecommender(config).fit(playlists, catalog)


def calls(model: HybridRecommender, odd: Any, folder: Path) -> dict[str, Callable[[], object]]:
    catalog = model.model_.catalog
    made: dict[str, Callable[[], object]] = {
        "config": lambda: HybridConfig.model_validate(odd),
        "set_params": lambda: HybridRecommender().set_params(seed=odd),
        "params": lambda: HybridRecommender().set_params(**{quoted(odd): 1}),
        "fit": lambda: HybridRecommender(model.config).fit(odd, catalog),
        "fit items": lambda: HybridRecommender(model.config).fit(PLAYS, odd),
        "fit weights": lambda: Playlists.from_frame(PLAYS.assign(weight=[odd] * 4), catalog),
        "matrix": lambda: Playlists.from_csr(odd, catalog),
        "matrix ids": lambda: Playlists.from_csr(sparse.eye_array(4), catalog, item_ids=odd),
        "dislike": lambda: model.recommend(["a"], dislike=odd),
        "dislikes": lambda: model.recommend(["a"], dislike=[[odd]]),
        "where": lambda: model.radio(["a"], 1, where=odd),
        "url": lambda: read_dataset(f"{quoted(odd)}://{quoted(odd)}/plays.csv"),
        "scored where": lambda: score_playlists(folder, folder, folder, where=odd),
        "preset": lambda: HybridConfig(cooccurrence={"preset": odd}),
        "epochs": lambda: HybridConfig(cooccurrence={"epochs": odd}),
        "a block": lambda: HybridConfig(blocks={"x": odd}),
        "a kind": lambda: HybridConfig(blocks={"x": {"kind": odd}}),
        "columns": lambda: HybridConfig(blocks={"x": {"kind": "text", "columns": odd}}),
        "a key of a block": lambda: HybridConfig(blocks={"x": {"kind": "text", 1: odd}}),
        "toml": lambda: HybridConfig.from_toml(odd),
        "load": lambda: HybridRecommender.load(odd),
        "save": lambda: model.save(odd),
        "with_index": lambda: model.with_index(odd),
        "item_vectors": lambda: model.item_vectors(["a"], block=odd),
        "vectors of": lambda: model.item_vectors([odd]),
        "similar": lambda: model.similar_items(odd),
        "similar playlists": lambda: model.similar_playlists(["a"], k=odd),
        "new items": lambda: model.recommend_for_new_items(odd),
        "context": lambda: model.recommend_for_new_items(pd.DataFrame({"context": [odd]})),
        "queries": lambda: model.recommend(odd),
        "a weight": lambda: model.recommend(["a"], weights={"title": odd}),
        "mmr": lambda: model.recommend(["a"], diversity={"mmr": odd}),
        "allowed": lambda: model.recommend(["a"], allow=[odd]),
        "from_lists": lambda: Playlists.from_lists([odd], catalog),
        "catalog": lambda: Playlists.from_frame(PLAYS, odd),
        "rows": lambda: catalog.rows(["a"], missing=odd),
        "name": lambda: catalog.with_vectors(odd, np.ones((4, 2))),
        "frame": lambda: Catalog.from_frame(odd),
        "plays": lambda: read_plays(odd),
        "items": lambda: read_tidy(PLAYS, odd),
        "dataset": lambda: read_dataset(odd),
        "scored model": lambda: score_playlists(odd, "no.csv", folder / "out"),
    }
    for name in ("seed", "group_by", "cooccurrence", "blocks", "weights", "titles", "index"):
        made[f"config {name}"] = lambda name=name: HybridConfig(**{name: odd})  # type: ignore[misc]
    for name in ("k", "exclude_seeds", "allow", "on_unknown", "weights", "diversity", "explain"):
        made[f"recommend {name}"] = lambda name=name: model.recommend(["a"], **{name: odd})  # type: ignore[misc]
    for name in ("new_playlists", "new_items", "remove", "on_known", "on_unknown"):
        given = {"new_playlists": [["a"]], name: odd}
        made[f"update {name}"] = lambda given=given: model.update(**given)  # type: ignore[misc]
    for name in ("item_columns", "lists", "columns", "encoding", "date_format"):
        made[f"read_tidy {name}"] = lambda name=name: read_tidy(PLAYS, **{name: odd})  # type: ignore[misc]
    for name in (*PLAYS.columns, "position", "played_at", "title"):
        cells = pd.Series([odd, None, None, None], dtype=object)
        frame = PLAYS.assign(**{name: cells})
        made[f"column {name}"] = lambda frame=frame: read_tidy(frame)  # type: ignore[misc]
    for name in ("k", "chunk_size", "workers", "strict", "columns", "encoding", "date_format"):
        made[f"score {name}"] = lambda name=name: score_playlists(  # type: ignore[misc]
            folder / "no", folder / "no.csv", folder / "out", **{name: odd}
        )
    return made


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("name", list(ODD))
def test_odd_arguments(model: HybridRecommender, tmp_path: Path, name: str) -> None:
    wrong = []
    for label, call in calls(model, ODD[name], tmp_path).items():
        try:
            call()
        except HybridRecError as error:
            message = str(error)
            if len(message) > 1000 or "\n" in message:
                wrong.append(f"{label}: {len(message)} characters: {message[:100]}")
        except Exception as error:  # all others are what is looked for
            wrong.append(f"{label}: {type(error).__name__}: {error}"[:200])
    assert wrong == []

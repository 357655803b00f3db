"""Answers of a model in a form that can be kept and compared; written by `python -m tests.golden`.

Only what the documentation promises is called, so that the answers outlive any rebuilding.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq

from hybrid_rec import HybridConfig, HybridRecommender, score_playlists
from tests.golden.worlds import World

LINEAR = {"cooccurrence": 1.0, "title": 0.3, "artist": 0.2, "popularity": 0.1}
_ID = "item_id"


def answers_of(world: World) -> dict[str, Any]:
    """Everything that is asked of a world, fitted with the default configuration."""
    model = HybridRecommender(HybridConfig()).fit(world.training, world.catalog)
    found = ask(model, world)
    model.update(world.new_playlists, world.new_items, remove=[world.removed])
    for name, values in ask(model, world).items():
        found[f"updated, {name}"] = values
    return found


def ask(
    model: HybridRecommender, world: World, near: dict[str, float] | None = None
) -> dict[str, Any]:
    """What every kind of call gives, one table of lists each.

    Args:
        model: What is asked.
        world: What it is asked.
        near: Weights for what is near an item; None for the ranking, where there is one.
    """
    asked = world.asked
    singles = [ids[0] for ids in asked[:10] if ids]
    found = {
        "recommend": lists_of(model.recommend(asked, k=20).to_frame()),
        "recommend, linear": lists_of(model.recommend(asked, k=20, weights=LINEAR).to_frame()),
        "recommend, capped": lists_of(
            model.recommend(asked, k=10, diversity={"artist_cap": 1, "mmr": 0.3}).to_frame()
        ),
        "similar_items": lists_of(model.similar_items(singles, k=10, weights=near).to_frame()),
        "recommend_for_new_items": lists_of(
            model.recommend_for_new_items(world.described, k=10, weights=near).to_frame()
        ),
        "similar_playlists": lists_of(model.similar_playlists(asked, k=5).to_frame()),
        "score": scored(model, asked),
    }
    for name, weights in (("ranked", None), ("linear", LINEAR)):
        explained = model.recommend(asked[:6], k=4, weights=weights, explain=True).explanations
        assert explained is not None
        found[f"explanations, {name}"] = [
            {_ID: one.item_id, "text": one.text, "sums": rounded(one.sums())}
            for one in explained.ravel()
        ]
    return found


def scored(model: HybridRecommender, asked: list[list[str]]) -> list[dict[str, Any]]:
    """The rows of a batch run."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        model.save(folder / "model")
        frame = pd.DataFrame(
            {"playlist_id": [f"q{n}" for n in range(len(asked))], "item_ids": asked}
        )
        frame.to_parquet(folder / "asked.parquet")
        score_playlists(
            folder / "model", folder / "asked.parquet", folder / "out", 10, chunk_size=5
        )
        parts = sorted((folder / "out").glob("part-*.parquet"))
        return lists_of(pd.concat([pq.read_table(part).to_pandas() for part in parts]))


def lists_of(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """One entry a query: ids, scores to six digits, sources where there are any."""
    key = _ID if _ID in frame.columns else "playlist_id"
    lists = []
    for query_id, part in frame.groupby("query_id", sort=False):
        entry: dict[str, Any] = {
            "query": str(query_id),
            "ids": part[key].tolist(),
            "scores": [float(f"{score:.6g}") for score in part["score"]],
        }
        if "source" in part.columns:
            entry["sources"] = part["source"].tolist()
        lists.append(entry)
    return lists


def rounded(sums: dict[str, float]) -> dict[str, float]:
    """Parts of a score to six digits, by name."""
    return {name: float(f"{value:.6g}") for name, value in sorted(sums.items())}

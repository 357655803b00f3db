"""Baskets of items of which nothing is known, and groups that are no artists."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from evaluation.harness import evaluate
from evaluation.splits.continuation import continuation
from hybrid_rec import Catalog, HybridConfig, HybridRecommender, Playlists, score_playlists
from tests.block_contract import RANKED

N_GROUPS, N_ITEMS = 10, 200
SMALL: dict[str, Any] = {"cooccurrence": {"vector_size": 16, "epochs": 10, "sample": 0.0}}
LABEL = {"label": {"kind": "categories", "columns": ["label"]}}


def group_of(item_id: str) -> int:
    return int(item_id[1:]) % N_GROUPS


def baskets(n: int = 150, *, cold: int = 0) -> list[list[str]]:
    """Baskets that stay within a group of twenty items; the last `cold` of them stand in none."""
    rng = np.random.default_rng(0)
    return [
        [f"b{basket % N_GROUPS + N_GROUPS * place}" for place in places]
        for basket in range(n)
        for places in [rng.choice(20 - cold, rng.integers(5, 9), replace=False).tolist()]
    ]


@pytest.fixture(scope="module")
def bare() -> tuple[Playlists, Catalog]:
    catalog = Catalog.from_frame(pd.DataFrame({"item_id": [f"b{i}" for i in range(N_ITEMS)]}))
    return Playlists.from_lists(baskets(), catalog), catalog


@pytest.fixture(scope="module", params=["linear", "ranked"])
def model(request: pytest.FixtureRequest, bare: tuple[Playlists, Catalog]) -> HybridRecommender:
    ranking = RANKED if request.param == "ranked" else {"enabled": False}
    found = HybridRecommender(HybridConfig(**SMALL, ranking=ranking)).fit(*bare)
    assert (found.model_.ranking is not None) == (request.param == "ranked")
    return found


def right(found: Any, seeds: list[str]) -> float:
    """Share of what was found that is of the seeds' group."""
    hits = [
        group_of(item) == group_of(seed)
        for seed, line in zip(seeds, found.item_ids, strict=True)
        for item in line
    ]
    return float(np.mean(hits))


def test_nothing_describes_the_items(model: HybridRecommender) -> None:
    assert model.model_.blocks.names == ()
    assert model.model_.blocks.group is None
    assert (model.model_.group_of == -1).all()
    assert set(model.model_.weights) == {"cooccurrence", "popularity"}


def test_answers(model: HybridRecommender) -> None:
    seeds = [f"b{i}" for i in range(20)]
    assert right(model.recommend([[s, f"b{int(s[1:]) + 20}"] for s in seeds], 8), seeds) >= 0.8
    assert right(model.similar_items(seeds, 8), seeds) >= 0.8
    found = model.recommend([["b0", "b10"], []], 5, explain=True)
    assert found.sources.tolist() == [["hybrid"] * 5, ["popularity"] * 5]
    assert found.explanations is not None
    for told, score in zip(found.explanations.ravel(), found.scores.ravel(), strict=True):
        assert np.float32(math.fsum(part.value for part in told.parts)) == score
        assert told.group is None
        assert told.blocks == {}
    capped = model.recommend(["b0"], 8, diversity={"artist_cap": 1, "mmr": 0.2})
    assert None not in capped.item_ids
    assert capped.to_frame()["title"].isna().all()


def test_new_items_have_nothing_but_company(model: HybridRecommender) -> None:
    found = model.recommend_for_new_items(pd.DataFrame({"context": [["b3", "b13"]]}), 8)
    assert right(found, ["b3"]) >= 0.8


def test_saved_and_scored(model: HybridRecommender, tmp_path: Path) -> None:
    model.save(tmp_path / "model")
    queries = [["b1", "b11"], ["b2"], ["b5", "b15", "b25"]]
    expected = model.recommend(queries, 7)
    loaded = HybridRecommender.load(tmp_path / "model")
    assert loaded.recommend(queries, 7).item_ids.tolist() == expected.item_ids.tolist()
    assert loaded.recommend(queries, 7).scores.tobytes() == expected.scores.tobytes()
    pd.DataFrame({"playlist_id": list("xyz"), "item_ids": queries}).to_parquet(
        tmp_path / "q.parquet"
    )
    score_playlists(tmp_path / "model", tmp_path / "q.parquet", tmp_path / "out", 7)
    found = pd.concat(map(pd.read_parquet, sorted((tmp_path / "out").glob("part-*"))))
    assert found["item_id"].tolist() == expected.item_ids.ravel().tolist()


@pytest.mark.parametrize("ranking", [{"enabled": False}, RANKED], ids=["linear", "ranked"])
def test_update(bare: tuple[Playlists, Catalog], ranking: Any) -> None:
    model = HybridRecommender(HybridConfig(**SMALL, ranking=ranking)).fit(*bare)
    model.update([["new", "b4", "b14"]] * 3, pd.DataFrame({"item_id": ["new", "lone"]}))
    assert right(model.similar_items(["new"], 8), ["b4"]) >= 0.8
    assert model.recommend(["new", "b4"], 5).sources.tolist() == [["hybrid"] * 5]
    assert set(model.recommend(["lone"], 5).sources[0]) == {"popularity"}
    model.update(remove=["b14"])
    assert "b14" not in model.recommend(["b4"], 100).item_ids


def test_harness(bare: tuple[Playlists, Catalog]) -> None:
    split = continuation(*bare, np.random.default_rng(0))
    for ranking in ({"enabled": False}, RANKED):
        result = evaluate(HybridRecommender(HybridConfig(**SMALL, ranking=ranking)), split, k=(10,))
        assert not any(result.problems.values())
        # Ten at random of 200 would hit a sixth of such playlists.
        assert result.means()["hit_rate@10"] >= 0.8


@pytest.fixture(scope="module")
def labelled() -> tuple[Playlists, Catalog]:
    """Labels are the groups; a third of each is in no basket, and item b0 is played once."""
    ids = [f"b{i}" for i in range(N_ITEMS)]
    frame = pd.DataFrame({"item_id": ids, "label": [f"Label {group_of(i)}" for i in ids]})
    frame["singer"] = [f"singer {i % 7}" for i in range(N_ITEMS)]
    frame.loc[199, "label"] = None
    catalog = Catalog.from_frame(frame)
    lists = [[i for i in items if i != "b0"] for items in baskets(cold=6)]
    return Playlists.from_lists([*lists, ["b0", "b1"]], catalog), catalog


@pytest.mark.parametrize("cell", [str, lambda label: [label, "everybody"]], ids=["str", "list"])
def test_groups_by_another_block(labelled: tuple[Playlists, Catalog], cell: Any) -> None:
    playlists, plain = labelled
    frame = plain.to_frame()
    frame["label"] = [None if label is None else cell(label) for label in frame["label"]]
    catalog = Catalog.from_frame(frame)
    config = HybridConfig(**SMALL, blocks=LABEL, group_by="label", ranking=RANKED)
    model = HybridRecommender(config).fit(playlists, catalog)
    known = model.model_
    assert known.blocks.group == "label"
    codes = known.group_of
    assert codes[199] == -1
    assert len(set(codes[:199].tolist())) == N_GROUPS
    assert all(codes[row] == codes[row % N_GROUPS] for row in range(199))
    # Fallback: an item without history stands where the mean of its group is.
    cold = np.flatnonzero(playlists.play_counts[:199] == 0)
    assert known.source_counts()["artist"] == len(cold) == 59
    places = model.item_vectors(catalog.item_ids.tolist())
    trust = playlists.play_counts / (playlists.play_counts + 1.0)
    for row in cold[:10]:
        mean = (trust[:, None] * places)[codes == codes[row]].sum(axis=0)
        np.testing.assert_allclose(places[row], mean / np.linalg.norm(mean), atol=2e-3)
    cold_ids = catalog.item_ids[cold].tolist()
    assert right(model.similar_items(cold_ids, 8), cold_ids) >= 0.8
    new = pd.DataFrame({"label": [cell("label 3"), cell("LABEL  4")]})
    found = model.recommend_for_new_items(new, 8)
    assert found.query_sources is not None
    assert found.query_sources.tolist() == ["artist", "artist"]
    assert right(found, ["b3", "b4"]) >= 0.8
    # Shrinkage: what was played once, with a stranger, is drawn to its group.
    loose = {"shrinkage": 0.0}
    free = HybridRecommender(
        HybridConfig(**SMALL, blocks=LABEL, group_by="label", cold_start=loose)
    ).fit(playlists, catalog)
    others = [f"b{i}" for i in range(10, 130, 10)]

    def nearness(of: HybridRecommender) -> float:
        return float((of.item_vectors(["b0"]) @ of.item_vectors(others).T).mean())

    assert nearness(model) > nearness(free) + 0.1
    # The cap and the ranking's features go by it.
    capped = model.recommend(["b3", "b13"], 10, diversity={"artist_cap": 1})
    of_list = codes[catalog.rows(capped.item_ids[0])]
    assert len(set(of_list[of_list >= 0].tolist())) == (of_list >= 0).sum()
    assert known.ranking is not None
    assert {"group_size", "group_user_knn", "block_label"} <= set(known.ranking.ranker.names)
    told = model.recommend(["b3"], 5, explain=True)
    assert told.explanations is not None
    assert {line.group for line in told.explanations[0]} <= {"Label 3", None}
    linear = model.recommend(["b3"], 5, weights={"label": 1.0}, explain=True)
    assert linear.explanations is not None
    assert {line.group for line in linear.explanations[0]} == {"Label 3"}


def test_no_groups_at_all(labelled: tuple[Playlists, Catalog]) -> None:
    playlists, catalog = labelled
    config = HybridConfig(**SMALL, blocks=LABEL, group_by=None, ranking=RANKED)
    model = HybridRecommender(config).fit(playlists, catalog)
    assert model.model_.blocks.group is None
    assert (model.model_.group_of == -1).all()
    counts = model.model_.source_counts()
    # The label still predicts places, by the map; the item without one has none.
    assert (counts["artist"], counts["text"], counts["metadata"]) == (0, 59, 1)
    assert model.model_.ranking is not None
    names = model.model_.ranking.ranker.names
    assert "block_label" in names
    assert not [name for name in names if "group" in name]
    assert right(model.similar_items(["b3", "b193"], 8), ["b3", "b3"]) >= 0.8
    assert HybridConfig(group_by="").group_by is None

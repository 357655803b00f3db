"""A playlist's name is a query: alone, with items, saved, updated and on the command line."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from hybrid_rec import Catalog, HybridConfig, HybridRecommender, Playlists, synthetic_radio
from hybrid_rec.cli.app import run
from hybrid_rec.core.errors import DataError

CONFIG = HybridConfig(
    titles={"encoder": "tfidf"},
    cooccurrence={"epochs": 2, "vector_size": 16},
    ranking={"trees": 20, "cases": 60},
)
PLAIN = CONFIG.model_copy(update={"ranking": CONFIG.ranking.model_copy(update={"enabled": False})})
CALLED = ["Christmas Mix", "xmas 🎄", "gym", "Gym!!!", "workout"]


def world() -> tuple[Playlists, Catalog]:
    """Playlists whose name tells which fifth of the catalogue they are from."""
    _, catalog, _ = synthetic_radio(seed=0, n_items=200, n_playlists=50)
    rng = np.random.default_rng(0)
    lists, names = [], []
    for number in range(200):
        part = number % 2
        lists.append(catalog.item_ids[part * 100 + rng.permutation(60)[:8]].tolist())
        names.append(CALLED[rng.integers(2)] if part == 0 else CALLED[2 + rng.integers(3)])
    return Playlists.from_lists(lists, catalog, names=names), catalog


@pytest.fixture(scope="module")
def ranked() -> HybridRecommender:
    playlists, catalog = world()
    return HybridRecommender(CONFIG).fit(playlists, catalog)


@pytest.fixture(scope="module")
def linear() -> HybridRecommender:
    playlists, catalog = world()
    return HybridRecommender(PLAIN).fit(playlists, catalog)


@pytest.mark.parametrize("which", ["ranked", "linear"])
def test_a_name_alone_finds_what_stands_in_playlists_called_so(
    which: str, request: pytest.FixtureRequest
) -> None:
    model: HybridRecommender = request.getfixturevalue(which)
    found = model.recommend([[], []], 10, names=["CHRISTMAS", "the gym"])
    rows = model.model_.catalog.rows(found.item_ids.ravel()).reshape(2, 10)
    assert (rows[0] < 100).all()
    assert (rows[1] >= 100).all()
    assert found.query_sources is not None
    assert found.query_sources.tolist() == ["name", "name"]
    assert "popularity" not in found.sources


def test_no_name_says_nothing(ranked: HybridRecommender) -> None:
    items = ranked.model_.catalog.item_ids
    queries = [items[:3].tolist(), [], [items[150]]]
    before = ranked.recommend(queries, 20)
    for names in (["", " ", ""], [None, None, None]):
        after = ranked.recommend(queries, 20, names=names)
        assert (after.item_ids == before.item_ids).all()
        assert (after.scores == before.scores).all()
    called = Playlists.from_lists(queries, ranked.model_.catalog, names=["gym"] * 3)
    assert (ranked.recommend(called, 20).item_ids == before.item_ids).all()


def test_a_name_unlike_all_others_is_like_none(ranked: HybridRecommender) -> None:
    found = ranked.recommend([[]], 5, names=["日本"])
    assert found.query_sources is not None
    assert found.query_sources.tolist() == ["popularity"]
    assert (found.item_ids == ranked.recommend([[]], 5).item_ids).all()


def test_many_at_once_are_answered_as_each_alone(ranked: HybridRecommender) -> None:
    items = ranked.model_.catalog.item_ids
    queries = [[], items[:1].tolist(), items[100:103].tolist(), []]
    names = ["gym", "xmas", "", "work out"]
    together = ranked.recommend(queries, 30, names=names)
    for number, (query, name) in enumerate(zip(queries, names, strict=True)):
        alone = ranked.recommend([query], 30, names=[name])
        assert (alone.item_ids[0] == together.item_ids[number]).all()
        assert (alone.scores[0] == together.scores[number]).all()


def test_there_is_one_name_for_each_query(ranked: HybridRecommender) -> None:
    with pytest.raises(DataError, match="one entry per playlist, 2, got 1"):
        ranked.recommend([[], []], names=["gym"])


def test_playlists_without_names_are_learned_from_as_before() -> None:
    playlists, catalog = world()
    model = HybridRecommender(CONFIG).fit(replace(playlists, names=None), catalog)
    assert model.model_.ranking is not None
    assert not any(name.startswith("name_") for name in model.model_.ranking.ranker.names)
    found = model.recommend([[]], 5, names=["gym"])
    assert set(found.sources.ravel()) == {"popularity"}


def test_similar_playlists_have_names(ranked: HybridRecommender) -> None:
    frame = ranked.similar_playlists([[]], 5, names=["christmas"]).to_frame()
    assert list(frame) == ["query_id", "rank", "playlist_id", "name", "score"]
    assert set(frame["name"]) == {"Christmas Mix"} | ({"xmas 🎄"} & set(frame["name"]))
    unnamed = ranked.similar_playlists([ranked.model_.catalog.item_ids[:2].tolist()], 3)
    assert (unnamed.to_frame()["name"] != "").all()


@pytest.mark.parametrize("which", ["ranked", "linear"])
def test_an_explanation_says_which_names(which: str, request: pytest.FixtureRequest) -> None:
    model: HybridRecommender = request.getfixturevalue(which)
    item = model.model_.catalog.item_ids[120]
    found = model.recommend([[], [item]], 3, names=["gym", "gym"], explain=True)
    assert found.explanations is not None
    assert all("in playlists called" in entry.text for entry in found.explanations[0])
    for entry, score in zip(found.explanations.ravel(), found.scores.ravel(), strict=True):
        assert entry.names
        assert np.float32(sum(part.value for part in entry.parts)) == pytest.approx(score, rel=1e-5)


def test_a_saved_model_keeps_names(
    ranked: HybridRecommender, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "model"
    ranked.save(folder)
    loaded = HybridRecommender.load(folder)
    before, after = (one.recommend([[]], 20, names=["gym"]) for one in (ranked, loaded))
    assert (before.item_ids == after.item_ids).all()
    assert (before.scores == after.scores).all()
    rankings = [one.model_.ranking for one in (ranked, loaded)]
    orders = [ranking.ranker.of_names for ranking in rankings if ranking is not None]
    texts = [order.trees for order in orders if order is not None]
    assert len(texts) == 2
    assert texts[0] == texts[1]
    assert run(["info", str(folder)]) == 0
    assert "names: 200 of 200 playlists have one" in capsys.readouterr().out
    assert run(["recommend", str(folder), "--name", "gym", "-k", "3", "--json"]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [row["item_id"] for row in rows] == before.item_ids[0, :3].tolist()
    assert run(["recommend", str(folder)]) == 2
    assert "--item ID, --title TEXT or --name TEXT" in capsys.readouterr().err


def test_an_update_brings_new_names() -> None:
    playlists, catalog = world()
    model = HybridRecommender(PLAIN).fit(playlists, catalog)
    new = pd.DataFrame({"playlist_id": "new", "item_id": catalog.item_ids[170:175]})
    model.update(new.assign(playlist_name="rainy sunday"))
    assert model.similar_playlists([[]], 1, names=["Rainy Sunday"]).playlist_ids[0, 0] == "new"
    found = model.recommend([[]], 5, names=["Rainy Sunday"])
    assert set(found.item_ids[0]) & set(catalog.item_ids[170:175])


@pytest.mark.parametrize("tidy", [True, False])
def test_batch_input_has_names(ranked: HybridRecommender, tmp_path: Path, tidy: bool) -> None:
    model = tmp_path / "model"
    ranked.save(model)
    item = ranked.model_.catalog.item_ids[0]
    if tidy:
        queries = pd.DataFrame(
            {"playlist_id": ["q", "q"], "item_id": [item, item], "playlist_name": ["gym", "gym"]}
        )
    else:
        queries = pd.DataFrame({"playlist_id": ["q"], "item_ids": [[item]], "name": ["gym"]})
    queries.to_parquet(tmp_path / "queries.parquet")
    arguments = ["score", str(model), str(tmp_path / "queries.parquet"), str(tmp_path / "out")]
    assert run([*arguments, "-k", "5", "--quiet"]) == 0
    part = next((tmp_path / "out").rglob("part-*.parquet"))
    seeds = [item, item] if tidy else [item]
    expected = ranked.recommend([seeds], 5, names=["gym"])
    assert pd.read_parquet(part)["item_id"].tolist() == expected.item_ids[0].tolist()

"""One contract for every kind of block, one of the tests' own among them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from hybrid_rec import HybridRecommender, Recommendations, score_playlists
from hybrid_rec.blocks.registry import register_block
from hybrid_rec.core.errors import ConfigError
from tests import block_contract as contract
from tests.block_contract import KINDS, NAME, RANKED, Kind, World, dense

ALONE = {NAME: 1.0, "cooccurrence": 0.0, "popularity": 0.0}


@pytest.fixture(scope="module", autouse=True)
def _letters() -> Iterator[None]:
    with contract.letters_registered():
        yield


@pytest.fixture(scope="module", params=KINDS, ids=list(KINDS))
def kind(request: pytest.FixtureRequest, _letters: None) -> Kind:
    return KINDS[request.param]


@pytest.fixture(scope="module")
def world(kind: Kind) -> World:
    return contract.world_of(kind)


@pytest.fixture(scope="module")
def model(kind: Kind, world: World) -> HybridRecommender:
    """With the second stage; given weights ask the first."""
    config = kind.config(ranking=RANKED)
    return HybridRecommender(config).fit(world.playlists, world.catalog)


@pytest.fixture(scope="module")
def saved(model: HybridRecommender, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("model") / "model"
    model.save(folder)
    return folder


@pytest.fixture
def queries(world: World) -> list[list[str]]:
    """Playlists, one with an item twice, and cold items among warm ones and alone."""
    lists = world.playlists.select(np.arange(4)).to_lists(world.catalog)
    cold = world.ids(np.flatnonzero(world.cold))
    return [*lists, [*lists[0], lists[0][0]], [cold[0]], [cold[1], cold[2], lists[1][0]]]


def test_shape_and_length(kind: Kind) -> None:
    contract.check_shape_and_length(kind)


def test_same_input_same_bytes(kind: Kind) -> None:
    contract.check_same_input_same_bytes(kind)


def test_row_by_row(kind: Kind) -> None:
    contract.check_row_by_row(kind)


def test_missing_is_a_zero_row(kind: Kind) -> None:
    contract.check_missing_is_a_zero_row(kind)


def test_missing_is_an_error_in_fit(kind: Kind) -> None:
    contract.check_missing_is_an_error_in_fit(kind)


def test_wrong_type(kind: Kind) -> None:
    contract.check_wrong_type(kind)


def test_pooling(kind: Kind) -> None:
    contract.check_pooling(kind)


def test_seed_parts_add_up(kind: Kind) -> None:
    contract.check_seed_parts_add_up(kind)


def test_extended(kind: Kind) -> None:
    contract.check_extended(kind)


def test_saved_and_loaded(kind: Kind, tmp_path: Path) -> None:
    contract.check_saved_and_loaded(kind, tmp_path)


def test_damaged_files(kind: Kind, tmp_path: Path) -> None:
    contract.check_damaged_files(kind, tmp_path)


def test_plan(kind: Kind) -> None:
    contract.check_plan(kind)


def test_a_kind_is_registered_once() -> None:
    class Other(contract.LettersBlock):
        pass

    with pytest.raises(ConfigError, match="'letters' is taken by LettersBlock"):
        register_block(Other)


def described_rows(model: HybridRecommender) -> np.ndarray:
    """The rows of all items in the block, as the index has them."""
    index = model.model_.index
    if NAME in index.one_hot:
        return dense(index.one_hot[NAME])
    rows: np.ndarray = index.blocks(np.arange(len(index)))[NAME]
    return rows


def slow_scores(kind: Kind, world: World, rows: np.ndarray, items: list[str]) -> np.ndarray:
    """The score of every item by the block alone, the obvious way; seeds are out."""
    seeds, counts = np.unique(world.catalog.rows(items), return_counts=True)
    line = dict(zip(seeds.tolist(), counts.tolist(), strict=True))
    scores: np.ndarray = rows @ contract.pooled_slowly(kind, rows, line)
    scores[seeds] = -np.inf
    return scores


def test_the_index_holds_what_the_block_says(model: HybridRecommender, world: World) -> None:
    block = model.model_.blocks[NAME]
    rows = described_rows(model)
    assert rows.tobytes() == dense(block.encode(world.catalog.table)).tobytes()
    assert model.model_.ranking is not None
    assert f"block_{NAME}" in model.model_.ranking.ranker.names
    if not block.is_sparse:
        assert model.item_vectors(world.ids([3, 1]), NAME).tobytes() == rows[[3, 1]].tobytes()


def test_recommend_by_the_block_alone(
    model: HybridRecommender, kind: Kind, world: World, queries: list[list[str]]
) -> None:
    found = model.recommend(queries, 12, weights=ALONE)
    rows = described_rows(model)
    for items, ids, scores in zip(queries, found.item_ids, found.scores, strict=True):
        slow = slow_scores(kind, world, rows, items)
        np.testing.assert_allclose(scores, np.sort(slow)[::-1][:12], atol=1e-5)
        np.testing.assert_allclose(slow[world.catalog.rows(ids)], scores, atol=1e-5)


def test_a_weight_adds_its_block(
    model: HybridRecommender, kind: Kind, world: World, queries: list[list[str]]
) -> None:
    for items in queries:
        without, with_it = (
            model.recommend([items], 200, weights={NAME: weight}) for weight in (0.0, 0.5)
        )
        slow = slow_scores(kind, world, described_rows(model), items)
        before, after = np.full((2, len(slow)), -np.inf)
        n = len(slow) - len(set(items))
        before[world.catalog.rows(without.item_ids[0, :n])] = without.scores[0, :n]
        after[world.catalog.rows(with_it.item_ids[0, :n])] = with_it.scores[0, :n]
        held = np.isfinite(before)
        np.testing.assert_allclose(after[held], before[held] + 0.5 * slow[held], atol=1e-5)


def test_similar_items(model: HybridRecommender, kind: Kind, world: World) -> None:
    ids = world.ids(np.arange(10))
    found = model.similar_items(ids, 5, weights=ALONE)
    rows = described_rows(model)
    for item_id, line, scores in zip(ids, found.item_ids, found.scores, strict=True):
        slow = slow_scores(kind, world, rows, [item_id])
        assert item_id not in line
        np.testing.assert_allclose(scores, np.sort(slow)[::-1][:5], atol=1e-5)


def test_new_items_by_the_column_alone(model: HybridRecommender, kind: Kind, world: World) -> None:
    rows = np.arange(6)
    columns = world.frame.loc[rows, list(kind.columns)]
    found = model.recommend_for_new_items(columns, 8, weights=ALONE)
    assert found.query_sources is not None
    assert set(found.query_sources) == {"text"}
    plain = described_rows(model)
    for row, scores in zip(rows, found.scores, strict=True):
        pooled = plain @ plain[row].astype(np.float64)
        np.testing.assert_allclose(scores, np.sort(pooled)[::-1][:8], atol=1e-5)
    unknown = kind.frame_of([[None] * len(kind.columns)])
    found = model.recommend_for_new_items(unknown, 3)
    assert found.sources.tolist() == [["popularity"] * 3]
    for column in kind.columns:
        one = model.recommend_for_new_items(columns[[column]], 3)
        assert set(one.sources.ravel()) <= {"hybrid", "text"}


def test_update(kind: Kind, world: World) -> None:
    model = HybridRecommender(kind.config(ranking=RANKED)).fit(world.playlists, world.catalog)
    rows, width = described_rows(model), model.model_.blocks[NAME].width
    cells = [kind.cells(group, np.random.default_rng(8)) for group in range(3)]
    new = kind.frame_of([*cells, [None] * len(kind.columns), kind.new])
    new.insert(0, "item_id", ["n0", "n1", "n2", "nothing", "new"])
    model.update(new_items=new)
    model.update(new_items=pd.DataFrame({"item_id": ["bare"]}))
    model.update(new_items=kind.frame_of([[None] * len(kind.columns)]).assign(item_id=["none"]))
    after, block = described_rows(model), model.model_.blocks[NAME]
    assert (block.width > width) == kind.learns_labels
    assert after.shape == (len(rows) + 7, block.width)
    assert after[: len(rows), :width].tobytes() == rows.tobytes()
    assert not after[: len(rows), width:].any()
    catalog = model.model_.catalog
    empty = catalog.rows(["nothing", "bare", "none"])
    assert not after[empty].any()
    assert after.tobytes() == dense(block.encode(catalog.table)).tobytes()
    sources = model.recommend([["n0"], ["bare"]], 3)
    assert set(sources.sources[0]) <= {"hybrid", "text"}
    assert set(sources.sources[1]) == {"popularity"}
    found = model.similar_items(["n0", "n1", "n2"], 10, weights=ALONE)
    known = [world.catalog.rows(line, "negative") for line in found.item_ids]
    right = [world.groups[rows[rows >= 0]] == group for group, rows in enumerate(known)]
    assert np.concatenate(right).mean() >= 0.8
    model.update(new_playlists=[["new", world.catalog.item_ids[0]], ["new", "n0"]])
    assert model.similar_items(["new"], 3).query_ids.tolist() == ["new"]
    assert model.model_.playlists.play_counts[catalog.rows(["new"])[0]] == 2


@pytest.mark.parametrize("weights", [None, {NAME: 0.3}], ids=["ranked", "linear"])
def test_explanations_add_up(
    model: HybridRecommender, queries: list[list[str]], weights: dict[str, float] | None
) -> None:
    found = model.recommend(queries, 15, weights=weights, explain=True)
    stage = "ranking" if weights is None else "linear"
    assert found.explanations is not None
    carried = 0
    for items, line, scores in zip(queries, found.explanations, found.scores, strict=True):
        for told, score in zip(line, scores, strict=True):
            assert told.stage == stage
            assert np.float32(math.fsum(part.value for part in told.parts)) == score
            mine = [part for part in told.parts if part.name == NAME]
            carried += bool(mine)
            if stage == "linear":
                assert {part.seed for part in mine} <= set(items)
            if NAME in told.blocks:
                assert told.blocks[NAME].item_id in items
                assert 0 < told.blocks[NAME].cosine <= 1
    assert carried or stage == "ranking"


def test_linear_parts_of_the_block(
    model: HybridRecommender, kind: Kind, world: World, queries: list[list[str]]
) -> None:
    found = model.recommend(queries, 5, weights={NAME: 0.3}, explain=True)
    assert found.explanations is not None
    rows = described_rows(model)
    for items, line in zip(queries, found.explanations, strict=True):
        slow = slow_scores(kind, world, rows, items)
        for told in line:
            expected = 0.3 * slow[world.catalog.rows([told.item_id])[0]]
            # The largest part takes what float32 rounding of the score left over.
            assert told.sums().get(NAME, 0.0) == pytest.approx(expected, abs=1e-5)


def answers(model: HybridRecommender, queries: list[list[str]], new: pd.DataFrame) -> list[Any]:
    """What a model says to all kinds of questions."""
    asked: list[Recommendations] = [
        model.recommend([*queries, []], 9, explain=True),
        model.recommend(queries, 9, weights=ALONE),
        model.similar_items(queries[0], 9),
        model.recommend_for_new_items(new, 9),
    ]
    told = [line.text for line in asked[0].explanations.ravel()]  # type: ignore[union-attr]
    return [
        told,
        *([a.item_ids.tolist(), a.scores.tobytes(), a.sources.tolist()] for a in asked),
    ]


def test_saved_model_gives_the_same_answers(
    model: HybridRecommender, kind: Kind, queries: list[list[str]], saved: Path
) -> None:
    # The index keeps the rows of a sparse block beside what the block itself writes.
    rows = ["items.npz"] if model.model_.blocks[NAME].is_sparse else []
    held = [path.name for path in (saved / "blocks" / NAME).iterdir()]
    assert sorted(held) == sorted([*kind.spoilt, *rows])
    new = kind.frame([0, 1, 2], seed=4)
    before = answers(model, queries, new)
    assert answers(HybridRecommender.load(saved), queries, new) == before
    assert answers(HybridRecommender.load(saved, mmap=True), queries, new) == before


@pytest.mark.parametrize("workers", [1, 2])
def test_batch_scoring(
    model: HybridRecommender,
    queries: list[list[str]],
    saved: Path,
    tmp_path: Path,
    workers: int,
) -> None:
    plays = pd.DataFrame(
        [(f"p{number}", item) for number, items in enumerate(queries) for item in items],
        columns=["playlist_id", "item_id"],
    )
    plays.to_parquet(tmp_path / "plays.parquet")
    score_playlists(
        saved, tmp_path / "plays.parquet", tmp_path / "out", 6, chunk_size=3, workers=workers
    )
    found = pd.concat(
        [pq.read_table(path).to_pandas() for path in sorted((tmp_path / "out").glob("part-*"))]
    )
    expected = model.recommend(queries, 6)
    assert found["query_id"].tolist() == [f"p{n}" for n in range(len(queries)) for _ in range(6)]
    assert found["item_id"].tolist() == expected.item_ids.ravel().tolist()
    assert found["source"].tolist() == expected.sources.ravel().tolist()
    np.testing.assert_allclose(found["score"], expected.scores.ravel(), rtol=1e-5)


PLAYED = KINDS["categories"]
Played = tuple[World, HybridRecommender]


@pytest.fixture(scope="module")
def played() -> Played:
    """For the two blocks that a model makes from plays itself."""
    world = contract.world_of(PLAYED)
    return world, HybridRecommender(PLAYED.config()).fit(world.playlists, world.catalog)


def test_rows_made_from_plays(played: Played) -> None:
    world, model = played
    ids = world.ids(np.arange(200))
    places = model.item_vectors(ids)
    assert places.shape == (200, 16)
    assert places.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(places, axis=1), 1, atol=1e-6)
    prior = model.item_vectors(ids, "popularity")
    assert prior.shape == (200, 1)
    assert prior.dtype == np.float32
    lists = world.playlists.to_lists(world.catalog)
    plays = [sum(line.count(item_id) for line in lists) for item_id in ids]
    np.testing.assert_allclose(prior[:, 0], np.log1p(plays), rtol=1e-6)


def test_queries_by_plays(played: Played) -> None:
    world, model = played
    items = world.ids([0, 1, 1, 7])
    places = model.item_vectors(world.ids(np.arange(200)))
    slow = places @ contract.pooled_slowly(KINDS["vectors"], places, {0: 1, 1: 2, 7: 1})
    slow[[0, 1, 7]] = -np.inf
    only = {"cooccurrence": 1.0, "popularity": 0.0, NAME: 0.0}
    found = model.recommend(items, 10, weights=only)
    np.testing.assert_allclose(found.scores[0], np.sort(slow)[::-1][:10], atol=1e-5)


def test_popularity_alone(played: Played) -> None:
    world, model = played
    only = {"cooccurrence": 0.0, "popularity": 2.0, NAME: 0.0}
    found = model.recommend(world.ids([0]), 199, weights=only)
    plays = world.playlists.play_counts.astype(float)
    plays[0] = -1
    order = np.lexsort((np.arange(200), -plays))[:199]
    assert found.item_ids[0].tolist() == world.ids(order)
    np.testing.assert_allclose(found.scores[0], 2 * np.log1p(plays[order]), rtol=1e-6)
    nothing = model.recommend([[]], 5)
    assert nothing.sources.tolist() == [["popularity"] * 5]


def test_vectors_of_plays_have_the_same_bytes(played: Played) -> None:
    world, model = played
    again = HybridRecommender(PLAYED.config()).fit(world.playlists, world.catalog)
    ids = world.ids(np.arange(200))
    for block in ("cooccurrence", "popularity"):
        assert again.item_vectors(ids, block).tobytes() == model.item_vectors(ids, block).tobytes()

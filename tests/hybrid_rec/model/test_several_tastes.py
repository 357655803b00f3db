"""A query of several tastes gets answers to each of them among its first ten."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from hybrid_rec import Catalog, HybridConfig, HybridRecommender
from hybrid_rec.core.arrays import Rows
from tests.tastes import tastes

SIZE, TASTES = 40, 4
THREE_AND_TWO = [*range(3), *range(SIZE, SIZE + 2)]


def fitted(sizes: Sequence[int], n_lists: int) -> HybridRecommender:
    playlists, _ = tastes(sizes, n_lists, 8, np.random.default_rng(0))
    ids = [str(row) for row in range(playlists.n_items)]
    catalog = Catalog.from_columns(ids, [None] * len(ids), [None] * len(ids))
    config = HybridConfig(cooccurrence={"vector_size": 32}, ranking={"trees": 20})
    return HybridRecommender(config).fit(playlists, catalog)


@pytest.fixture(scope="module")
def model() -> HybridRecommender:
    return fitted((SIZE,) * TASTES, 400)


@pytest.fixture(scope="module")
def off(model: HybridRecommender) -> HybridRecommender:
    return without(model)


def without(model: HybridRecommender) -> HybridRecommender:
    config = model.config
    ranking = config.ranking.model_copy(update={"tastes": False})
    other = HybridRecommender(config)
    config = config.model_copy(update={"ranking": ranking})
    other._set(replace(model.model_, config=config))
    return other


def asked(rows: Sequence[int]) -> list[str]:
    return [str(row) for row in rows]


def taste(line: Sequence[str]) -> Rows:
    return np.array([int(item) // SIZE for item in line])


@pytest.mark.parametrize(
    ("rows", "places"),
    [
        (THREE_AND_TWO, (6, 4, 0, 0)),
        (THREE_AND_TWO[::-1], (6, 4, 0, 0)),
        ([0, SIZE], (5, 5, 0, 0)),
        ([0, SIZE, 2 * SIZE, 3 * SIZE], (3, 3, 2, 2)),
        ([*range(8), SIZE, SIZE + 1], (8, 2, 0, 0)),
    ],
)
def test_each_taste_has_its_share_of_the_first_ten(
    model: HybridRecommender, rows: list[int], places: tuple[int, ...]
) -> None:
    line = model.recommend(asked(rows)).item_ids[0]
    assert np.bincount(taste(line), minlength=TASTES).tolist() == list(places)
    assert not {*line} & {*asked(rows)}


def test_the_best_of_each_taste_is_what_it_gets_alone(model: HybridRecommender) -> None:
    line = model.recommend(asked(THREE_AND_TWO)).item_ids[0]
    for one in (0, 1):
        alone = model.recommend([item for item in asked(THREE_AND_TWO) if taste([item])[0] == one])
        mine = [item for item in line if taste([item])[0] == one]
        assert mine == alone.item_ids[0, : len(mine)].tolist()


def test_a_shorter_list_begins_a_longer_one(
    model: HybridRecommender, off: HybridRecommender
) -> None:
    long = model.recommend(asked(THREE_AND_TWO), 150)
    for k in (1, 7, 10, 40):
        short = model.recommend(asked(THREE_AND_TWO), k)
        assert short.item_ids.tolist() == long.item_ids[:, :k].tolist()
        assert short.scores.tolist() == long.scores[:, :k].tolist()
    assert (np.diff(long.scores[0]) <= 0).all()
    usual = off.recommend(asked(THREE_AND_TWO), 150).item_ids[0].tolist()
    assert sorted(long.item_ids[0]) == sorted(usual)
    rest = [item for item in usual if item not in long.item_ids[0, :10]]
    assert long.item_ids[0, 10:].tolist() == rest


def test_one_taste_is_answered_as_ever(model: HybridRecommender, off: HybridRecommender) -> None:
    queries = [asked(range(5)), asked(range(SIZE, SIZE + 20)), ["3"], []]
    # One of six is too few to be a taste.
    queries.append([*asked(range(5)), str(SIZE)])
    both = [one.recommend(queries, 20) for one in (model, off)]
    assert both[0].item_ids.tolist() == both[1].item_ids.tolist()
    assert both[0].scores.tolist() == both[1].scores.tolist()
    assert off.recommend(asked(THREE_AND_TWO)).item_ids.tolist() != (
        model.recommend(asked(THREE_AND_TWO)).item_ids.tolist()
    )


def test_a_batch_is_answered_like_each_query(model: HybridRecommender) -> None:
    queries = [asked(rows) for rows in ([0, 1], THREE_AND_TWO, [0, SIZE], [5], [1, 1, 2 * SIZE])]
    many = model.recommend(queries, 15)
    for number, query in enumerate(queries):
        one = model.recommend(query, 15)
        assert many.item_ids[number].tolist() == one.item_ids[0].tolist()
        assert many.scores[number].tolist() == one.scores[0].tolist()


def test_filters_hold(model: HybridRecommender) -> None:
    query = asked(THREE_AND_TWO)
    allowed = asked([*range(SIZE), SIZE, SIZE + 1, SIZE + 2])
    line = model.recommend(query, 50, allow=allowed).item_ids[0]
    found = [item for item in line if item is not None]
    assert sorted(found) == sorted({*allowed} - {*query})
    assert str(SIZE + 2) in found[:10]
    blocked = asked(range(SIZE, 2 * SIZE))
    assert not {*blocked} & {*model.recommend(query, 20, block=blocked).item_ids[0]}
    with_seeds = model.recommend(query, 160, exclude_seeds=False).item_ids[0]
    assert len({*with_seeds}) == 160


def test_a_query_that_dislikes_something_is_answered_as_ever(
    model: HybridRecommender, off: HybridRecommender
) -> None:
    queries = [asked(THREE_AND_TWO), asked(THREE_AND_TWO)]
    dislike = [[str(SIZE + 5)], []]
    both = [one.recommend(queries, 20, dislike=dislike) for one in (model, off)]
    assert both[0].item_ids[0].tolist() == both[1].item_ids[0].tolist()
    assert both[0].item_ids[1].tolist() != both[1].item_ids[1].tolist()


def test_the_parts_of_an_explanation_add_up(model: HybridRecommender) -> None:
    found = model.recommend(asked(THREE_AND_TWO), 20, explain=True)
    assert found.explanations is not None
    parts = [{part.name for part in why.parts} for why in found.explanations[0]]
    assert any("taste" in names for names in parts)
    assert not any("likeness" in names for names in parts)
    for why, score in zip(found.explanations[0], found.scores[0], strict=True):
        assert np.float32(sum(part.value for part in why.parts)) == score


def test_a_model_that_learned_from_the_queries_takes_each_for_one_taste(
    model: HybridRecommender, off: HybridRecommender
) -> None:
    queries = [asked(THREE_AND_TWO), asked([0, SIZE])]
    both = [one.recommend(queries, 20, learn=True) for one in (model, off)]
    assert both[0].item_ids.tolist() == both[1].item_ids.tolist()


@pytest.mark.parametrize("seed", [0, 1])
def test_where_nothing_belongs_together_little_falls_apart(seed: int) -> None:
    world = fitted((60,), 150)
    rng = np.random.default_rng(seed)
    queries = [asked(rng.choice(60, 5, replace=False).tolist()) for _ in range(100)]
    usual = without(world).recommend(queries).item_ids
    changed = (world.recommend(queries).item_ids != usual).any(axis=1)
    assert changed.mean() <= 0.2

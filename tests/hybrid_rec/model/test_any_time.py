"""Where the latest playlists say what comes next, other questions have trees of their own."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from hybrid_rec import ArtifactError, Catalog, HybridConfig, HybridRecommender, Playlists
from hybrid_rec.core.config import RankingConfig
from hybrid_rec.ranking.cases import Case
from hybrid_rec.ranking.query_orders import AnyTime, usual_age
from hybrid_rec.ranking.ranker import Ranker
from tests.hybrid_rec.model.test_storage import relist

N, WINDOW, LENGTH = 500, 20, 8
NAMES = ["n_seeds", "seed_age", "a"]


@pytest.fixture(scope="module")
def drifting() -> HybridRecommender:
    """Each playlist holds eight of the twenty items of its own days."""
    rng = np.random.default_rng(0)
    rows = np.concatenate([day + rng.permutation(WINDOW)[:LENGTH] for day in range(N)])
    days = np.repeat(np.arange(N), LENGTH).astype("datetime64[D]").astype("datetime64[us]")
    ids = np.array([f"p{day}" for day in range(N)], dtype=object)
    offsets = np.arange(0, LENGTH * N + 1, LENGTH)
    playlists = Playlists(offsets, rows, ids, N + WINDOW, days)
    catalog = Catalog.from_columns(
        [f"i{row}" for row in range(N + WINDOW)], [None] * (N + WINDOW), [None] * (N + WINDOW)
    )
    config = HybridConfig(blocks={}, ranking=RankingConfig(trees=60, min_leaf=20))
    return HybridRecommender(config).fit(playlists, catalog)


def without(model: HybridRecommender) -> HybridRecommender:
    """The same model with the trees of what comes next alone."""
    ranking = model.model_.ranking
    assert ranking is not None
    ranker = ranking.ranker
    alone = Ranker(ranker.names, ranker.usual, ranker.new, ranker.new_share)
    other = HybridRecommender(model.config)
    other._set(replace(model.model_, ranking=replace(ranking, ranker=alone)))
    return other


def hits(model: HybridRecommender, day: int) -> int:
    """Of six items of some days, how many of the others are among the first ten."""
    asked = [f"i{day + step}" for step in range(0, WINDOW, 3)]
    wanted = {f"i{day + step}" for step in range(WINDOW)}
    return len(wanted & set(model.recommend([asked], 10).item_ids[0]))


def test_a_playlist_of_long_ago_gets_items_of_its_time(drifting: HybridRecommender) -> None:
    old = range(40, 400, 40)
    assert sum(hits(drifting, day) for day in old) > 1.2 * sum(
        hits(without(drifting), day) for day in old
    )


def test_what_comes_next_is_ordered_as_ever(drifting: HybridRecommender) -> None:
    asked = [[f"i{N + WINDOW - 6 + step}" for step in range(5)]]
    found, usual = (model.recommend(asked, 20) for model in (drifting, without(drifting)))
    assert found.item_ids.tolist() == usual.item_ids.tolist()
    assert found.scores.tobytes() == usual.scores.tobytes()


def test_near_an_item_of_any_time_stand_items_of_its_time(drifting: HybridRecommender) -> None:
    def near(model: HybridRecommender) -> int:
        items = range(60, 400, 10)
        lists = model.similar_items([f"i{item}" for item in items], 30).item_ids
        return sum(
            abs(int(other[1:]) - item) < WINDOW
            for item, line in zip(items, lists, strict=True)
            for other in line
        )

    assert near(drifting) > 1.1 * near(without(drifting))


@pytest.mark.parametrize("item", ["i100", f"i{N}"])
def test_explanations_add_up(drifting: HybridRecommender, item: str) -> None:
    by_item = drifting.similar_items([item], 10, explain=True)
    by_playlist = drifting.recommend([[item, "i101", "i102", "i103"]], 10, explain=True)
    for found in (by_item, by_playlist):
        assert found.explanations is not None
        for score, told in zip(found.scores[0], found.explanations[0], strict=True):
            assert sum(part.value for part in told.parts) == pytest.approx(score, abs=1e-5)


def test_a_saved_model_answers_alike(drifting: HybridRecommender, tmp_path: Path) -> None:
    drifting.save(tmp_path / "model")
    again = HybridRecommender.load(tmp_path / "model")
    asked = [[f"i{day + step}" for step in range(6)] for day in (50, 250, N)]
    for found, before in (
        (again.recommend(asked, 20), drifting.recommend(asked, 20)),
        (again.similar_items(["i100"]), drifting.similar_items(["i100"])),
    ):
        assert found.item_ids.tolist() == before.item_ids.tolist()
        assert found.scores.tobytes() == before.scores.tobytes()


@pytest.mark.parametrize("told", [{}, [], {"seed_age": "old"}, {"seed_age": True}])
def test_an_age_that_is_none_is_refused(
    drifting: HybridRecommender, tmp_path: Path, told: object
) -> None:
    drifting.save(tmp_path / "model")
    (place,) = tmp_path.glob("model/**/any_time.json")
    place.write_text(json.dumps(told), encoding="utf-8")
    relist(tmp_path / "model")
    with pytest.raises(ArtifactError, match="seed_age must be a number or null"):
        HybridRecommender.load(tmp_path / "model")


def cases(n: int, age: float, *, at_any_time: bool) -> list[Case]:
    """What comes next has a large `a`, what belongs to old items a small one."""
    rng = np.random.default_rng(int(age))
    made = []
    for number in range(n):
        rows = rng.random((30, 3), dtype=np.float32)
        rows[:, 0], rows[:, 1] = 3, age + number % 5
        hits = rows[:, 2] < 0.2 if at_any_time else rows[:, 2] > 0.8
        made.append(Case(rows, hits, np.zeros(30, bool), False, at_any_time))
    return made


def test_the_age_of_a_query_says_which_trees_order_it() -> None:
    config = RankingConfig(trees=10, min_leaf=2)
    given = [*cases(50, 10, at_any_time=False), *cases(50, 100, at_any_time=True)]
    ranker = Ranker.fit(NAMES, given, config, 0)
    assert ranker.any_time is not None
    # The median of the usual cases.
    assert ranker.any_time.seed_age == 12
    for age, like in ((5, 1), (11, 1), (12, -1), (500, -1)):
        rows = np.random.default_rng(age).random((30, 3), dtype=np.float32)
        rows[:, 1] = age
        assert like * np.corrcoef(ranker.predict(rows), rows[:, 2])[0, 1] > 0.3
        # Near an item nobody asks for what comes next.
        assert np.corrcoef(ranker.near_items.predict(rows), rows[:, 2])[0, 1] < -0.3


def test_without_ages_only_what_is_near_an_item_is_of_any_time() -> None:
    given = cases(3, 10, at_any_time=False)
    assert usual_age(["n_seeds", "b", "a"], given) is None
    unknown = [replace(case, features=case.features * np.float32([1, 0, 1])) for case in given]
    for case in unknown:
        case.features[:, 1] = -1
    assert usual_age(NAMES, unknown) is None
    single = [replace(case, features=case.features * np.float32([0, 1, 1])) for case in given]
    assert usual_age(NAMES, single) is None
    ranker = Ranker.fit(NAMES, cases(40, 10, at_any_time=False), RankingConfig(trees=5), 0)
    assert ranker.any_time is None
    assert ranker.near_items is ranker
    other = Ranker(NAMES, ranker.usual, any_time=AnyTime(ranker.usual, None))
    rows = given[0].features
    assert (other.predict(rows) == ranker.predict(rows)).all()

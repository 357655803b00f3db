"""What is new to the catalogue has a share of the places for playlists of the training."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluation.harness import evaluate
from evaluation.splits.cold_items import cold_items
from evaluation.splits.split import Split
from hybrid_rec import HybridRecommender, Playlists
from hybrid_rec.core.arrays import Floats
from hybrid_rec.core.config import RankingConfig
from hybrid_rec.data.synthetic import SyntheticDataset
from hybrid_rec.ranking.cases import Case
from hybrid_rec.ranking.feature import CandidateList
from hybrid_rec.ranking.ranker import Ranker
from hybrid_rec.ranking.reserved_slots import interleaved
from tests.hybrid_rec.conftest import RANKED

NAMES = [f"feature_{number}" for number in range(12)]


def features(n: int = 30, seed: int = 0) -> Floats:
    return np.random.default_rng(seed).random((n, len(NAMES)), dtype=np.float32)


def candidates(n: int, n_cold: int, *, known: bool, seed: int = 0) -> CandidateList:
    return CandidateList(np.arange(n), features(n, seed), np.arange(n) < n_cold, known)


def known_flags(model: HybridRecommender, asked: list[list[int]], **filters: Any) -> list[bool]:
    """Which queries, as rows, the model holds for playlists of its training."""
    source = model.model_.candidates
    assert source is not None
    rows = np.array([row for rows in asked for row in rows], dtype=np.int64)
    playlists = Playlists.from_rows([*map(len, asked)], rows, len(model.model_.catalog))
    described = source.describe(playlists, model.model_.queries(playlists), **filters)
    return [one.is_known for one in described]


def test_one_is_told_by_its_very_items(ranked: HybridRecommender, world: SyntheticDataset) -> None:
    sets = [frozenset(rows.tolist()) for rows in world.playlists]
    long = [sorted(items) for items in dict.fromkeys(sets) if len(items) > 6][:40]
    asked, expected = [], []
    for number, items in enumerate(long):
        other = long[(number + 1) % len(long)]
        more = next(row for row in other if row not in items)
        for query in (
            items,
            items[::-1],
            [*items, items[0], items[0]],
            items[1:],
            [*items, more],
            [*items[1:], more],
        ):
            asked.append(query)
            expected.append(frozenset(query) in sets)
    assert expected.count(True) >= 3 * len(long)
    assert expected.count(False) >= 2 * len(long)
    assert known_flags(ranked, asked) == expected
    assert known_flags(ranked, asked[:6], allow=np.empty(0, np.int64)) == expected[:6]


@pytest.mark.parametrize(("n", "known"), [(0, False), (1, False), (3, False), (4, True)])
def test_a_few_items_may_be_alike_by_chance(
    world: SyntheticDataset, ranked: HybridRecommender, n: int, known: bool
) -> None:
    model = ranked.model_
    assert model.ranking is not None
    rows = np.flatnonzero(world.playlists.play_counts)[:n]
    lists = [rows, *list(world.playlists)[1:]]
    training = Playlists.from_rows([*map(len, lists)], np.concatenate(lists), 1000)
    statistics = replace(model.ranking.statistics, holds=training.matrix().astype(np.float64))
    other = HybridRecommender(ranked.config)
    other._set(replace(model, ranking=replace(model.ranking, statistics=statistics)))
    assert known_flags(other, [rows.tolist()]) == [known]


def test_a_known_playlist_without_candidates_has_no_scores() -> None:
    config = RankingConfig(trees=5, min_leaf=5)
    ranker = Ranker.fit(NAMES, [*cases(60, False, 0), *cases(60, True, 1)], config, 0)
    assert ranker.new is not None
    lists = [candidates(0, 0, known=True), candidates(30, 10, known=True)]
    assert [len(scores) for scores in ranker.scores(lists)] == [0, 30]


def cases(n: int, known: bool, by: int) -> list[Case]:
    """What is large in column `by` is wanted."""
    drawn = [features(seed=seed) for seed in range(n)]
    return [Case(one, one[:, by] > 0.8, np.full(len(one), known), known) for one in drawn]


def test_new_items_have_an_order_and_places_of_their_own() -> None:
    config = RankingConfig(trees=30, min_leaf=5, new_share=0.25)
    ranker = Ranker.fit(NAMES, [*cases(100, False, 0), *cases(60, True, 1)], config, 0)
    assert ranker.new is not None
    lists = [candidates(200, 80, known=known, seed=999) for known in (False, True, False)]
    new, known, again = ranker.scores(lists)
    assert np.array_equal(new, again)
    # Items with history stand as for a new playlist, the others by their own order.
    assert np.array_equal(known[80:], new[80:])
    assert np.corrcoef(known[80:], lists[0].features[80:, 0])[0, 1] > 0.5
    lifted = known > new
    assert not lifted[80:].any()
    assert np.corrcoef(known[lifted], lists[1].features[lifted, 1])[0, 1] > 0.5
    assert (np.argsort(-known)[:40] < 80).sum() >= 10
    reserved, none = (ranker.reserved(one.is_cold, one.is_known) for one in (lists[1], lists[0]))
    assert reserved.tolist() == [True] * 80 + [False] * 120
    assert not none.any()
    assert np.array_equal(ranker.lifted(lists[1].features, known, reserved), lifted)
    assert not ranker.lifted(lists[0].features, new, none).any()
    for scores, rows in ((new, none), (known, lifted)):
        sums = ranker.contributions(lists[0].features, rows).sum(axis=1)
        assert sums[~rows] == pytest.approx(scores[~rows], abs=1e-5)


@settings(deadline=None)
@given(
    st.integers(0, 40), st.integers(0, 40), st.floats(0.01, 1.0), st.integers(0, 3),
)  # fmt: skip
def test_new_items_get_their_share_of_the_places(
    n_new: int, n_old: int, share: float, digits: int
) -> None:
    rng = np.random.default_rng(n_new)
    new = rng.permutation(np.arange(n_new + n_old) < n_new)
    # With few digits many scores are equal.
    scores, order = (np.round(rng.random(len(new)), digits).astype(np.float32) for _ in range(2))
    mixed = interleaved(scores, order, new, share)
    assert np.array_equal(mixed[~new], scores[~new])
    assert (mixed >= scores).all()
    if n_old and len(np.unique(scores[~new])) == n_old:
        found = new[np.argsort(-mixed, kind="stable")]
        place = np.arange(1, len(new) + 1)
        wanted = np.floor(place * share + 1e-9)
        both_left = (wanted <= n_new) & (place - wanted <= n_old)
        assert (np.cumsum(found)[both_left] >= wanted[both_left]).all()
        # Where none of them stands high by itself, they have no more than their share.
        low = np.where(new, np.float32(-1), scores)
        found = new[np.argsort(-interleaved(low, order, new, share), kind="stable")]
        assert np.array_equal(np.cumsum(found)[both_left], wanted[both_left])


@pytest.mark.parametrize(("n_new", "n_known"), [(100, 20), (0, 100)])
def test_with_too_few_to_learn_from_there_are_no_two_kinds(n_new: int, n_known: int) -> None:
    config = RankingConfig(trees=5, min_leaf=5)
    ranker = Ranker.fit(NAMES, [*cases(n_new, False, 0), *cases(n_known, True, 1)], config, 0)
    assert ranker.new is None
    one = candidates(30, 30, known=True)
    assert not ranker.reserved(one.is_cold, one.is_known).any()
    assert all(len(scores) == 30 for scores in ranker.scores([one]))


@pytest.fixture(scope="module")
def split(world: SyntheticDataset) -> Split:
    return cold_items(world.playlists, world.catalog, np.random.default_rng(0))


def test_what_is_new_is_found_for_them(split: Split, tmp_path: Path) -> None:
    model = HybridRecommender(RANKED).fit(split.train, split.catalog)
    assert model.model_.ranking is not None
    assert model.model_.ranking.ranker.new is not None
    ranked = evaluate(model, split, (10,), fit=False).means()
    config = RANKED.model_copy(
        update={"ranking": RANKED.ranking.model_copy(update={"known_share": 0.0})}
    )
    blind = HybridRecommender(config).fit(split.train, split.catalog)
    assert blind.model_.ranking is not None
    assert blind.model_.ranking.ranker.new is None
    without = evaluate(blind, split, (10,), fit=False).means()
    assert ranked["hit_rate@10"] > 1.5 * without["hit_rate@10"]
    model.save(tmp_path / "model")
    loaded = HybridRecommender.load(tmp_path / "model")
    some = split.seeds.select(np.arange(50))
    one, two = model.recommend(some, 20), loaded.recommend(some, 20)
    assert one.scores.tobytes() == two.scores.tobytes()
    assert one.item_ids.tolist() == two.item_ids.tolist()

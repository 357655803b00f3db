"""What is new to the catalogue has a share of the places for playlists of the training."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluation.harness import evaluate
from evaluation.splits.cold_items import cold_items
from evaluation.splits.split import Split
from hybrid_rec import HybridRecommender
from hybrid_rec.core.config import RankingConfig
from hybrid_rec.data.synthetic import SyntheticDataset
from hybrid_rec.ranking.features import FEATURES, Matrix
from hybrid_rec.ranking.ranker import Case, Ranker
from hybrid_rec.ranking.reserved_slots import interleaved, is_known
from tests.hybrid_rec.conftest import RANKED

_SEEDS, _NEAREST = FEATURES.index("n_seeds"), FEATURES.index("nearest_playlist")
_PLAYS = FEATURES.index("plays")


def features(n_seeds: float, nearest: float, n: int = 30, seed: int = 0) -> Matrix:
    rng = np.random.default_rng(seed)
    values = rng.random((n, len(FEATURES)), dtype=np.float32)
    values[:, [_SEEDS, _NEAREST]] = n_seeds, nearest
    return values


@pytest.mark.parametrize(
    ("n_seeds", "nearest", "known"),
    [(4, 1, True), (40, 1 - 1e-6, True), (3, 1, False), (40, 0.999, False), (0, 0, False)],
)
def test_one_is_told_by_itself(n_seeds: float, nearest: float, known: bool) -> None:
    assert is_known(features(n_seeds, nearest)) == known


def test_no_candidates_are_no_known_playlist() -> None:
    assert not is_known(np.empty((0, len(FEATURES)), np.float32))


def cases(n: int, nearest: float, by: int) -> list[Case]:
    """What is large in column `by` is wanted."""
    drawn = [features(10, nearest, seed=seed) for seed in range(n)]
    for values in drawn if nearest == 1 else []:
        values[:, _PLAYS] = 0
    return [(values, values[:, by] > 0.8) for values in drawn]


def test_new_items_have_an_order_and_places_of_their_own() -> None:
    config = RankingConfig(trees=30, min_leaf=5, new_share=0.25)
    ranker = Ranker.fit([*cases(100, 0.5, 0), *cases(60, 1.0, 1)], config, 0)
    assert ranker.new_text is not None
    groups = [features(10, nearest, 200, 999) for nearest in (0.5, 1.0, 0.5)]
    for group in groups:
        group[:80, _PLAYS] = 0
    new, known, again = ranker.scores(groups)
    assert np.array_equal(new, again)
    # Items with history stand as for a new playlist, the others by their own order.
    assert np.array_equal(known[80:], new[80:])
    assert np.corrcoef(known[80:], groups[0][80:, 0])[0, 1] > 0.5
    lifted = known > new
    assert not lifted[80:].any()
    assert np.corrcoef(known[lifted], groups[1][lifted, 1])[0, 1] > 0.5
    assert (np.argsort(-known)[:40] < 80).sum() >= 10
    placed = ranker.placed(groups[1])
    assert placed.tolist() == [True] * 80 + [False] * 120
    assert not ranker.placed(groups[0]).any()
    assert np.array_equal(ranker.lifted(groups[1], known), lifted)
    for group, scores, rows in ((groups[0], new, np.zeros(200, bool)), (groups[1], known, lifted)):
        sums = ranker.contributions(group, rows).sum(axis=1)
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
    ranker = Ranker.fit([*cases(n_new, 0.5, 0), *cases(n_known, 1.0, 1)], config, 0)
    assert ranker.new_text is None
    assert all(len(scores) == 30 for scores in ranker.scores([features(10, 1.0)]))


@pytest.fixture(scope="module")
def split(world: SyntheticDataset) -> Split:
    return cold_items(world.playlists, world.catalog, np.random.default_rng(0))


def test_what_is_new_is_found_for_them(split: Split, tmp_path: Path) -> None:
    model = HybridRecommender(RANKED).fit(split.train, split.catalog)
    assert model.model_.ranking is not None
    assert model.model_.ranking.ranker.new_text is not None
    ranked = evaluate(model, split, (10,), fit=False).means()
    config = RANKED.model_copy(
        update={"ranking": RANKED.ranking.model_copy(update={"known_share": 0.0})}
    )
    blind = HybridRecommender(config).fit(split.train, split.catalog)
    assert blind.model_.ranking is not None
    assert blind.model_.ranking.ranker.new_text is None
    without = evaluate(blind, split, (10,), fit=False).means()
    assert ranked["hit_rate@10"] > 1.5 * without["hit_rate@10"]
    model.save(tmp_path / "model")
    loaded = HybridRecommender.load(tmp_path / "model")
    some = split.seeds.select(np.arange(50))
    one, two = model.recommend(some, 20), loaded.recommend(some, 20)
    assert one.scores.tobytes() == two.scores.tobytes()
    assert one.item_ids.tolist() == two.item_ids.tolist()

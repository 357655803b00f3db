"""A playlist that the model was trained on is asked for what is new to it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from evaluation.harness import evaluate
from evaluation.splits import Split, cold_items
from hybrid_rec import HybridRecommender
from hybrid_rec.config import RankingConfig
from hybrid_rec.features import FEATURES, Matrix
from hybrid_rec.ranking import Case, Ranker, is_known
from hybrid_rec.synthetic import SyntheticDataset
from tests.hybrid_rec.conftest import RANKED

_SEEDS, _NEAREST = FEATURES.index("n_seeds"), FEATURES.index("nearest_playlist")


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
    return [(values, values[:, by] > 0.8) for values in drawn]


def test_each_kind_of_query_has_trees_of_its_own() -> None:
    config = RankingConfig(trees=30, min_leaf=5)
    ranker = Ranker.fit([*cases(100, 0.5, 0), *cases(60, 1.0, 1)], config, 0)
    assert ranker.known_text is not None
    groups = [features(10, nearest, 200, 999) for nearest in (0.5, 1.0, 0.5)]
    new, known, again = ranker.scores(groups)
    assert np.corrcoef(new, groups[0][:, 0])[0, 1] > 0.5 > np.corrcoef(new, groups[0][:, 1])[0, 1]
    assert np.corrcoef(known, groups[1][:, 1])[0, 1] > 0.5
    assert np.array_equal(new, again)
    for group, scores in ((groups[0], new), (groups[1], known)):
        assert ranker.contributions(group).sum(axis=1) == pytest.approx(scores, abs=1e-5)


@pytest.mark.parametrize(("n_new", "n_known"), [(100, 20), (0, 100)])
def test_with_too_few_to_learn_from_there_are_no_two_kinds(n_new: int, n_known: int) -> None:
    config = RankingConfig(trees=5, min_leaf=5)
    ranker = Ranker.fit([*cases(n_new, 0.5, 0), *cases(n_known, 1.0, 1)], config, 0)
    assert ranker.known_text is None
    assert all(len(scores) == 30 for scores in ranker.scores([features(10, 1.0)]))


@pytest.fixture(scope="module")
def split(world: SyntheticDataset) -> Split:
    return cold_items(world.playlists, world.catalog, np.random.default_rng(0))


def test_what_is_new_is_found_for_them(split: Split, tmp_path: Path) -> None:
    model = HybridRecommender(RANKED).fit(split.train, split.catalog)
    assert model.model_.ranking is not None
    assert model.model_.ranking.ranker.known_text is not None
    ranked = evaluate(model, split, (10,), fit=False).means()
    config = RANKED.model_copy(
        update={"ranking": RANKED.ranking.model_copy(update={"known_share": 0.0})}
    )
    blind = HybridRecommender(config).fit(split.train, split.catalog)
    assert blind.model_.ranking is not None
    assert blind.model_.ranking.ranker.known_text is None
    without = evaluate(blind, split, (10,), fit=False).means()
    assert ranked["hit_rate@10"] > 1.5 * without["hit_rate@10"]
    model.save(tmp_path / "model")
    loaded = HybridRecommender.load(tmp_path / "model")
    some = split.seeds.select(np.arange(50))
    one, two = model.recommend(some, 20), loaded.recommend(some, 20)
    assert one.scores.tobytes() == two.scores.tobytes()
    assert one.item_ids.tolist() == two.item_ids.tolist()

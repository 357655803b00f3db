"""Folds: what stage one sees, and what it is asked, have nothing in common that would leak."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from hybrid_rec import Playlists
from hybrid_rec.core.config import RankingConfig
from hybrid_rec.data.synthetic import SyntheticDataset
from hybrid_rec.ranking.cross_fitting import Fold, learning_fold, make_folds

CONFIG = RankingConfig(cases=500)


def folds(playlists: Playlists, config: RankingConfig = CONFIG, seed: int = 0) -> list[Fold]:
    return make_folds(playlists, config, np.random.default_rng(seed))


def test_targets_are_no_seeds_and_not_in_training(world: SyntheticDataset) -> None:
    for fold in folds(world.playlists):
        assert len(fold.seeds) == len(fold.targets) > 0
        known = {frozenset(rows.tolist()) for rows in fold.train}
        for seeds, targets in zip(fold.seeds, fold.targets, strict=True):
            assert len(seeds)
            assert len(targets)
            assert not set(seeds.tolist()) & set(targets.tolist())
            whole = frozenset(seeds.tolist() + targets.tolist())
            assert whole not in known or len(whole) <= 4


def test_folds_are_added_until_there_are_enough_cases(world: SyntheticDataset) -> None:
    assert len(folds(world.playlists, RankingConfig(cases=100))) == 1
    assert len(folds(world.playlists, RankingConfig(cases=100_000))) == 2


def test_no_more_are_held_out_than_are_wanted(world: SyntheticDataset) -> None:
    (fold,) = folds(world.playlists, RankingConfig(cases=20, known_share=0.0, single_share=0.0))
    # Two cases a playlist.
    assert len(fold.seeds) == 40
    assert len(fold.train) >= len(world.playlists) - 20 - 1


def test_a_share_of_the_items_is_hidden(world: SyntheticDataset) -> None:
    config = RankingConfig(cases=300, hidden_share=0.3, known_share=0.5)
    (fold,) = folds(world.playlists, config)
    before = (world.playlists.play_counts > 0).sum()
    assert (fold.train.play_counts > 0).sum() <= 0.7 * before + 1
    cold = fold.train.play_counts == 0
    # Known playlists lack as many items with history as without, or fewer where they are short.
    shares = [cold[targets].mean() for targets in fold.targets]
    assert 0.2 < np.mean(shares) < 0.8
    held = {frozenset(rows.tolist()) for rows in fold.train}
    known = [frozenset(s.tolist()) in held for s in fold.seeds]
    assert sum(known) > 20


def test_fewer_are_hidden_where_many_are_new_anyway(world: SyntheticDataset) -> None:
    # Every playlist holds four items that all others hold, too, and two that no other holds.
    rows = np.concatenate([[0, 1, 2, 3, 10 + 2 * n, 11 + 2 * n] for n in range(200)])
    new = Playlists.from_rows([6] * 200, rows, 410)
    for playlists, share in ((world.playlists, 0.1), (new, 0.05)):
        config = RankingConfig(cases=20, known_share=0.0, single_share=0.0)
        given = config.model_copy(update={"hidden_share": share})
        for found, drawn in zip(folds(playlists, config), folds(playlists, given), strict=True):
            assert found.train.rows.tolist() == drawn.train.rows.tolist()
            assert found.seeds.rows.tolist() == drawn.seeds.rows.tolist()


def test_too_few_playlists_give_no_folds(world: SyntheticDataset) -> None:
    assert folds(world.playlists.select(np.arange(40))) == []
    assert folds(world.playlists, RankingConfig(min_playlists=10_000)) == []


def drifting(n: int = 400) -> Playlists:
    """Each playlist holds items of its own time: the latest are full of new ones."""
    rng = np.random.default_rng(0)
    rows = np.concatenate([n_th + rng.permutation(20)[:8] for n_th in range(n)])
    days = np.repeat(np.arange(n), 8).astype("datetime64[D]").astype("datetime64[us]")
    offsets = np.arange(0, 8 * n + 1, 8)
    return Playlists(offsets, rows, np.arange(n).astype(str).astype(object), n + 20, days)


@pytest.mark.parametrize(
    ("holdout", "latest"), [("auto", True), ("latest", True), ("random", False)]
)
def test_latest_playlists_are_held_out_where_time_matters(holdout: str, latest: bool) -> None:
    playlists = drifting()
    first, *_ = folds(playlists, RankingConfig(holdout=holdout, hidden_share=0.0))
    assert bool(first.train.rows.max() < 400) == latest


@pytest.mark.parametrize(
    ("holdout", "latest"), [("auto", True), ("latest", True), ("random", False)]
)
def test_without_times_the_order_of_playlists_is_looked_at(holdout: str, latest: bool) -> None:
    playlists = replace(drifting(), times=None)
    first, *_ = folds(playlists, RankingConfig(holdout=holdout, hidden_share=0.0))
    assert first.is_latest == latest
    assert bool(first.train.rows.max() < 400) == latest


def test_an_order_that_tells_nothing_changes_no_fold(world: SyntheticDataset) -> None:
    assert world.playlists.times is None
    for found, drawn in zip(
        folds(world.playlists),
        folds(world.playlists, CONFIG.model_copy(update={"holdout": "random"})),
        strict=True,
    ):
        assert np.array_equal(found.seeds.rows, drawn.seeds.rows)


def test_cases_to_be_learned_tell_nothing_of_one_another(world: SyntheticDataset) -> None:
    for fold in folds(world.playlists):
        found = learning_fold(fold)
        assert len(found.seeds) == len(found.targets) == fold.n_held
        # One case of each held-out playlist, half of them with the whole half.
        wholes = [
            tuple(sorted([*s.tolist(), *t.tolist()]))
            for s, t in zip(fold.seeds, fold.targets, strict=True)
        ][: 2 * fold.n_held : 2]
        assert wholes == [
            tuple(sorted([*s.tolist(), *t.tolist()]))
            for s, t in zip(found.seeds, found.targets, strict=True)
        ]
        halves = [
            len(s) == (len(s) + len(t)) // 2
            for s, t in zip(found.seeds, found.targets, strict=True)
        ]
        assert all(halves[::2])
        assert not all(halves)


def test_without_drift_random_ones_are_held_out() -> None:
    playlists = drifting()
    steady = Playlists(
        playlists.offsets,
        np.random.default_rng(1).integers(0, 50, playlists.n_plays),
        playlists.playlist_ids,
        playlists.n_items,
        playlists.times,
    )
    config = RankingConfig(hidden_share=0.0)
    assert [fold.is_latest for fold in folds(steady, config)] == [False, False]
    assert not any(fold.at_any_time for fold in folds(steady, config))
    assert [fold.is_latest for fold in folds(playlists, config)] == [True, False]


def test_beside_the_latest_playlists_random_ones_are_held_out() -> None:
    playlists = drifting()
    latest, settled = folds(playlists, RankingConfig(hidden_share=0.1))
    assert (latest.at_any_time, settled.at_any_time) == (False, True)
    assert latest.n_held == settled.n_held == 80
    # Of all times, and of new items only what their own time brings.
    assert settled.train.times is not None
    assert settled.train.times.max() > np.datetime64(0, "D") + 330
    assert np.ptp(settled.seeds.rows) > 300
    # No case of a training playlist: those are asked among the latest.
    known = {frozenset(rows.tolist()) for rows in settled.train}
    assert not any(frozenset(rows.tolist()) in known for rows in settled.seeds if len(rows) > 1)
    (alone,) = make_folds(playlists, RankingConfig(), np.random.default_rng(0), most=1)
    assert alone.is_latest


def test_same_seed_same_folds(world: SyntheticDataset) -> None:
    one, two, other = (folds(world.playlists, seed=seed)[0] for seed in (1, 1, 2))
    assert np.array_equal(one.seeds.rows, two.seeds.rows)
    assert not np.array_equal(one.seeds.rows, other.seeds.rows)


def test_single_items_are_asked_with_history_and_without(world: SyntheticDataset) -> None:
    config = RankingConfig(cases=200, known_share=0.0, hidden_share=0.2, single_share=1.0)
    (fold,) = folds(world.playlists, config)
    singles = [rows for rows in fold.seeds if len(rows) == 1][-200:]
    plays = fold.train.play_counts[np.concatenate(singles)]
    assert 0.2 < (plays == 0).mean() < 0.6
    (without,) = folds(world.playlists, config.model_copy(update={"single_share": 0.0}))
    # They change nothing else.
    assert len(fold.seeds) > 1.5 * len(without.seeds)
    assert np.array_equal(fold.train.rows, without.train.rows)
    n_plays = without.seeds.n_plays
    assert np.array_equal(fold.seeds.rows[:n_plays], without.seeds.rows)

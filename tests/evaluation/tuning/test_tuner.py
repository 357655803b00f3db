"""The tuner on the planted world: it improves a bad start, repeatably, on time."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from evaluation.harness import evaluate
from evaluation.metrics.registry import MetricAtK
from evaluation.splits.registry import make_split, make_validation_split
from evaluation.splits.split import Split
from evaluation.tuning import tuner
from evaluation.tuning.proposer import Proposer
from evaluation.tuning.spaces import Flag, Settings, Space, Whole, fit_cost, fit_space, settings_of
from evaluation.tuning.trials import Trial, changes, ranked, trial_table
from evaluation.tuning.tuned_file import tuned_toml
from evaluation.tuning.tuner import Tuner
from hybrid_rec import ConfigError, DataError, HybridConfig, HybridRecommender, Playlists
from hybrid_rec.core.config import RankingConfig
from hybrid_rec.core.progress import Progress
from hybrid_rec.data.synthetic import SyntheticDataset
from hybrid_rec.model.fit import fuse
from hybrid_rec.model.training import learn_vectors

QUICK = HybridConfig(
    titles={"encoder": "tfidf", "tfidf_size": 16},
    cooccurrence={"vector_size": 16, "epochs": 3, "window": 10},
    ranking={"cases": 50, "trees": 10},
)
BAD = HybridConfig(**{**QUICK.model_dump(), "weights": {"popularity": 30.0}})
SMALL: Space = {
    "cooccurrence.vector_size": Whole(8, 16, step=8),
    "cooccurrence.epochs": Whole(1, 4),
    "cooccurrence.shuffle": Flag(),
}
NDCG = MetricAtK("ndcg", 50)


@pytest.fixture(autouse=True)
def small_space(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fits of less than a second."""
    monkeypatch.setattr(tuner, "fit_space", lambda _playlists: SMALL)


@pytest.fixture(scope="module")
def split(world: SyntheticDataset) -> Split:
    return make_validation_split("continuation", world.playlists, world.catalog)


def search(split: Split, base: HybridConfig = QUICK, n: int = 8, **options: Any) -> list[Trial]:
    options = {"metric": NDCG, "most": n, "weight_trials": 3, **options}
    return list(Tuner(split, base, **options).trials())


def outcome(trials: list[Trial]) -> list[tuple[object, ...]]:
    return [(t.number, t.fit, t.settings, t.cases.tolist(), t.low, t.high) for t in trials]


@pytest.fixture(scope="module")
def found(split: Split) -> list[Trial]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tuner, "fit_space", lambda _playlists: SMALL)
        return search(split, BAD, 14)


def linear(config: HybridConfig) -> HybridRecommender:
    return HybridRecommender(config.model_copy(update={"ranking": RankingConfig(enabled=False)}))


def weights_of(trial: Trial) -> dict[str, float]:
    return {name: value for name, value in trial.settings.items() if name not in SMALL}


def test_the_base_comes_first_and_a_bad_one_is_improved(found: list[Trial]) -> None:
    first, best = found[0], ranked(found, NDCG)[0]
    assert first.config == BAD
    assert (first.gain, first.low, first.high) == (0, 0, 0)
    assert 0 < best.low <= best.gain <= best.high
    assert best.gain == pytest.approx(best.value - first.value)
    assert best.config.weights.popularity < 2
    assert best.config.titles == BAD.titles


def test_values_are_those_of_a_recommender_fitted_from_nothing(
    found: list[Trial], split: Split
) -> None:
    later = next(trial for trial in found if trial.fit == 2)
    for trial in (found[0], ranked(found, NDCG)[0], later):
        truth = evaluate(linear(trial.config), split, (50,)).cases["ndcg@50"]
        assert trial.cases.tolist() == truth.tolist()
        assert settings_of(trial.config, trial.settings) == trial.settings


def test_each_fit_has_its_trials_and_begins_with_the_best_weights(
    found: list[Trial],
) -> None:
    assert [trial.number for trial in found] == list(range(14))
    assert [trial.fit for trial in found] == [0] * 3 + [1] * 3 + [2] * 3 + [3] * 3 + [4] * 2
    for start in (3, 6, 9, 12):
        assert weights_of(found[start]) == weights_of(ranked(found[:start], NDCG)[0])
    for fit in range(5):
        same = [trial for trial in found if trial.fit == fit]
        assert len({tuple(trial.settings[name] for name in SMALL) for trial in same}) == 1
        assert len({tuple(trial.settings.values()) for trial in same}) == len(same)


def test_same_seed_and_number_same_trials(split: Split, found: list[Trial]) -> None:
    assert outcome(search(split, BAD, 14)) == outcome(found)
    other = search(split, BAD.with_seed(1), 5)
    assert outcome(other)[1] != outcome(found)[1]


def test_weights_are_compared_at_the_level_of_the_vectors_but_poor_ones_count_as_they_are(
    split: Split, monkeypatch: pytest.MonkeyPatch
) -> None:
    levels: list[float] = []

    class Spy(Proposer):
        def learn(self, settings: Settings, value: float) -> None:
            if "weights.title" in settings:
                levels.append(value)
            super().learn(settings, value)

    monkeypatch.setattr(tuner, "Proposer", Spy)
    trials = search(split, QUICK, 18)
    scores = [trial.value for trial in trials]
    assert levels[:3] == scores[:3]
    kinds = set()
    for start in range(3, 18, 3):
        replayed = int(np.argmax(scores[:start]))
        better = scores[start] > levels[replayed]
        offset = levels[replayed] - scores[start] if better else 0
        kinds.add(better)
        assert levels[start : start + 3] == pytest.approx(
            [score + offset for score in scores[start : start + 3]]
        )
    assert kinds == {True, False}


@pytest.mark.parametrize("name", ["continuation", "leave-last-out"])
def test_what_the_test_holds_changes_nothing(name: str, world: SyntheticDataset) -> None:
    playlists, catalog = world.playlists, world.catalog
    test = make_split(name, playlists, catalog)
    held_out = np.isin(
        playlists.playlist_ids[playlists.owners] + " " + playlists.rows.astype(str),
        test.targets.playlist_ids[test.targets.owners] + " " + test.targets.rows.astype(str),
    )
    assert held_out.sum() > 100
    rows = playlists.rows.copy()
    for number in range(len(playlists)):
        # Any other items that the playlist lacks, so that it stays as long as it is.
        span = np.arange(playlists.offsets[number], playlists.offsets[number + 1])
        lacking = np.setdiff1d(np.arange(len(catalog)), rows[span])
        rows[span[held_out[span]]] = lacking[: held_out[span].sum()]
    other = Playlists.from_rows(playlists.lengths, rows, len(catalog), playlists.playlist_ids)
    assert (other.rows != playlists.rows).sum() == held_out.sum()
    outcomes = [
        outcome(search(make_validation_split(name, each, catalog), QUICK, 4))
        for each in (playlists, other)
    ]
    assert outcomes[0] == outcomes[1]


def test_ranking_is_measured_if_asked_for_and_fused_again_alike(split: Split) -> None:
    first, second = search(split, QUICK, 2, ranking=True)
    for trial in (first, second):
        truth = evaluate(HybridRecommender(trial.config), split, (50,)).cases["ndcg@50"]
        assert trial.cases.tolist() == truth.tolist()
    assert first.cases.tolist() != search(split, QUICK, 1)[0].cases.tolist()


def test_lower_is_better_for_clicks(split: Split) -> None:
    metric = MetricAtK.parse("clicks@50")
    trials = search(split, BAD, 8, metric=metric)
    best = ranked(trials, metric)[0]
    assert best.value < trials[0].value
    assert best.gain < 0
    assert weights_of(trials[3]) == weights_of(ranked(trials[:3], metric)[0])
    assert str(metric) == "clicks@50"


class Clock:
    """Seconds that pass when a stage says so."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def slow_stages(monkeypatch: pytest.MonkeyPatch, clock: Clock, epochs: dict[int, float]) -> None:
    """A trial of weights takes 1 s, an epoch of the nth fit what `epochs` says; fits have 10."""
    fits = iter(range(100))

    def slow_learn(playlists, config, progress):  # type: ignore[no-untyped-def]
        number = next(fits)
        with progress.stage("epochs", 10) as advance:
            for _ in range(10):
                clock.now += epochs.get(number, 1.0)
                advance(1)
        return learn_vectors(playlists, config, Progress())

    def slow_fuse(*arguments):  # type: ignore[no-untyped-def]
        clock.now += 1
        return fuse(*arguments)

    monkeypatch.setattr(tuner, "learn_vectors", slow_learn)
    monkeypatch.setattr(tuner, "fuse", slow_fuse)


def run_with_budget(
    split: Split, monkeypatch: pytest.MonkeyPatch, deadline: float, epochs: dict[int, float]
) -> tuple[list[Trial], Clock, list[str]]:
    clock = Clock()
    told: list[str] = []
    slow_stages(monkeypatch, clock, epochs)
    trials = search(split, n=100, clock=clock, deadline=deadline, tell=told.append)
    return trials, clock, told


def test_the_base_runs_even_without_time(split: Split, monkeypatch: pytest.MonkeyPatch) -> None:
    trials, clock, _ = run_with_budget(split, monkeypatch, 0.5, {})
    assert [trial.number for trial in trials] == [0]
    assert clock.now == 11
    assert trials[0].seconds == 11


def test_no_trial_begins_that_would_not_fit_and_the_rest_goes_to_weights(
    split: Split, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Two fits of 10 s with three trials of 1 s take 26; another fit and trial would need 11.
    trials, clock, told = run_with_budget(split, monkeypatch, 36.5, {})
    assert clock.now == 36
    best = ranked(trials[:6], NDCG)[0].fit
    assert [trial.fit for trial in trials[:6]] == [0] * 3 + [1] * 3
    assert trials[6].fit == best
    assert len(trials) == 16
    assert told == []


def test_a_fit_that_would_last_too_long_is_given_up(
    split: Split, monkeypatch: pytest.MonkeyPatch
) -> None:
    trials, clock, told = run_with_budget(split, monkeypatch, 40, {1: 7.0})
    assert told == ["fit 1 would have lasted beyond the budget and was given up after 7 s"]
    assert {trial.fit for trial in trials} == {0}
    assert len(trials) == 3 + (40 - 20)
    assert clock.now == 40


def test_no_fit_is_far_dearer_than_the_defaults(
    split: Split, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Vectors are learned by the base's settings, for the proposals alone matter here.
    monkeypatch.setattr(tuner, "fit_space", fit_space)
    vectors = learn_vectors(split.train, linear(QUICK).config, Progress())
    monkeypatch.setattr(tuner, "learn_vectors", lambda *_given: vectors)
    costs = [
        fit_cost(trial.config, split.train) / fit_cost(HybridConfig(), split.train)
        for trial in search(split, n=30, weight_trials=1)
    ]
    assert max(costs) <= 5
    assert max(costs) > 2
    assert fit_cost(QUICK, split.train) < fit_cost(HybridConfig(), split.train)


@pytest.mark.parametrize("text", ["ndcg", "ndcg@", "ndcg@0", "magic@5", "ndcg@x", "ndcg@-1", "@5"])
def test_metrics_that_are_none(text: str) -> None:
    with pytest.raises(ConfigError, match=r"metric must be one of hit_rate.*such as ndcg@500"):
        MetricAtK.parse(text)


def test_near_copies_choose_nothing(split: Split) -> None:
    catalog = split.catalog
    sides = zip(split.seeds.to_lists(catalog), split.targets.to_lists(catalog), strict=True)
    whole = [given + wanted for given, wanted in sides][::3]
    train = Playlists.from_lists([*split.train.to_lists(catalog), *whole], catalog)
    copied = replace(split, train=train)
    n_copies = int(copied.near_copies.sum())
    assert n_copies
    (trial,) = search(copied, n=1)
    assert len(trial.cases) == len(split) - n_copies
    assert len(Tuner(copied, QUICK, NDCG).split) == len(trial.cases)


def test_mistakes(split: Split) -> None:
    with pytest.raises(ConfigError, match="weight trials must be at least 1, got 0"):
        search(split, weight_trials=0)
    with pytest.raises(ConfigError, match="trials must be at least 1, got 0"):
        search(split, n=0)
    off = HybridConfig(ranking={"enabled": False})
    with pytest.raises(ConfigError, match=r"ranking\.enabled must be true"):
        search(split, off, ranking=True)
    few = replace(
        split, seeds=split.seeds.select(np.arange(3)), targets=split.targets.select(np.arange(3))
    )
    with pytest.raises(DataError, match=r"at least 10 held-out playlists, but .* has 3"):
        search(few)
    empty = replace(split, train=split.train.select(np.arange(0)))
    with pytest.raises(DataError, match="at least one play to fit on"):
        search(empty)


def test_table_and_changes(found: list[Trial]) -> None:
    table = trial_table(found, NDCG)
    assert table["rank"].tolist() == list(range(1, 15))
    assert table["ndcg@50"].is_monotonic_decreasing
    assert list(table.columns[:8]) == [
        "rank", "trial", "fit", "ndcg@50", "gain", "low", "high", "seconds",
    ]  # fmt: skip
    assert set(table.columns[8:]) == set(found[0].settings)
    assert changes(found[0], found[0]) == ""
    assert "popularity=" in changes(found[1], found[0])


def test_the_toml_is_the_config_and_says_in_full_what_was_tuned(
    tmp_path: Path, found: list[Trial]
) -> None:
    notebook = HybridConfig(
        cooccurrence={"preset": "notebook", "epochs": 3}, titles={"encoder": "tfidf"}, seed=9,
        ranking={"cases": 77},
    )  # fmt: skip
    for config in (found[-1].config, notebook, HybridConfig()):
        path = tmp_path / "tuned.toml"
        text = tuned_toml(config, {"weights.title": 1.0, "cooccurrence.epochs": 3}, ["a\nb", "é"])
        path.write_text(text, encoding="utf-8")
        assert text.startswith("# a b\n# é\n")
        assert HybridConfig.from_toml(path) == config
        assert "similar_popularity" in text
        assert "vector_size" in text
        assert "leaves" not in text

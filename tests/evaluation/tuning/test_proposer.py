"""What is searched, and that proposals are repeatable and learn."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from evaluation.tuning.proposer import Proposer
from evaluation.tuning.spaces import (
    Flag,
    Real,
    Settings,
    Space,
    Whole,
    fit_settings,
    fit_space,
    settings_of,
    weight_space,
    with_settings,
)
from hybrid_rec import Catalog, HybridConfig, HybridRecError, Playlists
from hybrid_rec.data.synthetic import SyntheticDataset

SPACE: Space = {"a.x": Real(0.01, 100), "a.n": Whole(1, 64, log=True), "a.on": Flag()}


def good(settings: Settings) -> float:
    return settings["a.on"] - distance(settings)


def distance(settings: Settings) -> float:
    return abs(float(np.log(settings["a.x"] / 3)))


def proposals(seed: int, n: int) -> list[Settings]:
    proposer = Proposer(SPACE, seed, 5)
    found = []
    for _ in range(n):
        found.append(proposer.propose())
        proposer.learn(found[-1], good(found[-1]))
    return found


def test_same_seed_same_proposals() -> None:
    assert proposals(3, 12) == proposals(3, 12)
    assert proposals(3, 12) != proposals(4, 12)


def test_proposals_are_in_range_and_of_three_digits() -> None:
    for settings in proposals(0, 30):
        assert set(settings) == set(SPACE)
        for name, value in settings.items():
            assert SPACE[name].nearest(value) == value
        assert float(f"{settings['a.x']:.3g}") == settings["a.x"]
        assert type(settings["a.on"]) is bool


def test_later_proposals_are_better_than_the_first_ones() -> None:
    runs = [proposals(seed, 40) for seed in range(5)]
    first = [settings for run in runs for settings in run[:10]]
    last = [settings for run in runs for settings in run[-10:]]
    assert np.mean([settings["a.on"] for settings in first]) < 0.7
    assert np.mean([settings["a.on"] for settings in last]) > 0.75
    assert np.mean([*map(distance, last)]) < 0.6 * np.mean([*map(distance, first)])


def test_what_is_not_accepted_is_not_proposed_unless_nothing_else_is() -> None:
    even = Proposer(SPACE, 0, 5, accept=lambda settings: settings["a.n"] % 2 == 0)
    assert {even.propose()["a.n"] % 2 for _ in range(20)} == {0}
    never = Proposer(SPACE, 0, 5, accept=lambda _settings: False)
    assert set(never.propose()) == set(SPACE)


def test_settings_out_of_range_are_learned_as_the_nearest() -> None:
    assert Whole(32, 256, step=32).nearest(10_000) == 256
    assert Whole(32, 256, step=32).nearest(40) == 32
    assert Real(0.01, 1).nearest(0.0) == 0.01
    proposer = Proposer(SPACE, 0, 5)
    proposer.learn({"a.x": 0.0, "a.n": 10**6, "a.on": True}, 1.0)
    assert proposer.propose()


def test_settings_go_into_a_config_and_come_back(world: SyntheticDataset) -> None:
    spaces = {**fit_space(world.playlists), **weight_space(HybridConfig(), world.catalog)}
    base = HybridConfig(titles={"encoder": "tfidf"}, cooccurrence={"preset": "notebook"}, seed=5)
    before = settings_of(base, spaces)
    assert before["cooccurrence.vector_size"] == 32
    assert with_settings(base, before) == base
    changed = with_settings(base, {"weights.title": 0.5, "cooccurrence.epochs": 7})
    assert settings_of(changed, spaces) == {
        **before,
        "weights.title": 0.5,
        "cooccurrence.epochs": 7,
    }
    assert (changed.titles, changed.seed) == (base.titles, 5)


def test_a_default_that_follows_from_the_data_is_a_number_to_the_search() -> None:
    catalog = Catalog.from_columns(["a", "b"], [None, None], [None, None])
    playlists = Playlists.from_lists([["a", "b"]], catalog)
    space = fit_space(playlists)
    found = fit_settings(HybridConfig(), space, playlists)
    # So that no play of an item of average popularity is skipped, of which there are two.
    assert found["cooccurrence.sample"] == pytest.approx(0.191, abs=1e-3)
    named = {"sample": 0.02, "epochs": 9, "learning_rate": 0.02, "window": 4}
    given = HybridConfig(cooccurrence=named)
    assert fit_settings(given, space, playlists) == settings_of(given, space)


def test_spaces_hold_what_the_data_allow() -> None:
    catalog = Catalog.from_columns(["a", "b"], ["One", "Two"], ["U2", None])
    tagged = Catalog.from_columns(["a"], ["One"], ["U2"], [("rock",)])
    assert "weights.tags" not in weight_space(HybridConfig(), catalog)
    assert "weights.tags" in weight_space(HybridConfig(), tagged)
    twice = Playlists.from_lists([["a", "b"], ["a"]], catalog)
    assert fit_space(twice)["cooccurrence.min_count"] == Whole(1, 2)
    # Every name and every end of a range is one that a configuration takes.
    for name, values in {**fit_space(twice), **weight_space(HybridConfig(), tagged)}.items():
        if not isinstance(values, Flag):
            for value in (values.low, values.high):
                with_settings(HybridConfig(), {name: value})


def test_without_optuna_the_error_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(HybridRecError, match=r"pip install 'hybrid-rec\[tune\]'"):
        Proposer(SPACE, 0, 5)

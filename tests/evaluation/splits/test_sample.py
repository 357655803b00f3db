"""Samples of splits: as hard as the whole; and splits for validation, which never see the test."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from evaluation.splits.cold_items import cold_items
from evaluation.splits.continuation import continuation
from evaluation.splits.leave_last_out import leave_last_out
from evaluation.splits.registry import make_split, make_validation_split
from evaluation.splits.sample import sample_split
from evaluation.splits.split import Split
from hybrid_rec import ConfigError, DataError, Playlists
from hybrid_rec.data.synthetic import SyntheticDataset, synthetic_radio


@pytest.fixture(scope="module")
def large() -> SyntheticDataset:
    """3,000 songs, of which a third is cold but for its plays in held-out playlists."""
    return synthetic_radio(seed=4, n_items=3000, n_playlists=3000)


@pytest.fixture(scope="module")
def split(large: SyntheticDataset) -> Split:
    """Held-out playlists with many targets that training never saw."""
    whole = continuation(large.playlists, large.catalog, np.random.default_rng(0))
    hidden = np.zeros(len(whole.catalog), dtype=bool)
    hidden[np.random.default_rng(1).permutation(len(hidden))[:900]] = True
    train = whole.train.select_plays(~hidden[whole.train.rows])
    return replace(whole, train=train.select(train.lengths > 0))


def cold_share(split: Split) -> float:
    return float(split.cold[split.targets.rows].mean())


def test_the_share_of_cold_targets_stays(split: Split) -> None:
    sample = sample_split(split, 500, np.random.default_rng(0))
    assert len(sample.train) + len(sample) <= 500
    naive = replace(sample, train=split.train.select(np.arange(400)), seeds=split.seeds)
    naive = replace(naive, targets=split.targets, catalog=split.catalog)
    assert 0.2 < cold_share(split) < 0.4
    assert abs(cold_share(sample) - cold_share(split)) < 0.05
    assert cold_share(naive) > cold_share(split) + 0.05
    whole, part = (float(each.cold.mean()) for each in (split, sample))
    assert abs(whole - part) < 0.1


def test_a_sample_holds_what_the_split_held(split: Split) -> None:
    sample = sample_split(split, 500, np.random.default_rng(0))
    for name in ("train", "seeds", "targets"):
        mine, whole = getattr(sample, name), getattr(split, name)
        ids = {str(i): n for n, i in enumerate(whole.playlist_ids)}
        for number, items in enumerate(mine.to_lists(sample.catalog)):
            origin = split.catalog.item_ids[whole[ids[mine.playlist_ids[number]]]]
            assert items
            assert items == [item for item in origin if item in set(items)]
    warm = set(split.catalog.item_ids[~split.cold])
    assert not warm & set(sample.catalog.item_ids[sample.cold])
    assert sample.left_out["playlists left out of the sample"] > 0


def test_samples_are_seeded_and_a_small_split_stays_as_it_is(split: Split) -> None:
    one, same, other = (sample_split(split, 300, np.random.default_rng(seed)) for seed in (0, 0, 1))
    assert one.train.rows.tolist() == same.train.rows.tolist()
    assert one.catalog == same.catalog
    assert one.train.playlist_ids.tolist() != other.train.playlist_ids.tolist()
    assert sample_split(split, 10**6, np.random.default_rng(0)) is split


@pytest.mark.parametrize("make", [leave_last_out, cold_items])
def test_playlists_that_are_trained_on_and_asked_stay_both(make, large: SyntheticDataset) -> None:  # type: ignore[no-untyped-def]
    split = make(large.playlists, large.catalog, np.random.default_rng(0))
    sample = sample_split(split, 200, np.random.default_rng(0))
    assert 0 < len(sample) <= 200
    assert set(sample.seeds.playlist_ids) <= set(sample.train.playlist_ids)


def test_mistakes(split: Split) -> None:
    with pytest.raises(ConfigError, match="at least 1 playlist, got 0"):
        sample_split(split, 0, np.random.default_rng(0))
    with pytest.raises(DataError, match="take a larger one"):
        sample_split(split, 1, np.random.default_rng(0))


def timed(playlists: Playlists) -> Playlists:
    start = np.datetime64("2020-01-01", "us")
    return replace(playlists, times=start + playlists.owners.astype("timedelta64[h]"))


def visible(split: Split) -> set[tuple[str, int]]:
    """Playlist and row of every play that tuning could look at."""
    found: set[tuple[str, int]] = set()
    parts: Sequence[Playlists] = (split.train, split.seeds, split.targets)
    for part in parts:
        found.update(zip(part.playlist_ids[part.owners], part.rows.tolist(), strict=True))
    return found


@pytest.mark.parametrize("name", ["continuation", "global-time", "leave-last-out", "cold-items"])
def test_a_validation_split_shows_no_play_that_the_test_asks_for(
    name: str, world: SyntheticDataset
) -> None:
    playlists = timed(world.playlists)
    test = make_split(name, playlists, world.catalog, seed=3)
    validation = make_validation_split(name, playlists, world.catalog, seed=3)
    assert "validation" in validation.name
    assert len(validation) > 20
    asked = set(
        zip(
            test.targets.playlist_ids[test.targets.owners],
            test.targets.rows.tolist(),
            strict=True,
        )
    )
    assert asked
    assert not asked & visible(validation)
    # What tuning learns from is part of what the test lets a model learn from.
    learned = set(
        zip(test.train.playlist_ids[test.train.owners], test.train.rows.tolist(), strict=True)
    )
    trained = validation.train
    assert (
        set(zip(trained.playlist_ids[trained.owners], trained.rows.tolist(), strict=True))
        <= learned
    )

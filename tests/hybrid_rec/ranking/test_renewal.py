"""Statistics after an update against the same counted anew."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from hybrid_rec import Playlists
from hybrid_rec.blocks import excerpts
from hybrid_rec.core.arrays import Rows
from hybrid_rec.core.config.ranking import StatisticsConfig
from hybrid_rec.data.synthetic import SyntheticDataset, synthetic_radio
from hybrid_rec.ranking import renewal
from hybrid_rec.ranking.hashes import shortened
from hybrid_rec.ranking.knn import item_similarities, similarities_of
from hybrid_rec.ranking.renewal import (
    renewed_similarities,
    touched_columns,
    updated_statistics,
    updated_steps,
)
from hybrid_rec.ranking.statistics import MATRICES, Statistics


def same(found: sparse.csr_array, wanted: sparse.csr_array) -> None:
    """The same entries in the same order, to the last bit."""
    assert found.shape == wanted.shape
    assert found.indptr.tolist() == wanted.indptr.tolist()
    assert found.indices.tolist() == wanted.indices.tolist()
    assert found.data.tobytes() == wanted.data.tobytes()


def matrix(lines: list[set[int]], n: int) -> sparse.csr_array:
    ends = np.cumsum([0, *map(len, lines)])
    columns = np.array([item for line in lines for item in sorted(line)], dtype=np.int64)
    return sparse.csr_array((np.ones(len(columns)), columns, ends), shape=(len(lines), n))


items = st.sets(st.integers(0, 11), max_size=8)


@given(
    known=st.lists(items, min_size=1, max_size=12),
    more=st.dictionaries(st.integers(0, 11), items, max_size=3),
    new=st.lists(st.sets(st.integers(0, 14), max_size=8), max_size=4),
    kept=st.sampled_from([1, 2, 3, 50]),
    most=st.sampled_from([2, 4, 50]),
)
def test_similarities_are_those_of_counting_anew(
    known: list[set[int]],
    more: dict[int, set[int]],
    new: list[set[int]],
    kept: int,
    most: int,
) -> None:
    longer = {line: part for line, part in more.items() if line < len(known)}
    grown = [line | longer.get(number, set()) for number, line in enumerate(known)] + new
    changed = np.array([*sorted(longer), *range(len(known), len(grown))], dtype=np.int64)
    old, now = shortened(matrix(known, 12), most), shortened(matrix(grown, 15), most)
    before = item_similarities(old, kept, 5.0)
    same(
        renewed_similarities(before, old, now, changed, kept, 5.0),
        item_similarities(now, kept, 5.0),
    )


def test_only_what_is_touched_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    world = synthetic_radio(seed=4, n_items=800, n_playlists=900)
    new = world.playlists.matrix().astype(np.float64)
    old = new[:898]
    before = item_similarities(old, 200, 5.0)
    counted: list[int] = []

    def watched(rows: Rows, *rest: Any) -> sparse.csr_array:
        counted.append(len(rows))
        return similarities_of(rows, *rest)

    monkeypatch.setattr(renewal, "similarities_of", watched)
    changed = np.array([898, 899])
    same(
        renewed_similarities(before, old, new, changed, 200, 5.0), item_similarities(new, 200, 5.0)
    )
    assert sum(counted) <= touched_columns(old, new, changed).sum() * 2 < 100


@pytest.fixture(scope="module")
def world() -> SyntheticDataset:
    return synthetic_radio(seed=5, n_items=600, n_playlists=500)


@pytest.mark.parametrize("longest", [6, 500])
def test_statistics_are_those_of_counting_anew(
    world: SyntheticDataset, longest: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    # So that playlists of this world are long ones.
    monkeypatch.setattr(excerpts, "_FEWEST", 2)
    n_known, n_items = 540, 600
    groups = np.arange(n_items) % 37
    groups[::11] = -1
    times = np.datetime64("2024-01-01", "us") + np.arange(world.playlists.n_plays).astype("m8[h]")
    everything = replace(world.playlists, times=times)
    known = everything.select(np.arange(490))
    known = replace(known.select_plays(known.rows < n_known), n_items=n_known)
    later = everything.select(np.arange(490, 500))
    numbers = np.array([*[-1] * 7, 0, 5, 77])
    joined = known.extended(later, numbers)
    changed = np.array([0, 5, 77, *range(490, 497)])
    config = StatisticsConfig(longest_playlist=longest, item_neighbours=20, group_neighbours=10)
    before = Statistics.fit(known, groups[:n_known], 37, config, [], 0)
    told: list[int] = []
    found = updated_statistics(before, joined, changed, groups, 37, config, told.append)
    assert sum(told) == updated_steps(before)
    wanted = Statistics.fit(joined, groups, 37, config, [], 0)
    for name in (*MATRICES, "holds", "counted"):
        same(getattr(found, name), getattr(wanted, name))
    for name in ("ages", "plays", "group_plays", "group_sizes", "set_hashes"):
        assert getattr(found, name).tolist() == getattr(wanted, name).tolist()


def test_factors_of_what_is_not_touched_stay(world: SyntheticDataset) -> None:
    n = len(world.playlists)
    first = world.playlists.select(np.arange(n - 5))
    groups = np.full(600, -1)
    config = StatisticsConfig()
    before = Statistics.fit(first, groups, 0, config, [], 0)
    changed = np.arange(n - 5, n)
    after = updated_statistics(before, world.playlists, changed, groups, 0, config)
    touched = touched_columns(before.counted, after.counted, changed)
    old, new = before.factors["als"].vectors, after.factors["als"].vectors
    assert (old[~touched] == new[~touched]).all()
    assert (old[touched] != new[touched]).any(axis=1).all()


def test_a_new_item_has_the_factors_of_its_company(world: SyntheticDataset) -> None:
    genre = world.truth.genre_of_item
    counts = world.playlists.play_counts
    row = int(np.flatnonzero(counts >= 15)[0])
    holders = np.unique(world.playlists.owners[world.playlists.rows == row])
    without = world.playlists.select_plays(world.playlists.rows != row)
    config, groups = StatisticsConfig(), np.full(600, -1)
    before = Statistics.fit(without, groups, 0, config, [], 0)
    assert not before.factors["als"].vectors[row].any()
    after = updated_statistics(before, world.playlists, holders, groups, 0, config)
    vectors = after.factors["als"].vectors
    others = (counts > 0) & (np.arange(600) != row)
    likely = vectors @ vectors[row]
    own = others & (genre == genre[row])
    assert likely[own].mean() > 3 * likely[others & ~own].mean()


def test_items_without_plays_leave_everything_as_it_was(world: SyntheticDataset) -> None:
    config, groups = StatisticsConfig(), np.arange(620) % 7
    before = Statistics.fit(world.playlists, groups[:600], 7, config, [], 0)
    wider = replace(world.playlists, n_items=620)
    after = updated_statistics(before, wider, np.empty(0, np.int64), groups, 7, config)
    same(after.item_neighbours[:600, :600], before.item_neighbours)
    same(after.ease_weights[:600, :600], before.ease_weights)
    assert after.item_neighbours.shape == after.ease_weights.shape == (620, 620)
    vectors = after.factors["als"].vectors
    assert vectors[:600].tobytes() == before.factors["als"].vectors.tobytes()
    assert not vectors[600:].any()


def test_a_list_of_everything_adds_few_pairs() -> None:
    world = synthetic_radio(seed=6, n_items=2000, n_playlists=100)
    lists = world.playlists
    rows = np.concatenate([lists.rows, np.arange(2000)])
    longer = Playlists.from_rows(np.append(lists.lengths, 2000), rows, 2000)
    config, groups = StatisticsConfig(), np.full(2000, -1)
    one, other = (Statistics.fit(p, groups, 0, config, [], 0) for p in (lists, longer))
    assert np.diff(other.counted.indptr)[-1] == 100
    assert other.item_neighbours.nnz <= one.item_neighbours.nnz + 100 * 99
    assert (other.plays > 0).all()
    assert not len(other.cold)


def test_more_playlists_let_more_of_a_long_one_count() -> None:
    world = synthetic_radio(seed=7, n_items=1500, n_playlists=400)
    long = Playlists.from_rows([1500], np.arange(1500), 1500)
    known = world.playlists.select(np.arange(300)).extended(long, np.array([-1]))
    later = world.playlists.select(np.arange(300, 400))
    joined, changed = known.extended(later, np.full(100, -1)), np.arange(301, 401)
    config, groups = StatisticsConfig(), np.arange(1500) % 60
    before = Statistics.fit(known, groups, 60, config, [], 0)
    found = updated_statistics(before, joined, changed, groups, 60, config)
    wanted = Statistics.fit(joined, groups, 60, config, [], 0)
    most = [int(np.diff(each.counted.indptr)[300]) for each in (before, found)]
    assert 100 < most[0] < most[1] < 500
    for name in (*MATRICES, "counted"):
        same(getattr(found, name), getattr(wanted, name))

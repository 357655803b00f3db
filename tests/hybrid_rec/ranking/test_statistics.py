"""Interaction statistics: which queries are training playlists."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from hybrid_rec.data.synthetic import SyntheticDataset
from hybrid_rec.ranking.hashes import set_hashes
from hybrid_rec.ranking.statistics import Statistics


def holds_of(sets: list[list[int]], n_items: int = 64) -> sparse.csr_array:
    """One line a set, its columns in the order given."""
    ends = np.cumsum([0, *map(len, sets)])
    columns = np.array([item for items in sets for item in items], dtype=np.int64)
    return sparse.csr_array((np.ones(len(columns)), columns, ends), shape=(len(sets), n_items))


def test_every_set_has_a_hash_of_its_own() -> None:
    sets = [list(items) for n in range(4) for items in itertools.combinations(range(24), n)]
    hashes = set_hashes(holds_of(sets))
    assert hashes.dtype == np.uint64
    assert len(np.unique(hashes)) == len(sets)
    assert hashes[0] == 0


@given(st.lists(st.lists(st.integers(0, 63), unique=True, max_size=12), min_size=1, max_size=8))
def test_neither_order_nor_company_changes_a_hash(sets: list[list[int]]) -> None:
    hashes = set_hashes(holds_of(sets))
    assert set_hashes(holds_of([items[::-1] for items in sets])).tolist() == hashes.tolist()
    alone = [int(set_hashes(holds_of([items]))[0]) for items in sets]
    assert alone == hashes.tolist()
    same = [[a == b for b in map(frozenset, sets)] for a in map(frozenset, sets)]
    assert (hashes[:, None] == hashes[None]).tolist() == same


@pytest.fixture
def statistics(ranked: object) -> Statistics:
    from hybrid_rec import HybridRecommender

    assert isinstance(ranked, HybridRecommender)
    assert ranked.model_.ranking is not None
    return ranked.model_.ranking.statistics


def test_only_the_very_items_of_a_playlist_are_held_exactly(
    statistics: Statistics, world: SyntheticDataset
) -> None:
    sets = {frozenset(rows.tolist()) for rows in world.playlists}
    asked = [sorted(items) for items in sets]
    asked += [items[1:] for items in asked] + [[*items, 999] for items in asked]
    asked += [[], [998, 999]]
    distinct = [list(dict.fromkeys(items)) for items in asked]
    found = statistics.holds_exactly(holds_of(distinct, 1000))
    assert found.tolist() == [frozenset(items) in sets for items in distinct]
    assert found.sum() >= len(sets)
    assert (~found).sum() > len(sets)

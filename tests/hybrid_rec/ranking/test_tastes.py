"""Which seeds of a query belong together, and how places are dealt out to their tastes."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from hybrid_rec.core.arrays import Floats
from hybrid_rec.ranking.taste_shares import dealt_out
from hybrid_rec.ranking.tastes import least_likeness, tastes_of
from indexes.faiss_index import FaissIndex
from indexes.hybrid import HybridIndex

EAST, NORTH, UP = np.eye(3, dtype=np.float32)
NOTHING = np.zeros(3, np.float32)
BETWEEN = (EAST + NORTH) / np.float32(np.sqrt(2))


def told(vectors: list[Floats], known: list[bool] | None = None) -> list[list[int]]:
    is_known = np.ones(len(vectors), bool) if known is None else np.array(known)
    return [part.tolist() for part in tastes_of(np.array(vectors, np.float32), is_known, 0.3)]


def test_seeds_are_told_apart() -> None:
    assert told([EAST, NORTH, EAST, UP]) == [[0, 2], [1], [3]]
    assert told([NORTH, EAST, EAST]) == [[1, 2], [0]]
    assert told([EAST, EAST]) == [[0, 1]]
    assert told([EAST, BETWEEN]) == [[0, 1]]
    assert told([EAST]) == [[0]]


def test_one_of_six_is_no_taste() -> None:
    assert told([*[EAST] * 4, NORTH]) == [[0, 1, 2, 3], [4]]
    assert told([*[EAST] * 5, NORTH]) == [[0, 1, 2, 3, 4, 5]]
    # It goes with the taste that it is most like.
    stray = ((UP + NORTH / 5) / np.sqrt(1.04)).astype(np.float32)
    assert told([*[EAST] * 3, *[NORTH] * 3, stray]) == [[3, 4, 5, 6], [0, 1, 2]]


def test_seeds_without_history_make_no_taste() -> None:
    assert told([EAST, NORTH, NORTH], [True, False, False]) == [[0, 1, 2]]
    # One that nothing is known of goes with the first.
    assert told([EAST, NORTH, NOTHING, NORTH], [True, True, False, False]) == [[0, 2], [1, 3]]


def index_of(vectors: list[Floats]) -> HybridIndex:
    dense = FaissIndex.build(np.array(vectors, np.float32))
    return HybridIndex(dense, {"cooccurrence": 3}, {})


def test_playlists_of_one_taste_each_leave_the_usual_likeness() -> None:
    holds = sparse.csr_array(np.kron(np.eye(2), np.ones((10, 6))))
    index = index_of([*[EAST] * 6, *[NORTH] * 6])
    # Of two plays one in two is of the same taste.
    assert least_likeness(index, holds) == 0.5


def test_where_all_playlists_are_mixed_none_falls_apart() -> None:
    holds = sparse.csr_array(np.ones((10, 12)))
    index = index_of([*[EAST] * 6, *[NORTH] * 6])
    least = least_likeness(index, holds)
    assert least < 0
    assert len(tastes_of(np.array([EAST, NORTH]), np.ones(2, bool), least)) == 1


def test_places_are_dealt_out_by_seeds() -> None:
    lists = [range(100, 120), range(200, 220)]
    dealt = list(dealt_out(lists, [np.arange(3), np.arange(2)], {100}))
    assert [taste for _, taste in dealt] == [0, 1, 0, 0, 1, 0, 1, 0, 0, 1]
    assert [row for row, taste in dealt if taste == 0] == [101, 102, 103, 104, 105, 106]


def test_a_list_that_ends_leaves_its_places_to_others() -> None:
    dealt = list(dealt_out([[1, 2], [2, 3, 4, 5]], [np.arange(2), np.arange(2)], set()))
    assert dealt == [(1, 0), (2, 1), (3, 1), (4, 1), (5, 1)]

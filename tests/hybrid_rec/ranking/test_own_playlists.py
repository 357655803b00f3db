"""What was learned from a query itself is left out of its neighbours."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from hybrid_rec.ranking.knn import PlaylistNeighbours
from hybrid_rec.ranking.own_playlists import OwnPlaylists

HOLDS = sparse.csr_array(
    np.array(
        [[1, 1, 0, 0, 0], [0, 1, 1, 0, 0], [1, 0, 1, 0, 0], [0, 1, 1, 0, 0], [1, 1, 0, 1, 0]],
        dtype=float,
    )
)
QUERIES = sparse.csr_array(
    np.array([[0, 1, 1, 0, 0], [1, 0, 1, 0, 0], [1, 1, 0, 0, 0], [0, 0, 0, 0, 1]], dtype=float)
)
# The last three were learned from queries.
OWN = OwnPlaylists(HOLDS, 2)


def test_own_playlists_by_hand() -> None:
    found = OWN.of(QUERIES)
    assert found.toarray().astype(int).tolist() == [
        [0, 0, 0, 1, 0],
        [0, 0, 1, 0, 0],
        [0, 0, 0, 0, 0],
        [0, 0, 0, 0, 0],
    ]


def test_fitted_playlists_by_hand() -> None:
    assert OWN.is_fitted(QUERIES).tolist() == [True, False, True, False]


def test_they_are_no_neighbours() -> None:
    neighbours = PlaylistNeighbours(HOLDS)
    usual = neighbours.near(QUERIES, 5).toarray()
    found = neighbours.near(QUERIES, 5, OWN.of(QUERIES)).toarray()
    own = OWN.of(QUERIES).toarray() > 0
    assert (usual[own] > 0.99).all()
    assert (found[own] == 0).all()
    assert (found[~own] == usual[~own]).all()

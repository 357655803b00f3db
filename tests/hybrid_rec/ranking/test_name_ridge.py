"""What a ridge regression over names expects, against one over playlists that is written out."""

from __future__ import annotations

import numpy as np

from hybrid_rec import Playlists
from hybrid_rec.core.arrays import Doubles
from hybrid_rec.data.playlist_names import names_for
from hybrid_rec.ranking import names as module
from hybrid_rec.ranking.names import NameNeighbours

CALLED = ["gym", "Gym", "gym music", "gymnastics", "music", "xmas", "", "christmas music"]
ASKED = ["gym time", "music", "", "日本"]


def playlists() -> Playlists:
    rng = np.random.default_rng(0)
    rows = np.concatenate([rng.permutation(30)[:6] for _ in CALLED])
    names = names_for(CALLED, len(CALLED))
    return Playlists.from_rows([6] * len(CALLED), rows, 30, names=names)


def test_it_is_the_regression_over_playlists() -> None:
    given = playlists()
    names = NameNeighbours(given)
    found = names.ridge(names.near(ASKED, len(ASKED))).toarray()
    held = given.matrix().toarray().astype(float)
    for line, asked in zip(found, ASKED, strict=True):
        likeness = names.likeness([asked])[0][names.of_playlist]
        alike = np.flatnonzero((likeness > 0) & (names.of_playlist >= 0))
        kernel: Doubles = names.likeness([CALLED[one] for one in alike])[
            :, names.of_playlist[alike]
        ]
        weights = np.linalg.solve(kernel + module._RIDGE * np.eye(len(alike)), likeness[alike])
        assert np.allclose(line, weights @ held[alike], atol=1e-5)
    assert not found[2:].any()


def test_a_query_does_not_depend_on_others() -> None:
    names = NameNeighbours(playlists())
    together = names.ridge(names.near(ASKED, len(ASKED))).toarray()
    for number, asked in enumerate(ASKED):
        assert (names.ridge(names.near([asked], 1)).toarray()[0] == together[number]).all()

"""Popularity by hand."""

from __future__ import annotations

import numpy as np

from evaluation.recommenders.playlist_knn import PlaylistKNN
from evaluation.recommenders.popularity import Popularity
from hybrid_rec import (
    Catalog,
    Playlists,
)

FILL = -(2.0**24)


class TestPopularity:
    def test_playlists_count_and_not_plays(self, letters: Catalog) -> None:
        plays = Playlists.from_lists([["a", "a", "a"], ["c", "b"], ["c"]], letters)
        found = Popularity().fit(plays, letters).recommend([[], ["c"]], k=4)
        assert found.item_ids.tolist() == [["c", "a", "b", "d"], ["a", "b", "d", None]]
        assert found.scores.tolist() == [[2, 1, 1, 0], [1, 1, 0, -np.inf]]
        filled = PlaylistKNN().fit(plays, letters).recommend([], k=4)
        assert filled.item_ids[0].tolist() == ["c", "a", "b", "d"]
        assert filled.scores[0].tolist() == [FILL + 2, FILL + 1, FILL + 1, FILL]

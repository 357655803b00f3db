"""Playlist-kNN by hand and against dense cosines."""

from __future__ import annotations

import math

import numpy as np
import pytest

from evaluation.recommenders.playlist_knn import PlaylistKNN
from hybrid_rec import (
    Catalog,
    Playlists,
)
from hybrid_rec.data.synthetic import SyntheticDataset

FILL = -(2.0**24)


class TestPlaylistKNN:
    def test_by_hand(self, letters: Catalog, plays: Playlists) -> None:
        a, b, c = math.log(4 / 3), math.log(2), math.log(2)
        first = b / math.sqrt(a**2 + b**2)
        second = b / math.sqrt(a**2 + b**2 + c**2)
        model = PlaylistKNN().fit(plays, letters)
        found = model.recommend(["b"], k=3)
        assert found.item_ids[0].tolist() == ["a", "c", "d"]
        np.testing.assert_allclose(found.scores[0], [first + second, second, FILL + 1], rtol=1e-6)

    def test_only_the_nearest_playlists_vote(self, letters: Catalog, plays: Playlists) -> None:
        found = PlaylistKNN(n_neighbours=1).fit(plays, letters).recommend(["b"], k=3)
        assert found.item_ids[0].tolist() == ["a", "c", "d"]
        assert (found.scores[0] > 0).tolist() == [True, False, False]

    def test_of_equally_similar_playlists_the_first_votes(self, letters: Catalog) -> None:
        plays = Playlists.from_lists([["d"], ["a", "c"], ["a", "b"]], letters)
        found = PlaylistKNN(n_neighbours=1).fit(plays, letters).recommend(["a"], k=2)
        assert found.item_ids[0, 0] == "c"
        assert found.scores[0, 1] < 0

    def test_repeats_count_once(self, letters: Catalog) -> None:
        once = Playlists.from_lists([["a", "b"], ["b", "c"], ["d"]], letters)
        often = Playlists.from_lists([["a", "b", "a", "a"], ["b", "c"], ["d"]], letters)
        one = PlaylistKNN().fit(once, letters).recommend(["a", "b"], k=2)
        two = PlaylistKNN().fit(often, letters).recommend(["a", "b", "b", "b"], k=2)
        assert one.scores.tobytes() == two.scores.tobytes()

    def test_against_dense_cosines(self, world: SyntheticDataset) -> None:
        holds = world.playlists.matrix().toarray().astype(float)
        idf = np.log(len(holds) / np.maximum(holds.sum(axis=0), 1))
        weighted = holds * idf
        weighted /= np.linalg.norm(weighted, axis=1, keepdims=True)
        similar = weighted[:20] @ weighted.T
        for line in similar:
            line[np.lexsort((np.arange(len(line)), -line))[30:]] = 0
        expected = similar @ holds
        model = PlaylistKNN(n_neighbours=30).fit(world.playlists, world.catalog)
        found = model.recommend(world.playlists.select(np.arange(20)), k=25)
        for line in range(20):
            rows = world.catalog.rows(found.item_ids[line])
            known = found.scores[line] > 0
            np.testing.assert_allclose(found.scores[line, known], expected[line, rows[known]], 1e-5)
            free = np.setdiff1d(np.arange(len(idf)), world.playlists[line])
            assert np.maximum(found.scores[line], 0) == pytest.approx(
                np.sort(expected[line, free])[::-1][:25]
            )

"""Metadata against cosines of titles and artists."""

from __future__ import annotations

import numpy as np

from evaluation.recommenders.metadata import MetadataOnly
from hybrid_rec import (
    Catalog,
    Playlists,
)
from hybrid_rec.blocks.text.encoders import make_text_encoder
from hybrid_rec.core.config import TextConfig
from hybrid_rec.data.synthetic import SyntheticDataset

FILL = -(2.0**24)
TFIDF = TextConfig(encoder="tfidf", tfidf_size=64)


class TestMetadataOnly:
    def test_scores_are_cosines_of_titles_and_artists(self, world: SyntheticDataset) -> None:
        titles = make_text_encoder(TFIDF, 5).fit(world.catalog.titles).encode(world.catalog.titles)
        names = world.catalog.artists.astype(str)
        artists = (names[:, None] == np.unique(names[names != "None"])[None, :]).astype(float)
        seeds = np.concatenate([world.playlists[0], world.playlists[0][:1]])
        expected = np.zeros(len(names))
        for block in (titles, artists):
            mean = block[seeds].mean(axis=0)
            expected += block @ mean / np.linalg.norm(mean)
        expected[seeds] = -np.inf
        model = MetadataOnly(TFIDF, seed=5).fit(world.playlists, world.catalog)
        found = model.recommend(world.catalog.item_ids[seeds].tolist(), k=10)
        np.testing.assert_allclose(found.scores[0], np.sort(expected)[::-1][:10], rtol=1e-4)

    def test_plays_change_nothing(self, world: SyntheticDataset) -> None:
        half = world.playlists.select(np.arange(300))
        found = [
            MetadataOnly(TFIDF).fit(plays, world.catalog).recommend(half.select(np.arange(5)))
            for plays in (half, world.playlists)
        ]
        assert found[0].item_ids.tolist() == found[1].item_ids.tolist()

    def test_items_without_text_come_last(self) -> None:
        titles, artists = ["red moon", None, None, "red sun"], [None, None, "U2", None]
        catalog = Catalog.from_columns(list("abcd"), titles, artists)
        plays = Playlists.from_lists([["b", "c"], ["b"]], catalog)
        found = MetadataOnly(TFIDF).fit(plays, catalog).recommend([["a"], ["b"]], k=3)
        assert found.item_ids.tolist() == [["d", "c", "b"], ["c", "a", "d"]]
        assert found.scores[0, 1:].tolist() == [0, FILL + 2]

    def test_a_catalogue_without_any_text(self) -> None:
        catalog = Catalog.from_columns(list("abc"), [None] * 3, [None] * 3)
        plays = Playlists.from_lists([["b", "c"], ["c"]], catalog)
        found = MetadataOnly(TFIDF).fit(plays, catalog).recommend(["a"], k=2)
        assert found.item_ids.tolist() == [["c", "b"]]

"""Random order: drawn from the query alone."""

from __future__ import annotations

from evaluation.recommenders.random_order import Random
from hybrid_rec import (
    Catalog,
    Playlists,
)
from hybrid_rec.data.synthetic import SyntheticDataset


class TestRandom:
    def test_the_query_decides_and_not_its_order(self, world: SyntheticDataset) -> None:
        model = Random().fit(world.playlists, world.catalog)
        a, b, c = world.catalog.item_ids[:3].tolist()
        found = model.recommend([[a, b], [b, a, a], [a, c], [a]], k=30).item_ids.tolist()
        assert found[0] == found[1]
        assert len({tuple(items) for items in found}) == 3

    def test_the_first_row_counts_as_a_seed(self, world: SyntheticDataset) -> None:
        # NumPy's seeding pads with zeros, so [0] and [0, 0] give one and the same stream.
        model = Random(seed=0).fit(world.playlists, world.catalog)
        first = world.catalog.item_ids[0]
        scores = [
            dict(zip(found.item_ids[0], found.scores[0], strict=True))
            for found in (model.recommend(query, k=399) for query in ([], [first]))
        ]
        assert sum(scores[0].get(i) == scores[1].get(i) for i in world.catalog.item_ids) < 50

    def test_another_seed_is_another_order(self, world: SyntheticDataset) -> None:
        one, two = (Random(seed).fit(world.playlists, world.catalog) for seed in (1, 2))
        assert one.recommend([]).item_ids.tolist() != two.recommend([]).item_ids.tolist()

    def test_every_item_is_as_likely(self, letters: Catalog) -> None:
        plays = Playlists.from_lists([["a"], ["a"]], letters)
        firsts = [
            Random(seed).fit(plays, letters).recommend([], k=1).item_ids[0, 0]
            for seed in range(400)
        ]
        assert all(70 <= firsts.count(letter) <= 130 for letter in "abcd")

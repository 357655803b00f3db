"""What every recommender must do, whatever it is made of: the checks that each one passes.

A recommender is anything with `fit(playlists, catalog)` and `recommend(queries, k)`.
"""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np

from hybrid_rec import Catalog, Playlists, Recommendations


class Recommender(Protocol):
    """The least that a recommender can do."""

    def fit(self, playlists: Playlists, catalog: Catalog) -> Any: ...

    def recommend(self, queries: Any, k: int = 10) -> Recommendations: ...


def seeds_of(playlists: Playlists, catalog: Catalog, n: int = 12) -> list[list[str]]:
    """The first halves of `n` playlists."""
    lists = playlists.select(np.arange(n)).to_lists(catalog)
    return [items[: max(1, len(items) // 2)] for items in lists]


def check_shapes_and_types(model: Recommender, queries: list[list[str]]) -> None:
    found = model.recommend(queries, k=7)
    assert len(found) == len(queries)
    assert found.item_ids.shape == found.scores.shape == found.sources.shape == (len(queries), 7)
    assert found.item_ids.dtype == object
    assert found.scores.dtype == np.float32
    assert np.isfinite(found.scores).all()
    assert all(isinstance(item_id, str) for item_id in found.item_ids.ravel())
    assert all(found.sources.ravel())


def check_lists_are_ordered_distinct_and_without_seeds(
    model: Recommender, queries: list[list[str]], catalog: Catalog
) -> None:
    found = model.recommend(queries, k=50)
    for seeds, ids, scores in zip(queries, found.item_ids, found.scores, strict=True):
        assert len(set(ids)) == 50
        assert not set(ids) & set(seeds)
        order = list(zip(-scores, catalog.rows(ids), strict=True))
        assert order == sorted(order)


def check_batch_equals_single(model: Recommender, queries: list[list[str]]) -> None:
    together = model.recommend(queries, k=9)
    for number, seeds in enumerate(queries):
        alone = model.recommend(seeds, k=9)
        assert alone.item_ids[0].tolist() == together.item_ids[number].tolist()
        assert alone.scores[0].tobytes() == together.scores[number].tobytes()
        assert alone.sources[0].tolist() == together.sources[number].tolist()


def check_order_of_requests_does_not_matter(model: Recommender, queries: list[list[str]]) -> None:
    forward, backward = model.recommend(queries, k=5), model.recommend(queries[::-1], k=5)
    assert forward.item_ids.tolist() == backward.item_ids[::-1].tolist()
    assert forward.scores.tobytes() == backward.scores[::-1].tobytes()


def check_shorter_lists_are_prefixes(model: Recommender, queries: list[list[str]]) -> None:
    short, long = model.recommend(queries, k=3), model.recommend(queries, k=30)
    assert short.item_ids.tolist() == long.item_ids[:, :3].tolist()
    assert short.scores.tobytes() == np.ascontiguousarray(long.scores[:, :3]).tobytes()


def check_everything_can_be_asked_for(
    model: Recommender, seeds: list[str], catalog: Catalog
) -> None:
    found = model.recommend([seeds], k=len(catalog) + 5)
    n = len(catalog) - len(set(seeds))
    assert set(found.item_ids[0, :n]) == set(catalog.item_ids) - set(seeds)
    assert found.item_ids[0, n:].tolist() == [None] * (len(seeds) + 5)
    assert np.isneginf(found.scores[0, n:]).all()
    assert found.sources[0, n:].tolist() == [""] * (len(seeds) + 5)


def check_empty_query(model: Recommender) -> None:
    found = model.recommend([[]], k=6)
    assert len(set(found.item_ids[0])) == 6
    assert None not in found.item_ids[0]

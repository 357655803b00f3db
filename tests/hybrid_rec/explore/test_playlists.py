"""Playlists like one."""

from __future__ import annotations

import pytest

from hybrid_rec import Catalog, DataError, HybridRecommender, Playlists, synthetic_radio
from hybrid_rec.explore.playlists import like_items, like_playlist
from tests.hybrid_rec.conftest import QUICK


@pytest.fixture(scope="module")
def named() -> HybridRecommender:
    """A world whose playlists have names."""
    world = synthetic_radio(seed=3, n_items=200, n_playlists=300)
    catalog: Catalog = world.catalog
    lists = world.playlists.to_lists(catalog)
    names = [f"mix {number}" for number in range(len(lists))]
    return HybridRecommender(QUICK).fit(Playlists.from_lists(lists, catalog, names=names), catalog)


def test_a_playlist_is_not_like_itself(named: HybridRecommender) -> None:
    found = like_playlist(named, "5", 10)
    assert found["rank"].tolist() == list(range(1, 11))
    assert "5" not in found["playlist_id"].tolist()
    held = set(named.model_.playlists[5])
    for row in found.itertuples():
        assert row.name == f"mix {row.playlist_id}"
        assert row.shared == len(held & set(named.model_.playlists[int(row.playlist_id)]))


def test_items_find_the_playlist_that_holds_them(named: HybridRecommender) -> None:
    own = named.model_.playlists[7]
    ids = named.model_.catalog.item_ids[own].tolist()
    found = like_items(named, ids, 3)
    assert found["playlist_id"][0] == "7"
    assert found["shared"][0] == len(set(ids))
    by_name = like_items(named, [], 3, name="mix 9")
    assert by_name["shared"].tolist() == [0, 0, 0]


def test_an_unknown_playlist_is_named(named: HybridRecommender) -> None:
    with pytest.raises(DataError, match="got 'nope'; name another"):
        like_playlist(named, "nope")

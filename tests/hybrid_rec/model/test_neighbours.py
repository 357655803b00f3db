"""Items near an item, and near a new one: ranked, and each song once if that is asked."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from hybrid_rec import Catalog, HybridRecommender
from hybrid_rec.core.errors import DataError

K = 8


@pytest.fixture(scope="module")
def model(small_ranked: Path) -> HybridRecommender:
    return HybridRecommender.load(small_ranked)


def described(catalog: Catalog, rows: Sequence[int]) -> pd.DataFrame:
    frame = catalog.to_frame().iloc[list(rows)].reset_index(drop=True)
    return frame.assign(item_id=[f"new {row}" for row in rows])


def test_an_item_is_not_near_itself(model: HybridRecommender) -> None:
    ids = model.model_.catalog.item_ids[:5].tolist()
    near = model.similar_items(ids, len(model.model_.catalog) - 1)
    for item, line in zip(ids, near.item_ids.tolist(), strict=True):
        assert sorted([item, *line]) == sorted(model.model_.catalog.item_ids)


def test_neighbours_are_ranked_and_alike(model: HybridRecommender) -> None:
    catalog = model.model_.catalog
    ids = catalog.item_ids[:30].tolist()

    def of_the_same_artist(lines: list[list[str]]) -> float:
        return float(np.mean([
            catalog.artists[catalog.rows(line)] == catalog.artists[catalog.rows([item])]
            for item, line in zip(ids, lines, strict=True)
        ]))  # fmt: skip

    near = model.similar_items(ids, K).item_ids.tolist()
    ranked = model.recommend([[item] for item in ids], K).item_ids.tolist()
    assert of_the_same_artist(near) > of_the_same_artist(ranked)
    shared = [len(set(one) & set(other)) for one, other in zip(near, ranked, strict=True)]
    assert np.mean(shared) >= 2


def test_a_sequel_finds_the_original(model: HybridRecommender) -> None:
    catalog, plays = model.model_.catalog, model.model_.playlists.play_counts
    rows = np.flatnonzero(plays >= 3)[:40]
    frame = described(catalog, rows.tolist())
    found = model.recommend_for_new_items(frame.assign(title=frame["title"] + " (Live)"), 10)
    hits = [
        item in line
        for item, line in zip(catalog.item_ids[rows], found.item_ids.tolist(), strict=True)
    ]
    assert np.mean(hits) >= 0.9


def test_explanations_add_up(model: HybridRecommender) -> None:
    ids = model.model_.catalog.item_ids[:3].tolist()
    found = model.similar_items(ids, K, explain=True)
    assert found.explanations is not None
    parts = set()
    for told, score in zip(found.explanations.ravel(), found.scores.ravel(), strict=True):
        assert sum(part.value for part in told.parts) == pytest.approx(float(score), abs=1e-5)
        parts |= {part.name for part in told.parts}
    assert "likeness" in parts


def test_given_weights_ask_the_linear_score(model: HybridRecommender) -> None:
    ids = model.model_.catalog.item_ids[:3].tolist()
    near = model.similar_items(ids, K, weights={"cooccurrence": 1.0})
    ranked = model.similar_items(ids, K)
    assert near.item_ids.tolist() != ranked.item_ids.tolist()


def test_a_new_item_is_ranked_like_a_cold_one(model: HybridRecommender) -> None:
    fitted = model.model_
    cold = np.flatnonzero(fitted.playlists.play_counts == 0)[:6]
    ids = fitted.catalog.item_ids[cold].tolist()
    own = model.similar_items(ids, K)
    new = model.recommend_for_new_items(described(fitted.catalog, cold.tolist()), K + 1)
    for item, line, other in zip(ids, own.item_ids.tolist(), new.item_ids.tolist(), strict=True):
        # Only the new item may find the cold one, which says the same and takes a place.
        assert len(set(other) - {item} - set(line)) <= 2


def test_company_of_a_new_item_counts(model: HybridRecommender) -> None:
    catalog = model.model_.catalog
    frame = described(catalog, [0]).assign(context=[catalog.item_ids[100:104].tolist()])
    found = model.recommend_for_new_items(frame, K)
    assert found.query_sources is not None
    assert found.query_sources.tolist() == ["context"]
    assert not set(catalog.item_ids[100:104]) & set(found.item_ids[0])
    alone = model.recommend_for_new_items(frame.drop(columns="context"), K)
    assert found.item_ids.tolist() != alone.item_ids.tolist()


def test_one_new_item_is_answered_as_among_many(model: HybridRecommender) -> None:
    frame = described(model.model_.catalog, range(300))
    many = model.recommend_for_new_items(frame, K)
    for row in (0, 70, 299):
        one = model.recommend_for_new_items(frame.iloc[[row]], K)
        assert one.item_ids[0].tolist() == many.item_ids[row].tolist()
        assert one.scores[0].tolist() == many.scores[row].tolist()


@pytest.fixture(scope="module")
def twins(model: HybridRecommender) -> HybridRecommender:
    """The model, with a remaster of each of its first 40 songs."""
    frame = model.model_.catalog.to_frame().iloc[:40]
    titles = frame["title"] + " (2011 Remaster)"
    again = HybridRecommender(model.config)
    again._set(model.model_)
    return again.update(new_items=frame.assign(item_id="again " + frame["item_id"], title=titles))


class TestDistinct:
    """Songs that stand in the catalogue twice."""

    def songs(self, model: HybridRecommender, ids: Sequence[str]) -> list[int]:
        rows = model.model_.catalog.rows(ids)
        return [int(key) for key in model.model_.songs.keys[rows]]

    def test_each_song_stands_once_and_lists_are_whole(self, twins: HybridRecommender) -> None:
        catalog = twins.model_.catalog
        seeds = catalog.item_ids[:5].tolist()
        n_songs = len(np.unique(twins.model_.songs.keys))
        for k in (K, n_songs - 1):
            for found in (
                twins.recommend([seeds[:1]], k, distinct="song"),
                twins.similar_items(seeds[:1], k, distinct="song"),
                twins.recommend(seeds[:1], k, distinct="song", diversity={"artist_cap": 3}),
                twins.recommend(seeds[:1], k, distinct="song", weights={"title": 1.0}),
            ):
                (line,) = found.item_ids.tolist()
                assert None not in line
                keys = self.songs(twins, [*seeds[:1], *line])
                assert len(set(keys)) == len(keys)

    def test_it_is_off_by_default(self, twins: HybridRecommender) -> None:
        (line,) = twins.recommend([], len(twins.model_.catalog)).item_ids.tolist()
        assert len(set(self.songs(twins, line))) < len(line)

    def test_the_song_itself_is_not_near_a_new_release_of_it(
        self, twins: HybridRecommender
    ) -> None:
        frame = described(twins.model_.catalog, [3])
        n_items = len(twins.model_.catalog)
        (line,) = twins.recommend_for_new_items(frame, n_items, distinct="song").item_ids.tolist()
        kept = [item for item in line if item is not None]
        own = self.songs(twins, twins.model_.catalog.item_ids[[3]].tolist())[0]
        assert own not in self.songs(twins, kept)

    def test_other_values_mean_nothing(self, model: HybridRecommender) -> None:
        with pytest.raises(DataError, match="distinct"):
            model.recommend([], distinct="artist")

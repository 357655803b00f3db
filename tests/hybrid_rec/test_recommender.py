"""HybridRecommender on the planted world: answers, cold items, filters, weights, mistakes."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from hybrid_rec import (
    Catalog,
    ConfigError,
    DataError,
    HybridConfig,
    HybridRecommender,
    NotFittedError,
    Playlists,
    UnknownItemError,
    WeightsConfig,
)
from hybrid_rec.blocks.cold_start import ARTIST, SOURCES, TEXT
from hybrid_rec.data.synthetic import SyntheticDataset


def genres(world: SyntheticDataset, item_ids: Any) -> np.ndarray:
    return world.truth.genre_of_item[world.catalog.rows(list(item_ids))]


def test_playlists_are_continued_in_their_genre(
    fitted: HybridRecommender, world: SyntheticDataset
) -> None:
    lists = world.playlists.select(np.arange(100)).to_lists(world.catalog)
    found = fitted.recommend([items[:5] for items in lists], k=10)
    same = []
    for items, ids in zip(lists, found.item_ids, strict=True):
        of_seeds = np.bincount(genres(world, items[:5])).argmax()
        same.append((genres(world, ids) == of_seeds).mean())
    assert np.mean(same) > 0.8


def test_similar_items_share_the_genre_and_never_hold_the_item(
    fitted: HybridRecommender, world: SyntheticDataset
) -> None:
    asked = world.catalog.item_ids[::20].tolist()
    found = fitted.similar_items(asked, k=5)
    assert found.query_ids.tolist() == asked
    assert all(query not in ids for query, ids in zip(asked, found.item_ids, strict=True))
    same = [
        (genres(world, ids) == genres(world, [query])).mean()
        for query, ids in zip(asked, found.item_ids, strict=True)
    ]
    assert np.mean(same) > 0.8


def test_cold_items_are_placed_in_their_genre_and_say_how(
    fitted: HybridRecommender, world: SyntheticDataset
) -> None:
    sources = fitted.model_.sources
    plays = world.playlists.play_counts
    assert ((plays == 0) == (sources > 0)).all()
    cold = np.flatnonzero(sources == ARTIST)
    found = fitted.similar_items(world.catalog.item_ids[cold].tolist(), k=5)
    same = genres(world, found.item_ids.ravel()).reshape(-1, 5)
    assert (same == world.truth.genre_of_item[cold][:, None]).mean() > 0.8


def test_cold_items_can_be_recommended_with_their_source(
    fitted: HybridRecommender, world: SyntheticDataset
) -> None:
    cold = world.catalog.item_ids[world.truth.cold].tolist()
    seeds = world.playlists.to_lists(world.catalog)[0][:6]
    found = fitted.recommend(seeds, k=5, allow=cold)
    assert set(found.item_ids[0]) <= set(cold)
    assert set(found.sources[0]) <= {"artist", "text", "metadata"}
    frame = found.to_frame()
    rows = world.catalog.rows(frame["item_id"])
    assert frame["source"].tolist() == [SOURCES[code] for code in fitted.model_.sources[rows]]


def test_text_places_items_whose_artist_is_unknown(quick_config: HybridConfig) -> None:
    from hybrid_rec.data.synthetic import synthetic_radio

    world = synthetic_radio(seed=3, n_items=1500, n_playlists=2000)
    lone = np.flatnonzero(world.truth.cold)
    artists = world.catalog.artists.copy()
    artists[lone] = [f"nobody {row}" for row in lone]
    catalog = Catalog.from_columns(world.catalog.item_ids, world.catalog.titles, artists)
    model = HybridRecommender(quick_config).fit(world.playlists, catalog)
    by_text = lone[model.model_.sources[lone] == TEXT]
    assert len(by_text) > 50
    found = model.similar_items(catalog.item_ids[by_text].tolist(), k=5)
    same = genres(world, found.item_ids.ravel()).reshape(-1, 5)
    # By chance one in eight would.
    assert (same == world.truth.genre_of_item[by_text][:, None]).mean() > 0.5


def test_new_items_are_placed_like_cold_ones(
    fitted: HybridRecommender, world: SyntheticDataset
) -> None:
    cold = np.flatnonzero(fitted.model_.sources > 0)
    frame = world.catalog.to_frame().iloc[cold].rename(columns={"item_id": "id"})
    found = fitted.recommend_for_new_items(frame, k=20)
    same = fitted.similar_items(world.catalog.item_ids[cold].tolist(), k=21)
    assert found.query_ids.tolist() == [str(n) for n in range(len(cold))]
    for number, row in enumerate(cold):
        # The new item may find the cold item that it equals, which never finds itself.
        left = [i for i in found.item_ids[number] if i != world.catalog.item_ids[row]]
        assert left == same.item_ids[number, : len(left)].tolist()
    assert found.query_sources is not None
    assert found.query_sources.tolist() == [SOURCES[c] for c in fitted.model_.sources[cold]]


def test_new_items_in_company_are_placed_by_it(
    fitted: HybridRecommender, world: SyntheticDataset
) -> None:
    context = world.playlists.to_lists(world.catalog)[1][:6]
    frame = pd.DataFrame(
        {"item_id": ["new"], "title": [None], "artist": [None], "context": [context]}
    )
    found = fitted.recommend_for_new_items(frame, k=10)
    assert found.query_ids.tolist() == ["new"]
    assert found.query_sources is not None
    assert found.query_sources.tolist() == ["context"]
    assert not set(found.item_ids[0]) & set(context)
    assert (genres(world, found.item_ids[0]) == np.bincount(genres(world, context)).argmax()).all()


def test_new_item_without_anything_gets_popular_items(
    fitted: HybridRecommender, world: SyntheticDataset
) -> None:
    frame = pd.DataFrame({"title": [None], "artist": [None]})
    found = fitted.recommend_for_new_items(frame, k=3)
    assert found.sources[0].tolist() == ["popularity"] * 3
    most_played = np.argsort(-world.playlists.play_counts, kind="stable")[:3]
    assert world.catalog.rows(found.item_ids[0]).tolist() == most_played.tolist()


@pytest.mark.parametrize("popularity", [0.1, 0.0])
def test_empty_query_gets_the_most_played(
    fitted: HybridRecommender, world: SyntheticDataset, popularity: float
) -> None:
    found = fitted.recommend([], k=5, weights={"popularity": popularity})
    most_played = np.argsort(-world.playlists.play_counts, kind="stable")[:5]
    assert world.catalog.rows(found.item_ids[0]).tolist() == most_played.tolist()
    assert found.sources[0].tolist() == ["popularity"] * 5


def test_similar_playlists_find_themselves_and_their_genre(
    fitted: HybridRecommender, world: SyntheticDataset
) -> None:
    lists = world.playlists.select(np.arange(20)).to_lists(world.catalog)
    found = fitted.similar_playlists(lists, k=4)
    assert found.playlist_ids[:, 0].tolist() == world.playlists.playlist_ids[:20].tolist()
    np.testing.assert_allclose(found.scores[:, 0], 1, atol=1e-5)
    assert (np.diff(found.scores, axis=1) <= 0).all()
    frame = found.to_frame()
    assert frame.columns.tolist() == ["query_id", "rank", "playlist_id", "name", "score"]
    assert frame["rank"].tolist() == [1, 2, 3, 4] * 20


def test_more_playlists_than_there_are(fitted: HybridRecommender) -> None:
    found = fitted.similar_playlists([["song-001"]], k=1503)
    assert found.playlist_ids[0, 1500:].tolist() == [None] * 3
    assert np.isneginf(found.scores[0, 1500:]).all()
    assert len(found.to_frame()) == 1500


def test_filters(fitted: HybridRecommender, world: SyntheticDataset) -> None:
    ids = world.catalog.item_ids.tolist()
    found = fitted.recommend(ids[:3], k=5, allow=ids[:40], block=ids[10:40])
    assert set(found.item_ids[0]) <= set(ids[3:10])
    assert None not in found.item_ids[0]
    few = fitted.recommend(ids[:3], k=5, allow=ids[:5])
    assert set(few.item_ids[0, :2]) == {ids[3], ids[4]}
    assert few.item_ids[0, 2:].tolist() == [None] * 3
    assert len(few.to_frame()) == 2
    nothing = fitted.recommend(ids[:3], k=5, allow=[])
    assert nothing.item_ids[0].tolist() == [None] * 5
    assert nothing.to_frame().columns.tolist() == found.to_frame().columns.tolist()


def test_seeds_can_be_kept(fitted: HybridRecommender, world: SyntheticDataset) -> None:
    seed = world.catalog.item_ids[:1].tolist()
    kept = fitted.recommend(seed, k=1, exclude_seeds=False, weights={"popularity": 0})
    assert kept.item_ids[0].tolist() == seed


def test_weights_of_one_call(fitted: HybridRecommender, world: SyntheticDataset) -> None:
    artists = world.catalog.artists
    row = next(r for r in range(1000) if (artists == artists[r]).sum() > 4)
    only = {"cooccurrence": 0.0, "title": 0.0, "popularity": 0.0, "artist": 1.0}
    found = fitted.similar_items([world.catalog.item_ids[row]], k=3, weights=only)
    assert {artists[r] for r in world.catalog.rows(found.item_ids[0])} == {artists[row]}
    np.testing.assert_allclose(found.scores, 1, rtol=1e-6)
    again = fitted.similar_items([world.catalog.item_ids[row]], k=3)
    assert again.scores[0, 0] > 1


def test_similar_items_have_a_prior_of_their_own(
    fitted: HybridRecommender, world: SyntheticDataset
) -> None:
    asked = world.catalog.item_ids[:1].tolist()
    default = fitted.similar_items(asked).scores
    own = fitted.config.weights.similar_popularity
    assert own != fitted.config.weights.popularity
    same = fitted.similar_items(asked, weights={"popularity": own}).scores
    as_recommended = fitted.recommend(asked).scores
    assert default.tobytes() == same.tobytes()
    assert default.tobytes() != as_recommended.tobytes()


def test_unknown_ids(fitted: HybridRecommender) -> None:
    for call in (fitted.recommend, fitted.similar_items, fitted.similar_playlists):
        with pytest.raises(UnknownItemError, match="unknown: 'nope'"):
            call(["song-001", "nope"])
    with pytest.raises(UnknownItemError, match="unknown: 'nope'"):
        fitted.recommend(["song-001"], allow=["nope"])
    skipped = fitted.recommend(["song-001", "nope"], on_unknown="skip", block=["nope"])
    assert skipped.item_ids.tolist() == fitted.recommend(["song-001"]).item_ids.tolist()
    assert fitted.similar_items(["nope", "song-001"], on_unknown="skip").query_ids.tolist() == [
        "song-001"
    ]


def test_to_frame(fitted: HybridRecommender, world: SyntheticDataset) -> None:
    found = fitted.recommend([["song-001"], ["song-002"]], k=2)
    frame = found.to_frame()
    assert frame.columns.tolist() == [
        "query_id", "rank", "item_id", "title", "artist", "score", "source",
    ]  # fmt: skip
    assert frame["query_id"].tolist() == ["0", "0", "1", "1"]
    assert frame["rank"].tolist() == [1, 2, 1, 2]
    rows = world.catalog.rows(frame["item_id"])
    assert frame["title"].tolist() == world.catalog.titles[rows].tolist()
    assert frame["score"].to_numpy().tobytes() == found.scores.ravel().tobytes()


def test_playlists_can_be_asked_directly(
    fitted: HybridRecommender, world: SyntheticDataset
) -> None:
    some = world.playlists.select(np.arange(3))
    found = fitted.recommend(some, k=4)
    assert found.query_ids.tolist() == some.playlist_ids.tolist()
    as_lists = fitted.recommend(some.to_lists(world.catalog), k=4)
    assert found.item_ids.tolist() == as_lists.item_ids.tolist()


def test_order_within_a_query_does_not_matter(
    fitted: HybridRecommender, world: SyntheticDataset
) -> None:
    seeds = world.playlists.to_lists(world.catalog)[0]
    assert (
        fitted.recommend(seeds).scores.tobytes() == fitted.recommend(seeds[::-1]).scores.tobytes()
    )


def test_same_seed_same_bytes_after_a_second_fit(
    fitted: HybridRecommender, world: SyntheticDataset, quick_config: HybridConfig
) -> None:
    again = HybridRecommender(quick_config)
    again.fit(world.playlists.select(np.arange(500)), world.catalog)
    again.similar_playlists([["song-001"]])
    again.fit(world.playlists, world.catalog)
    queries = world.playlists.select(np.arange(30))
    before, after = fitted.recommend(queries), again.recommend(queries)
    assert before.scores.tobytes() == after.scores.tobytes()
    assert before.item_ids.tolist() == after.item_ids.tolist()
    neighbours = [m.similar_playlists([["song-001"]]).scores.tobytes() for m in (fitted, again)]
    assert neighbours[0] == neighbours[1]


def test_tags_take_part(quick_config: HybridConfig) -> None:
    n = 60
    tags = [["left"] if row % 2 else ["right"] for row in range(n)]
    catalog = Catalog.from_columns([str(row) for row in range(n)], [None] * n, [None] * n, tags)
    playlists = Playlists.from_lists([["0", "1"]] * 5, catalog)
    model = HybridRecommender(quick_config).fit(playlists, catalog)
    only = {"cooccurrence": 0, "popularity": 0, "tags": 1.0}
    found = model.recommend(["0"], k=29, weights=only)
    assert (catalog.rows(found.item_ids[0]) % 2 == 0).all()
    frame = pd.DataFrame({"title": [None], "artist": [None], "tags": [["LEFT "]]})
    new = model.recommend_for_new_items(frame, k=29, weights=only)
    assert (catalog.rows(new.item_ids[0]) % 2 == 1).all()
    wrong = pd.DataFrame({"title": ["x"], "artist": ["y"], "tags": ["rock"]})
    with pytest.raises(DataError, match="tags must be a list of strings, got 'rock' at row 0"):
        model.recommend_for_new_items(wrong)


def test_not_fitted() -> None:
    model = HybridRecommender()
    frame = pd.DataFrame({"title": ["x"], "artist": ["y"]})
    calls: list[Callable[[], object]] = [
        lambda: model.recommend(["1"]),
        lambda: model.similar_items(["1"]),
        lambda: model.similar_playlists(["1"]),
        lambda: model.recommend_for_new_items(frame),
        lambda: model.save("nowhere"),
    ]
    for call in calls:
        with pytest.raises(NotFittedError, match="call fit or load first"):
            call()


@pytest.mark.parametrize("k", [0, -3, 2.0, True, "3", None])
def test_bad_k(fitted: HybridRecommender, k: Any) -> None:
    for call in (fitted.recommend, fitted.similar_items, fitted.similar_playlists):
        with pytest.raises(ConfigError, match="'k' parameter must be an integer of at least 1"):
            call(["song-001"], k)


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ({"artst": 1.0}, "no block 'artst'; did you mean 'artist'"),
        ({"artist": -1.0}, "must be greater than or equal to 0"),
        ({"artist": float("nan")}, "must be"),
        ({"title": 1e20}, "must be less than or equal to 1000000"),
    ],
)
def test_bad_weights(fitted: HybridRecommender, weights: Any, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        fitted.recommend(["song-001"], weights=weights)


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (
            pd.DataFrame({"item_id": ["n"], "tags": [["rock"]]}),
            "new items must have some of the columns title, artist, context, found item_id, tags",
        ),
        (pd.DataFrame(), "some of the columns title, artist, context, found none"),
        (
            pd.DataFrame({"title": ["x"], "artist": ["y"], "context": ["song-001"]}),
            "context must be a list of item ids, got 'song-001' at row 0",
        ),
    ],
)
def test_bad_new_items(fitted: HybridRecommender, frame: pd.DataFrame, message: str) -> None:
    with pytest.raises(DataError, match=message):
        fitted.recommend_for_new_items(frame)


def test_bad_arguments(fitted: HybridRecommender, world: SyntheticDataset) -> None:
    with pytest.raises(DataError, match="item_ids must be a list of item ids, got the string"):
        fitted.similar_items("song-001")
    with pytest.raises(DataError, match="allow must be a list of item ids, got the string"):
        fitted.recommend(["song-001"], allow="song-001")
    with pytest.raises(ConfigError, match="config must be a HybridConfig, got dict"):
        HybridRecommender({"seed": 0})


def test_bad_fits(world: SyntheticDataset, quick_config: HybridConfig) -> None:
    model = HybridRecommender(quick_config)
    other = Playlists.from_rows([1], np.array([0]), 3)
    with pytest.raises(DataError, match="catalogue given, of 1000 items, but refer to one of 3"):
        model.fit(other, world.catalog)
    with pytest.raises(DataError, match="at least one play to fit on"):
        model.fit(Playlists.from_lists([], world.catalog), world.catalog)
    bad = HybridConfig(**{**quick_config.model_dump(), "index": {"factory": "nonsense"}})
    with pytest.raises(ConfigError, match=r"'index.factory' parameter: .*'nonsense'"):
        HybridRecommender(bad).fit(world.playlists, world.catalog)
    with pytest.raises(NotFittedError, match="not fitted"):
        model.recommend(["song-001"])


def test_import_is_light() -> None:
    code = (
        "import sys, hybrid_rec; names = dir(hybrid_rec); "
        "assert 'HybridRecommender' in names and 'recommender' not in names; "
        "loaded = {'torch', 'gensim', 'faiss', 'pandas', 'sklearn'} & set(sys.modules); "
        "assert not loaded, loaded; "
        "hybrid_rec.HybridRecommender, hybrid_rec.read_yes; "
        "loaded = {'torch', 'gensim', 'sentence_transformers'} & set(sys.modules); "
        "assert not loaded, loaded"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_every_public_name_can_be_had() -> None:
    import hybrid_rec

    for name in hybrid_rec.__all__:
        assert getattr(hybrid_rec, name) is not None
    unknown = "nonsense"
    with pytest.raises(AttributeError, match="nonsense"):
        getattr(hybrid_rec, unknown)


def test_a_list_longer_than_the_catalogue_is_filled_up(fitted: HybridRecommender) -> None:
    found = fitted.recommend(["song-001"], k=1_000_000)
    assert found.item_ids.shape == (1, 1_000_000)
    assert len(found.to_frame()) == 999
    assert fitted.similar_playlists(["song-001"], k=1_000_000).scores.shape == (1, 1_000_000)


@pytest.mark.parametrize("k", [10**12, 10**30])
def test_k_beyond_any_memory(fitted: HybridRecommender, k: int) -> None:
    for call in (fitted.recommend, fitted.similar_items, fitted.similar_playlists):
        with pytest.raises(ConfigError, match="'k' parameter must be at most 10,000,000, got 1"):
            call(["song-001"], k)


def test_no_playlist_is_similar_to_nothing(fitted: HybridRecommender) -> None:
    found = fitted.similar_playlists([[], ["song-001"]], k=3)
    assert found.playlist_ids[0].tolist() == [None] * 3
    assert np.isneginf(found.scores[0]).all()
    one = fitted.similar_playlists([["song-001"]], k=3)
    assert found.playlist_ids[1].tolist() == one.playlist_ids[0].tolist()
    assert len(fitted.similar_playlists([[]], k=3).to_frame()) == 0


def test_similar_items_take_the_popularity_that_is_named(fitted: HybridRecommender) -> None:
    def scores(weights: Any) -> bytes:
        return fitted.similar_items(["song-001"], weights=weights).scores.tobytes()

    base = fitted.config.weights
    assert scores(WeightsConfig(popularity=5.0)) == scores({"popularity": 5.0})
    assert scores(WeightsConfig(artist=5.0)) == scores({"artist": 5.0})
    # Those of the config are those of the call, however the config came about.
    assert scores(base) == scores(WeightsConfig(**base.model_dump())) == scores(None)


def test_arguments_of_another_kind(fitted: HybridRecommender, world: SyntheticDataset) -> None:
    wrong: Any = 5
    with pytest.raises(DataError, match="must be strings or integers in a list, got 5"):
        fitted.similar_items(wrong)
    with pytest.raises(DataError, match="must be strings or integers in a list, got 5"):
        fitted.recommend(["song-001"], allow=wrong)
    with pytest.raises(ConfigError, match="weights must be a mapping or a WeightsConfig, got 5"):
        fitted.recommend(["song-001"], weights=wrong)
    with pytest.raises(ConfigError, match="must be a FAISS factory string, got 5"):
        fitted.with_index(wrong)
    unfitted: Any = HybridRecommender()
    for arguments in (5, world.catalog), (world.catalog, world.playlists):
        with pytest.raises(DataError, match="a fit needs Playlists and then a Catalog, got"):
            unfitted.fit(*arguments)


def test_missing_contexts_of_every_kind(fitted: HybridRecommender) -> None:
    frame = pd.DataFrame({"title": ["x"] * 3, "artist": ["y"] * 3, "context": [pd.NA, None, []]})
    found = fitted.recommend_for_new_items(frame)
    assert found.query_sources is not None
    assert "context" not in found.query_sources.tolist()

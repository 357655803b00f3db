"""update: more playlists, new items and removed ones, without a new fit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from hybrid_rec import (
    Catalog,
    DataError,
    HybridConfig,
    HybridRecommender,
    NotFittedError,
    Playlists,
    UnknownItemError,
)
from hybrid_rec.blocks.cold_start import METADATA
from hybrid_rec.core.config import COOCCURRENCE
from hybrid_rec.core.files import files_in
from hybrid_rec.data.synthetic import SyntheticDataset
from indexes.delta import DeltaIndex
from tests import recommender_contract as contract


@dataclass(frozen=True)
class Parts:
    """The world in two parts: what is there first, and what comes later."""

    catalog: Catalog
    playlists: Playlists
    items: pd.DataFrame
    plays: pd.DataFrame
    lists: list[list[str]]
    warm: list[str]
    """Later items that stand in later playlists."""
    cold: list[str]
    """Later items that stand in none."""
    genre_of: dict[str, int]


@pytest.fixture(scope="module")
def parts(world: SyntheticDataset) -> Parts:
    frame = world.catalog.to_frame()
    counts = world.playlists.play_counts
    later = np.zeros(len(frame), dtype=bool)
    later[np.flatnonzero(counts >= 5)[::20]] = True
    later[np.flatnonzero(counts == 0)[::4]] = True
    lists = world.playlists.to_lists(world.catalog)
    gone = set(frame["item_id"][later])
    catalog = Catalog.from_frame(frame[~later])
    first = [[item for item in items if item not in gone] for items in lists[:1200]]
    second = [f"p{number}" for number in range(1200, 1500)]
    played = {item for items in lists[1200:] for item in items}
    return Parts(
        catalog,
        Playlists.from_lists(first, catalog, playlist_ids=[f"p{n}" for n in range(1200)]),
        frame[later],
        pd.DataFrame(
            {
                "playlist_id": np.repeat(second, [len(items) for items in lists[1200:]]),
                "item_id": np.concatenate(lists[1200:]),
            }
        ),
        lists[1200:],
        sorted(gone & played),
        sorted(gone - played),
        dict(zip(frame["item_id"], world.truth.genre_of_item.tolist(), strict=True)),
    )


@pytest.fixture(scope="module")
def before(parts: Parts, quick_config: HybridConfig) -> Callable[[], HybridRecommender]:
    """Fresh copies of one fitted model, so that every test can update its own."""
    config = HybridConfig(**{**quick_config.model_dump(), "index": {"compact_share": 0.4}})
    fitted = HybridRecommender(config).fit(parts.playlists, parts.catalog)
    return lambda: copy_of(fitted)


@pytest.fixture(scope="module")
def updated(before: Callable[[], HybridRecommender], parts: Parts) -> HybridRecommender:
    """Everything that is new at once; tests must not update it again."""
    return before().update(parts.plays, parts.items)


def copy_of(model: HybridRecommender) -> HybridRecommender:
    other = HybridRecommender(model.config)
    other._set(model.model_)
    return other


def answers(model: HybridRecommender, parts: Parts) -> tuple[Any, ...]:
    found = model.recommend([items[:4] for items in parts.lists[:20]], 30, on_unknown="skip")
    return found.item_ids.tolist(), found.scores.tobytes(), found.sources.tolist()


def same_genre(model: HybridRecommender, asked: list[str], parts: Parts) -> float:
    found = model.similar_items(asked, 5)
    same = [
        [parts.genre_of[item] == parts.genre_of[query] for item in items]
        for query, items in zip(asked, found.item_ids, strict=True)
    ]
    return float(np.mean(same))


def vectors_of(model: HybridRecommender, item_ids: list[str]) -> np.ndarray:
    rows = model.model_.catalog.rows(item_ids)
    return model.model_.index.blocks(rows)[COOCCURRENCE]


def test_new_items_are_known_and_stand_in_their_genre(
    updated: HybridRecommender, parts: Parts
) -> None:
    model = updated.model_
    assert len(parts.warm) > 20
    assert set(model.sources[model.catalog.rows(parts.warm)]) == {0}
    assert 0 not in model.sources[model.catalog.rows(parts.cold)]
    assert same_genre(updated, parts.warm, parts) > 0.8
    assert same_genre(updated, parts.cold, parts) > 0.7
    found = updated.recommend(parts.lists[0][:5], 20, allow=parts.warm)
    assert set(found.item_ids[0]) <= set(parts.warm)


def test_playlists_alone_can_place_a_new_item(
    before: Callable[[], HybridRecommender], world: SyntheticDataset, parts: Parts
) -> None:
    names = [f"x{genre}" for genre in range(len(world.truth.genres))]
    nameless = Catalog.from_columns(names, [None] * len(names), [None] * len(names))
    owners = world.truth.genre_of_item[world.playlists.rows]
    lists = []
    for items, numbers in zip(
        parts.lists, np.split(owners, world.playlists.offsets[1:-1])[1200:], strict=True
    ):
        lists.append([names[int(np.bincount(numbers).argmax())], *items])
    model = before().update(lists, nameless, on_unknown="skip")
    placed = {**parts.genre_of, **{name: genre for genre, name in enumerate(names)}}
    known = parts.catalog.item_ids.tolist()
    found = model.similar_items(names, 5, allow=known).item_ids
    same = [[placed[i] == placed[q] for i in ids] for q, ids in zip(names, found, strict=True)]
    assert np.mean(same) > 0.8


def test_an_item_played_alone_stays_where_the_fallback_put_it(
    before: Callable[[], HybridRecommender], parts: Parts
) -> None:
    item = parts.warm[0]
    items = parts.items[parts.items["item_id"] == item]
    cold, lonely = before().update(new_items=items), before().update([[item]], items)
    cosine = (vectors_of(cold, [item]) * vectors_of(lonely, [item])).sum()
    assert cosine > 0.99


def test_without_the_fallback_new_items_have_metadata_alone(
    parts: Parts, quick_config: HybridConfig
) -> None:
    config = HybridConfig(**{**quick_config.model_dump(), "cold_start": {"fallback": False}})
    model = HybridRecommender(config).fit(parts.playlists, parts.catalog)
    model.update(new_items=parts.items)
    new = np.arange(len(parts.catalog), len(model.model_.catalog))
    assert len(new)
    assert (model.model_.sources[new] == METADATA).all()
    assert not model.model_.index.blocks(new)[COOCCURRENCE].any()


def test_known_items_keep_rows_and_stay_where_they_are(
    updated: HybridRecommender, before: Callable[[], HybridRecommender], parts: Parts
) -> None:
    old = before()
    n_known = len(parts.catalog)
    assert (updated.model_.catalog.item_ids[:n_known] == parts.catalog.item_ids).all()
    plays = Playlists.from_frame(parts.plays, updated.model_.catalog).play_counts[:n_known]
    warm = old.model_.sources == 0
    still = parts.catalog.item_ids[warm & (plays == 0)].tolist()
    assert len(still) > 20
    np.testing.assert_array_equal(vectors_of(updated, still), vectors_of(old, still))
    busy = warm & (parts.playlists.play_counts >= 10)
    asked = parts.catalog.item_ids[busy].tolist()
    cosines = (vectors_of(updated, asked) * vectors_of(old, asked)).sum(axis=1)
    assert np.median(cosines) > 0.99
    known = parts.catalog.item_ids.tolist()
    now, then = (model.similar_items(asked, 10, allow=known).item_ids for model in (updated, old))
    overlap = np.mean([len(set(a) & set(b)) / 10 for a, b in zip(now, then, strict=True)])
    assert overlap > 0.8


def test_cold_items_move_with_their_artist(
    before: Callable[[], HybridRecommender], parts: Parts
) -> None:
    model = before()
    frame = parts.catalog.to_frame()
    artist = frame["artist"][model.model_.sources == 1].iloc[0]
    of_artist = frame[frame["artist"] == artist]
    warm = of_artist["item_id"][model.model_.sources[of_artist.index] == 0].tolist()
    cold = of_artist["item_id"][model.model_.sources[of_artist.index] == 1].tolist()
    others = frame["item_id"][(model.model_.sources == 1) & (frame["artist"] != artist)].tolist()
    was, were = vectors_of(model, cold), vectors_of(model, others)
    model.update([[warm[0], *parts.lists[0][:3]]] * 5, on_unknown="skip")
    assert (vectors_of(model, cold) != was).any(axis=1).all()
    assert (vectors_of(model, others) == were).all(axis=1).mean() > 0.8


def test_new_items_alone_move_nothing(
    before: Callable[[], HybridRecommender], parts: Parts
) -> None:
    model = before()
    known = parts.catalog.item_ids.tolist()
    was = vectors_of(model, known)
    model.update(new_items=parts.items)
    np.testing.assert_array_equal(vectors_of(model, known), was)
    assert len(model.model_.catalog) == len(known) + len(parts.items)
    assert same_genre(model, parts.warm, parts) > 0.7


def test_removed_items_are_never_found_and_still_speak(
    before: Callable[[], HybridRecommender], parts: Parts, tmp_path: Path
) -> None:
    model = before()
    seeds = parts.playlists.to_lists(parts.catalog)[0][:4]
    top = model.recommend(seeds, 10).item_ids[0].tolist()
    gone = [*top[:3], seeds[0]]
    model.update(remove=gone)
    for asked in (model, HybridRecommender.load(saved(model, tmp_path))):
        found = asked.recommend(seeds, 200, allow=[*top, *seeds], exclude_seeds=False)
        assert set(found.item_ids[0]) - {None} == set(top + seeds) - set(gone)
        assert not set(gone) & set(asked.similar_items(gone, 50).item_ids.ravel())
        assert asked.recommend([[]], 1000).item_ids[0].tolist().count(None) > 0
        assert not set(gone) & set(asked.recommend([[]], 1000).item_ids[0])
        frame = pd.DataFrame({"title": ["x"], "artist": [None], "context": [gone[:1]]})
        assert not set(gone) & set(asked.recommend_for_new_items(frame, 100).item_ids[0])
    # What was asked for without them is as it was.
    assert model.recommend(seeds, 7).item_ids[0].tolist() == top[3:]


def test_a_removed_item_comes_back(before: Callable[[], HybridRecommender], parts: Parts) -> None:
    model = before()
    then = answers(model, parts)
    frame = parts.catalog.to_frame().iloc[:3]
    model.update(remove=frame["item_id"])
    model.update(remove=[parts.catalog.item_ids[5]])
    assert model.model_.removed.tolist() == [0, 1, 2, 5]
    model.update(new_items=frame)
    assert model.model_.removed.tolist() == [5]
    model.update(new_items=parts.catalog)
    assert answers(model, parts) == then


@pytest.mark.parametrize("form", ["frame", "lists", "Playlists"])
def test_forms_of_playlists(
    before: Callable[[], HybridRecommender], updated: HybridRecommender, parts: Parts, form: str
) -> None:
    grown = parts.catalog.extended(Catalog.from_frame(parts.items))
    given: Any = {
        "frame": parts.plays,
        "lists": parts.lists,
        "Playlists": Playlists.from_frame(parts.plays, grown),
    }[form]
    model = before().update(given, parts.items)
    assert answers(model, parts) == answers(updated, parts)
    names = model.model_.playlists.playlist_ids[1200:].tolist()
    assert names[:2] == (["1200", "1201"] if form == "lists" else ["p1200", "p1201"])


def test_known_playlists_are_extended_or_refused(
    before: Callable[[], HybridRecommender], parts: Parts
) -> None:
    model = before()
    a, b = parts.catalog.item_ids[:2].tolist()
    frame = pd.DataFrame({"playlist_id": ["p7", "new", "p7"], "item_id": [a, b, b]})
    then = answers(model, parts)
    with pytest.raises(DataError, match="1 are known, such as 'p7'; pass on_known='extend'"):
        model.update(frame)
    assert answers(model, parts) == then
    model.update(frame, on_known="extend")
    lists = model.model_.playlists.to_lists(parts.catalog)
    assert lists[7] == [*parts.playlists.to_lists(parts.catalog)[7], a, b]
    assert lists[1200] == [b]
    assert lists[8] == parts.playlists.to_lists(parts.catalog)[8]


def test_items_leave_the_fallback_once_they_have_enough_plays(
    parts: Parts, quick_config: HybridConfig
) -> None:
    cooccurrence = {"preset": "notebook", "vector_size": 16, "min_count": 4}
    config = HybridConfig(**{**quick_config.model_dump(), "cooccurrence": cooccurrence})
    model = HybridRecommender(config).fit(parts.playlists, parts.catalog)
    row = int(np.flatnonzero(parts.playlists.play_counts == 2)[0])
    item = parts.catalog.item_ids[row]
    company = parts.playlists.to_lists(parts.catalog)[0][:4]
    for source in (False, True):
        model.update([[item, *company]])
        assert (model.model_.sources[row] == 0) == source
    popularity = model.model_.index.blocks(np.array([row]))["popularity"]
    assert popularity[0, 0] == np.log1p(np.float32(4))


def test_lists_get_ids_that_are_free(before: Callable[[], HybridRecommender], parts: Parts) -> None:
    item = parts.catalog.item_ids[0]
    model = before().update(pd.DataFrame({"playlist_id": ["1202"], "item_id": [item]}))
    model.update([[item], [item]])
    assert model.model_.playlists.playlist_ids[1200:].tolist() == ["1202", "1201", "1203"]


def test_new_playlists_are_found_and_speak(
    before: Callable[[], HybridRecommender], parts: Parts
) -> None:
    model = before()
    items = parts.catalog.item_ids[[3, 400, 800]].tolist()
    for _ in range(2):  # the second time with all that the first one cached
        model.similar_playlists([items])
        why = model.recommend(items[:2], 1, allow=items[2:], explain=True).explanations
        assert why is not None
        together = max((support.playlists for support in why[0, 0].seeds), default=0)
        model.update([items])
    assert together == 1
    assert model.similar_playlists([items], 2).playlist_ids[0].tolist() == ["1200", "1201"]


def test_times_stay_with_their_plays(
    parts: Parts, quick_config: HybridConfig, tmp_path: Path
) -> None:
    n_plays = parts.playlists.n_plays
    times = np.datetime64("2020-01-01", "us") + np.arange(n_plays).astype("timedelta64[h]")
    model = HybridRecommender(quick_config).fit(
        replace(parts.playlists, times=times), parts.catalog
    )
    model = HybridRecommender.load(saved(model, tmp_path))
    late = pd.DataFrame(
        {"playlist_id": ["p0"], "item_id": [parts.lists[0][0]], "played_at": ["2030-05-05"]}
    )
    model.update(late, parts.items, on_known="extend")
    model.update([parts.lists[1]])
    playlists = model.model_.playlists
    assert playlists.times is not None
    end = int(playlists.offsets[1])
    assert playlists.times[end - 1] == np.datetime64("2030-05-05")
    assert (playlists.times[: end - 1] == times[: end - 1]).all()
    assert (playlists.times[end:][: n_plays - end + 1] == times[end - 1 :]).all()
    assert (playlists.times[-len(parts.lists[1]) :] == np.datetime64("2030-05-05")).all()


def saved(model: HybridRecommender, folder: Path) -> Path:
    model.save(folder / "model")
    return folder / "model"


@pytest.mark.parametrize("factory", ["Flat", "IVF16,SQ8", "HNSW16"])
def test_saved_and_loaded_before_and_after(
    before: Callable[[], HybridRecommender], parts: Parts, tmp_path: Path, factory: str
) -> None:
    model = before() if factory == "Flat" else before().with_index(factory)
    loaded = HybridRecommender.load(saved(model, tmp_path), mmap=True)
    for one in (model, loaded):
        one.update(parts.lists[:5], parts.items, on_unknown="skip")
        one.update(parts.lists[5:10], remove=parts.warm[:1])
    assert isinstance(model.model_.index.index, DeltaIndex) == (factory != "Flat")
    assert answers(loaded, parts) == answers(model, parts)
    again = HybridRecommender.load(saved(model, tmp_path), mmap=True)
    assert answers(again, parts) == answers(model, parts)
    here, there = saved(again, tmp_path / "again"), saved(loaded, tmp_path / "loaded")
    assert files_in(here) == files_in(there)
    for name in files_in(here):
        assert (here / name).read_bytes() == (there / name).read_bytes(), name


@pytest.mark.parametrize("factory", ["Flat", "HNSW16"])
def test_an_updated_model_is_a_recommender(
    before: Callable[[], HybridRecommender], parts: Parts, factory: str
) -> None:
    model = before().with_index(factory).update(parts.lists[:5], parts.items)
    queries = [items[: len(items) // 2] for items in parts.lists[:12]]
    catalog = model.model_.catalog
    contract.check_shapes_and_types(model, queries)
    contract.check_lists_are_ordered_distinct_and_without_seeds(model, queries, catalog)
    contract.check_batch_equals_single(model, queries)
    contract.check_order_of_requests_does_not_matter(model, queries)
    contract.check_everything_can_be_asked_for(model, queries[0], catalog)
    contract.check_empty_query(model)


def test_the_delta_is_compacted(before: Callable[[], HybridRecommender], parts: Parts) -> None:
    model = before().with_index("IVF16,Flat")
    few = parts.lists[:3]
    model.update(few, parts.items)
    index = model.model_.index.index
    assert isinstance(index, DeltaIndex)
    frame = model.model_.catalog.to_frame()
    gained = frame["item_id"].isin([item for items in few for item in items])
    by_artist = (model.model_.sources == 1) & frame["artist"].isin(frame["artist"][gained])
    fresh = frame.index >= len(parts.catalog)
    assert index.n_delta == int((gained | by_artist | fresh).sum())
    exact = copy_of(model).with_index("Flat")
    everything = [one.recommend(few, len(parts.catalog)).item_ids for one in (model, exact)]
    assert (everything[0] == everything[1]).all()
    model.update(parts.lists[3:])
    assert not isinstance(model.model_.index.index, DeltaIndex)


def test_the_ranking_counts_again(parts: Parts, ranked: HybridRecommender, tmp_path: Path) -> None:
    fitted = HybridRecommender(ranked.config).fit(parts.playlists, parts.catalog)
    cold = copy_of(fitted).update(new_items=parts.items)
    model = copy_of(fitted).update(parts.plays, parts.items)
    for one in (cold, model):
        ranking, held = one.model_.ranking, len(one.model_.catalog)
        assert ranking is not None
        assert ranking.statistics.holds.shape == (len(one.model_.playlists), held)
        assert {f.vectors.shape[0] for f in ranking.statistics.factors.values()} == {held}
        assert len(one.recommend(parts.lists[0][:5], 20, allow=parts.warm)) == 1
        told = one.recommend(parts.lists[0][:5], 3, allow=parts.warm, explain=True)
        assert told.explanations is not None
        for why, score in zip(told.explanations[0], told.scores[0], strict=True):
            assert np.float32(sum(why.sums().values())) == score
        loaded = HybridRecommender.load(saved(one, tmp_path))
        assert answers(loaded, parts) == answers(one, parts)
    assert model.model_.ranking is not None
    rows = model.model_.catalog.rows(parts.warm)
    neighbours = model.model_.ranking.statistics.item_neighbours
    assert (np.diff(neighbours.indptr)[rows] > 0).all()
    again = copy_of(fitted).update(parts.plays, parts.items)
    assert answers(again, parts) == answers(model, parts)


def test_new_items_alone_leave_the_answers_about_known_ones(
    parts: Parts, ranked: HybridRecommender
) -> None:
    # How many items a group has, and how many candidates there are, is what new items change.
    ranks = ("linear_rank", "user_knn_rank", "ease_rank", "als_rank")
    settings = ranked.config.ranking.model_copy(update={"without": ("group_size", *ranks)})
    config = ranked.config.model_copy(update={"ranking": settings})
    fitted = HybridRecommender(config).fit(parts.playlists, parts.catalog)
    cold = copy_of(fitted).update(new_items=parts.items)
    known, seeds = parts.catalog.item_ids.tolist(), parts.playlists.to_lists(parts.catalog)[0]
    now, then = (one.recommend(seeds[:5], 5, allow=known) for one in (cold, fitted))
    assert now.item_ids.tolist() == then.item_ids.tolist()
    np.testing.assert_allclose(now.scores, then.scores, atol=1e-5)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({}, DataError, "must be given new_playlists, new_items or remove, got none"),
        ({"new_playlists": "abc"}, DataError, "new_playlists must be Playlists, a DataFrame or"),
        ({"new_playlists": ["abc"]}, DataError, "the items of playlist 0 must be strings"),
        ({"new_playlists": [["nobody"]]}, UnknownItemError, "unknown: 'nobody'"),
        ({"new_playlists": [[]], "on_known": "?"}, DataError, "on_known must be 'raise' or"),
        ({"remove": ["nobody"]}, UnknownItemError, "unknown: 'nobody'"),
        ({"remove": "song-001"}, DataError, "remove must be a list of item ids"),
        ({"new_items": pd.DataFrame({"item_id": []})}, DataError, "at least one item"),
        ({"new_items": pd.DataFrame({"title": ["x"]})}, DataError, "item_id missing"),
        (
            {"new_items": pd.DataFrame({"item_id": ["song-001"], "title": ["x"], "artist": ["y"]})},
            DataError,
            "an item must keep its title, but 'song-001' is .* and would become 'x'",
        ),
        (
            {
                "new_items": pd.DataFrame({"item_id": ["n"], "title": ["x"], "artist": ["y"]}),
                "remove": ["n"],
            },
            DataError,
            "must be brought or removed, but 'n' is in both",
        ),
        (
            {"new_playlists": Playlists.from_rows([1], np.array([0]), 3)},
            DataError,
            "new_playlists must refer to the model's catalogue of .* but refer to one of 3",
        ),
    ],
)
def test_mistakes_leave_the_model_as_it_was(
    before: Callable[[], HybridRecommender],
    parts: Parts,
    arguments: dict[str, Any],
    error: type[Exception],
    message: str,
) -> None:
    model = before()
    held = model.model_
    with pytest.raises(error, match=message):
        model.update(**arguments)
    assert model.model_ is held


def test_a_failure_in_the_middle_leaves_the_model_as_it_was(
    before: Callable[[], HybridRecommender], parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = before().with_index("IVF16,SQ8")
    then = answers(model, parts)

    def broken(*_: Any) -> None:
        raise MemoryError

    monkeypatch.setattr("hybrid_rec.model.update.put_rows", broken)
    with pytest.raises(MemoryError):
        model.update(parts.plays, parts.items)
    assert answers(model, parts) == then


def test_an_update_needs_a_model() -> None:
    with pytest.raises(NotFittedError):
        HybridRecommender().update([["a"]])

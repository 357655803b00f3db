"""Explanations: parts that add up to the score, and witnesses that are true."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hybrid_rec import Catalog, Explanation, HybridConfig, HybridRecommender, Playlists
from hybrid_rec.data.synthetic import SyntheticDataset
from hybrid_rec.model.explanations import Part, exact_parts
from hybrid_rec.ranking.feature_set import features_of
from tests import recommender_contract as contract

LINEAR = {"cooccurrence", "title", "artist", "tags", "popularity"}
RANKING = {
    "cooccurrence", "title", "artist", "popularity", "playlist neighbours", "item neighbours",
    "artist neighbours", "factors", "linear score", "age", "history", "query",
}  # fmt: skip
"""What the documentation of `Part` names, but for the base and the reserved place."""


@pytest.fixture
def queries(world: SyntheticDataset) -> list[list[str]]:
    """Some playlists; an item that repeats, a cold one, and one item alone."""
    lists = contract.seeds_of(world.playlists, world.catalog)
    cold = world.catalog.item_ids[world.playlists.play_counts == 0]
    return [*lists, [*lists[0], lists[0][0], lists[0][0]], [cold[0]], [*lists[1], cold[1]]]


@pytest.fixture(params=["fitted", "ranked"])
def model(request: pytest.FixtureRequest) -> HybridRecommender:
    found = request.getfixturevalue(request.param)
    assert isinstance(found, HybridRecommender)
    return found


def told(found: Any) -> Any:
    """The explanations, which were asked for."""
    return found.explanations


def held(found: Any) -> list[Explanation]:
    return [entry for entry in found.explanations.ravel() if entry is not None]


def test_parts_add_up_to_the_score(model: HybridRecommender, queries: list[list[str]]) -> None:
    found = model.recommend([*queries, []], 40, explain=True)
    assert found.explanations is not None
    for line, ids, scores in zip(found.explanations, found.item_ids, found.scores, strict=True):
        for explanation, item_id, score in zip(line, ids, scores, strict=True):
            assert explanation.item_id == item_id
            assert np.float32(explanation.score) == score
            assert np.float32(math.fsum(part.value for part in explanation.parts)) == score
            assert np.float32(math.fsum(explanation.sums().values())) == score
            sizes = [abs(part.value) for part in explanation.parts]
            assert sizes == sorted(sizes, reverse=True)
            assert 0 not in sizes


@pytest.mark.parametrize("factory", ["Flat", "SQ8", "HNSW16"])
def test_linear_blocks_are_those_of_brute_force(
    fitted: HybridRecommender, queries: list[list[str]], world: SyntheticDataset, factory: str
) -> None:
    weights = {"title": 0.7, "artist": 0.4}
    index = (other := fitted.with_index(factory)).model_.index
    found = told(other.recommend(queries, 20, weights=weights, explain=True))
    used = {**fitted.model_.given_weights, **weights}
    blocks = other.model_.queries(Playlists.from_lists(queries, world.catalog))
    for number in range(len(queries)):
        for entry in found[number]:
            row = world.catalog.rows([entry.item_id])
            truth = {
                name: used[name] * float(index.blocks(row)[name][0] @ vectors[number])
                for name, vectors in blocks.dense.items()
            }
            truth["artist"] = used["artist"] * float(
                (index.one_hot["artist"][row] @ blocks.sparse["artist"][[number]].T).toarray()[0, 0]
            )
            assert set(entry.sums()) <= set(truth)
            for name, value in truth.items():
                assert entry.sums().get(name, 0.0) == pytest.approx(value, abs=2e-6)


def test_each_seed_brings_its_own_share(
    fitted: HybridRecommender, queries: list[list[str]], world: SyntheticDataset
) -> None:
    asked = next(query for query in queries if len(set(query)) < len(query))
    found = fitted.recommend(asked, 5, explain=True)
    index = fitted.model_.index
    vectors = index.blocks(world.catalog.rows(asked))["cooccurrence"].astype(np.float64)
    norm = np.linalg.norm(vectors.sum(axis=0))
    for entry in held(found):
        own = index.blocks(world.catalog.rows([entry.item_id]))["cooccurrence"][0]
        for seed in set(asked):
            times = [
                vector @ own for vector, item in zip(vectors, asked, strict=True) if item == seed
            ]
            told = [p.value for p in entry.parts if (p.name, p.seed) == ("cooccurrence", seed)]
            assert told == [pytest.approx(sum(times) / norm, abs=2e-6)]


def test_the_artist_part_belongs_to_the_seeds_of_the_artist(
    fitted: HybridRecommender, world: SyntheticDataset
) -> None:
    artists = world.catalog.artists
    row = next(r for r in range(1000) if (artists == artists[r]).sum() > 4)
    same = np.flatnonzero(artists == artists[row])
    other = np.flatnonzero((artists != artists[row]) & (artists != None))[:1]  # noqa: E711
    seeds = world.catalog.item_ids[[same[0], same[1], same[1], other[0]]].tolist()
    wanted = world.catalog.item_ids[same[2:3]].tolist()
    entry = held(fitted.recommend(seeds, 1, allow=wanted, weights={"artist": 2}, explain=True))[0]
    shares = {part.seed: part.value for part in entry.parts if part.name == "artist"}
    assert shares == {
        seeds[0]: pytest.approx(2 * math.sqrt(3) / 2 / 3),
        seeds[1]: pytest.approx(2 * math.sqrt(3) / 2 * 2 / 3),
    }
    assert entry.artist == artists[row]
    assert entry.text.startswith("same artist, ")


def test_tags_take_part(quick_config: HybridConfig) -> None:
    tags = [["a", "b"], ["b"], ["a", "b", "c"], []]
    catalog = Catalog.from_columns(list("wxyz"), [None] * 4, [None] * 4, tags)
    playlists = Playlists.from_lists([["w", "x"]] * 5, catalog)
    model = HybridRecommender(quick_config).fit(playlists, catalog)
    only = {"cooccurrence": 0, "popularity": 0, "tags": 1.0}
    found = model.recommend(["w", "x"], 2, weights=only, explain=True)
    first = found.explanations[0, 0]
    # w is (a + b) / sqrt 2, x is b, and y is (a + b + c) / sqrt 3.
    norm = math.hypot(1 / math.sqrt(2), 1 + 1 / math.sqrt(2))
    assert first.parts == (
        Part("tags", pytest.approx(2 / math.sqrt(6) / norm), "w"),
        Part("tags", pytest.approx(1 / math.sqrt(3) / norm), "x"),
    )
    assert (first.item_id, first.text) == ("y", "same tags")
    assert found.explanations[0, 1].parts == ()
    assert found.explanations[0, 1].text == "the best of what is left"


def test_every_feature_is_told_under_a_part_that_is_documented(ranked: HybridRecommender) -> None:
    assert {feature.part for feature in features_of(ranked.model_.blocks).values()} == RANKING


def test_ranking_parts_are_the_trees_own_contributions(
    ranked: HybridRecommender, queries: list[list[str]], world: SyntheticDataset
) -> None:
    found = ranked.recommend(queries, 10, explain=True)
    names = RANKING | {"base"}
    assert {part.name for entry in held(found) for part in entry.parts} <= names
    assert {entry.stage for entry in held(found)} == {"ranking"}
    ranking = ranked.model_.ranking
    assert ranking is not None
    asked = Playlists.from_lists(queries[:1], world.catalog)
    source = ranked.model_.candidates
    assert source is not None
    one = next(iter(source.describe(asked, ranked.model_.queries(asked), 10)))
    scores = next(iter(ranking.ranker.scores([one])))
    reserved = ranking.ranker.reserved(one.is_cold, one.is_known)
    lifted = ranking.ranker.lifted(one.features, scores, reserved)
    assert not lifted.any()
    contributions = ranking.ranker.contributions(one.features, lifted)
    ages = [place for place, name in enumerate(source.columns) if name.startswith("age_")]
    assert len(ages) == 4
    np.testing.assert_allclose(contributions.sum(axis=1), scores, atol=1e-6)
    for entry in found.explanations[0]:
        line = contributions[np.flatnonzero(world.catalog.item_ids[one.rows] == entry.item_id)[0]]
        assert entry.sums().get("age", 0.0) == pytest.approx(line[ages].sum(), abs=1e-6)
        assert entry.sums()["base"] == pytest.approx(line[-1], abs=1e-6)


def test_witnesses_are_true(
    model: HybridRecommender, queries: list[list[str]], world: SyntheticDataset
) -> None:
    found = model.recommend(queries, 5, explain=True)
    catalog, training = world.catalog, world.playlists.to_lists(world.catalog)
    sets = dict(zip(world.playlists.playlist_ids, map(set, training), strict=True))
    idf = np.log(len(sets) / np.maximum(world.playlists.playlist_counts, 1))
    weight = dict(zip(catalog.item_ids, idf, strict=True))

    def norm(items: set[str]) -> float:
        return math.sqrt(sum(weight[item] ** 2 for item in items))

    for seeds, line in zip(queries, found.explanations, strict=True):
        own = set(seeds)
        for entry in line:
            together = {
                seed: sum({seed, entry.item_id} <= items for items in sets.values()) for seed in own
            }
            for seed in entry.seeds:
                assert seed.playlists == together[seed.item_id]
                assert -1 <= seed.cosine <= 1
            if any(together.values()):
                assert len(entry.seeds) >= 1
                assert entry.seeds[0].playlists > 0
            likeness = {
                name: sum(weight[i] ** 2 for i in items & own) / (norm(items) * (norm(own) or 1))
                for name, items in sets.items()
                if entry.item_id in items and items & own
            }
            best = sorted(likeness.values(), reverse=True)[:3]
            assert [p.cosine for p in entry.playlists] == pytest.approx(best)
            for playlist in entry.playlists:
                assert playlist.cosine == pytest.approx(likeness[playlist.playlist_id])
            row = catalog.rows([entry.item_id])[0]
            shares = catalog.artists[row] in catalog.artists[catalog.rows(seeds)]
            assert entry.artist == (catalog.artists[row] if shares else None)
            titles = model.model_.index.blocks(catalog.rows(seeds))["title"]
            cosines = titles @ model.model_.index.blocks(np.array([row]))["title"][0]
            if cosines.max() > 1e-3:
                assert entry.title is not None
                assert entry.title.cosine == pytest.approx(cosines.max(), abs=1e-5)
                assert cosines[seeds.index(entry.title.item_id)] == pytest.approx(cosines.max())
            assert entry.text


def test_asking_why_changes_nothing_else(
    model: HybridRecommender, queries: list[list[str]]
) -> None:
    plain, why = model.recommend(queries, 12), model.recommend(queries, 12, explain=True)
    assert plain.explanations is None
    assert "explanation" not in plain.to_frame()
    assert plain.item_ids.tolist() == why.item_ids.tolist()
    assert plain.scores.tobytes() == why.scores.tobytes()
    frame = why.to_frame()
    assert frame.drop(columns="explanation").equals(plain.to_frame())
    assert frame["explanation"].tolist() == [entry.text for entry in held(why)]


def test_batch_equals_single(model: HybridRecommender, queries: list[list[str]]) -> None:
    together = model.recommend([*queries, []] * 6, 4, explain=True)
    for number, seeds in enumerate([*queries, []]):
        alone = model.recommend([seeds], 4, explain=True)
        assert alone.explanations[0].tolist() == together.explanations[number].tolist()


def test_similar_items(model: HybridRecommender, world: SyntheticDataset) -> None:
    asked = world.catalog.item_ids[:4].tolist()
    found = model.similar_items(asked, 3, explain=True)
    for query, line in zip(asked, found.explanations, strict=True):
        for entry in line:
            ranked = model.model_.ranking is not None
            assert entry.stage == ("ranking" if ranked else "linear")
            assert ranked or {part.name for part in entry.parts} <= LINEAR
            assert {part.seed for part in entry.parts} <= {query, None}


def test_cold_items_lie_near_and_are_in_no_playlist(
    model: HybridRecommender, world: SyntheticDataset
) -> None:
    cold = world.catalog.item_ids[world.playlists.play_counts == 0].tolist()
    for seeds in ([cold[0]], ["song-001", "song-002"]):
        found = model.recommend(seeds, 10, allow=cold, explain=True)
        for entry in held(found):
            assert entry.playlists == ()
            assert all(seed.playlists == 0 for seed in entry.seeds)
            assert "popular" not in entry.text
            assert "shares" not in entry.text


@pytest.mark.parametrize("weights", [None, {"popularity": 0.0}, {"popularity": 0.5}])
def test_empty_queries_are_explained_by_plays(
    model: HybridRecommender, world: SyntheticDataset, weights: dict[str, float] | None
) -> None:
    found = model.recommend([[], ["nope"]], 3, weights=weights, on_unknown="skip", explain=True)
    factor = model.model_.weights["popularity"] if weights is None else weights["popularity"] or 1.0
    for entry in held(found):
        plays = world.playlists.play_counts[world.catalog.rows([entry.item_id])[0]]
        value = pytest.approx(factor * math.log1p(plays), rel=1e-6)
        assert entry.parts == (Part("popularity", value),)
        assert (entry.stage, entry.seeds, entry.artist) == ("popularity", (), None)
        assert entry.text == f"popular (in {plays} playlists)"
    # The most played items have never been played, where only those are allowed.
    cold = world.catalog.item_ids[world.playlists.play_counts == 0].tolist()
    entry = held(model.recommend([], 1, allow=cold, explain=True))[0]
    assert (entry.parts, entry.score) == ((), 0.0)


def test_empty_places_have_no_explanation(
    model: HybridRecommender, world: SyntheticDataset
) -> None:
    ids = world.catalog.item_ids.tolist()
    found = model.recommend(ids[:3], 5, allow=ids[:6], block=ids[5:6], explain=True)
    assert [entry is None for entry in found.explanations[0]] == [False] * 2 + [True] * 3
    everything = model.recommend(ids[:3], len(ids) + 5, explain=True)
    assert len(held(everything)) == len(ids) - 3
    assert [e is None for e in told(everything)[0]] == [i is None for i in everything.item_ids[0]]
    nothing = model.recommend(ids[:3], 5, allow=[], explain=True)
    assert told(nothing).tolist() == [[None] * 5]
    assert nothing.to_frame().columns.tolist()[-1] == "explanation"


def test_a_loaded_model_explains_the_same(
    model: HybridRecommender, queries: list[list[str]], tmp_path: Path
) -> None:
    model.save(tmp_path / "model")
    loaded = HybridRecommender.load(tmp_path / "model")
    one, two = (told(m.recommend(queries, 5, explain=True)) for m in (model, loaded))
    assert one.tolist() == two.tolist()


def test_json(model: HybridRecommender, queries: list[list[str]]) -> None:
    entry = held(model.recommend(queries[0], 1, explain=True))[0]
    record = json.loads(json.dumps(entry.to_dict()))
    assert record["parts"][0] == {
        "name": entry.parts[0].name, "value": entry.parts[0].value, "seed": entry.parts[0].seed,
    }  # fmt: skip
    assert list(record) == [
        "item_id", "score", "stage", "parts", "seeds", "playlists", "group", "blocks", "names",
        "text", "artist", "title",
    ]  # fmt: skip
    assert record["artist"] == record["group"] == entry.artist
    assert record["title"] == record["blocks"].get("title")


def test_the_largest_part_takes_the_rounding() -> None:
    parts = [Part("a", 0.1), Part("b", -0.7), Part("c", 0.0)]
    score = float(np.float32(-0.6))
    found = exact_parts(parts, score)
    assert [part.name for part in found] == ["b", "a"]
    assert math.fsum(part.value for part in found) == score
    assert found[1].value == 0.1


def test_a_place_that_is_kept_for_what_is_new_is_told(
    ranked: HybridRecommender, world: SyntheticDataset
) -> None:
    long = int(np.argmax(world.playlists.distinct().lengths))
    whole = world.catalog.item_ids[world.playlists[long]].tolist()
    found = ranked.recommend(whole, 20, explain=True)
    lifted = [entry for entry in held(found) if "place" in entry.sums()]
    plays = world.playlists.play_counts
    new = [entry for entry in held(found) if not plays[world.catalog.rows([entry.item_id])[0]]]
    assert {entry.item_id for entry in lifted} <= {entry.item_id for entry in new}
    assert len(new) >= 4
    assert lifted
    for entry in held(found):
        assert math.fsum(part.value for part in entry.parts) == pytest.approx(entry.score, abs=1e-9)
    assert any("a place kept for what is new" in entry.text for entry in lifted)
    assert not [
        entry
        for entry in held(ranked.recommend(whole[:3], 20, explain=True))
        if "place" in entry.sums()
    ]


def test_no_reason_says_nothing(model: HybridRecommender, world: SyntheticDataset) -> None:
    counts = world.playlists.playlist_counts
    titles = model.item_vectors(world.catalog.item_ids, block="title")
    rows = {item: row for row, item in enumerate(world.catalog.item_ids)}
    many = max(2.0, float(np.quantile(counts[counts > 0], 0.8)))
    seen = {"title": 0, "popular": 0, "unlike": 0}
    for seed in world.catalog.item_ids[:40].tolist():
        for entry in held(model.recommend([seed], 20, weights={"popularity": 1}, explain=True)):
            # All that is recommended for one item is near it.
            assert "near" not in entry.text
            n = counts[rows[entry.item_id]]
            assert ("popular (in" in entry.text) <= (n >= many)
            seen["popular"] += "popular (in" in entry.text
            cosine = float(titles[rows[seed]] @ titles[rows[entry.item_id]])
            assert ("title like" in entry.text) <= (cosine >= 0.6 - 1e-5)
            seen["title"] += "title like" in entry.text
            seen["unlike"] += 0 < cosine < 0.6
    assert min(seen.values()) > 0, seen

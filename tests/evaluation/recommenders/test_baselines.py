"""Every baseline keeps the contract and finds what was planted; by hand and by oracle."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from evaluation.metrics.rankings import evaluate_rankings
from evaluation.recommenders import base, ease
from evaluation.recommenders.base import Baseline
from evaluation.recommenders.ease import EASE
from evaluation.recommenders.implicit_als import ImplicitALS
from evaluation.recommenders.item_knn import ItemKNN
from evaluation.recommenders.metadata import MetadataOnly
from evaluation.recommenders.notebook import NotebookWord2Vec
from evaluation.recommenders.playlist_knn import PlaylistKNN
from evaluation.recommenders.popularity import Popularity
from evaluation.recommenders.random_order import Random
from evaluation.recommenders.registry import BASELINES, default_baselines, make_baseline
from evaluation.splits.continuation import continuation
from hybrid_rec import (
    Catalog,
    ConfigError,
    CooccurrenceConfig,
    DataError,
    NotFittedError,
    Playlists,
    UnknownItemError,
    read_dataset,
)
from hybrid_rec.blocks.cooccurrence import fit_cooccurrence
from hybrid_rec.blocks.text.encoders import make_title_encoder
from hybrid_rec.core.config import TitleConfig
from hybrid_rec.data.synthetic import SyntheticDataset, synthetic_radio
from hybrid_rec.ranking import knn as neighbours
from tests import recommender_contract as contract

TFIDF = TitleConfig(encoder="tfidf", tfidf_size=64)
MODELS: dict[str, Callable[[], Baseline]] = {
    **{name: partial(make_baseline, name) for name in BASELINES},
    # The sentence model takes long to load.
    "metadata": lambda: MetadataOnly(TFIDF),
}
FILL = -(2.0**24)


@pytest.fixture(scope="module", params=MODELS)
def model(request: pytest.FixtureRequest, world: SyntheticDataset) -> Baseline:
    return MODELS[request.param]().fit(world.playlists, world.catalog)


@pytest.fixture(scope="module")
def queries(world: SyntheticDataset) -> list[list[str]]:
    return contract.seeds_of(world.playlists, world.catalog)


@pytest.fixture
def letters() -> Catalog:
    return Catalog.from_columns(list("abcd"), list("ABCD"), [None] * 4)


@pytest.fixture
def plays(letters: Catalog) -> Playlists:
    return Playlists.from_lists([["a", "b"], ["a", "b", "c"], ["a", "c"], ["d"]], letters)


class TestContract:
    def test_shapes_and_types(self, model: Baseline, queries: list[list[str]]) -> None:
        contract.check_shapes_and_types(model, queries)

    def test_lists(
        self, model: Baseline, queries: list[list[str]], world: SyntheticDataset
    ) -> None:
        contract.check_lists_are_ordered_distinct_and_without_seeds(model, queries, world.catalog)

    def test_batch_equals_single(self, model: Baseline, queries: list[list[str]]) -> None:
        contract.check_batch_equals_single(model, queries)

    def test_order_of_requests(self, model: Baseline, queries: list[list[str]]) -> None:
        contract.check_order_of_requests_does_not_matter(model, queries)

    def test_shorter_lists(self, model: Baseline, queries: list[list[str]]) -> None:
        contract.check_shorter_lists_are_prefixes(model, queries)

    def test_everything(
        self, model: Baseline, queries: list[list[str]], world: SyntheticDataset
    ) -> None:
        contract.check_everything_can_be_asked_for(model, queries[0], world.catalog)

    def test_empty_query(self, model: Baseline) -> None:
        contract.check_empty_query(model)


class TestEveryBaseline:
    def test_chunk_size_changes_nothing(
        self, model: Baseline, world: SyntheticDataset, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        asked = world.playlists.select(np.arange(90))
        whole = model.recommend(asked, k=20)
        monkeypatch.setattr(base, "_CHUNK", 7)
        parts = model.recommend(asked, k=20)
        assert parts.item_ids.tolist() == whole.item_ids.tolist()
        assert parts.scores.tobytes() == whole.scores.tobytes()
        assert whole.query_ids.tolist() == asked.playlist_ids.tolist()

    def test_a_second_fit_gives_the_same_bytes(
        self, model: Baseline, queries: list[list[str]], world: SyntheticDataset
    ) -> None:
        first = model.recommend(queries, k=30)
        again = MODELS[model.name]().fit(world.playlists, world.catalog).recommend(queries, k=30)
        assert again.item_ids.tolist() == first.item_ids.tolist()
        assert again.scores.tobytes() == first.scores.tobytes()

    def test_its_name_is_the_source(self, model: Baseline, queries: list[list[str]]) -> None:
        assert BASELINES[model.name].kind.name == model.name
        assert set(model.recommend(queries, k=3).sources.ravel()) == {model.name}

    def test_without_seeds_the_most_played_come_first(
        self, model: Baseline, world: SyntheticDataset
    ) -> None:
        counts = world.playlists.playlist_counts
        expected = world.catalog.item_ids[np.lexsort((np.arange(len(counts)), -counts))]
        same = model.recommend([], k=20).item_ids[0].tolist() == expected[:20].tolist()
        assert same == (model.name != "random")

    def test_cold_seeds_say_nothing_but_to_metadata(
        self, model: Baseline, world: SyntheticDataset
    ) -> None:
        cold = world.catalog.item_ids[np.flatnonzero(world.truth.cold)[:2]].tolist()
        found = model.recommend(cold, k=5).item_ids[0].tolist()
        popular = Popularity().fit(world.playlists, world.catalog).recommend(cold, k=5)
        assert (found == popular.item_ids[0].tolist()) == (model.name not in ("random", "metadata"))

    def test_unscored_items_come_last_by_popularity(
        self, model: Baseline, queries: list[list[str]], world: SyntheticDataset
    ) -> None:
        found = model.recommend(queries, k=len(world.catalog) - 20)
        counts = world.playlists.playlist_counts[world.catalog.rows(found.item_ids.ravel())]
        filled = found.scores < -1000
        assert (found.scores == FILL + counts.reshape(filled.shape))[filled].all()
        # These can score every item of the world: each has a title or an artist.
        assert filled.any() == (model.name not in ("popularity", "random", "metadata"))

    def test_neighbours_are_of_the_genre(self, model: Baseline, world: SyntheticDataset) -> None:
        genres, played = world.truth.genre_of_item, ~world.truth.cold
        counts = world.playlists.playlist_counts
        shares = []
        for genre in range(8):
            own = np.flatnonzero((genres == genre) & played)
            seeds = own[np.argsort(-counts[own], kind="stable")][:6]
            found = model.recommend(world.catalog.item_ids[seeds].tolist(), k=10)
            shares.append((genres[world.catalog.rows(found.item_ids[0])] == genre).mean())
        if model.name in ("popularity", "random"):
            assert np.mean(shares) < 0.3
        elif model.name == "notebook":
            # Five epochs over 600 playlists teach it little.
            assert np.mean(shares) > 0.3
        else:
            assert np.mean(shares) > 0.8

    def test_it_is_better_than_chance(self, model: Baseline, world: SyntheticDataset) -> None:
        split = continuation(
            world.playlists, world.catalog, np.random.default_rng(0), min_length=10
        )

        def quality(fitted: Baseline) -> float:
            found = fitted.recommend(split.seeds, k=100)
            rows = world.catalog.rows(found.item_ids.ravel()).reshape(found.item_ids.shape)
            return float(evaluate_rankings(rows, split.targets, [100], ["ndcg"])["ndcg@100"].mean())

        chance = quality(Random(seed=99).fit(split.train, world.catalog))
        own = quality(MODELS[model.name]().fit(split.train, world.catalog))
        if model.name == "random":
            assert own == pytest.approx(chance, abs=0.05)
        else:
            assert own > 1.5 * chance

    def test_bad_requests(self, model: Baseline, world: SyntheticDataset) -> None:
        with pytest.raises(UnknownItemError, match="nowhere"):
            model.recommend(["nowhere"])
        for k in (0, 2.5, True):
            with pytest.raises(ConfigError, match=f"'k' parameter of {type(model).__name__} must"):
                model.recommend([[]], k=k)
        with pytest.raises(DataError, match="catalogue of 400 items"):
            model.recommend(Playlists.from_rows([1], np.array([0]), 3))

    def test_bad_fits(self, model: Baseline, world: SyntheticDataset, letters: Catalog) -> None:
        new = MODELS[model.name]()
        with pytest.raises(NotFittedError, match=f"{type(new).__name__} is not fitted"):
            new.recommend([[]])
        with pytest.raises(DataError, match="of 4 items, but refer to one of 400"):
            new.fit(world.playlists, letters)
        with pytest.raises(DataError, match="at least one play"):
            new.fit(Playlists.from_lists([[]], letters), letters)


class TestPopularity:
    def test_playlists_count_and_not_plays(self, letters: Catalog) -> None:
        plays = Playlists.from_lists([["a", "a", "a"], ["c", "b"], ["c"]], letters)
        found = Popularity().fit(plays, letters).recommend([[], ["c"]], k=4)
        assert found.item_ids.tolist() == [["c", "a", "b", "d"], ["a", "b", "d", None]]
        assert found.scores.tolist() == [[2, 1, 1, 0], [1, 1, 0, -np.inf]]
        filled = PlaylistKNN().fit(plays, letters).recommend([], k=4)
        assert filled.item_ids[0].tolist() == ["c", "a", "b", "d"]
        assert filled.scores[0].tolist() == [FILL + 2, FILL + 1, FILL + 1, FILL]


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


class TestItemKNN:
    def test_by_hand(self, letters: Catalog, plays: Playlists) -> None:
        model = ItemKNN(shrinkage=0).fit(plays, letters)
        found = model.recommend([["b"], ["b", "c"], ["b", "b"], ["d"]], k=3)
        assert found.item_ids.tolist() == [
            ["a", "c", "d"],
            ["a", "d", None],
            ["a", "c", "d"],
            ["a", "b", "c"],
        ]
        one = 2 / math.sqrt(6)
        np.testing.assert_allclose(found.scores[0], [one, 0.5, FILL + 1], rtol=1e-6)
        np.testing.assert_allclose(found.scores[1, :2], [2 * one, FILL + 1], rtol=1e-6)
        assert found.scores[2].tolist() == found.scores[0].tolist()
        assert found.scores[3].tolist() == [FILL + 3, FILL + 2, FILL + 2]

    def test_shrinkage_by_hand(self, letters: Catalog, plays: Playlists) -> None:
        found = ItemKNN(shrinkage=1).fit(plays, letters).recommend(["b"], k=2)
        np.testing.assert_allclose(found.scores[0], [2 / (math.sqrt(6) + 1), 1 / 3], rtol=1e-6)

    def test_only_the_nearest_neighbours_of_a_seed_count(
        self, letters: Catalog, plays: Playlists
    ) -> None:
        model = ItemKNN(n_neighbours=1).fit(plays, letters)
        found = model.recommend([["a"], ["b"]], k=3)
        assert (found.scores > 0).tolist() == [[True, False, False]] * 2
        # b and c are equally near to a: the first in the catalogue is kept.
        assert found.item_ids[:, 0].tolist() == ["b", "a"]

    def test_against_dense_similarities(
        self, world: SyntheticDataset, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(neighbours, "_PRODUCTS", 5000)
        model = ItemKNN(n_neighbours=7, shrinkage=2).fit(world.playlists, world.catalog)
        holds = world.playlists.matrix().toarray().astype(float)
        together = holds.T @ holds
        sizes = np.diag(together)
        similar = together / (np.sqrt(np.outer(sizes, sizes)) + 2)
        np.fill_diagonal(similar, 0)
        for row in range(len(similar)):
            order = np.lexsort((np.arange(len(similar)), -similar[row]))
            similar[row, order[7:]] = 0
        expected = holds[:20] @ similar
        found = model.recommend(world.playlists.select(np.arange(20)), k=25)
        for line in range(20):
            rows = world.catalog.rows(found.item_ids[line])
            np.testing.assert_allclose(
                np.maximum(found.scores[line], 0), expected[line, rows], rtol=1e-5
            )
            free = np.setdiff1d(np.arange(len(similar)), world.playlists[line])
            np.testing.assert_allclose(
                np.maximum(found.scores[line], 0), np.sort(expected[line, free])[::-1][:25], 1e-5
            )


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


class TestNotebookWord2Vec:
    def test_scores_are_cosines_with_the_mean(self, world: SyntheticDataset) -> None:
        vectors = fit_cooccurrence(world.playlists, CooccurrenceConfig(preset="notebook"), 3)
        model = NotebookWord2Vec(seed=3).fit(world.playlists, world.catalog)
        seeds = world.playlists[0]
        mean = vectors[seeds].mean(axis=0)
        cosines = vectors @ mean / np.linalg.norm(mean)
        cosines[seeds] = -np.inf
        found = model.recommend(world.playlists.select(np.array([0])), k=10)
        assert vectors.shape[1] == 32
        np.testing.assert_allclose(found.scores[0], np.sort(cosines)[::-1][:10], rtol=1e-5)


class TestMetadataOnly:
    def test_scores_are_cosines_of_titles_and_artists(self, world: SyntheticDataset) -> None:
        titles = make_title_encoder(TFIDF, 5).fit(world.catalog.titles).encode(world.catalog.titles)
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


class TestEASE:
    def test_against_a_ridge_for_each_column(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(ease, "_BLOCK", 30)
        world = synthetic_radio(seed=2, n_items=80, n_playlists=200)
        holds = world.playlists.matrix().toarray().astype(float)
        played = np.flatnonzero(holds.any(axis=0))
        holds = holds[:, played]
        weights = np.zeros((len(played), len(played)))
        for target in range(len(played)):
            others = np.delete(np.arange(len(played)), target)
            features = holds[:, others]
            gram = features.T @ features + 20 * np.eye(len(others))
            weights[others, target] = np.linalg.solve(gram, features.T @ holds[:, target])
        scores = holds[:10] @ weights
        scores[holds[:10] > 0] = -np.inf
        model = EASE(regularisation=20).fit(world.playlists, world.catalog)
        found = model.recommend(world.playlists.select(np.arange(10)), k=40)
        for line in range(10):
            order = np.argsort(-scores[line])[:40]
            np.testing.assert_allclose(found.scores[line], scores[line, order], atol=1e-5)
            assert found.item_ids[line, 0] == world.catalog.item_ids[played[order[0]]]

    def test_by_hand(self) -> None:
        # X'X + I is [[3, 1], [1, 2]], so regressing b on a gives 1 / 3, and a on b 1 / 2.
        catalog = Catalog.from_columns(list("ab"), list("AB"), [None] * 2)
        plays = Playlists.from_lists([["a", "b", "b"], ["a"]], catalog)
        found = (
            EASE(regularisation=1).fit(plays, catalog).recommend([["a"], ["b"], ["b", "b"]], k=1)
        )
        np.testing.assert_allclose(found.scores.ravel(), [1 / 3, 1 / 2, 1 / 2], rtol=1e-6)

    def test_block_size_changes_nothing(
        self, world: SyntheticDataset, queries: list[list[str]], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        whole = EASE().fit(world.playlists, world.catalog).recommend(queries, k=50)
        monkeypatch.setattr(ease, "_BLOCK", 37)
        parts = EASE().fit(world.playlists, world.catalog).recommend(queries, k=50)
        assert parts.scores.tobytes() == whole.scores.tobytes()

    def test_too_many_items(self, letters: Catalog, plays: Playlists) -> None:
        assert EASE(max_items=4).fit(plays, letters)
        model = EASE(max_items=3)
        with pytest.raises(DataError, match="at most max_items = 3 played items, got 4"):
            model.fit(plays, letters)

    def test_a_fit_that_fails_leaves_nothing_half_fitted(
        self, letters: Catalog, plays: Playlists, world: SyntheticDataset
    ) -> None:
        model = EASE(max_items=4).fit(plays, letters)
        with pytest.raises(DataError, match="max_items"):
            model.fit(world.playlists, world.catalog)
        with pytest.raises(NotFittedError):
            model.recommend(["a"])


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Random(seed=-1), "'seed' parameter of Random must be an integer of at least 0"),
        (
            lambda: NotebookWord2Vec(seed=2**32),
            "'seed' parameter of NotebookWord2Vec must be below",
        ),
        (lambda: MetadataOnly(seed=0.5), "'seed' parameter of MetadataOnly"),
        (lambda: ItemKNN(n_neighbours=0), "'n_neighbours' parameter of ItemKNN must be an integer"),
        (lambda: ItemKNN(shrinkage=-1), "'shrinkage' parameter of ItemKNN must be a finite number"),
        (lambda: ItemKNN(shrinkage=math.nan), "finite number of at least 0, got nan instead"),
        (lambda: PlaylistKNN(n_neighbours=True), "got True instead"),
        (lambda: EASE(regularisation=0), "finite number above 0, got 0 instead"),
        (lambda: EASE(regularisation=math.inf), "'regularisation' parameter of EASE"),
        (lambda: EASE(max_items="9"), "'max_items' parameter of EASE"),
    ],
)
def test_bad_parameters(make: Callable[[], Baseline], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        make()


def test_names() -> None:
    assert set(BASELINES) == {
        "popularity", "random", "item-knn", "playlist-knn", "notebook", "metadata", "ease",
        "implicit-als", "implicit-bm25",
    }  # fmt: skip
    assert set(default_baselines()) == {
        "popularity", "item-knn", "playlist-knn", "notebook", "metadata",
    }  # fmt: skip
    with pytest.raises(ConfigError, match=r"baseline must be one of ease, .*, got 'itemknn'"):
        make_baseline("itemknn")


@pytest.mark.parametrize("name", ["random", "notebook", "metadata", "implicit-als"])
def test_the_seed_arrives(name: str) -> None:
    model = make_baseline(name, seed=7)
    assert isinstance(model, Random | NotebookWord2Vec | MetadataOnly | ImplicitALS)
    assert model.seed == 7


@pytest.mark.parametrize(
    ("name", "ndcg", "hit_rate"),
    [
        ("popularity", 0.101, 0.127),
        ("playlist-knn", 0.411, 0.704),
        ("implicit-als", 0.426, 0.684),
    ],
)
def test_what_another_script_measured_on_yes_big(
    data_dir: Path, name: str, ndcg: float, hit_rate: float
) -> None:
    playlists, catalog, _ = read_dataset(f"yes:{data_dir}/yes_big")
    split = continuation(playlists, catalog, np.random.default_rng(0), min_length=10)
    found = make_baseline(name).fit(split.train, catalog).recommend(split.seeds, k=500)
    rows = catalog.rows(found.item_ids.ravel()).reshape(found.item_ids.shape)
    values = evaluate_rankings(rows, split.targets, [10, 500], ["ndcg", "hit_rate"])
    for key, expected in (("ndcg@500", ndcg), ("hit_rate@10", hit_rate)):
        # Its held-out playlists were others, so both means have a standard error.
        error = math.sqrt(2) * values[key].std() / math.sqrt(len(rows))
        assert values[key].mean() == pytest.approx(expected, abs=3 * error)

"""Every baseline keeps the contract and finds what was planted."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from evaluation.metrics.rankings import evaluate_rankings
from evaluation.recommenders import base
from evaluation.recommenders.base import Baseline
from evaluation.recommenders.ease import EASE
from evaluation.recommenders.implicit_als import ImplicitALS
from evaluation.recommenders.item_knn import ItemKNN
from evaluation.recommenders.light_fm import LightFM
from evaluation.recommenders.metadata import MetadataOnly
from evaluation.recommenders.notebook import NotebookWord2Vec
from evaluation.recommenders.playlist_knn import PlaylistKNN
from evaluation.recommenders.popularity import Popularity
from evaluation.recommenders.random_order import Random
from evaluation.recommenders.registry import BASELINES, default_baselines, make_baseline
from evaluation.recommenders.sasrec import SASRec
from evaluation.splits.continuation import continuation
from hybrid_rec import (
    Catalog,
    ConfigError,
    DataError,
    NotFittedError,
    Playlists,
    UnknownItemError,
    read_dataset,
)
from hybrid_rec.core.config import TextConfig
from hybrid_rec.data.synthetic import SyntheticDataset
from tests import recommender_contract as contract

TFIDF = TextConfig(encoder="tfidf", tfidf_size=64)
MODELS: dict[str, Callable[[], Baseline]] = {
    **{name: partial(make_baseline, name) for name in BASELINES},
    # The sentence model takes long to load.
    "metadata": lambda: MetadataOnly(TFIDF),
    "sasrec": lambda: SASRec(epochs=8),
}
FILL = -(2.0**24)


@pytest.fixture(scope="module", params=MODELS)
def model(request: pytest.FixtureRequest, world: SyntheticDataset) -> Baseline:
    return MODELS[request.param]().fit(world.playlists, world.catalog)


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

    def test_cold_seeds_say_nothing_but_to_what_knows_artists(
        self, model: Baseline, world: SyntheticDataset
    ) -> None:
        cold = world.catalog.item_ids[np.flatnonzero(world.truth.cold)[:2]].tolist()
        found = model.recommend(cold, k=5).item_ids[0].tolist()
        popular = Popularity().fit(world.playlists, world.catalog).recommend(cold, k=5)
        says = ("random", "metadata", "lightfm")
        assert (found == popular.item_ids[0].tolist()) == (model.name not in says)

    def test_unscored_items_come_last_by_popularity(
        self, model: Baseline, queries: list[list[str]], world: SyntheticDataset
    ) -> None:
        found = model.recommend(queries, k=len(world.catalog) - 20)
        counts = world.playlists.playlist_counts[world.catalog.rows(found.item_ids.ravel())]
        filled = found.scores < -1000
        assert (found.scores == FILL + counts.reshape(filled.shape))[filled].all()
        # These can score every item of the world: each has a title or an artist.
        scores_all = ("popularity", "random", "metadata", "lightfm")
        assert filled.any() == (model.name not in scores_all)

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

    def test_it_learns_from_queries(self, model: Baseline, world: SyntheticDataset) -> None:
        cold = np.flatnonzero(world.truth.cold)[:2]
        asked = Playlists.from_rows(np.array([2]), cold, len(world.catalog))
        before = model.recommend(asked, k=5).scores.tobytes()
        if model.name in ("popularity", "implicit-als"):
            learned = model.learned(asked)
            assert learned._counts[cold].tolist() == [1, 1]
            assert model._counts[cold].tolist() == [0, 0]
            assert len(learned._learned_from) == len(world.playlists) + 1
        assert model.recommend(asked, k=5).scores.tobytes() == before

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
        "implicit-als", "implicit-bm25", "als-cosine", "lightfm", "sasrec", "name-knn",
    }  # fmt: skip
    assert set(default_baselines()) == {
        "popularity", "item-knn", "playlist-knn", "notebook", "metadata",
    }  # fmt: skip
    with pytest.raises(ConfigError, match=r"one of als-cosine, ease, .*, got 'itemknn'"):
        make_baseline("itemknn")


@pytest.mark.parametrize(
    "name", ["random", "notebook", "metadata", "implicit-als", "lightfm", "sasrec"]
)
def test_the_seed_arrives(name: str) -> None:
    model = make_baseline(name, seed=7)
    assert isinstance(
        model, Random | NotebookWord2Vec | MetadataOnly | ImplicitALS | LightFM | SASRec
    )
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

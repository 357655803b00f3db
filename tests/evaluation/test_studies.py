"""Cold penalty, ANN loss and training noise on the planted world."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from evaluation.harness import evaluate
from evaluation.recommenders.popularity import Popularity
from evaluation.splits.continuation import continuation
from evaluation.splits.split import Split
from evaluation.studies.ann_loss import ann_loss
from evaluation.studies.cold_penalty import cold_penalty
from evaluation.studies.diversity_cost import diversity_cost
from evaluation.studies.training_noise import training_noise
from hybrid_rec import (
    ConfigError,
    DataError,
    DiversityConfig,
    HybridConfig,
    HybridRecommender,
    Playlists,
)
from hybrid_rec.data.synthetic import synthetic_radio

CONFIG = HybridConfig(
    titles={"encoder": "tfidf", "tfidf_size": 32},
    cooccurrence={"vector_size": 16, "epochs": 3, "window": 10},
    ranking={"enabled": False},
)


@pytest.fixture(scope="module")
def split() -> Split:
    world = synthetic_radio(seed=2, n_items=500, n_playlists=600)
    return continuation(world.playlists, world.catalog, np.random.default_rng(0))


def hybrid(seed: int = 0, **weights: float) -> HybridRecommender:
    return HybridRecommender(
        HybridConfig(**{**CONFIG.model_dump(), "seed": seed, "weights": weights})
    )


def test_hidden_history_costs_what_looks_at_history_alone_everything(split: Split) -> None:
    blind = {"title": 0, "artist": 0, "tags": 0, "popularity": 0}
    table = cold_penalty(
        lambda: hybrid(**blind), split, np.random.default_rng(0), share=0.2, k=(10, 50)
    ).set_index("metric")
    full = cold_penalty(
        lambda: hybrid(popularity=0), split, np.random.default_rng(0), share=0.2, k=(10, 50)
    ).set_index("metric")
    assert table.loc["recall@50", "with_history"] > 0.1
    assert full.loc["recall@50", "hidden"] > 0
    assert (table["items"] == table["items"].iloc[0]).all()
    kept = full.loc["recall@50", "hidden"] / full.loc["recall@50", "with_history"]
    assert full.loc["recall@50", "kept"] == pytest.approx(kept)


def test_hidden_items_are_in_neither_training_nor_seeds(split: Split) -> None:
    seen = []

    class Spy:
        name = "spy"

        def fit(self, playlists, catalog):  # type: ignore[no-untyped-def]
            seen.append(playlists.play_counts > 0)

        def recommend(self, queries, k=10):  # type: ignore[no-untyped-def]
            seen.append({item for query in queries for item in query})
            return type("Answer", (), {"item_ids": np.full((len(queries), k), None, dtype=object)})

    cold_penalty(Spy, split, np.random.default_rng(0), share=0.2)
    known, asked, hidden = seen[0], seen[1], seen[2]
    drawn = np.flatnonzero(known & ~hidden)
    assert len(drawn) > 10
    assert not asked & set(split.catalog.item_ids[drawn])


def test_ann_loss_is_nothing_for_an_exact_index_and_something_for_a_poor_one(split: Split) -> None:
    fitted = hybrid().fit(split.train, split.catalog)
    exact = ann_loss(fitted, "Flat", split, k=(10, 50))
    assert exact["overlap"].tolist() == [1, 1]
    assert (exact[["hit_rate loss", "recall loss", "ndcg loss"]] == 0).all(axis=None)
    poor = ann_loss(fitted, "SQ4", split, k=(10, 50))
    assert (poor["overlap"] < 1).all()
    assert poor["hit_rate"].tolist() == exact["hit_rate"].tolist()
    assert fitted.model_.index.index.exact
    with pytest.raises(ConfigError, match="nonsense"):
        ann_loss(fitted, "nonsense", split)


def test_training_noise(split: Split) -> None:
    table = training_noise(hybrid, split, seeds=(0, 1), k=(10,)).set_index("metric")
    assert table.loc["ndcg@10", "lowest"] <= table.loc["ndcg@10", "mean"]
    assert table.loc["ndcg@10", "training_sd"] > 0
    assert table.loc["ndcg@10", "sampling_sd"] > 0
    still = training_noise(lambda _seed: hybrid(0), split, seeds=(0, 1), k=(10,))
    assert (still["training_sd"] == 0).all()
    with pytest.raises(ConfigError, match="two seeds or more"):
        training_noise(hybrid, split, seeds=(0,))


def test_mistakes(split: Split) -> None:
    with pytest.raises(ConfigError, match="share must be above 0"):
        cold_penalty(hybrid, split, np.random.default_rng(0), share=0)
    nothing = replace(split, train=split.train.select(np.array([], np.int64)))
    with pytest.raises(DataError, match="all targets are cold"):
        cold_penalty(hybrid, nothing, np.random.default_rng(0))


def test_diversity_is_paid_in_hits_and_told_against_the_plain_lists(split: Split) -> None:
    fitted = hybrid().fit(split.train, split.catalog)
    settings = (DiversityConfig(mmr=0.5), DiversityConfig(artist_cap=1))
    table = diversity_cost(fitted, split, settings, k=10)
    assert table["diversity"].tolist() == ["off", "mmr 0.5", "artist cap 1"]
    plain = evaluate(fitted, split, (10,), fit=False).means()
    assert (
        table.loc[0, ["hit_rate@10", "ndcg@10"]].tolist()
        == plain[["hit_rate@10", "ndcg@10"]].tolist()
    )
    for metric in ("hit_rate@10", "ndcg@10"):
        assert (table[f"{metric} loss"] == table[metric][0] - table[metric]).all()
    # Every second best item costs something, and buys what it is for.
    assert table.loc[1, "ndcg@10 loss"] > 0
    assert table.loc[1, "vector_distance"] > table.loc[0, "vector_distance"]
    named = [artist for artist in split.catalog.artists if artist is not None]
    assert len(set(named)) > 10
    assert table.loc[2, "artists"] > table.loc[0, "artists"]
    assert table.loc[2, "artists"] > 9
    # A model that is diverse by itself is measured against its plain lists all the same.
    other = HybridRecommender(CONFIG.model_copy(update={"diversity": DiversityConfig(mmr=1.0)}))
    other.fit(split.train, split.catalog)
    assert diversity_cost(other, split, settings, k=10).equals(table)


def leaky(split: Split) -> Split:
    """The split with a third of its cases in training."""
    catalog = split.catalog
    sides = zip(split.seeds.to_lists(catalog), split.targets.to_lists(catalog), strict=True)
    whole = [given + wanted for given, wanted in sides][::3]
    train = Playlists.from_lists([*split.train.to_lists(catalog), *whole], catalog)
    return replace(split, train=train)


def test_near_copies_count_in_no_study(split: Split) -> None:
    copied = leaky(split)
    assert copied.near_copies.sum() >= len(split) // 4
    counted = copied.select(~copied.near_copies)
    fitted = hybrid().fit(copied.train, copied.catalog)
    studies: tuple[Callable[[Split], pd.DataFrame], ...] = (
        lambda part: ann_loss(fitted, "SQ4", part, k=(10,)),
        lambda part: diversity_cost(fitted, part, (DiversityConfig(mmr=0.5),), k=10),
        lambda part: training_noise(lambda _seed: Popularity(), part, (0, 1), k=(10,)),
        lambda part: cold_penalty(Popularity, part, np.random.default_rng(0), k=(10,)),
    )
    for study in studies:
        assert study(copied).equals(study(counted))

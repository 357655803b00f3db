"""Word2Vec over playlists: planted structure, determinism, settings that act."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from hybrid_rec import Catalog, CooccurrenceConfig, DataError, Playlists
from hybrid_rec.cooccurrence import fit_cooccurrence
from hybrid_rec.progress import Progress
from hybrid_rec.synthetic import SyntheticDataset

QUICK = CooccurrenceConfig(vector_size=16, epochs=3)


def test_neighbours_share_the_planted_genre(world: SyntheticDataset) -> None:
    config = CooccurrenceConfig(vector_size=32, epochs=8, sample=0.0)
    vectors = fit_cooccurrence(world.playlists, config, seed=0)
    played = np.flatnonzero(world.playlists.play_counts >= 5)
    scores = vectors[played] @ vectors[played].T
    np.fill_diagonal(scores, -np.inf)
    genre = world.truth.genre_of_item[played]
    same = genre[np.argsort(-scores, axis=1)[:, :5]] == genre[:, None]
    # By chance one in eight would.
    assert same.mean() > 0.8


def test_rows_are_unit_or_zero(world: SyntheticDataset) -> None:
    vectors = fit_cooccurrence(world.playlists, QUICK, seed=0)
    assert vectors.shape == (1000, 16)
    assert vectors.dtype == np.float32
    played = world.playlists.play_counts > 0
    np.testing.assert_allclose(np.linalg.norm(vectors[played], axis=1), 1, rtol=1e-5)
    assert (vectors[~played] == 0).all()
    assert (~played)[world.truth.cold].all()
    assert world.truth.cold.sum() > 50


def test_same_seed_same_bytes_other_seed_other_vectors(world: SyntheticDataset) -> None:
    one, same, other = (fit_cooccurrence(world.playlists, QUICK, seed) for seed in (3, 3, 4))
    assert one.tobytes() == same.tobytes()
    assert not np.allclose(one, other, atol=0.1)


def test_min_count_leaves_rare_items_without_a_vector(world: SyntheticDataset) -> None:
    vectors = fit_cooccurrence(world.playlists, QUICK.model_copy(update={"min_count": 20}), seed=0)
    assert (vectors.any(axis=1) == (world.playlists.play_counts >= 20)).all()


@pytest.mark.parametrize(
    "change",
    [
        {"window": 2},
        {"negative": 2},
        {"ns_exponent": -0.5},
        {"sample": 1e-5},
        {"skip_gram": False},
        {"learning_rate": 0.1},
        {"shuffle": False},
        {"epochs": 4},
    ],
)
def test_every_setting_acts(world: SyntheticDataset, change: dict[str, object]) -> None:
    base = fit_cooccurrence(world.playlists, QUICK, seed=0)
    changed = fit_cooccurrence(world.playlists, QUICK.model_copy(update=change), seed=0)
    assert not np.allclose(base, changed, atol=1e-3)


def test_shuffling_makes_long_playlists_order_free() -> None:
    catalog = Catalog.from_columns([str(i) for i in range(60)], [None] * 60, [None] * 60)
    # Items 0 and 59 stand in all the same playlists, but always at opposite ends.
    lists = [[str(i) for i in range(60)]] * 150 + [[str(i) for i in range(30, 59)]] * 150
    playlists = Playlists.from_lists(lists, catalog)
    settings = CooccurrenceConfig(vector_size=16, epochs=10, window=3, sample=0.0)
    cosines = {}
    for shuffle in (True, False):
        config = settings.model_copy(update={"shuffle": shuffle})
        vectors = fit_cooccurrence(playlists, config, seed=0)
        cosines[shuffle] = float(vectors[0] @ vectors[59])
    assert cosines[True] > cosines[False] + 0.2


def test_playlists_longer_than_gensim_reads_are_read_whole() -> None:
    n = 12_000
    catalog = Catalog.from_columns([str(i) for i in range(n)], [None] * n, [None] * n)
    playlists = Playlists.from_lists([[str(i) for i in range(n)]], catalog)
    config = CooccurrenceConfig(
        vector_size=4, epochs=1, window=2, negative=1, shuffle=False, learning_rate=1.0
    )
    start = fit_cooccurrence(playlists.select(np.array([0])), config, seed=0)
    cut = Playlists.from_rows([10_000], playlists.rows[:10_000], n)
    without_the_end = fit_cooccurrence(cut, config, seed=0)
    assert (without_the_end[10_000:] == 0).all()
    assert start[10_000:].any(axis=1).all()


def test_progress_is_told_after_every_epoch(world: SyntheticDataset) -> None:
    told: list[int] = []

    class Recorder(Progress):
        def stage(self, name, total=None):  # type: ignore[no-untyped-def]
            from contextlib import nullcontext

            assert (name, total) == ("co-occurrence, epochs", 3)
            return nullcontext(told.append)

    fit_cooccurrence(world.playlists, QUICK, 0, Recorder())
    assert told == [1, 1, 1]


def test_min_count_that_nothing_reaches() -> None:
    catalog = Catalog.from_columns(["a", "b"], [None, None], [None, None])
    playlists = Playlists.from_lists([["a", "b"]], catalog)
    with pytest.raises(DataError, match="min_count = 2 plays, but the most played one has 1"):
        fit_cooccurrence(playlists, CooccurrenceConfig(min_count=2), seed=0)


def test_an_error_in_a_thread_of_gensim_is_raised(
    world: SyntheticDataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    from gensim.models import Word2Vec

    def fail(*_: Any) -> None:
        raise OverflowError("value too large")

    monkeypatch.setattr(Word2Vec, "_do_train_job", fail)
    with pytest.raises(OverflowError, match="value too large"):
        fit_cooccurrence(world.playlists, QUICK.model_copy(update={"workers": 2}), seed=0)

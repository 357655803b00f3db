"""Small catalogues and short playlists: neighbours of the planted taste, by every preset."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from hybrid_rec import Catalog, CooccurrenceConfig, HybridConfig, HybridRecommender, Playlists
from hybrid_rec.blocks.cooccurrence import fit_cooccurrence
from hybrid_rec.blocks.training_length import (
    epochs_of,
    rate_of,
    repeated,
    repeats_of,
    sample_of,
    window_of,
)
from hybrid_rec.core.arrays import Rows
from tests.tastes import share_of_own_taste, tastes

PRESETS = ("recommendation", "notebook", "skipgram")


def own_share(
    sizes: Sequence[int], n_lists: int, length: int, seed: int = 0, **settings: Any
) -> float:
    """Share of neighbours, as many as there are, that are of the item's own taste."""
    playlists, taste = tastes(sizes, n_lists, length, np.random.default_rng(seed))
    vectors = fit_cooccurrence(playlists, CooccurrenceConfig(**settings), seed=0)
    return share_of_own_taste(vectors[: len(taste)] @ vectors[: len(taste)].T, taste)


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize(
    ("sizes", "n_lists", "length"),
    [
        ((10,) * 4, 30, 6),
        ((10,) * 4, 49, 6),
        ((10,) * 4, 150, 6),
        ((10,) * 4, 600, 6),
        ((10,) * 4, 150, 3),
        ((20, 10, 6, 4), 100, 4),
        ((4,) * 10, 150, 3),
        ((5, 5), 20, 3),
    ],
)
def test_the_own_taste_is_found_in_small_catalogues(
    sizes: Sequence[int], n_lists: int, length: int, seed: int, preset: str
) -> None:
    # Before, from chance to 0.5.
    assert own_share(sizes, n_lists, length, seed, preset=preset) > 0.9


@pytest.mark.parametrize("preset", ["recommendation", "skipgram"])
@pytest.mark.parametrize(("sizes", "n_lists"), [((2, 2), 4), ((2, 2), 1000), ((2,) * 20, 200)])
def test_pairs_find_each_other(sizes: Sequence[int], n_lists: int, preset: str) -> None:
    """Items of a pair share no third one, so vectors know of them only if they stand by themselves.

    CBOW cannot tell them: it learns which of the two is missing.
    """
    assert own_share(sizes, n_lists, 2, preset=preset) == 1.0


def test_pairs_find_each_other_in_larger_catalogues() -> None:
    # One in 999 would by chance, and none did before.
    assert own_share((2,) * 500, 3000, 2) > 0.95


def test_items_of_all_tastes_hide_none() -> None:
    rng = np.random.default_rng(0)
    playlists, taste = tastes((10,) * 4, 100, 4, rng, everywhere=4)
    vectors = fit_cooccurrence(playlists, CooccurrenceConfig(), seed=0)[: len(taste)]
    assert share_of_own_taste(vectors @ vectors.T, taste) > 0.95


@pytest.mark.parametrize(
    ("n_items", "threshold"), [(1, 0.382), (4, 0.0955), (40, 0.00955), (400, 1e-3), (10**5, 1e-3)]
)
def test_no_play_of_an_average_item_is_skipped(n_items: int, threshold: float) -> None:
    found = sample_of(CooccurrenceConfig(), n_items)
    assert found == pytest.approx(threshold, rel=1e-3)
    if n_items < 400:
        share = 1 / n_items
        assert np.sqrt(found / share) + found / share == pytest.approx(1)


def test_what_the_user_sets_is_obeyed() -> None:
    playlists, _ = tastes((10,) * 4, 49, 6, np.random.default_rng(0))
    assert sample_of(CooccurrenceConfig(sample=1e-3), 40) == 1e-3
    assert sample_of(CooccurrenceConfig(sample=0.0), 40) == 0
    assert own_share((10,) * 4, 49, 6, sample=1e-3, repeats=1) < 0.6
    assert [repeats_of(CooccurrenceConfig(repeats=n), playlists, 40, 20) for n in (1, 3)] == [1, 3]


def test_a_threshold_of_one_skips_nothing() -> None:
    """gensim takes 1 for a number of plays, and would skip nearly all."""
    playlists, _ = tastes((10,) * 4, 49, 6, np.random.default_rng(0))
    one, none = (
        fit_cooccurrence(playlists, CooccurrenceConfig(sample=sample, epochs=2), seed=0)
        for sample in (1.0, 0.0)
    )
    assert one.tobytes() == none.tobytes()


def test_a_copy_stands_back_to_front_behind_its_playlist() -> None:
    playlists = lists_of([[0, 1, 2], [3], [], [4, 5]])
    assert [rows.tolist() for rows in repeated(playlists, 3)] == [
        [0, 1, 2, 2, 1, 0, 0, 1, 2], [3, 3, 3], [], [4, 5, 5, 4, 4, 5],
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("n_items", "length", "n_lists", "times"),
    [(400, 4, 100, 1), (400, 3, 134, 2), (400, 2, 200, 2), (40, 10, 40, 2), (40, 10, 2, 3)],
)
def test_few_plays_are_read_more_often(n_items: int, length: int, n_lists: int, times: int) -> None:
    lists = [np.arange(length) + length * n for n in range(n_lists)]
    playlists = lists_of([rows % n_items for rows in lists])
    assert repeats_of(CooccurrenceConfig(), playlists, n_items, 20) == times


def test_the_whole_answer_in_a_small_shop() -> None:
    """Similar items and the linear score, 49 baskets of six out of 40 items of four tastes."""
    playlists, taste = tastes((10,) * 4, 49, 6, np.random.default_rng(1))
    ids = [str(row) for row in range(40)]
    catalog = Catalog.from_columns(ids, [f"Song {row}" for row in ids], [None] * 40)
    config = HybridConfig(titles={"encoder": "tfidf"}, ranking={"enabled": False})
    model = HybridRecommender(config).fit(playlists, catalog)
    near = model.similar_items(ids, k=5).item_ids.astype(int)
    assert (taste[near] == taste[:, None]).mean() > 0.98
    given = [[str(row) for row in rows[:2]] for rows in playlists]
    more = model.recommend(given, k=3).item_ids.astype(int)
    own = taste[[rows[0] for rows in playlists]]
    assert (taste[more] == own[:, None]).mean() > 0.98


@pytest.mark.parametrize(
    ("n_items", "each", "epochs", "rate"),
    [(100, 10, 20, 0.05), (4000, 10, 10, 0.05), (10_000, 15, 5, 0.05), (100_000, 30, 3, 0.05),
     (100_000, 1, 10, 0.2), (100_000, 2, 10, 0.05)],
)  # fmt: skip
def test_passes_follow_from_the_plays(n_items: int, each: int, epochs: int, rate: float) -> None:
    counts = np.full(n_items + 7, each)
    counts[:7] = 0
    assert epochs_of(CooccurrenceConfig(), counts) == epochs
    assert rate_of(CooccurrenceConfig(), counts) == rate
    given = CooccurrenceConfig(epochs=2, learning_rate=0.3)
    assert (epochs_of(given, counts), rate_of(given, counts)) == (2, 0.3)


def test_the_rate_rises_with_the_items_that_are_played_once() -> None:
    shares = {1.1: 0.2, 1.25: 0.2, 1.5: 0.1, 1.8: 0.0625, 3.0: 0.05}
    for mean, rate in shares.items():
        counts = np.ones(1000, np.int64)
        counts[0] += round(1000 * (mean - 1))
        assert rate_of(CooccurrenceConfig(), counts) == pytest.approx(rate)


@pytest.mark.parametrize(("length", "window"), [(2, 5), (28, 7), (200, 20)])
def test_the_window_follows_from_the_lengths(length: int, window: int) -> None:
    playlists = lists_of([np.arange(length)] * 3)
    assert window_of(CooccurrenceConfig(), playlists) == window
    assert window_of(CooccurrenceConfig(window=3), playlists) == 3


def lists_of(lists: Sequence[Sequence[int] | Rows]) -> Playlists:
    rows = np.concatenate([np.asarray(part, np.int64) for part in lists])
    return Playlists.from_rows([len(part) for part in lists], rows, int(rows.max()) + 1)

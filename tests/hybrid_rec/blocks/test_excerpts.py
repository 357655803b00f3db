"""Excerpts of long playlists: how long they are, and that every play has its turn."""

from __future__ import annotations

import numpy as np
import pytest

from hybrid_rec import CooccurrenceConfig, Playlists
from hybrid_rec.blocks.cooccurrence import fit_cooccurrence
from hybrid_rec.blocks.excerpts import Excerpts, most_plays

LISTS = Playlists.from_rows([3, 10, 4], np.arange(17), 17)


def test_the_latest_plays_come_first_and_then_those_before() -> None:
    excerpts = Excerpts(LISTS, 4)
    turns = [excerpts.next()[1].tolist() for _ in range(5)]
    assert turns == [[9, 10, 11, 12], [5, 6, 7, 8], [3, 4, 11, 12], [7, 8, 9, 10], [3, 4, 5, 6]]


def test_shorter_playlists_are_whole_in_every_epoch() -> None:
    excerpts = Excerpts(LISTS, 4)
    for _ in range(4):
        part = excerpts.next()
        assert part.lengths.tolist() == [3, 4, 4]
        assert part.n_plays == excerpts.n_plays == 11
        assert [part[0].tolist(), part[2].tolist()] == [[0, 1, 2], [13, 14, 15, 16]]


@pytest.mark.parametrize("most", [10, 11, None])
def test_without_a_long_playlist_nothing_is_copied(most: int | None) -> None:
    excerpts = Excerpts(LISTS, most)
    assert not excerpts.differ
    assert excerpts.next() is LISTS
    assert not excerpts.unseen(1).any()


@pytest.mark.parametrize(
    ("lengths", "most"),
    [
        ([10] * 1000 + [8000], 344),
        ([10] * 300 + [8000], 103),
        ([10] * 60 + [8000], 100),
        ([10] * 1000 + [8000] * 40, 350),  # so many are no exception
        ([400] * 5, 350),  # few playlists, but none is unlike the others
        ([12_000], 350),
        ([3, 4], 100),
        ([], 350),
    ],
)
def test_one_playlist_does_not_outweigh_all_others(lengths: list[int], most: int) -> None:
    assert most_plays(np.array(lengths, np.int64), 350) == most


def test_nought_is_no_limit() -> None:
    assert most_plays(np.array([10] * 300 + [8000]), 0) == 8000
    assert most_plays(np.array([], np.int64), 0) == 1


@pytest.mark.parametrize("n_epochs", [1, 2, 3, 7])
def test_unseen_is_what_no_epoch_takes(n_epochs: int) -> None:
    excerpts = Excerpts(LISTS, 4)
    seen = np.concatenate([excerpts.next().rows for _ in range(n_epochs)])
    assert excerpts.unseen(n_epochs).tolist() == (~np.isin(np.arange(17), seen)).tolist()


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("shuffle", [True, False])
def test_a_long_playlist_is_trained_on_in_turns(workers: int, shuffle: bool) -> None:
    rng = np.random.default_rng(0)
    short = np.concatenate([rng.permutation(20)[:8] for _ in range(30)])
    rows = np.concatenate([short, np.arange(240)])
    playlists = Playlists.from_rows([8] * 30 + [240], rows, 240)
    config = CooccurrenceConfig(
        vector_size=8, epochs=2, longest_playlist=100, workers=workers, shuffle=shuffle
    )
    vectors = fit_cooccurrence(playlists, config, seed=0)
    # The first twenty stand in short playlists, the last two hundred had their turn.
    assert vectors[:20].any(axis=1).all()
    assert not vectors[20:40].any()
    assert vectors[40:].any(axis=1).all()

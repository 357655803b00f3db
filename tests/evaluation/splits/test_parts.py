"""Validation and test: sizes, and what they share."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import partial

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from evaluation.splits.continuation import continuation
from evaluation.splits.global_time import global_time
from evaluation.splits.split import Split
from hybrid_rec import DataError, Playlists
from tests.evaluation.splits.worlds import (
    CATALOG,
    ids,
    left_out,
    playlists_of,
    plays,
    rng,
    worlds,
)


@pytest.mark.parametrize("splitter", [continuation, global_time])
@settings(max_examples=30)
@given(playlists=worlds(), seed=st.integers(0, 99))
def test_validation_and_test_share_the_training_set_and_no_playlist(
    splitter: Callable[..., Split], playlists: Playlists, seed: int
) -> None:
    test, validation = (
        splitter(playlists, CATALOG, rng(seed), shares=(0.3, 0.3), part=part)
        for part in ("test", "validation")
    )
    assert plays(test.train) == plays(validation.train)
    assert not ids(test.seeds) & ids(validation.seeds)
    assert test.left_out["playlists held out for validation"] == len(validation)
    assert validation.left_out["playlists held out for test"] == len(test)
    assert len(test.train) + len(test) + left_out(test, "playlists") == len(playlists)


@settings(max_examples=200)
@given(n=st.integers(1, 40), hundredths=st.tuples(st.integers(0, 99), st.integers(0, 99)))
def test_shares_are_rounded_down_exactly(n: int, hundredths: tuple[int, int]) -> None:
    assume(sum(hundredths) < 100)
    shares = (hundredths[0] / 100, hundredths[1] / 100)
    n_train = n * (100 - sum(hundredths)) // 100
    n_seen = n * (100 - hundredths[1]) // 100
    assert n_train == int(n * (1 - Fraction(sum(hundredths), 100)))
    playlists = playlists_of(["ab"] * n)
    for part, size in (("validation", n_seen - n_train), ("test", n - n_seen)):
        call = partial(continuation, playlists, CATALOG, rng(), shares=shares, part=part)
        if size == 0:
            with pytest.raises(DataError, match="at least one case must have targets"):
                call()
        else:
            split = call()
            assert (len(split.train), len(split)) == (n_train, size)


@pytest.mark.parametrize(
    ("n", "shares", "sizes"),
    [
        (10, (0.1, 0.1), (8, 1, 1)),
        (10, (0, 0.9), (1, 0, 9)),
        (10, (0.9, 0), (1, 9, 0)),
        (10, (0, 0), (10, 0, 0)),
        (5, (0.1, 0.1), (4, 0, 1)),
        (1, (0, 0.01), (0, 0, 1)),
        (1, (0.01, 0), (0, 1, 0)),
        (2, (0.49, 0.5), (0, 1, 1)),
        (20, (0, 0.999), (0, 0, 20)),
    ],
)
@pytest.mark.parametrize("splitter", [continuation, global_time])
def test_sizes_at_the_edges(
    splitter: Callable[..., Split], n: int, shares: tuple[float, float], sizes: tuple[int, int, int]
) -> None:
    playlists = playlists_of(["ab"] * n)
    for part, size in zip(("validation", "test"), sizes[1:], strict=True):
        if size == 0:
            with pytest.raises(DataError, match=f"{part}: at least one case .* none of 0 "):
                splitter(playlists, CATALOG, rng(), shares=shares, part=part)
        else:
            split = splitter(playlists, CATALOG, rng(), shares=shares, part=part)
            assert (len(split.train), len(split)) == (sizes[0], size)
            other = {"validation": "test", "test": "validation"}[part]
            assert split.left_out[f"playlists held out for {other}"] == sum(sizes[1:]) - size

"""Folds: each playlist is held out once."""

from __future__ import annotations

from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluation.splits.k_fold import k_fold
from hybrid_rec import DataError, Playlists
from tests.evaluation.splits.worlds import (
    CATALOG,
    LONG,
    ids,
    letters,
    playlists_of,
    rng,
    worlds,
)


@settings(max_examples=50)
@given(playlists=worlds(), seed=st.integers(0, 99), data=st.data())
def test_every_usable_playlist_is_in_exactly_one_fold(
    playlists: Playlists, seed: int, data: st.DataObject
) -> None:
    usable = {owner for owner, items in letters(playlists).items() if len(set(items)) >= 2}
    n_folds = data.draw(st.integers(2, len(usable)))
    folds = list(k_fold(playlists, CATALOG, rng(seed), n_folds=n_folds))
    assert len(folds) == n_folds
    held_out = [owner for fold in folds for owner in fold.seeds.playlist_ids]
    assert len(held_out) == len(usable)
    assert set(held_out) == usable
    sizes = [len(fold) for fold in folds]
    assert max(sizes) - min(sizes) <= 1
    for fold in folds:
        held = {owner for owner, items in letters(playlists).items() if items}
        assert ids(fold.train) == held - ids(fold.seeds), "short ones are for training"


def test_folds_do_not_depend_on_what_the_caller_draws_between_them() -> None:
    playlists = playlists_of(LONG * 2)
    fold = partial(k_fold, playlists, CATALOG, n_folds=3, seeds="random", n_seeds=2)
    alone = [letters(split.seeds) for split in fold(rng(4))]
    shared, disturbed = rng(4), []
    folds = fold(shared)
    shared.random(7)
    for split in folds:
        disturbed.append(letters(split.seeds))
        shared.random(3)
    assert disturbed == alone
    assert [split.name for split in fold(rng(4))][2] == "fold 3 of 3 (random 2 given)"


def test_a_fold_without_a_case_is_an_error() -> None:
    folds = k_fold(playlists_of(["ab", "ab"]), CATALOG, rng(), n_folds=2, seeds="first", n_seeds=2)
    with pytest.raises(DataError, match=r"fold 1 of 2 \(first 2 given\): at least one case"):
        next(folds)

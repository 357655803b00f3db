"""Artists and tags as sparse blocks: folding, missing and unknown labels."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hybrid_rec.blocks.labels import Labels, fold, one_hot


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("The Beatles", " the  BEATLES"),
        ("Beyonce\u0301", "BEYONCÉ"),
        ("\uff21\uff22\uff23", "abc"),
        ("Straße", "STRASSE"),
    ],
)
def test_spellings_fold_together(one: str, other: str) -> None:
    assert fold(one) == fold(other)


@given(st.text())
def test_folding_twice_is_folding_once(label: str) -> None:
    assert fold(fold(label)) == fold(label)


def test_artists_share_a_column_only_with_themselves() -> None:
    artists = ["U2", None, "u2 ", "Them", "", None]
    labels = Labels.of(artists)
    assert len(labels) == 2
    assert labels.codes(artists).tolist() == [0, -1, 0, 1, -1, -1]
    block = one_hot(labels.codes(artists), len(labels)).toarray()
    assert block.tolist() == [[1, 0], [0, 0], [1, 0], [0, 1], [0, 0], [0, 0]]


def test_missing_artist_matches_nobody() -> None:
    labels = Labels.of(["U2", None, None])
    block = one_hot(labels.codes(["U2", None, None]), len(labels))
    assert (block @ block.T).toarray().tolist() == [[1, 0, 0], [0, 0, 0], [0, 0, 0]]


def test_unknown_artist_has_no_column_and_is_no_error() -> None:
    labels = Labels.of(["U2"])
    assert labels.codes(["Nobody", "U2"]).tolist() == [-1, 0]
    assert one_hot(np.array([-1, 0]), len(labels)).toarray().tolist() == [[0], [1]]


def test_tags_are_unit_rows() -> None:
    lists = [("rock", "pop"), (), ("ROCK", "rock", "unknown"), ("pop", "rock", "jazz", "soul")]
    labels = Labels.of(tag for tags in lists[:2] for tag in tags)
    block = labels.multi_hot(lists).toarray()
    np.testing.assert_allclose(block, [[0.5**0.5] * 2, [0, 0], [1, 0], [0.5**0.5] * 2], rtol=1e-6)
    assert block.dtype == np.float32


def test_no_labels_give_no_columns() -> None:
    labels = Labels.of([None, ""])
    assert labels.multi_hot([(), ("x",)]).shape == (2, 0)
    assert one_hot(np.array([-1]), len(labels)).shape == (1, 0)

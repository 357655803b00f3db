"""Queries: one list or many, and what their blocks are made of."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from hybrid_rec import Catalog, DataError, Playlists, UnknownItemError
from hybrid_rec.blocks.block_set import BlockSet
from hybrid_rec.blocks.labels import Labels, one_hot
from hybrid_rec.blocks.pooling import playlist_queries, says_nothing
from hybrid_rec.core.linalg import unit_rows, unit_sparse_rows
from hybrid_rec.data.queries import parse_queries
from indexes.hybrid import HybridIndex
from tests.hybrid_rec.conftest import QUICK

CATALOG = Catalog.from_columns(list("abcdef"), list("ABCDEF"), [None] * 6)


@pytest.fixture
def index() -> HybridIndex:
    """Six items: orthogonal in co-occurrence space, two artists, no title for the last."""
    artists = Labels.of(["x", "x", "x", "x", "y", None])
    titles = np.array([[1, 0], [0, 1], [1, 0], [0, 1], [1, 0], [0, 0]], dtype=np.float32)
    return HybridIndex.build(
        {"cooccurrence": np.eye(6), "title": titles, "popularity": np.ones((6, 1))},
        {"artist": one_hot(np.array([0, 0, 0, 0, 1, -1]), len(artists))},
    )


def test_blocks_of_a_playlist_by_hand(index: HybridIndex) -> None:
    blocks = BlockSet.of(QUICK, {"title": True, "artist": True})
    queries = playlist_queries(
        index, blocks, Playlists.from_lists([["a", "b", "c", "d", "e", "a"], ["f"], []], CATALOG)
    )
    # "a" counts twice; the mean is (2, 1, 1, 1, 1) / 6, of length sqrt(8) / 6.
    np.testing.assert_allclose(
        queries.dense["cooccurrence"][0], np.array([2, 1, 1, 1, 1, 0]) / 8**0.5, rtol=1e-6
    )
    np.testing.assert_allclose(queries.dense["title"][0], np.array([4, 2]) / 20**0.5, rtol=1e-6)
    # Five plays of x and one of y: square roots, then length one.
    np.testing.assert_allclose(
        queries.sparse["artist"].toarray()[0], [(5 / 6) ** 0.5, (1 / 6) ** 0.5], rtol=1e-6
    )
    assert (np.asarray(queries.dense["popularity"]) == 1).all()
    assert says_nothing(queries).tolist() == [False, False, True]
    assert (np.asarray(queries.dense["title"])[1] == 0).all()


def test_unit_rows_keep_zero_rows() -> None:
    rows = np.array([[3, 4], [0, 0]], dtype=np.float32)
    np.testing.assert_allclose(unit_rows(rows), [[0.6, 0.8], [0, 0]], rtol=1e-6)
    scaled = unit_sparse_rows(sparse.csr_array(rows))
    np.testing.assert_allclose(scaled.toarray(), [[0.6, 0.8], [0, 0]], rtol=1e-6)
    assert rows.tolist() == [[3, 4], [0, 0]]


@pytest.mark.parametrize(
    ("queries", "expected"),
    [
        (["a", "b"], [["a", "b"]]),
        ([["a"], ("b", "c")], [["a"], ["b", "c"]]),
        ([[]], [[]]),
        ([], [[]]),
        (np.array(["a", "b"]), [["a", "b"]]),
        ([np.array(["a"])], [["a"]]),
        (pd.Series(["a", "b"], index=[5, 6]), [["a", "b"]]),
        (pd.Index(["a", "b"]), [["a", "b"]]),
        ([pd.Series(["a"]), pd.Index(["b"])], [["a"], ["b"]]),
    ],
)
def test_queries_are_one_list_or_many(queries: Any, expected: list[list[str]]) -> None:
    parsed, skipped = parse_queries(queries, CATALOG, "raise")
    assert parsed.to_lists(CATALOG) == expected
    assert skipped == 0


def test_a_query_may_be_a_generator() -> None:
    parsed, skipped = parse_queries([(item for item in "abx"), ["c"]], CATALOG, "skip")
    assert (parsed.to_lists(CATALOG), skipped) == ([["a", "b"], ["c"]], 1)


def test_skipped_ids_are_counted() -> None:
    parsed, skipped = parse_queries([["a", "x"], ["y"]], CATALOG, "skip")
    assert (parsed.to_lists(CATALOG), skipped) == ([["a"], []], 2)


@pytest.mark.parametrize(
    ("queries", "message"),
    [
        (["a", ["b"]], "all item ids .* or all lists"),
        ("ab", "must be a list of item ids"),
        (7, "must be a list of item ids"),
        ([1.5], "must be strings or integers, got 1.5"),
        ([None], "must be strings or integers, got None"),
        ([b"ab"], "the items of playlist 0 must be strings or integers in a list, got b'ab'"),
        ([pd.NA], "the items of playlist 0 must be strings or integers in a list, got <NA>"),
        ([pd.Timestamp("2024")], "the items of playlist 0 must be strings or integers in a list"),
        ([["a"], [None]], "the items of playlist 1 must be strings or integers"),
        (Playlists.from_rows([1], np.array([0]), 3), "catalogue of 6 items, got a catalogue of 3"),
    ],
)
def test_bad_queries(queries: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        parse_queries(queries, CATALOG, "raise")


def test_unknown_ids_in_queries_name_the_remedy() -> None:
    with pytest.raises(UnknownItemError, match=r"unknown: 'x'.*on_unknown='skip'"):
        parse_queries(["x"], CATALOG, "raise")
    with pytest.raises(DataError, match="on_unknown must be 'raise' or 'skip', got 'ignore'"):
        parse_queries(["a"], CATALOG, "ignore")

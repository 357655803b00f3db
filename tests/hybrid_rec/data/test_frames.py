"""Tables and matrices of other libraries are as good as those of pandas."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from scipy import sparse

from hybrid_rec import Catalog, DataError, HybridConfig, HybridRecommender, Playlists, read_tidy
from hybrid_rec.data.frames import as_frame
from hybrid_rec.data.synthetic import SyntheticDataset

ITEMS = pd.DataFrame(
    {
        "item_id": ["a", "b", "c", "d"],
        "title": ["One", None, "Three", "Four"],
        "artist": ["U2", "U2", None, "Them"],
        "year": [1990, 1991, 1992, 1993],
        "tempo": [91.5, None, 100.0, 120.0],
        "tags": [["rock", "live"], [], ["pop"], None],
        "cover": [[0.5, 1.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0]],
        "live": [True, False, True, False],
        "released": pd.to_datetime(["1990-01-01", "1991-02-03", None, "1993-01-01"]),
    }
)
PLAYS = pd.DataFrame(
    {
        "playlist_id": [7, 7, 7, 8, 8, 9, 9],
        "item_id": ["a", "b", "c", "a", "d", "b", "c"],
        "position": [2, 1, 3, 1, 2, 2, 1],
        "playlist_name": ["mix", "mix", "mix", None, None, "x", "x"],
    }
)


class Interchange:
    """A table of a library that speaks the older protocol alone."""

    def __init__(self, frame: pd.DataFrame) -> None:
        self._table = pa.table(frame)

    def __dataframe__(self, nan_as_null: bool = False, allow_copy: bool = True) -> Any:
        return self._table.__dataframe__(nan_as_null, allow_copy)


def of_polars(frame: pd.DataFrame) -> pl.DataFrame:
    return pl.DataFrame(pa.Table.from_pandas(frame, preserve_index=False))


def of_arrow(frame: pd.DataFrame) -> pa.Table:
    return pa.Table.from_pandas(frame, preserve_index=False)


MAKERS = pytest.mark.parametrize("made", [of_polars, of_arrow])
Made = Callable[[pd.DataFrame], Any]


@MAKERS
def test_the_same_catalogue_and_playlists(made: Made) -> None:
    catalog = Catalog.from_frame(made(ITEMS))
    assert catalog == Catalog.from_frame(ITEMS)
    ours, theirs = (Playlists.from_frame(plays, catalog) for plays in (PLAYS, made(PLAYS)))
    assert (
        theirs.to_lists(catalog)
        == ours.to_lists(catalog)
        == [["b", "a", "c"], ["a", "d"], ["c", "b"]]
    )
    assert theirs.playlist_ids.tolist() == ["7", "8", "9"]
    assert theirs.names is not None
    assert theirs.names.tolist() == ["mix", "", "x"]
    dataset = read_tidy(made(PLAYS), made(ITEMS))
    assert dataset.catalog == catalog
    assert dataset.playlists.to_lists(catalog) == ours.to_lists(catalog)


def test_the_interchange_protocol_serves_where_there_is_nothing_newer() -> None:
    plain = ITEMS[["item_id", "title", "year", "tempo"]]
    table: Any = Interchange(plain)
    assert Catalog.from_frame(table) == Catalog.from_frame(plain)


def test_integers_with_gaps_stay_integers() -> None:
    large = 2**60 + 1
    frame = as_frame(pa.table({"item_id": [large, None], "n": pa.array([1, 2], pa.int8())}), "x")
    assert frame["item_id"].tolist() == [large, pd.NA]
    items = pl.DataFrame({"item_id": [large, 5], "year": [None, 1990]})
    catalog = Catalog.from_frame(items)
    assert catalog.item_ids.tolist() == [str(large), "5"]
    assert catalog.table["year"].to_pylist() == [None, 1990]


def test_categories_of_polars_are_texts() -> None:
    tags = pl.Series("artist", ["x", "y", "x"], dtype=pl.Categorical)
    catalog = Catalog.from_frame(pl.DataFrame({"item_id": ["a", "b", "c"], "artist": tags}))
    assert catalog.artists.tolist() == ["x", "y", "x"]


@pytest.mark.parametrize(
    "table",
    [
        [1, 2],
        {"item_id": ["a"]},
        pa.array(["a"]),
        pl.Series(["a"]),
        pl.DataFrame({"item_id": ["a"]}).lazy(),
    ],
)
def test_what_is_no_table_is_refused(table: Any) -> None:
    with pytest.raises(DataError, match=r"items must be a DataFrame, got .*; tables of other lib"):
        Catalog.from_frame(table)


def test_a_sparse_matrix_is_playlists() -> None:
    catalog = Catalog.from_frame(ITEMS)
    matrix = sparse.csr_array(np.array([[1, 0, 1, 0], [0, 0, 0, 0], [0, 1, 0, 1]]))
    playlists = Playlists.from_csr(matrix, catalog)
    assert playlists.to_lists(catalog) == [["a", "c"], [], ["b", "d"]]
    assert playlists.weights is None
    named = Playlists.from_csr(
        sparse.coo_matrix(matrix.astype(float) * 2.5), catalog,
        playlist_ids=["x", "y", "z"], item_ids=pl.Series(["d", "c", "zz", "a"]), on_unknown="skip",
    )  # fmt: skip
    assert named.to_lists(catalog) == [["d"], [], ["c", "a"]]
    assert named.playlist_ids.tolist() == ["x", "y", "z"]
    assert named.weights is not None
    assert named.weights.tolist() == [2.5, 2.5, 2.5]


@pytest.mark.parametrize(
    ("matrix", "ids", "message"),
    [
        (np.eye(4), {}, "must be a sparse matrix of scipy"),
        (
            sparse.eye_array(3).tocsr(),
            {},
            "a column for each of the 4 items .* got 3; pass item_ids",
        ),
        (sparse.csr_array([[0, np.nan, 0, 0]]), {}, "finite numbers, but line 0 holds nan"),
        (sparse.eye_array(4).tocsr() * 1j, {}, "must hold real numbers, got complex"),
        (sparse.eye_array(4).tocsr(), {"item_ids": ["a"]}, "each column of the matrix, 4, got 1"),
        (sparse.eye_array(4).tocsr(), {"playlist_ids": ["a"] * 4}, "'a' stands there twice"),
        (sparse.eye_array(4).tocsr(), {"item_ids": ["a", "b", "c", "zz"]}, "unknown: 'zz'"),
    ],
)
def test_matrices_that_are_no_playlists(matrix: Any, ids: dict[str, Any], message: str) -> None:
    with pytest.raises(DataError, match=message):
        Playlists.from_csr(matrix, Catalog.from_frame(ITEMS), **ids)


@pytest.fixture(scope="module")
def tables(world: SyntheticDataset) -> tuple[pd.DataFrame, pd.DataFrame, list[list[str]]]:
    """The first playlists of a world and its items, as frames, and the playlists as lists."""
    lists = world.playlists.select(np.arange(200)).to_lists(world.catalog)
    plays = pd.DataFrame({"playlist_id": np.arange(200), "item_id": lists}).explode("item_id")
    return plays, world.catalog.to_frame(), lists


QUICK = HybridConfig(
    titles={"encoder": "tfidf"},
    cooccurrence={"vector_size": 16, "epochs": 2},
    ranking={"enabled": False},
)


def test_a_fit_takes_what_playlists_are_made_of(
    tables: tuple[pd.DataFrame, pd.DataFrame, list[list[str]]],
) -> None:
    plays, items, lists = tables
    catalog = Catalog.from_frame(items)
    playlists = Playlists.from_lists(lists, catalog)
    asked = lists[0][:3]
    expected = HybridRecommender(QUICK).fit(playlists, catalog).recommend(asked).item_ids.tolist()
    inputs: list[tuple[Any, Any]] = [
        (plays, items),
        (of_polars(plays), of_arrow(items)),
        (plays, catalog),
        (lists, items),
    ]
    for given in inputs:
        model = HybridRecommender(QUICK).fit(*given)
        assert model.recommend(asked).item_ids.tolist() == expected
    for query in (pl.Series(asked), pa.array(asked), pd.Index(asked), np.array(asked)):
        assert model.recommend(query).item_ids.tolist() == expected
    many = model.recommend(of_polars(plays))
    assert many.query_ids.tolist() == [str(number) for number in range(200)]
    assert many.item_ids.tolist() == model.recommend(lists).item_ids.tolist()
    assert model.recommend(playlists.matrix()).item_ids.shape == (200, 10)
    new = pl.DataFrame({"title": ["x"], "artist": [catalog.artists[0]]})
    expected = model.recommend_for_new_items(new.to_pandas()).item_ids.tolist()
    assert model.recommend_for_new_items(new).item_ids.tolist() == expected
    model.update(
        pl.DataFrame({"playlist_id": ["n", "n"], "item_id": asked[:2]}),
        new.with_columns(item_id=pl.lit("new")),
    )
    assert model.model_.playlists.to_lists(model.model_.catalog)[-1] == asked[:2]
    without = HybridRecommender(QUICK).fit(plays)
    assert set(without.model_.catalog.item_ids) == set(plays["item_id"])
    by_matrix = HybridRecommender(QUICK).fit(playlists.matrix(), catalog)
    assert len(by_matrix.model_.playlists) == 200


def test_a_fit_says_what_of_a_table_is_left_out(
    tables: tuple[pd.DataFrame, pd.DataFrame, list[list[str]]],
) -> None:
    plays, items, _ = tables
    more = pd.concat(
        [plays, pd.DataFrame({"playlist_id": [0, None], "item_id": ["zz", "song-001"]})]
    )
    with pytest.warns(UserWarning, match="1 play of items that the catalogue lacks, 1 row with"):
        HybridRecommender(QUICK).fit(more, items)
    wrong: Any = 5
    with pytest.raises(DataError, match=r"items must be a DataFrame, got int"):
        HybridRecommender(QUICK).fit(plays, wrong)
    with pytest.raises(DataError, match="a fit needs Playlists and then a Catalog"):
        HybridRecommender(QUICK).fit([["a"]])

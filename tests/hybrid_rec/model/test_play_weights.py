"""Weights of plays: what they change in a fit, that they are kept, and what is refused."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from hybrid_rec import (
    ArtifactError,
    Catalog,
    DataError,
    HybridConfig,
    HybridRecommender,
    Playlists,
    read_tidy,
    score_playlists,
)
from hybrid_rec.blocks.excerpts import Excerpts
from hybrid_rec.core.config import COOCCURRENCE
from hybrid_rec.core.files import sha256
from hybrid_rec.data.play_weights import relative
from hybrid_rec.model.manifest import as_text
from hybrid_rec.ranking.als import Factors
from hybrid_rec.ranking.query_batch import recent_weights

CONFIG = HybridConfig(
    blocks={"title": {"enabled": False}},
    cooccurrence={"vector_size": 16, "epochs": 8},
    ranking={"cases": 100, "trees": 5, "candidates": 60},
)


def table(weights: bool = True) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Playlists of two tastes; in each stand two items of the other taste, of small weight."""
    rng = np.random.default_rng(0)
    rows = []
    for number in range(300):
        own = number % 2
        for taste, size, weight in ((own, 8, 10.0), (1 - own, 2, 0.1)):
            items = 40 * taste + rng.choice(40, size, replace=False)
            rows += [(f"p{number}", f"i{item}", weight) for item in items]
    plays = pd.DataFrame(rows, columns=["playlist_id", "item_id", "weight"])
    catalog = pd.DataFrame({"item_id": [f"i{number}" for number in range(80)]})
    return (plays if weights else plays.drop(columns="weight")), catalog.assign(artist="everybody")


@pytest.fixture(scope="module")
def weighted() -> HybridRecommender:
    return HybridRecommender(CONFIG).fit(*table())


def strangers(model: HybridRecommender) -> float:
    """Mean cosine of items of different tastes."""
    vectors = model.item_vectors(model.model_.catalog.item_ids, block=COOCCURRENCE)
    ids = np.array([int(name[1:]) for name in model.model_.catalog.item_ids])
    return float((vectors[ids < 40] @ vectors[ids >= 40].T).mean())


def test_small_weights_bring_nothing_together(weighted: HybridRecommender) -> None:
    plain = HybridRecommender(CONFIG).fit(*table(weights=False))
    assert strangers(weighted) < strangers(plain) - 0.05
    ours, theirs = (m.model_.ranking.statistics for m in (weighted, plain))  # type: ignore[union-attr]
    assert ours.holds.data.min() < 0.1
    assert theirs.holds.data.min() == 1
    for model in (weighted, plain):
        popular = model.model_.index.blocks(np.arange(80))["popularity"].ravel()
        played = model.model_.playlists.played
        np.testing.assert_allclose(popular, np.log1p(played), rtol=1e-5)
    # Of ten plays of a playlist eight count nearly all.
    assert np.abs(played - weighted.model_.playlists.played).max() > 3


def test_equal_weights_change_nothing() -> None:
    plays, items = table(weights=False)
    plain = HybridRecommender(CONFIG).fit(plays, items)
    same = HybridRecommender(CONFIG).fit(plays.assign(weight=0.3), items)
    queries = [["i1", "i2"], ["i50"], []]
    assert same.recommend(queries).item_ids.tolist() == plain.recommend(queries).item_ids.tolist()
    query = pd.DataFrame({"playlist_id": 1, "item_id": ["i1", "i2"], "weight": [7, 7]})
    assert plain.recommend(query).scores.tolist() == plain.recommend(["i1", "i2"]).scores.tolist()


def test_a_query_leans_to_what_weighs_more(weighted: HybridRecommender) -> None:
    ids = ["i1", "i2", "i61", "i62"]
    shares = []
    for weights in ([9, 9, 1, 1], [1, 1, 9, 9]):
        query = pd.DataFrame({"playlist_id": 1, "item_id": ids, "weight": weights})
        found = weighted.recommend(query, 20).item_ids[0]
        shares.append(np.mean([int(name[1:]) < 40 for name in found]))
    assert shares[0] > 0.7 > 0.3 > shares[1]


def test_a_late_play_of_small_weight_counts_for_little() -> None:
    rows, weights = np.array([3, 1, 2, 0]), np.array([9, 9, 1, 5], np.float32)
    given = Playlists.from_rows([3, 1], rows, 4)
    late = recent_weights(given).toarray()
    np.testing.assert_allclose(late[0], [0, 0.7, 1, 0.49])
    # By the mean weight of the playlist.
    weighed = recent_weights(replace(given, weights=weights)).toarray()
    mean = 19 / 3
    np.testing.assert_allclose(weighed[0], [0, 0.7 * 9 / mean, 1 / mean, 0.49 * 9 / mean], 1e-6)
    np.testing.assert_allclose(weighed[1], [1, 0, 0, 0])


def test_weights_are_relative_to_the_playlist() -> None:
    weights = np.array([1, 1, 4, 5, 5, 1000, 1, 1, 1, 1, 1], np.float32)
    owners = np.array([0, 0, 0, 1, 1, 2, 2, 2, 2, 2, 2])
    found = relative(weights, owners, 4)
    assert found[:5].tolist() == [0.5, 0.5, 2, 1, 1]
    assert found[5] == 4


def test_plays_of_little_weight_are_read_less_often() -> None:
    playlists = Playlists.from_rows([4] * 50, np.tile(np.arange(4), 50), 5)
    weights = np.tile(np.array([1, 1, 1, 0.2], np.float32), 50)
    weighted = Playlists.from_rows([4] * 50, playlists.rows, 5, weights=weights)
    excerpts = Excerpts(weighted, None)
    counts = sum(np.bincount(excerpts.next().rows, minlength=4) for _ in range(40))
    assert (counts[:3] == 2000).all()
    assert 400 < counts[3] < 620
    assert excerpts.unseen(40).tolist() == [False] * 4 + [True]


def test_als_solves_for_weights() -> None:
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(6, 3)).astype(np.float32)
    factors = Factors(vectors, 5.0, 0.1)
    strengths = np.array([2.0, 0.5, -1.0])
    confidence = np.ones(6)
    confidence[[1, 2, 4]] += 4 * np.abs(strengths)
    wanted = np.array([0, 1, 1, 0, 0, 0.0])
    v = vectors.astype(np.float64)
    gram = v.T @ (confidence[:, None] * v) + 0.1 * np.eye(3)
    expected = np.linalg.solve(gram, v.T @ (confidence * wanted))
    np.testing.assert_allclose(factors.place(np.array([1, 2, 4]), strengths), expected, rtol=1e-5)


def test_weights_are_kept_and_grow(weighted: HybridRecommender, tmp_path: Path) -> None:
    weighted.save(tmp_path / "model")
    loaded = HybridRecommender.load(tmp_path / "model")
    kept, known = loaded.model_.playlists.weights, weighted.model_.playlists.weights
    assert kept is not None
    assert known is not None
    assert kept.tolist() == known.tolist()
    queries = [["i1", "i2"], ["i50"]]
    assert loaded.recommend(queries).scores.tolist() == weighted.recommend(queries).scores.tolist()
    new = pd.DataFrame(
        {"playlist_id": ["n"] * 3, "item_id": ["i1", "i2", "i3"], "weight": [5.0, 2.0, -1.0]}
    )
    loaded.update(new)
    after = loaded.model_.playlists
    assert after.to_lists(loaded.model_.catalog)[-1] == ["i1", "i2"]
    assert after.weights is not None
    assert after.weights[-2:].tolist() == [5, 2]
    loaded.update([["i4", "i5"]])
    after = loaded.model_.playlists
    assert after.shares[-2:].tolist() == [1, 1]
    loaded.save(tmp_path / "again")
    assert len(HybridRecommender.load(tmp_path / "again").model_.playlists) == len(after)


def test_damaged_weights_are_refused(weighted: HybridRecommender, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    weighted.save(folder)
    weights = np.load(folder / "weights.npy")
    weights[3] = -1
    np.save(folder / "weights.npy", weights)
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["files"]["weights.npy"] = sha256(folder / "weights.npy")
    (folder / "manifest.json").write_text(as_text(manifest))
    with pytest.raises(ArtifactError, match=r"weights.npy must hold numbers above 0"):
        HybridRecommender.load(folder)


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ([1, None, 2, 3], "weight must be a finite number in each row, got nan at row 1"),
        ([1, np.inf, 2, 3], "got inf at row 1"),
        (["1", "x", "2", "3"], "got 'x' at row 1"),
        ([0, -1, -2, 0], "at least one play of a weight above 0 to fit on"),
        (pd.to_datetime(["2020-01-01"] * 4), "must be a finite number in each row"),
    ],
)
def test_weights_that_are_none(weights: Any, message: str) -> None:
    plays = pd.DataFrame({"playlist_id": 1, "item_id": ["a", "b", "c", "d"], "weight": weights})
    catalog = Catalog.from_frame(pd.DataFrame({"item_id": ["a", "b", "c", "d"]}))
    with pytest.raises(DataError, match=message):
        HybridRecommender(CONFIG).fit(Playlists.from_frame(plays, catalog), catalog)


def test_readers_leave_dislikes_out_and_say_so(tmp_path: Path) -> None:
    path = tmp_path / "plays.csv"
    path.write_text("playlist_id,item_id,rating\n1,a,5\n1,b,2.5\n1,c,-1\n2,a,1\n2,b,0\n2,c,3\n")
    playlists, catalog, report = read_tidy(path, columns={"weight": "rating"})
    assert playlists.to_lists(catalog) == [["a", "b"], ["a", "c"]]
    assert playlists.weights is not None
    assert playlists.weights.tolist() == [5, 2.5, 1, 3]
    assert report.dropped["plays of weights of 0 or below"] == 2
    assert read_tidy(path).playlists.weights is None


def test_a_batch_reads_weights(weighted: HybridRecommender, tmp_path: Path) -> None:
    weighted.save(tmp_path / "model")
    plays = pd.DataFrame(
        [
            ("a", "i1", "9"), ("b", "i1", "1"), ("a", "i2", "9"), ("b", "i2", "1"),
            ("a", "i61", "1"), ("b", "i61", "9"), ("a", "i3", "-2"),
            ("b", "i5", "much"), ("b", "i6", ""),
        ],
        columns=["playlist_id", "item_id", "weight"],
    )  # fmt: skip
    expected = [
        weighted.recommend(
            pd.DataFrame({"playlist_id": 1, "item_id": ["i1", "i2", "i61"], "weight": weights}),
            10,
            dislike=dislike,
        )
        .item_ids[0]
        .tolist()
        for weights, dislike in (([9, 9, 1], ["i3"]), ([1, 1, 9], []))
    ]
    plays.to_csv(tmp_path / "plays.csv", index=False)
    numbers = plays.assign(weight=pd.to_numeric(plays["weight"], errors="coerce"))
    numbers.to_parquet(tmp_path / "plays.parquet")
    for name in ("plays.csv", "plays.parquet"):
        for size in (1, 10):
            out = tmp_path / f"{name}-{size}"
            result = score_playlists(tmp_path / "model", tmp_path / name, out, 10, chunk_size=size)
            parts = [pd.read_parquet(path) for path in sorted(out.glob("part-*"))]
            found = pd.concat(parts).groupby("query_id")["item_id"].agg(list)
            assert found.tolist() == expected
            assert result.manifest["rejected"]["reasons"] == {"unreadable weight": 2}
    assert "2 rows with an unreadable weight" in str(result)
    assert json.dumps(result.manifest["config"])

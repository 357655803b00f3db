"""What a notebook or a prompt shows."""

from __future__ import annotations

import warnings
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from evaluation.comparison import Comparison
from evaluation.evaluations import Evaluation
from hybrid_rec import (
    Catalog,
    ConfigError,
    DataError,
    HybridConfig,
    HybridRecommender,
    PlaylistMatches,
    Playlists,
)
from hybrid_rec.cli.app import run
from hybrid_rec.data.choosing import choose_item, named
from hybrid_rec.data.telling import told_apart


def test_what_is_shown_is_short_and_escaped(fitted: HybridRecommender) -> None:
    catalog = fitted.model_.catalog
    found = fitted.recommend([catalog.item_ids[:2].tolist()] * 50, k=100)
    assert repr(found) == "Recommendations(50 queries, k=100)"
    assert repr(catalog).startswith("Catalog(1,000 items: title, artist")
    assert "1,000 items, 1,500 playlists, blocks: cooccurrence, " in repr(fitted)
    told = fitted._repr_html_()
    assert told.startswith(f"<p>{fitted!r}</p>")
    assert "linear score alone" in told
    assert " hybrid, " in told
    assert HybridRecommender()._repr_html_() == "<p>HybridRecommender(not fitted)</p>"
    playlists = fitted.model_.playlists
    assert (
        repr(playlists) == f"Playlists(1,500 playlists, {playlists.n_plays:,} plays of 1,000 items)"
    )
    assert playlists._repr_html_().count("<tr") == 21
    assert repr(fitted.similar_playlists([[]], k=3)) == "PlaylistMatches(1 query, k=3)"
    assert repr(HybridRecommender()) == "HybridRecommender(not fitted)"
    assert found._repr_html_().count("<tr") == 21
    bad = Catalog.from_columns(["a"], ["<script>x</script>"], ["&"])
    assert "<script>" not in bad._repr_html_()
    assert "&lt;script&gt;" in bad._repr_html_()
    named = Playlists.from_lists([["a"]], bad, names=["<b>x</b>"])
    assert repr(named) == "Playlists(1 playlist, 1 play of 1 item; 1 name)"
    assert "&lt;b&gt;x" in named._repr_html_()
    matches = PlaylistMatches(
        np.array([["<i>"]], object), np.ones((1, 1), np.float32), np.array(["<u>"], object)
    )
    assert "&lt;i&gt;" in matches._repr_html_()
    assert "<u>" not in matches._repr_html_()


def test_vectors_of_playlists_and_similarity(fitted: HybridRecommender) -> None:
    a, b = fitted.model_.catalog.item_ids[:2].tolist()
    vectors = fitted.playlist_vectors([[a], [a, b], []])
    assert vectors.dtype == np.float32
    items = fitted.item_vectors([a, b])
    np.testing.assert_allclose(vectors[0], items[0], atol=1e-6)
    assert not vectors[2].any()
    assert fitted.similarity(a, a) == np.float32(1) or abs(fitted.similarity(a, a) - 1) < 1e-6
    assert abs(fitted.similarity(a, b) - float(items[0] @ items[1])) < 1e-6


def test_evaluations_are_shown_short() -> None:
    cases = pd.DataFrame({"case": ["a", "b"], "ndcg@1": [0.0, 1.0]})
    nothing = np.empty((2, 1), np.int64)
    split: Any = SimpleNamespace()
    split.without_near_copies = lambda: split
    one = Evaluation("<x>", split, (1,), cases, nothing, nothing.astype(object), {}, {})
    assert repr(one) == "Evaluation(<x>, 2 cases)"
    both = Comparison((one,))
    assert repr(both) == "Comparison(<x>: 2 cases)"
    for shown in (one, both):
        assert "<x>" not in shown._repr_html_()
        assert "&lt;x&gt;" in shown._repr_html_()
        assert "<td>0.5" in shown._repr_html_()


def test_items_that_look_alike_say_what_tells_them_apart(
    fitted: HybridRecommender, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    items = pd.DataFrame(
        {
            "item_id": ["a", "b", "c", "d", "e", "f"],
            "title": ["Emma", "Emma", "EMMA", "Eros", "Eros", "Other"],
            "artist": ["x", "x", "x", None, None, "x"],
            "format": ["film"] * 6,
            "year": [1996.0, 2009, None, 2004, 2004, 2000],
            "tags": [["a"], ["b"], ["c"], ["Drama", "Romance"], [], ["y"]],
            "cover": [[0.0, 1.0]] * 6,
        }
    )
    catalog = Catalog.from_frame(items)
    assert told_apart(catalog, range(6)) == {
        0: "year 1996", 1: "year 2009", 2: "no year", 3: "tags Drama, Romance", 4: "no tags",
    }  # fmt: skip
    assert told_apart(catalog, [0, 3, 5, 0]) == {}
    assert named(catalog, [0, 1]) == "a (Emma by x, year 1996), b (Emma by x, year 2009)"
    plays = pd.DataFrame({"playlist_id": [0, 0, 0, 1, 1, 1], "item_id": items["item_id"]})
    config = HybridConfig(
        titles={"encoder": "tfidf"}, ranking={"enabled": False}, cooccurrence={"vector_size": 4}
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = HybridRecommender(config).fit(plays, items)
    model.save(tmp_path / "model")
    for command in (["recommend", "--item", "f"], ["similar", "--item", "f"], ["find"]):
        more = command[1:] or ["emma eros"]
        if command[0] == "find":
            more = ["emma"]
        assert run([command[0], str(tmp_path / "model"), *more]) == 0
        assert "Emma [year 1996]" in capsys.readouterr().out
        assert run([command[0], str(tmp_path / "model"), *more, "--json"]) == 0
        assert "year 1996" not in capsys.readouterr().out
    assert "Emma [year 1996]" in model.recommend(["f"])._repr_html_()
    with pytest.raises(DataError, match=r"fits several: a \(Emma by x, year 1996\)"):
        choose_item(catalog, "emma", None, np.zeros(6, np.int64))


def test_a_vector_finds_the_items_near_it(fitted: HybridRecommender) -> None:
    ids = fitted.model_.catalog.item_ids[:2].tolist()
    vectors = fitted.item_vectors(ids)
    found = fitted.similar_to_vector(vectors * 3, k=4)
    assert found.item_ids[:, 0].tolist() == ids
    every = fitted.item_vectors(fitted.model_.catalog.item_ids.tolist()) @ vectors[0]
    np.testing.assert_allclose(found.scores[0], np.sort(every)[::-1][:4], atol=1e-5)
    assert (
        fitted.similar_to_vector(vectors[0], k=4).item_ids.tolist() == found.item_ids[:1].tolist()
    )
    few = set(fitted.model_.catalog.item_ids[5:12])
    for only in ({"allow": few}, {"where": f"item_id in {sorted(few)}"}):
        near = fitted.similar_to_vector(vectors, k=7, **only)
        assert [set(line) for line in near.item_ids] == [few, few]
    for wrong in (vectors[0][:-1], vectors[0] * np.nan, vectors[0] * 0, "x"):
        with pytest.raises(DataError, match="vector must be"):
            fitted.similar_to_vector(wrong)
    with pytest.raises(ConfigError, match="'block' parameter must be one of cooccurrence"):
        fitted.similar_to_vector(vectors[0], "popularity")

"""What a notebook or a prompt shows."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from evaluation.comparison import Comparison
from evaluation.evaluations import Evaluation
from hybrid_rec import Catalog, ConfigError, DataError, HybridRecommender


def test_what_is_shown_is_short_and_escaped(fitted: HybridRecommender) -> None:
    catalog = fitted.model_.catalog
    found = fitted.recommend([catalog.item_ids[:2].tolist()] * 50, k=100)
    assert repr(found) == "Recommendations(50 queries, k=100)"
    assert repr(catalog).startswith("Catalog(1,000 items: title, artist")
    assert "1,000 items, 1,500 playlists, blocks: cooccurrence, " in repr(fitted)
    assert fitted._repr_html_() == f"<p>{fitted!r}</p>"
    assert repr(fitted.similar_playlists([[]], k=3)) == "PlaylistMatches(1 query, k=3)"
    assert repr(HybridRecommender()) == "HybridRecommender(not fitted)"
    assert found._repr_html_().count("<tr") == 21
    bad = Catalog.from_columns(["a"], ["<script>x</script>"], ["&"])
    assert "<script>" not in bad._repr_html_()
    assert "&lt;script&gt;" in bad._repr_html_()


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
    one = Evaluation("x", None, (1,), cases, nothing, nothing.astype(object), {}, {})
    assert repr(one) == "Evaluation(x, 2 cases)"
    assert repr(Comparison((one,))) == "Comparison(x: 2 cases)"


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
    for wrong in (vectors[0][:-1], vectors[0] * np.nan, vectors[0] * 0, "x"):
        with pytest.raises(DataError, match="vector must be"):
            fitted.similar_to_vector(wrong)
    with pytest.raises(ConfigError, match="'block' parameter must be one of cooccurrence"):
        fitted.similar_to_vector(vectors[0], "popularity")

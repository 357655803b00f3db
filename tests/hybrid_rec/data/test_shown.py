"""What a notebook or a prompt shows."""

from __future__ import annotations

import numpy as np

from hybrid_rec import Catalog, HybridRecommender


def test_what_is_shown_is_short_and_escaped(fitted: HybridRecommender) -> None:
    catalog = fitted.model_.catalog
    found = fitted.recommend([catalog.item_ids[:2].tolist()] * 50, k=100)
    assert repr(found) == "Recommendations(50 queries, k=100)"
    assert repr(catalog).startswith("Catalog(1,000 items: title, artist")
    assert "1,000 items, 1,500 playlists, blocks: cooccurrence, " in repr(fitted)
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

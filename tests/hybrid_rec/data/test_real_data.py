"""The whole path on real playlists: fit, ask, save, load. Settings are quick, so nothing is said
about quality here; that is what the benchmarks are for."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hybrid_rec import HybridConfig, HybridRecommender, read_dataset, read_yes_catalog
from hybrid_rec.blocks.text.cleaning import clean_title
from hybrid_rec.data.datasets import Dataset

QUICK = HybridConfig(
    titles={"encoder": "tfidf", "tfidf_size": 16},
    cooccurrence={"vector_size": 16, "epochs": 3, "window": 5, "negative": 3},
    ranking={"enabled": False},
)
SPECS = {
    "yes_big": "yes:{}/yes_big",
    "ml-latest-small": "movielens:{}/ml-latest-small",
    "triplej": "{}/triplej/plays.parquet",
    "classic_rock": "{}/classic_rock/plays.parquet",
    "wfmu": "{}/wfmu/plays.parquet",
}


@pytest.fixture(scope="module", params=SPECS)
def data(request: pytest.FixtureRequest, data_dir: Path) -> Dataset:
    return read_dataset(SPECS[request.param].format(data_dir))


@pytest.fixture(scope="module")
def model(data: Dataset) -> HybridRecommender:
    return HybridRecommender(QUICK).fit(data.playlists, data.catalog)


def test_every_item_has_a_place(data: Dataset, model: HybridRecommender) -> None:
    counts = model.model_.source_counts()
    assert counts["hybrid"] == (data.playlists.play_counts > 0).sum()
    assert sum(counts.values()) == len(data.catalog)
    vectors = model.model_.index.blocks(np.arange(len(data.catalog)))["cooccurrence"]
    assert np.isfinite(vectors).all()
    placed = model.model_.sources < 3
    np.testing.assert_allclose(np.linalg.norm(vectors[placed], axis=1), 1, rtol=1e-4)


def test_playlists_are_continued(data: Dataset, model: HybridRecommender) -> None:
    chosen = data.playlists.select(np.arange(0, len(data.playlists), 97))
    found = model.recommend(chosen, k=20)
    for seeds, ids in zip(chosen.to_lists(data.catalog), found.item_ids, strict=True):
        assert len(set(ids)) == 20
        assert not set(ids) & set(seeds)
    assert np.isfinite(found.scores).all()
    assert (np.diff(found.scores, axis=1) <= 0).all()


def test_saved_and_loaded_it_answers_alike(
    data: Dataset, model: HybridRecommender, tmp_path: Path
) -> None:
    model.save(tmp_path / "model")
    loaded = HybridRecommender.load(tmp_path / "model", mmap=True)
    chosen = data.playlists.select(np.arange(20))
    before, after = model.recommend(chosen), loaded.recommend(chosen)
    assert before.item_ids.tolist() == after.item_ids.tolist()
    assert before.scores.tobytes() == after.scores.tobytes()


def test_the_notebooks_songs(data_dir: Path) -> None:
    data = read_dataset(f"yes:{data_dir}/yes_big")
    model = HybridRecommender(QUICK).fit(data.playlists, data.catalog)
    found = model.similar_items(["2172", "842"], k=10).to_frame()
    assert len(found) == 20
    assert data.catalog.titles[data.catalog.rows(["2172", "842"])].tolist() == [
        "More Than Words",
        "My Kind Of Party",
    ]
    # Jason Aldean sings country; his neighbours are on country stations, which tags tell.
    rows = data.catalog.rows(found[found["query_id"] == "842"]["item_id"])
    tagged = [data.catalog.tags[row] for row in rows if data.catalog.tags[row]]
    assert np.mean(["country" in " ".join(tags) for tags in tagged]) > 0.5


def test_all_titles_of_the_large_catalogue_can_be_cleaned_and_encoded(data_dir: Path) -> None:
    from hybrid_rec.blocks.text.encoders import make_text_encoder
    from hybrid_rec.core.config import TextConfig

    catalog = read_yes_catalog(data_dir / "yes_complete")
    assert len(catalog) == 75_262
    config = TextConfig(encoder="tfidf", tfidf_size=16)
    vectors = make_text_encoder(config, seed=0).fit(catalog.titles).encode(catalog.titles)
    missing = np.array([title is None for title in catalog.titles])
    lengths = np.linalg.norm(vectors, axis=1)
    assert (lengths[missing] == 0).all()
    np.testing.assert_allclose(lengths[~missing], 1, rtol=1e-4)
    assert all(clean_title(title) for title in catalog.titles[~missing][::50])

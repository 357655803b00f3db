"""The kind of a model's index: chosen, told, measured and kept."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from hybrid_rec import HybridConfig, HybridRecommender
from hybrid_rec.batch.saved_model import SavedModel
from hybrid_rec.cli import app as cli
from hybrid_rec.core.config import IndexConfig
from hybrid_rec.core.errors import ArtifactError, ConfigError
from hybrid_rec.data.synthetic import SyntheticDataset
from hybrid_rec.model import storage as artifact
from hybrid_rec.model.fit import reindexed
from hybrid_rec.model.index_measure import measure_index
from hybrid_rec.model.item_index import block_scale, choose_index
from hybrid_rec.model.manifest import as_text
from indexes.faiss_index import FaissIndex


@pytest.fixture
def saved(fitted: HybridRecommender, tmp_path: Path) -> Path:
    folder = tmp_path / "model"
    fitted.with_index("HNSW8").save(folder)
    return folder


def test_auto_is_exact_and_says_why(fitted: HybridRecommender) -> None:
    assert fitted.config.index.factory == "auto"
    assert fitted.model_.index.index.exact
    assert fitted.model_.choice is not None
    assert str(fitted.model_.choice).startswith("Flat: exact up to 500,000 items")


def test_auto_reads_goal_and_memory() -> None:
    config = HybridConfig(index=IndexConfig(goal="fast", memory_gb=0.3))
    assert choose_index(180_000, 513, config, "auto").factory == "HNSW32_SQ8"
    asked = choose_index(180_000, 513, config, "SQ8")
    assert str(asked) == "SQ8: asked for by index.factory"


def test_the_choice_is_saved_and_loaded(fitted: HybridRecommender, saved: Path) -> None:
    assert json.loads((saved / "manifest.json").read_text())["index"] == {
        "factory": "HNSW8",
        "reason": "asked for by index.factory",
    }
    loaded = HybridRecommender.load(saved)
    assert loaded.model_.choice == fitted.with_index("HNSW8").model_.choice
    assert loaded.with_index("auto").model_.choice == fitted.model_.choice


def test_a_model_without_a_choice_is_loaded(saved: Path) -> None:
    manifest = json.loads((saved / "manifest.json").read_text())
    del manifest["index"]
    (saved / "manifest.json").write_text(as_text(manifest))
    assert HybridRecommender.load(saved).model_.choice is None


def test_scale_follows_the_weights() -> None:
    layout = {"cooccurrence": 2, "title": 1, "popularity": 1}
    weights = {"cooccurrence": 1.0, "title": 0.05, "popularity": 0.0}
    assert block_scale(layout, weights).tolist() == [1, 1, 0.25, 0.0625]
    silent = dict.fromkeys(layout, 0.0)
    assert block_scale(layout, silent).tolist() == [0.0625] * 4


def test_the_geometry_is_that_of_the_given_weights(small_ranked: Path) -> None:
    model = HybridRecommender.load(small_ranked).model_
    assert model.ranking is not None
    learned = {**model.given_weights, "title": 64.0, "popularity": 0.001}
    model = replace(model, ranking=replace(model.ranking, weights=learned))
    assert model.weights["title"] == 64
    index = reindexed(model, "HNSW8").index
    assert isinstance(index.index, FaissIndex)
    given = block_scale(index.layout, model.given_weights)
    np.testing.assert_array_equal(index.index._scale, given)
    assert given.tolist() != block_scale(index.layout, learned).tolist()


def test_scaled_vectors_come_back_to_the_bit(fitted: HybridRecommender) -> None:
    rows = np.arange(len(fitted.model_.catalog))
    before = fitted.model_.index.blocks(rows)
    after = fitted.with_index("HNSW8").model_.index.blocks(rows)
    for name, block in before.items():
        np.testing.assert_array_equal(block, after[name])


def test_exact_index_loses_nothing(fitted: HybridRecommender) -> None:
    for row in measure_index(fitted.model_, 30)["rows"]:
        assert row["recall@10"] == row["recall@100"] == 1
        assert row.get("hit_rate@10 loss", 0) == 0


def test_poor_index_loses_something(fitted: HybridRecommender) -> None:
    found = measure_index(fitted.with_index("PCA2,SQ4").model_, 30)
    assert found["factory"] == "PCA2,SQ4"
    # The vectors of such an index are those that it gives back; a graph keeps its own.
    poor = measure_index(fitted.with_index("IVF64,Flat").model_, 30)
    assert [row["queries"] for row in poor["rows"]] == ["items", "playlists"]
    assert any(row["recall@100"] < 1 for row in poor["rows"])


def test_measured_is_kept_and_the_model_stays_the_same(
    saved: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = SavedModel.of(saved)
    assert cli.run(["info", str(saved), "--measure", "--queries", "20", "--json"]) == 0
    measured = json.loads(capsys.readouterr().out)["measured"]
    assert measured["queries"] == 20
    assert json.loads((saved / "manifest.json").read_text())["measured"] == measured
    # A batch run that is at work, or that was stopped, goes on.
    before.check_unchanged()
    assert SavedModel.of(saved).fingerprint == before.fingerprint
    assert HybridRecommender.load(saved).model_.choice is not None
    assert cli.run(["info", str(saved)]) == 0
    told = capsys.readouterr().out
    assert "HNSW8 beside exact search, 20 queries of each kind" in told
    assert "hit_rate@10 loss" in told


def test_a_model_replaced_while_it_is_measured(saved: Path, fitted: HybridRecommender) -> None:
    manifest = artifact.read_manifest(saved)
    fitted.save(saved)
    with pytest.raises(ArtifactError, match="stay as it is while it is measured"):
        artifact.keep_measurement(saved, manifest, {})
    assert "measured" not in artifact.read_manifest(saved)


def test_too_few_queries(fitted: HybridRecommender) -> None:
    with pytest.raises(ConfigError, match="must be at least 1, got 0"):
        measure_index(fitted.model_, 0)


def test_fit_and_info_tell_the_choice(
    world: SyntheticDataset, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    owners = world.playlists.owners
    ids = world.catalog.item_ids[world.playlists.rows]
    lines = [f"{owner},{item}" for owner, item in zip(owners, ids, strict=True)]
    plays = tmp_path / "plays.csv"
    plays.write_text("\n".join(["playlist_id,item_id", *lines]))
    config = tmp_path / "hybrid.toml"
    config.write_text(
        '[titles]\nencoder = "tfidf"\n[cooccurrence]\nepochs = 1\n[ranking]\nenabled = false\n'
        "[index]\nmemory_gb = 1e-6\n"
    )
    out = tmp_path / "model"
    arguments = ["fit", str(plays), "--out", str(out), "--config", str(config), "--quiet"]
    assert cli.run(arguments) == 0
    assert re.search(r"index: (PCA\d+,)?IVF32,SQ8: ", capsys.readouterr().out)
    assert cli.run(["info", str(out)]) == 0
    assert "more than index.memory_gb = 1e-06" in capsys.readouterr().out

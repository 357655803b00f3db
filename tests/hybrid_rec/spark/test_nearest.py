"""Nearest playlists from shards of a cluster are those of one machine."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest
from pyspark.sql import SparkSession

from hybrid_rec import HybridConfig, HybridRecommender, Playlists, synthetic_radio
from hybrid_rec.spark.scoring.frames import score
from hybrid_rec.spark.scoring.nearest import playlist_vectors, similar_playlists

ROWS = [("query_id", "ascending"), ("rank", "ascending")]


@pytest.fixture(scope="module")
def named(tmp_path_factory: pytest.TempPathFactory, quick_config: HybridConfig) -> Path:
    """A saved model whose training playlists have names."""
    world = synthetic_radio(seed=3, n_items=200, n_playlists=150)
    plays = world.playlists
    names = [("calm", "dance", "", "rock")[number % 4] for number in range(len(plays))]
    playlists = Playlists.from_lists(plays.to_lists(world.catalog), world.catalog, names=names)
    folder = tmp_path_factory.mktemp("named") / "model"
    HybridRecommender(quick_config).fit(playlists, world.catalog).save(folder)
    return folder


def test_nearest_training_playlists(spark: SparkSession, named: Path) -> None:
    model = HybridRecommender.load(named)
    stored = model.model_.playlists
    lists = [
        *stored.to_lists(model.model_.catalog)[:20],
        [],
        stored.to_lists(model.model_.catalog)[3],
    ]
    names = ["calm" if number % 3 == 0 else "" for number in range(22)]
    asked = pa.table(
        {
            "playlist_id": [f"{number:02}" for number in range(22)],
            "item_ids": pa.array(lists, pa.list_(pa.string())),
            "name": names,
        }
    )
    expected = model.similar_playlists(lists, 9, names=names).to_frame()
    frame = spark.createDataFrame(asked).repartition(3)
    found = similar_playlists(frame, named, 9, n_shards=5).toArrow().sort_by(ROWS).to_pandas()
    assert found["query_id"].astype(int).tolist() == expected["query_id"].astype(int).tolist()
    for column in ("rank", "playlist_id", "name", "score"):
        assert found[column].tolist() == expected[column].tolist(), column
    # By the linear score, and by names.
    said = model.recommend(lists, 7, names=names).to_frame()
    linear = score(frame, named, 7).toArrow().sort_by(ROWS)
    assert linear["query_source"].unique().to_pylist()
    for column in ("item_id", "score", "source"):
        assert linear[column].to_pylist() == said[column].tolist(), column
    # The same playlists as a frame; equal scores go by id there.
    training = spark.createDataFrame(
        pa.table(
            {
                "playlist_id": stored.playlist_ids.tolist(),
                "item_ids": pa.array(stored.to_lists(model.model_.catalog), pa.list_(pa.string())),
                "name": stored.names.tolist() if stored.names is not None else [],
            }
        )
    )
    again = similar_playlists(frame, named, 9, among=training, n_shards=3)
    assert again.toArrow().sort_by(ROWS)["score"].to_pylist() == expected["score"].tolist()
    vectors = playlist_vectors(training, named).toArrow().sort_by("playlist_id")
    order = [stored.playlist_ids.tolist().index(one) for one in vectors["playlist_id"].to_pylist()]
    here = model.playlist_vectors(stored)
    assert (here[order] == vectors["vector"].to_pandas().tolist()).all()

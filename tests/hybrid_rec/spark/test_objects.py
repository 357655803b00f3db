"""Scoring from and to `s3://`, by two workers at once."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import s3fs
from pyspark.sql import SparkSession

from hybrid_rec import HybridRecommender, read_dataset, read_tidy, score_playlists
from hybrid_rec.spark import prepare, read_plays
from hybrid_rec.spark.scoring.run import score_files
from tests.prepared_data import assert_same
from tests.s3_server import S3Server
from tests.scored import parts
from tests.spark_cluster import SparkCluster

ROWS = [("query_id", "ascending"), ("rank", "ascending")]


def test_plays_in_a_bucket_are_prepared(
    spark: SparkSession, bucket: S3Server, tmp_path: Path
) -> None:
    rows = [(f"p{number // 4}", f"i{number % 7}") for number in range(40)]
    plays = pd.DataFrame(rows, columns=["playlist_id", "item_id"])
    plays.to_csv(tmp_path / "plays.csv", index=False)
    bucket.objects["lake/plays/1.csv"] = plays[:16].to_csv(index=False).encode()
    bucket.objects["lake/plays/2.csv"] = plays[16:].to_csv(index=False).encode()
    prepare(read_plays(spark, "s3://lake/plays"), tmp_path / "out")
    assert_same(read_dataset(f"prepared:{tmp_path / 'out'}"), read_tidy(tmp_path / "plays.csv"))
    s3fs.S3FileSystem.clear_instance_cache()


def test_all_in_a_bucket(
    spark: SparkSession, cluster: SparkCluster, bucket: S3Server, small_ranked: Path,
    tmp_path: Path,
) -> None:  # fmt: skip
    before = cluster.tasks()
    s3fs.S3FileSystem.clear_instance_cache()
    ids = HybridRecommender.load(small_ranked).model_.catalog.item_ids
    rng = np.random.default_rng(4)
    (tmp_path / "in").mkdir()
    for name in "ab":
        lists = [rng.choice(ids, rng.integers(1, 9)).tolist() for _ in range(40)]
        lists.append(["nobody knows it"])
        pd.DataFrame({"item_ids": lists}).to_parquet(tmp_path / "in" / f"{name}.parquet")
        content = (tmp_path / "in" / f"{name}.parquet").read_bytes()
        bucket.objects[f"lake/in/{name}.parquet"] = content
    with tarfile.open(tmp_path / "model.tar", "w") as packed:
        packed.add(small_ranked, "model")
    bucket.objects["lake/model.tar"] = (tmp_path / "model.tar").read_bytes()
    score_playlists(small_ranked, tmp_path / "in", tmp_path / "here", 5)
    there = score_files(
        spark, "s3://lake/model.tar", "s3://lake/in", "s3://lake/out", 5, chunk_size=7
    )
    assert there.parts_scored > 6
    assert len(before) == 2
    assert all(n_tasks > before[name] for name, n_tasks in cluster.tasks().items())
    found = pa.concat_tables(
        pq.read_table(io.BytesIO(content))
        for name, content in sorted(bucket.objects.items())
        if name.startswith("lake/out/part-")
    )
    here = pa.concat_tables(pq.read_table(path) for path in parts(tmp_path / "here"))
    assert found.sort_by(ROWS).equals(here.sort_by(ROWS))
    listed = pq.read_table(io.BytesIO(bucket.objects["lake/out/rejected.parquet"]))
    assert sorted(listed["file"].to_pylist()) == ["a.parquet", "b.parquet"]
    assert not any("/_work/" in name for name in bucket.objects)
    again = score_files(
        spark, "s3://lake/model.tar", "s3://lake/in", "s3://lake/out", 5, chunk_size=7
    )
    assert (again.parts_scored, again.manifest) == (0, there.manifest)
    s3fs.S3FileSystem.clear_instance_cache()

"""Scores from a cluster are the rows of one machine, to the last bit."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyspark.sql import SparkSession

from hybrid_rec import HybridRecommender, score_items, score_new_items, score_playlists
from hybrid_rec.spark.scoring.frames import rejected, score, similar_items
from hybrid_rec.spark.scoring.run import score_files
from tests.scored import parts
from tests.spark_cluster import ROOT, SparkCluster


def table(out: Path) -> pa.Table:
    found = pa.concat_tables(pq.read_table(path) for path in parts(out))
    return found.sort_by([("query_id", "ascending"), ("rank", "ascending")])


def listed(out: Path) -> list[dict[str, Any]]:
    rows = pq.read_table(out / "rejected.parquet").to_pylist()
    return sorted(rows, key=str)


@pytest.fixture(scope="session")
def model(small_ranked: Path) -> HybridRecommender:
    return HybridRecommender.load(small_ranked)


@pytest.fixture(scope="session")
def plays(model: HybridRecommender, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Tidy plays of 60 playlists in two files, in no order, with all that can be wrong."""
    folder = tmp_path_factory.mktemp("plays")
    ids = model.model_.catalog.item_ids
    cold = ids[model.model_.playlists.play_counts == 0]
    rng = np.random.default_rng(0)
    rows: list[Any] = []
    for number in range(60):
        items = rng.choice(ids, rng.integers(1, 12)).tolist()
        items += ["nobody knows it"] if number % 7 == 0 else []
        items += [str(cold[number % len(cold)])] if number % 5 == 0 else []
        for place, item in enumerate(items):
            rows.append((f"p{number}", item, place))
    rows += [("only unknown", "nobody knows it", 0), (None, ids[0], 1), ("p3", None, 99)]
    frame = pd.DataFrame(rows, columns=["playlist_id", "item_id", "position"])
    frame["playlist_name"] = [f"name {str(one)[-1]}" for one in frame["playlist_id"]]
    frame = frame.sample(frac=1, random_state=1)
    frame.iloc[:300].to_parquet(folder / "a.parquet")
    frame.iloc[300:].to_csv(folder / "b.csv", index=False)
    return folder


def test_files_of_plays(
    spark: SparkSession, small_ranked: Path, plays: Path, tmp_path: Path
) -> None:
    asked: dict[str, Any] = {"distinct": "song", "where": "artist != 'nobody'"}
    here = score_playlists(small_ranked, plays, tmp_path / "here", 9, **asked)
    there = score_files(spark, small_ranked, plays, tmp_path / "there", 9, chunk_size=7, **asked)
    assert table(tmp_path / "there").equals(table(tmp_path / "here"))
    assert listed(tmp_path / "there") == listed(tmp_path / "here")
    assert len(listed(tmp_path / "here")) > 3
    for name in ("queries", "rows", "input_rows", "used_rows", "rejected", "sources"):
        assert there.manifest["counts"][name] == here.manifest["counts"][name], name
    assert there.manifest["rejected"]["reasons"] == here.manifest["rejected"]["reasons"]
    assert there.manifest["input"] == here.manifest["input"]
    assert there.manifest["counts"]["parts"] > 5
    # What is there is not made again.
    again = score_files(spark, small_ranked, plays, tmp_path / "there", 9, chunk_size=7, **asked)
    assert (again.parts_scored, again.manifest) == (0, there.manifest)


def test_frames(spark: SparkSession, small_ranked: Path, plays: Path, tmp_path: Path) -> None:
    score_playlists(small_ranked, plays, tmp_path / "here", 5)
    both = pd.concat([pd.read_parquet(plays / "a.parquet"), pd.read_csv(plays / "b.csv")])
    frame = spark.createDataFrame(pa.Table.from_pandas(both, preserve_index=False)).repartition(3)
    found = (
        score(frame, small_ranked, 5)
        .toArrow()
        .sort_by([("query_id", "ascending"), ("rank", "ascending")])
    )
    assert found.cast(table(tmp_path / "here").schema).equals(table(tmp_path / "here"))
    bad = rejected(frame, small_ranked).toArrow().to_pylist()
    reasons = sorted((row["query_id"] or "", row["reason"]) for row in bad)
    assert reasons == sorted(
        (row["query_id"] or "", row["reason"]) for row in listed(tmp_path / "here")
    )
    alike = (
        similar_items(spark, small_ranked, 3)
        .toArrow()
        .sort_by([("query_id", "ascending"), ("rank", "ascending")])
    )
    score_items(small_ranked, tmp_path / "items", 3)
    assert alike.cast(table(tmp_path / "items").schema).equals(table(tmp_path / "items"))


def test_the_code_in_the_documentation(
    spark: SparkSession, cluster: SparkCluster, small_ranked: Path, plays: Path, tmp_path: Path
) -> None:
    score_playlists(small_ranked, plays / "a.parquet", tmp_path / "here", 100)
    spark.sql(f"CREATE DATABASE lake LOCATION '{tmp_path / 'lake'}'")
    both = pd.read_parquet(plays / "a.parquet")
    frame = spark.createDataFrame(pa.Table.from_pandas(both, preserve_index=False))
    frame.write.saveAsTable("lake.plays")
    text = (ROOT / "docs" / "spark.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"```py\n(.*?)```", text, flags=re.DOTALL)
    for there, here in (("spark://host:7077", cluster.master), ("/shared/model", small_ranked)):
        assert there in code
        code = code.replace(there, str(here))
    exec(code, {})
    found = spark.table("lake.scores").drop("query_source").toArrow()
    rows = [("query_id", "ascending"), ("rank", "ascending")]
    expected = table(tmp_path / "here")
    kept = expected.select(found.column_names)
    assert found.sort_by(rows).cast(kept.schema).equals(kept)
    spark.sql("DROP DATABASE lake CASCADE")


def test_lists_names_and_new_items(
    spark: SparkSession, small_ranked: Path, model: HybridRecommender, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    ids = model.model_.catalog.item_ids.tolist()
    lists = [ids[:3], [], ["nobody knows it"], None, ids[3:4], ids[:3]]
    frame = pd.DataFrame({"item_ids": lists, "name": ["calm", "", None, "dance", "x", ""]})
    frame.to_parquet(tmp_path / "lists.parquet")
    score_playlists(small_ranked, tmp_path / "lists.parquet", tmp_path / "here", 4)
    score_files(spark, small_ranked, tmp_path / "lists.parquet", tmp_path / "there", 4)
    assert table(tmp_path / "there").equals(table(tmp_path / "here"))
    assert listed(tmp_path / "there") == listed(tmp_path / "here")
    named = frame.assign(playlist_id=["a", "b", "a", "c", None, "d"])
    named.to_parquet(tmp_path / "named.parquet")
    score_playlists(small_ranked, tmp_path / "named.parquet", tmp_path / "here2", 4)
    monkeypatch.chdir(tmp_path)
    relative = os.path.relpath(small_ranked, tmp_path)
    score_files(spark, relative, "named.parquet", "there2", 4)
    assert table(tmp_path / "there2").equals(table(tmp_path / "here2"))
    assert listed(tmp_path / "there2") == listed(tmp_path / "here2")
    new = pd.DataFrame(
        {"item_id": ["n1", "n2", "n3"], "title": ["Blue Night", "", "x"], "artist": ["Nobody"] * 3}
    )
    new.to_csv(tmp_path / "new.csv", index=False)
    score_new_items(small_ranked, tmp_path / "new.csv", tmp_path / "new-here", 4)
    score_files(
        spark, small_ranked, tmp_path / "new.csv", tmp_path / "new-there", 4, new_items=True
    )
    assert table(tmp_path / "new-there").equals(table(tmp_path / "new-here"))
    frame = spark.createDataFrame(pa.Table.from_pandas(new, preserve_index=False))
    found = score(frame, small_ranked, 4, new_items=True).toArrow()
    assert sorted(found["query_source"].to_pylist()) == sorted(
        table(tmp_path / "new-here")["query_source"].to_pylist()
    )

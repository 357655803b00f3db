"""The session on a real cluster, and what is said where something is missing."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest
from pyspark.sql import SparkSession
from threadpoolctl import threadpool_info

from hybrid_rec import ConfigError
from hybrid_rec.cli.app import run
from hybrid_rec.spark.faults import guarded
from hybrid_rec.spark.scoring.model import ClusterModel
from hybrid_rec.spark.session import spark_session
from tests.spark_cluster import SparkCluster


def _processes(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    for _ in batches:
        yield pa.RecordBatch.from_pydict({"process": [os.getpid()]})


def test_both_workers_compute_in_processes_of_their_own(spark: SparkSession) -> None:
    numbers = spark.range(0, 8, 1, 4)
    found = {row.process for row in numbers.mapInArrow(_processes, "process long").collect()}
    assert os.getpid() not in found
    assert len(found) == 2


def _threads(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    import faiss

    pools = [pool["num_threads"] for pool in threadpool_info()]
    for _ in batches:
        yield pa.RecordBatch.from_pydict(
            {"n": [max(pools, default=1), faiss.omp_get_max_threads()]}
        )


def test_a_task_has_one_thread_and_a_process_one_model(
    spark: SparkSession, small_ranked: Path
) -> None:
    found = spark.range(1).mapInArrow(guarded(_threads), "n long").collect()
    assert [row.n for row in found] == [1, 1]
    held, _ = ClusterModel.of(spark, small_ranked)
    assert held.load()[1] is held.load()[1]


def test_the_active_session_is_taken(spark: SparkSession, cluster: SparkCluster) -> None:
    assert spark_session() is spark
    assert spark_session(cluster.master) is spark
    with pytest.raises(ConfigError, match=r"the master must be .* got local\[2\]"):
        spark_session("local[2]")


def test_without_pyspark_or_java_one_line_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(SparkSession, "getActiveSession", lambda: None)
        patched.setenv("JAVA_HOME", str(tmp_path))
        patched.delenv("PYSPARK_GATEWAY_PORT", raising=False)
        with pytest.raises(ConfigError, match="Java 17 or newer"):
            spark_session("local[1]")
    monkeypatch.setitem(sys.modules, "pyspark.errors", None)
    with pytest.raises(ConfigError, match="hybrid-rec\\[spark\\]"):
        spark_session()


def test_a_mistake_is_told_before_a_session_starts(
    small_ranked: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.setattr("hybrid_rec.spark.session.spark_session", None)
    model, no = str(small_ranked), str(tmp_path / "no.csv")
    for arguments, told in (
        ([no, no, no], "must be a saved model"),
        ([model, no, str(tmp_path / "out")], "found no such file"),
        ([model, no], "must be given MODEL PLAYLISTS OUT"),
        ([model, no, "--items", "--new-items", no], "must not be given together"),
        ([model, "--items", str(small_ranked / "out")], "must be outside of the saved model"),
    ):
        assert run(["spark", "score", *arguments]) == 2
        printed = capsys.readouterr().err
        assert told in printed
        assert printed.count("\n") == 1

"""The session on a real cluster, and what is said where something is missing."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest
from pyspark.sql import SparkSession

from hybrid_rec import ConfigError
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

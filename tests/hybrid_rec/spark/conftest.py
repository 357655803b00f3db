"""One cluster and one session for all tests on Spark."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator

import pytest
from pyspark.sql import SparkSession

from tests.spark_cluster import SETTINGS, SparkCluster, environment


@pytest.fixture(scope="session")
def cluster(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[SparkCluster]:
    """A master and two workers; their logs are shown and kept if a test fails."""
    folder = tmp_path_factory.mktemp("cluster")
    before = request.session.testsfailed
    found = SparkCluster(folder)
    yield found
    found.stop()
    if request.session.testsfailed > before:
        sys.stderr.write(f"{found.logs()}\n")
    else:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def spark(cluster: SparkCluster) -> Iterator[SparkSession]:
    """A session on the cluster; tests must not stop it."""
    before = dict(os.environ)
    os.environ.update(environment())
    builder = SparkSession.builder.master(cluster.master).appName("tests")
    for name, value in SETTINGS.items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    yield session
    session.stop()
    os.environ.clear()
    os.environ.update(before)

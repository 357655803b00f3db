"""One cluster and one session for all tests on Spark."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
from collections.abc import Iterator

import pytest
from py4j.protocol import Py4JError
from pyspark.sql import SparkSession

from tests.s3_server import S3Server
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
def bucket() -> Iterator[S3Server]:
    """What stores the objects of `s3://`, for the driver and for all workers."""
    server = S3Server()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def spark(cluster: SparkCluster, bucket: S3Server) -> Iterator[SparkSession]:
    """A session on the cluster; tests must not stop it."""
    before = dict(os.environ)
    access = {
        "AWS_ENDPOINT_URL": bucket.url,
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    os.environ.update({**environment(), **access})
    builder = SparkSession.builder.master(cluster.master).appName("tests")
    for name, value in SETTINGS.items():
        builder = builder.config(name, value)
    for name, value in access.items():
        builder = builder.config(f"spark.executorEnv.{name}", value)
    session = builder.getOrCreate()
    yield session
    # Long after the last test on it the driver may be gone, and what is gone needs no stop.
    with contextlib.suppress(Py4JError, OSError):
        session.stop()
    os.environ.clear()
    os.environ.update(before)

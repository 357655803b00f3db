"""The Spark session of a job: the one that is there, or a new one."""

from __future__ import annotations

import os
import shutil
import sys
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

from hybrid_rec.core.errors import ConfigError, RunError
from hybrid_rec.data.paths import one_line

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

# Set by spark-submit, which has started Java and chosen the master.
_SUBMITTED = "PYSPARK_GATEWAY_PORT"
_CONNECT = "sc://"
# Every task computes with one thread, as a core has one task.
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def spark_session(master: str | None = None) -> SparkSession:
    """The active session, or a new one.

    Args:
        master: Where the cluster is, such as spark://host:7077, yarn, local[4] or, for Spark
            Connect, sc://host:15002; None leaves it to the active session, to spark-submit or to
            spark-defaults.conf.

    Raises:
        ConfigError: If pyspark or Java is missing, or the active session is of another master.
        RunError: If the session cannot be started.
    """
    try:
        from pyspark.errors import PySparkException
        from pyspark.sql import SparkSession
    except ImportError:
        raise ConfigError(
            "jobs on Spark need pyspark, which is not installed; pip install 'hybrid-rec[spark]'."
        ) from None
    # Only Arrow goes to Spark and back.
    warnings.filterwarnings("ignore", "PySpark does not yet fully support pandas", FutureWarning)
    active = SparkSession.getActiveSession()
    if active is not None:
        _check_master(active, master)
        return active
    builder = SparkSession.builder.appName("hybrid-rec")
    if master is not None and master.startswith(_CONNECT):
        builder = builder.remote(master)
    else:
        _check_java()
        if master is not None:
            builder = builder.master(master)
            if master.startswith("local"):
                os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
        for name in _THREADS:
            builder = builder.config(f"spark.executorEnv.{name}", "1")
    try:
        return builder.getOrCreate()
    except (PySparkException, OSError, RuntimeError, ValueError) as error:
        raise RunError(
            f"a Spark session must start at {master or 'the master of its settings'}, but: "
            f"{one_line(error)}; check --master and whether the cluster runs."
        ) from None


def _check_master(active: SparkSession, master: str | None) -> None:
    if master is not None and master.startswith(_CONNECT):
        # A server tells its own master, not the address that it was reached by.
        return
    found = active.conf.get("spark.master", None)
    if master is not None and found is not None and found != master:
        raise ConfigError(
            f"the master must be that of the active Spark session, {found}, got {master}; leave it "
            "out, or stop the session."
        )


def _check_java() -> None:
    if _SUBMITTED in os.environ:
        return
    home = os.environ.get("JAVA_HOME")
    found = shutil.which("java") if home is None else shutil.which("java", path=Path(home) / "bin")
    if found is None:
        where = "on the PATH" if home is None else f"in JAVA_HOME, {home}"
        raise ConfigError(
            f"Spark needs Java 17 or newer, found none {where}; install one, such as "
            "openjdk-17-jre-headless, or set JAVA_HOME."
        )

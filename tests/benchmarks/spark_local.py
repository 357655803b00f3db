"""A session for benchmarks, and the processor time of all that computes for it."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

import psutil
from pyspark.sql import SparkSession


def local_session(master: str = "local[2]", partitions: int = 8) -> SparkSession:
    """A session with the settings of the measurements."""
    os.environ |= {"PYSPARK_PYTHON": sys.executable, "SPARK_LOCAL_IP": "127.0.0.1"}
    settings = {
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.driver.memory": "2g",
        "spark.executor.memory": "1g",
        "spark.log.level": "ERROR",
        "spark.sql.shuffle.partitions": str(partitions),
        "spark.executorEnv.PYTHONPATH": os.environ.get("PYTHONPATH", ""),
    }
    builder = SparkSession.builder.master(master)
    for name, value in settings.items():
        builder = builder.config(name, value)
    return builder.getOrCreate()


def cluster_seconds(call: Callable[[], object]) -> float:
    """CPU seconds that a call takes here and in all processes below this one."""
    before = _spent()
    call()
    return _spent() - before


def _spent() -> float:
    total = 0.0
    own = psutil.Process()
    for process in (own, *own.children(recursive=True)):
        try:
            times = process.cpu_times()
        except psutil.NoSuchProcess:
            continue
        total += times.user + times.system
        if process is not own:
            total += times.children_user + times.children_system
    return total

"""A real standalone cluster on the loopback: a master and workers, each a process of its own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import psutil
import pyspark

ROOT = Path(__file__).resolve().parents[1]
_HOME = Path(pyspark.__file__).parent
_DEPLOY = "org.apache.spark.deploy"
_LONGEST = 600.0
# Java that lives for a minute is not worth compiling well.
_QUICK = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"


class SparkCluster:
    """A master, and workers of one core and 2 GB each, from the package of pyspark.

    Args:
        folder: Where logs and the folders of applications go.
        n_workers: How many workers.
    """

    def __init__(self, folder: Path, n_workers: int = 2) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._processes: list[subprocess.Popen[bytes]] = []
        try:
            self._start("master", "master.Master", "--webui-port", "0")
            self.master = self._logged("master", r"Starting Spark master at (spark://\S+)")
            for number in range(n_workers):
                self.start_worker(f"worker-{number}")
        except BaseException:
            self.stop()
            raise

    def start_worker(self, name: str) -> None:
        """Add a worker, and wait until the master knows it."""
        size = ("--cores", "1", "--memory", "2g", "--webui-port", "0")
        self._start(
            name, "worker.Worker", *size, "--work-dir", str(self.folder / name), self.master
        )
        self._logged(name, r"(Successfully registered with master)")

    def _start(self, name: str, kind: str, *arguments: str) -> None:
        command = [str(_HOME / "bin" / "spark-class"), f"{_DEPLOY}.{kind}", "--host", "127.0.0.1"]
        environment = {
            **os.environ,
            "SPARK_HOME": str(_HOME),
            "SPARK_LOCAL_IP": "127.0.0.1",
            "SPARK_DAEMON_MEMORY": "256m",
            "SPARK_DAEMON_JAVA_OPTS": _QUICK,
            "PYSPARK_PYTHON": sys.executable,
            "PYTHONPATH": str(ROOT),
        }
        with (self.folder / f"{name}.log").open("wb") as log:
            # spark-class becomes the process of Java by exec, so this is its id.
            self._processes.append(
                subprocess.Popen(
                    [*command, "--port", "0", *arguments],
                    stdout=log, stderr=subprocess.STDOUT, env=environment, cwd=self.folder,
                )
            )  # fmt: skip

    def _logged(self, name: str, pattern: str) -> str:
        log, until = self.folder / f"{name}.log", time.monotonic() + _LONGEST
        while time.monotonic() < until:
            text = log.read_text(errors="replace")
            if found := re.search(pattern, text):
                return found[1]
            if self._processes[-1].poll() is not None:
                raise RuntimeError(f"{name} ended early, see {log}:\n{text[-2000:]}")
            time.sleep(0.05)
        raise RuntimeError(f"{name} did not start, see {log}")

    def executors(self) -> list[int]:
        """The ids of the processes of executors."""
        found = []
        for process in self._processes[1:]:
            for child in psutil.Process(process.pid).children(recursive=True):
                with suppress(psutil.Error):
                    if "CoarseGrainedExecutorBackend" in " ".join(child.cmdline()):
                        found.append(child.pid)
        return found

    def tasks(self) -> dict[str, int]:
        """How many tasks each worker has begun, by the logs of its executors."""
        return {
            folder.name: sum(
                path.read_text(errors="replace").count(": Running task ")
                for path in folder.glob("*/*/stderr")
            )
            for folder in sorted(self.folder.glob("worker-*/"))
        }

    def stop(self) -> None:
        """End all processes, by their ids."""
        for process in reversed(self._processes):
            process.terminate()
        for process in reversed(self._processes):
            try:
                process.wait(60)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self._processes.clear()

    def logs(self) -> str:
        """The ends of all logs, those of executors included."""
        paths = sorted([*self.folder.glob("*.log"), *self.folder.glob("worker-*/*/*/stderr")])
        return "\n".join(f"== {path}\n{path.read_text(errors='replace')[-3000:]}" for path in paths)


def environment() -> dict[str, str]:
    """What a driver on this machine needs in its environment."""
    return {
        "SPARK_LOCAL_IP": "127.0.0.1",
        "PYSPARK_PYTHON": sys.executable,
        "PYSPARK_DRIVER_PYTHON": sys.executable,
        # What the driver finds, its tasks find.
        "PYTHONPATH": str(ROOT),
    }


SETTINGS = {
    "spark.driver.memory": "1g",
    "spark.driver.extraJavaOptions": _QUICK,
    "spark.executor.memory": "512m",
    "spark.task.maxFailures": "2",
    # A third worker is free for another application.
    "spark.cores.max": "2",
    "spark.executor.extraJavaOptions": _QUICK,
    "spark.executorEnv.PYTHONPATH": str(ROOT),
    "spark.ui.enabled": "false",
    "spark.sql.shuffle.partitions": "4",
    "spark.ui.showConsoleProgress": "false",
    # Java would compile every query anew, which takes longer than so few rows.
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    "spark.sql.adaptive.enabled": "false",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
}
"""Of a session of the tests, also for `--conf` of spark-submit."""

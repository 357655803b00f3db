"""What goes wrong on a cluster ends right, or in one line that says what to do."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import tarfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyspark.sql import SparkSession

from hybrid_rec import (
    ArtifactError,
    ConfigError,
    DataError,
    HybridRecommender,
    RunError,
    score_playlists,
)
from hybrid_rec.batch.journal import Journal
from hybrid_rec.batch.saved_model import SavedModel
from hybrid_rec.batch.scoring import BatchRequest
from hybrid_rec.spark import faults
from hybrid_rec.spark.faults import guarded, told_in_one_line
from hybrid_rec.spark.scoring import model as cluster_model
from hybrid_rec.spark.scoring.frames import score
from hybrid_rec.spark.scoring.run import score_files
from hybrid_rec.spark.scoring.tasks import Asked, write_parts
from tests.scored import parts
from tests.spark_cluster import ROOT, SETTINGS, SparkCluster, environment

ROWS = [("query_id", "ascending"), ("rank", "ascending")]
_LONGEST = 900.0


def table(out: Path) -> pa.Table:
    return pa.concat_tables(pq.read_table(path) for path in parts(out)).sort_by(ROWS)


@pytest.fixture(scope="module")
def plays(small_ranked: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """400 playlists, so many that a job of small parts can be met at work."""
    ids = HybridRecommender.load(small_ranked).model_.catalog.item_ids
    rng = np.random.default_rng(0)
    lists = [rng.choice(ids, rng.integers(1, 12)).tolist() for _ in range(400)]
    path = tmp_path_factory.mktemp("plays") / "plays.parquet"
    pd.DataFrame({"item_ids": lists}).to_parquet(path)
    return path


@pytest.fixture(scope="module")
def expected(small_ranked: Path, plays: Path, tmp_path_factory: pytest.TempPathFactory) -> pa.Table:
    out = tmp_path_factory.mktemp("scored") / "out"
    score_playlists(small_ranked, plays, out, 5)
    return table(out)


def until(done: Callable[[], bool]) -> None:
    limit = time.monotonic() + _LONGEST
    while not done():
        assert time.monotonic() < limit
        time.sleep(0.01)


def n_notes(out: Path) -> int:
    return len([*(out / "_work").glob("part-*.json")])


def test_a_worker_that_is_killed(
    spark: SparkSession, cluster: SparkCluster, small_ranked: Path, plays: Path,
    expected: pa.Table, tmp_path: Path,
) -> None:  # fmt: skip
    results: list[Any] = []
    job = threading.Thread(
        target=lambda: results.append(
            score_files(spark, small_ranked, plays, tmp_path / "out", 5, chunk_size=2)
        )
    )
    job.start()
    until(lambda: n_notes(tmp_path / "out") >= 5 or not job.is_alive())
    os.kill(cluster.executors()[0], signal.SIGKILL)
    seen = n_notes(tmp_path / "out")
    job.join(_LONGEST)
    assert len(results) == 1
    n_parts = results[0].manifest["counts"]["parts"]
    assert seen < n_parts, "the job was over before the worker was killed"
    assert len(parts(tmp_path / "out")) == n_parts
    assert table(tmp_path / "out").equals(expected)


def test_a_driver_that_is_killed_and_submitted_again(
    cluster: SparkCluster, small_ranked: Path, plays: Path, expected: pa.Table, tmp_path: Path
) -> None:
    """First by the command, then by spark-submit."""
    cluster.start_worker("for-another-driver")
    settings = {**SETTINGS, "spark.cores.max": "1"}
    (tmp_path / "spark-defaults.conf").write_text(
        "".join(f"{name} {value}\n" for name, value in settings.items())
    )
    out = tmp_path / "out"
    command = ["spark", "score", str(small_ranked), str(plays), str(out)]
    options = ["-k", "5", "--chunk-size", "2", "--quiet"]
    env = {**os.environ, **environment(), "SPARK_CONF_DIR": str(tmp_path)}
    with (tmp_path / "first.log").open("wb") as log:
        first = subprocess.Popen(
            [sys.executable, "-m", "hybrid_rec", *command, "--master", cluster.master, *options],
            env=env, stdout=log, stderr=log, cwd=ROOT,
        )  # fmt: skip
    until(lambda: n_notes(out) >= 3 or first.poll() is not None)
    assert first.poll() is None, (tmp_path / "first.log").read_text()
    first.kill()
    first.wait()
    (tmp_path / "job.py").write_text("from hybrid_rec.__main__ import main\n\nmain()\n")
    submit = Path(cluster_home()) / "bin" / "spark-submit"
    again = subprocess.run(
        [str(submit), "--master", cluster.master, str(tmp_path / "job.py"), *command, *options],
        env=env, capture_output=True, text=True, cwd=ROOT,
    )  # fmt: skip
    assert again.returncode == 0, again.stderr
    assert table(out).equals(expected)
    written = int(again.stdout.split(" parts (")[1].split(" ")[0])
    assert written <= len(parts(out)) - 3


def cluster_home() -> str:
    import pyspark

    return str(Path(pyspark.__file__).parent)


def test_a_model_that_changes_meanwhile(
    spark: SparkSession, small_ranked: Path, plays: Path, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    folder = tmp_path / "model"
    model = HybridRecommender.load(small_ranked)
    model.save(folder)
    begin = Journal.begin

    def replaced(journal: Journal) -> None:
        config = model.config.model_copy(update={"seed": 9})
        lists = model.model_.playlists
        HybridRecommender(config).fit(lists, model.model_.catalog).save(folder)
        begin(journal)

    monkeypatch.setattr(Journal, "begin", replaced)
    with pytest.raises(ArtifactError, match="must stay as it is while it is scored with"):
        score_files(spark, folder, plays, tmp_path / "out", 5)
    assert not (tmp_path / "out").exists()


def test_workers_with_other_packages(
    spark: SparkSession, small_ranked: Path, plays: Path, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    with monkeypatch.context() as patched:
        patched.setattr("hybrid_rec.batch.job.version", lambda _: "9.9")
        with pytest.raises(ConfigError, match=r"must have hybrid-rec 9\.9, .* but on .* it is 0\."):
            score_files(spark, small_ranked, plays, tmp_path / "out", 5)
    assert not (tmp_path / "out").exists()
    lacking = faults._guard({"what-only-the-driver-has": "1"}, b"")
    with (
        told_in_one_line(),
        pytest.raises(ConfigError, match="it is not there; install the same packages"),
        told_in_one_line(),
    ):
        spark.range(1).mapInArrow(lacking, "id long").collect()


def _dies(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    os.kill(os.getpid(), signal.SIGKILL)
    yield from batches


def _starves(batches: Iterator[pa.RecordBatch], folder: str) -> Iterator[pa.RecordBatch]:
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    taken = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (taken + (1 << 20), hard))
    try:
        HybridRecommender.load(folder, mmap=True)
        np.ones(1 << 28)
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
    yield from batches


def test_too_little_memory(spark: SparkSession, small_ranked: Path) -> None:
    for task in (guarded(_dies), guarded(_starves, str(small_ranked))):
        with (
            pytest.raises(RunError, match=r"want of memory.*spark\.executor\.memoryOverhead"),
            told_in_one_line("; finished parts are kept"),
        ):
            spark.range(1).mapInArrow(task, "id long").collect()


def test_a_model_in_an_archive(
    spark: SparkSession, small_ranked: Path, plays: Path, expected: pa.Table, tmp_path: Path
) -> None:
    archive = tmp_path / "model.tar.gz"
    with tarfile.open(archive, "w:gz") as packed:
        packed.add(small_ranked, "a-model")
    for _ in range(2):
        score_files(spark, archive, plays, tmp_path / "out", 5)
    assert table(tmp_path / "out").equals(expected)
    with pytest.raises(ArtifactError, match="must have the checksum 000"):
        cluster_model._unpacked(str(archive), "0" * 64)
    archive.write_bytes(archive.read_bytes()[:2000])
    with pytest.raises(ArtifactError, match="must be whole"):
        score_files(spark, archive, plays, tmp_path / "cut", 5)
    with tarfile.open(archive, "w:gz") as packed:
        packed.add(plays, "plays.parquet")
    with pytest.raises(ArtifactError, match="must hold a saved model"):
        score_files(spark, archive, plays, tmp_path / "none", 5)


def test_what_only_the_driver_sees(
    spark: SparkSession, small_ranked: Path, plays: Path, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    saved = SavedModel.of(small_ranked)
    held = cluster_model.ClusterModel(str(tmp_path / "not-there"), saved.fingerprint)
    monkeypatch.setattr(cluster_model.ClusterModel, "of", lambda *_: (held, saved))
    asked = Asked(held, BatchRequest("playlists", 5))
    with pytest.raises(RunError, match="must be one folder for all hosts"):
        list(write_parts(iter([]), asked, str(tmp_path / "nowhere"), frozenset(), False))
    with pytest.raises(ArtifactError, match=r"on all hosts, but .* model\.tar\.gz, instead"):
        score_files(spark, small_ranked, plays, tmp_path / "out", 5)


def test_bad_input_in_one_line(
    spark: SparkSession, small_ranked: Path, plays: Path, tmp_path: Path
) -> None:
    table = pq.read_table(plays).slice(0, 3).to_pylist()
    pd.DataFrame({"item_ids": [["nobody knows it"], table[0]["item_ids"]]}).to_parquet(
        tmp_path / "bad.parquet"
    )
    with pytest.raises(DataError, match=r"without bad rows, but bad\.parquet, row 0"):
        score_files(spark, small_ranked, tmp_path / "bad.parquet", tmp_path / "o", 5, strict=True)
    assert not (tmp_path / "o").exists()
    (tmp_path / "cut.parquet").write_bytes(plays.read_bytes()[:-100])
    with pytest.raises(DataError, match=r"cut\.parquet"):
        score_files(spark, small_ranked, tmp_path / "cut.parquet", tmp_path / "o", 5)
    frame = spark.createDataFrame(pa.table({"item_ids": [["1"]]}))
    with pytest.raises(DataError, match="must have a column playlist_id"):
        score(frame, small_ranked)

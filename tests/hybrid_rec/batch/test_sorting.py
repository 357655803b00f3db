"""The sort on disk, its temporary files, and what is known before it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import filelock
import fsspec
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from hybrid_rec import DataError, HybridRecommender, RunError, score_playlists
from hybrid_rec.batch.files import InputFiles
from hybrid_rec.batch.input import FILE, ROW, TableReader
from hybrid_rec.batch.layout import ID, ITEM
from hybrid_rec.batch.order import Order
from hybrid_rec.batch.scratch import scratch_folder, sweep
from hybrid_rec.batch.sorting import sorted_rows
from hybrid_rec.batch.survey import surveyed
from hybrid_rec.cli.app import run
from hybrid_rec.data.order_kind import Kind, OrderScan
from tests.scored import part_bytes

_SECONDS = 60.0


def table(ids: list[str], **columns: Any) -> pa.Table:
    """Rows as a reader gives them."""
    text = pa.large_string()
    return pa.table(
        {
            ID: pa.array(ids, text),
            ITEM: pa.array(columns.pop("items", ["a"] * len(ids)), text),
            **columns,
            FILE: pa.array(np.zeros(len(ids), np.int32)),
            ROW: pa.array(np.arange(len(ids))),
        }
    )


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        (pa.large_string(), ["3", "1", None, "2", "x", "2"]),
        (pa.float32(), [3.0, 1.0, None, 2.0, None, 2.0]),
        (pa.timestamp("ns"), [3_001, 1_001, None, 2_001, None, 2_001]),
        (pa.timestamp("ms", "America/New_York"), [3, 1, None, 2, None, 2]),
        (pa.date32(), [3, 1, None, 2, None, 2]),
        (pa.date64(), [86_400_000 * 3, 0, None, 86_400_000, None, 86_400_000]),
    ],
)
def test_rows_keep_their_types_and_go_by_time(
    kind: pa.DataType, values: list[Any], tmp_path: Path
) -> None:
    told = table(["p"] * 6, items=list("aabcde"), played_at=pa.array(values, kind))
    scan = OrderScan("played_at")
    scan.add(told["played_at"])
    order = Order("played_at", scan.kind())
    (found,) = sorted_rows([told[:4], told[4:]], order, tmp_path)
    assert found.schema == told.schema
    # Of two at one time the lower item id; those without a time as they appear.
    assert found[ROW].to_pylist() == [1, 3, 5, 0, 2, 4]
    assert found.equals(told.take([1, 3, 5, 0, 2, 4]))


def test_more_rows_than_memory_holds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hybrid_rec.batch.sorting.MEMORY", "50MB")
    monkeypatch.setattr("hybrid_rec.batch.sorting._MOST_THREADS", 2)
    rng, n_rows = np.random.default_rng(0), 600_000
    frame = pd.DataFrame(
        {
            "id": pd.Series(rng.integers(20_000, size=n_rows)).astype(str) + "-user",
            "item": pd.Series(rng.permutation(n_rows)).astype(str) + "-item",
        }
    )
    whole = table(frame["id"].tolist(), items=frame["item"].tolist())
    batches = (whole.slice(start, 20_000) for start in range(0, n_rows, 20_000))
    sizes, found = [0], []
    for batch in sorted_rows(batches, None, tmp_path):
        sizes.append(sum(path.stat().st_size for path in tmp_path.iterdir()))
        found += batch[ROW].to_pylist()
    assert found == frame.sort_values("id", kind="stable").index.tolist()
    assert max(sizes) > 1_000_000
    assert list(tmp_path.iterdir()) == []


def test_what_the_input_raises_is_what_is_raised(tmp_path: Path) -> None:
    def broken(error: BaseException) -> Iterator[pa.Table]:
        yield table(["p"])
        raise error

    for error in (DataError("cut short"), KeyboardInterrupt(), KeyError("own")):
        with pytest.raises(type(error)) as caught:
            list(sorted_rows(broken(error), None, tmp_path))
        assert caught.value is error


def test_a_sort_can_be_interrupted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: Any, **__: Any) -> None:
        raise RuntimeError("Query interrupted")

    monkeypatch.setattr(duckdb, "connect", interrupted)
    with pytest.raises(KeyboardInterrupt):
        list(sorted_rows([table(["p"])], None, tmp_path))


@pytest.mark.parametrize("size", [1, 3, 100])
def test_the_survey_finds_ids_that_come_back(
    size: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hybrid_rec.batch.input._BATCH_ROWS", size)
    monkeypatch.setattr("hybrid_rec.batch.survey.LONGEST", 5)
    rng = np.random.default_rng(size)
    grouped = set()
    for number in range(40):
        lengths = rng.integers(1, 7 if number % 4 == 0 else 4, 5)
        ids = np.repeat(np.arange(5).astype(str), lengths).tolist()
        if number % 2:
            i, j = sorted(rng.integers(len(ids), size=2).tolist())
            ids[i], ids[j] = ids[j], ids[i]
        frame = pd.DataFrame({"playlist_id": ids, "item_id": "a"})
        frame.loc[rng.random(len(ids)) < 0.1, "playlist_id"] = None
        frame["position"] = [None, "x", *[str(n) for n in range(len(ids) - 2)]]
        path = tmp_path / f"{number}.csv"
        frame.to_csv(path, index=False)
        nameless: list[int] = []
        read: list[int] = []
        found = surveyed(
            TableReader(InputFiles(path, "playlists")),
            lambda rows, into=nameless: into.extend(rows[ROW].to_pylist()),  # type: ignore[misc]
            read.append,
        )
        named = frame["playlist_id"].dropna()
        runs = (named != named.shift()).cumsum()
        expected = runs.nunique() == named.nunique() and runs.value_counts().max() <= 5
        assert found.is_grouped == expected
        assert found.order == Order("position", Kind("numbers"))
        assert nameless == np.flatnonzero(frame["playlist_id"].isna()).tolist()
        assert (found.n_rows, found.n_named) == (len(frame), len(named)) == (sum(read), len(named))
        grouped.add(expected)
    assert grouped == {True, False}


def test_scratch_folders_are_removed_and_swept(tmp_path: Path) -> None:
    with scratch_folder(tmp_path / "new") as folder:
        (folder / "file").write_bytes(b"x")
        sweep(tmp_path / "new")
        assert (folder / "file").exists()  # another run is at work
    assert list((tmp_path / "new").iterdir()) == []
    left = tmp_path / "hybrid-rec-sort-left"
    (left / "files").mkdir(parents=True)
    (left / ".lock").touch()
    mine = tmp_path / "hybrid-rec-sort-mine"
    mine.mkdir()
    (tmp_path / "hybrid-rec-sort-link").symlink_to(left)
    sweep(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"new", mine.name, "hybrid-rec-sort-link"}
    sweep(tmp_path / "absent")
    (tmp_path / "a-file").touch()
    with pytest.raises(RunError, match=r"that can be written to, but .*a-file cannot: "):
        scratch_folder(tmp_path / "a-file").__enter__()


@pytest.fixture(scope="module")
def log(small_ranked: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Plays of twelve users, interleaved."""
    ids = HybridRecommender.load(small_ranked).model_.catalog.item_ids
    path = tmp_path_factory.mktemp("log") / "log.parquet"
    rows = [(f"u{number % 12}", ids[number]) for number in range(120)]
    pd.DataFrame(rows, columns=["playlist_id", "item_id"]).to_parquet(path)
    return path


@pytest.fixture(scope="module")
def whole(small_ranked: Path, log: Path, tmp_path_factory: pytest.TempPathFactory) -> list[bytes]:
    out = tmp_path_factory.mktemp("whole") / "out"
    score_playlists(small_ranked, log, out, 3, chunk_size=2)
    return part_bytes(out)


# Scores, but is killed while the rows come from the sort: before it writes the n-th part.
_KILLED = """
import os, signal, sys
from hybrid_rec import score_playlists
from hybrid_rec.batch.journal import Journal
model, log, out, temp, parts = sys.argv[1:]
commit = Journal.commit
def killing(journal, scored):
    if len(journal.finished) == int(parts):
        os.kill(os.getpid(), signal.SIGKILL)
    commit(journal, scored)
Journal.commit = killing
score_playlists(model, log, out, 3, chunk_size=2, temp=temp or None)
"""


@pytest.mark.parametrize("named", [False, True])
def test_a_killed_sort_is_made_again_and_leaves_nothing(
    small_ranked: Path, log: Path, whole: list[bytes], tmp_path: Path, named: bool
) -> None:
    out, temp = tmp_path / "out", tmp_path / "temp"
    temp.mkdir()
    held = temp if named else out / "_work"
    for parts in (0, 4):
        given = map(str, (small_ranked, log, out, temp if named else "", parts))
        assert subprocess.run([sys.executable, "-c", _KILLED, *given]).returncode == -signal.SIGKILL
        assert len(list(held.glob("hybrid-rec-sort-*"))) == 1
        assert len(part_bytes(out)) == parts
    result = score_playlists(small_ranked, log, out, 3, chunk_size=2, temp=temp if named else None)
    assert result.parts_scored == 2
    assert part_bytes(out) == whole
    assert not (out / "_work").exists()
    assert list(temp.iterdir()) == []


@pytest.mark.parametrize("error", [KeyboardInterrupt(), KeyError("stop")])
def test_a_stopped_sort_leaves_nothing(
    small_ranked: Path,
    log: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    error: BaseException,
) -> None:
    def stop(*_: Any) -> None:
        assert list(tmp_path.glob("hybrid-rec-sort-*/files"))
        raise error

    monkeypatch.setattr("hybrid_rec.batch.journal.Journal.commit", stop)
    with pytest.raises(type(error)):
        score_playlists(small_ranked, log, tmp_path / "out", 3, temp=tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_ctrl_c_in_a_real_sort(small_ranked: Path, tmp_path: Path) -> None:
    out, many = tmp_path / "out", tmp_path / "many.parquet"
    ids = np.random.default_rng(0).integers(3_000, size=400_000).astype(str)
    pd.DataFrame({"playlist_id": ids, "item_id": "x"}).to_parquet(many)
    command = [sys.executable, "-m", "hybrid_rec", "score", small_ranked, many, out, "--quiet"]
    process = subprocess.Popen(list(map(str, command)), stderr=subprocess.PIPE)
    try:
        deadline = time.monotonic() + _SECONDS
        while not list(out.glob("_work/hybrid-rec-sort-*/files")):
            assert time.monotonic() < deadline
            assert process.poll() is None
            time.sleep(0.005)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=_SECONDS)
    finally:
        process.kill()
    assert said.decode() == (
        "hybrid-rec: interrupted; finished parts are kept: the same command goes on.\n"
    )
    assert process.returncode == 130
    assert list(out.glob("_work/hybrid-rec-sort-*")) == []


def test_a_full_disk_is_one_line(
    small_ranked: Path,
    log: Path,
    whole: list[bytes],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    connect = duckdb.connect

    def small(config: dict[str, Any]) -> duckdb.DuckDBPyConnection:
        return connect(config={**config, "max_temp_directory_size": "1MB"})

    ids = np.random.default_rng(0).permutation(400_000).astype(str)
    many = tmp_path / "many.parquet"
    pd.DataFrame({"playlist_id": np.tile(ids, 2), "item_id": "x"}).to_parquet(many)
    out = tmp_path / "out"
    with monkeypatch.context() as patch:
        patch.setattr(duckdb, "connect", small)
        patch.setattr("hybrid_rec.batch.sorting.MEMORY", "40MB")
        patch.setattr("hybrid_rec.batch.sorting._MOST_THREADS", 2)
        assert run(["score", str(small_ranked), str(many), str(out), "--quiet"]) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.count("\n") == 1
    assert "must have room to sort the input, but " in printed.err
    assert "or name another one with --temp" in printed.err
    assert not list(out.glob("_work/hybrid-rec-sort-*"))
    # What has written no part does not stand in the way of another job.
    score_playlists(small_ranked, log, out, 3, chunk_size=2)
    assert part_bytes(out) == whole


def test_the_folder_for_temporary_files(
    small_ranked: Path,
    log: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    score = ["score", str(small_ranked), str(log), str(tmp_path / "out"), "--quiet", "--temp"]
    (tmp_path / "file").touch()
    for folder, message in [
        (tmp_path / "absent", "must be a folder for temporary files, found nothing there"),
        (tmp_path / "file", "must be a folder for temporary files, found a file"),
        ("memory://temp", "must be a folder of this machine, got 'memory://temp'"),
        (small_ranked, "must be outside of the model"),
        (log.parent, ""),
    ]:
        assert run([*score, str(folder)]) == (2 if message else 0)
        printed = capsys.readouterr()
        assert message in printed.err
        assert printed.err.count("\n") == bool(message)
    assert [path.name for path in log.parent.iterdir()] == ["log.parquet"]
    items = [
        "score",
        str(small_ranked),
        str(tmp_path / "items"),
        "--items",
        "--temp",
        str(tmp_path),
    ]
    assert run(items) == 2
    assert "--temp must be given with playlists alone" in capsys.readouterr().err

    def refused(**_: Any) -> str:
        raise PermissionError(13, os.strerror(13))

    monkeypatch.setattr("tempfile.mkdtemp", refused)
    assert run([*score[:3], str(tmp_path / "other"), "--quiet", "--temp", str(tmp_path)]) == 1
    printed = capsys.readouterr()
    assert printed.err.count("\n") == 1
    assert f"can be written to, but {tmp_path} cannot: Permission denied; mend it" in printed.err


def test_a_url_is_sorted_elsewhere_and_bars_follow_one_another(
    small_ranked: Path,
    log: Path,
    whole: list[bytes],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    memory, used = fsspec.filesystem("memory"), list[str]()
    make = tempfile.mkdtemp

    def noted(prefix: str, dir: Path) -> str:  # noqa: A002  # the names that are called
        used.append(make(prefix=prefix, dir=str(dir)))
        return used[-1]

    monkeypatch.setattr("tempfile.mkdtemp", noted)
    try:
        arguments = ["score", str(small_ranked), str(log), "memory://sorted", "-k", "3"]
        assert run([*arguments, "--chunk-size", "2"]) == 0
        said = capsys.readouterr().err
        stages = ["surveyed", "sorted", "scored"]
        assert sorted(stages, key=lambda stage: said.index(f"input rows {stage}")) == stages
        found = [memory.cat(path) for path in sorted(memory.glob("/sorted/part-*.parquet"))]
        assert found == whole
        assert not memory.exists("/sorted/_work")
    finally:
        memory.rm("/sorted", recursive=True)
    assert [Path(folder).parent for folder in used] == [tmp_path]
    assert list(tmp_path.iterdir()) == []


def test_a_lock_in_use_is_left_alone(tmp_path: Path) -> None:
    folder = tmp_path / "hybrid-rec-sort-x"
    folder.mkdir()
    with filelock.FileLock(folder / ".lock"):
        sweep(tmp_path)
        assert folder.exists()
    sweep(tmp_path)
    assert not folder.exists()

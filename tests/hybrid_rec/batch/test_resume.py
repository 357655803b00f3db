"""Batch runs that are stopped, in every way, and go on."""

from __future__ import annotations

import errno
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pandas as pd
import psutil
import pytest

from hybrid_rec import (
    ArtifactError,
    DataError,
    HybridRecommender,
    RunError,
    score_playlists,
)
from hybrid_rec.batch.files import InputFiles
from hybrid_rec.batch.journal import Journal
from hybrid_rec.batch.output import OutFolder
from hybrid_rec.batch.scoring import Scored
from hybrid_rec.cli.app import run
from hybrid_rec.core.progress import Advance, Progress
from hybrid_rec.model.manifest import as_text

COMMAND = [sys.executable, "-c", "from hybrid_rec.__main__ import main; main()"]
_SECONDS = 60.0


@pytest.fixture(scope="module")
def plays(small_ranked: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twenty-four playlists of two items, every third with an unknown one."""
    ids = HybridRecommender.load(small_ranked).model_.catalog.item_ids
    rows = [
        (f"p{number}", item)
        for number in range(24)
        for item in (ids[number], "nope" if number % 3 == 0 else ids[-number])
    ]
    path = tmp_path_factory.mktemp("plays") / "plays.parquet"
    pd.DataFrame(rows, columns=["playlist_id", "item_id"]).to_parquet(path)
    return path


@pytest.fixture(scope="module")
def whole(small_ranked: Path, plays: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a run leaves that nothing stopped."""
    out = tmp_path_factory.mktemp("whole") / "out"
    score_playlists(small_ranked, plays, out, 3, chunk_size=2)
    return out


def content(out: Path) -> dict[str, Any]:
    """All files of a finished run, without the timings."""
    found: dict[str, Any] = {path.name: path.read_bytes() for path in out.iterdir()}
    manifest = json.loads(found["manifest.json"])
    del manifest["timings"]
    return found | {"manifest.json": manifest}


def stop_after(parts: int, error: BaseException, monkeypatch: pytest.MonkeyPatch) -> None:
    """Raise an error instead of writing a later part."""
    commit = Journal.commit

    def stopping(journal: Journal, scored: Scored) -> None:
        if len(journal.finished) == parts:
            raise error
        commit(journal, scored)

    monkeypatch.setattr(Journal, "commit", stopping)


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


@pytest.mark.parametrize("workers", [1, 2])
def test_a_run_that_was_killed_goes_on(
    small_ranked: Path, plays: Path, whole: Path, tmp_path: Path, workers: int
) -> None:
    out = tmp_path / "out"
    arguments = [
        "score", small_ranked, plays, out, "-k", 3, "--chunk-size", 2, "--workers", workers,
    ]  # fmt: skip
    process = subprocess.Popen([*COMMAND, *map(str, arguments)], stderr=subprocess.DEVNULL)
    try:
        until(lambda: len(list(out.glob("_work/part-*.json"))) >= 3)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert not (out / "manifest.json").exists()
    finished = len(list(out.glob("_work/part-*.json")))
    result = score_playlists(small_ranked, plays, out, 3, chunk_size=2)
    assert result.parts_scored == 12 - finished < 10
    assert content(out) == content(whole)


def test_a_finished_run_has_nothing_to_do_and_a_damaged_one_is_mended(
    small_ranked: Path, plays: Path, whole: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    shutil.copytree(whole, out)
    (out / "_work").mkdir()
    result = score_playlists(small_ranked, plays, out, 3, chunk_size=2)
    assert result.parts_scored == 0
    assert content(out) == content(whole)
    for name in ("part-000003.parquet", "rejected.parquet"):
        (out / name).write_bytes(b"damaged")
        assert score_playlists(small_ranked, plays, out, 3, chunk_size=2).parts_scored == 12
        assert content(out) == content(whole)


def test_damaged_parts_of_a_stopped_run_are_scored_again(
    small_ranked: Path,
    plays: Path,
    whole: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    out = tmp_path / "out"
    with monkeypatch.context() as patch:
        stop_after(8, KeyError("stop"), patch)
        with pytest.raises(KeyError):
            score_playlists(small_ranked, plays, out, 3, chunk_size=2)
    (out / "part-000000.parquet").write_bytes(b"PAR1")
    (out / "part-000002.parquet").unlink()
    (out / "_work" / "part-000004.json").write_text('{"sha')
    (out / "_work" / "rejected-000006.parquet").unlink()
    (out / "_work" / "part-000009.json.tmp").write_text('{"sha')
    result = score_playlists(small_ranked, plays, out, 3, chunk_size=2)
    assert result.parts_scored == 4 + 4
    assert content(out) == content(whole)


def test_another_job_is_refused_by_name(
    small_ranked: Path, plays: Path, whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = tmp_path / "begun"
    with monkeypatch.context() as patch:
        stop_after(1, KeyError("stop"), patch)
        with pytest.raises(KeyError):
            score_playlists(small_ranked, plays, begun, 3, chunk_size=2)
    other = tmp_path / "model"
    shutil.copytree(small_ranked, other)
    manifest = json.loads((other / "manifest.json").read_text())
    manifest["config"]["seed"] = 99
    (other / "manifest.json").write_text(as_text(manifest))
    changed = tmp_path / "changed" / "plays.parquet"
    changed.parent.mkdir()
    pd.read_parquet(plays)[::-1].to_parquet(changed)
    more = tmp_path / "more"
    shutil.copytree(plays.parent, more)
    shutil.copy(plays, more / "plays2.parquet")
    cases: list[tuple[str, tuple[Path, Path, int, int]]] = [
        ("its config k was 3 and is 4 now", (small_ranked, plays, 4, 2)),
        ("its config chunk_size was 2 and is 3 now", (small_ranked, plays, 3, 3)),
        ("its model fingerprint was '", (other, plays, 3, 2)),
        (r"its input plays\.parquet .* was .* and is .* now", (small_ranked, changed, 3, 2)),
        (r"its input plays2\.parquet was not there and is there", (small_ranked, more, 3, 2)),
    ]
    for out in (begun, whole):
        before = sorted(path.name for path in out.iterdir())
        for message, (model, playlists, k, size) in cases:
            with pytest.raises(DataError, match=message):
                score_playlists(model, playlists, out, k, chunk_size=size)
        assert sorted(path.name for path in out.iterdir()) == before
    monkeypatch.setattr("hybrid_rec.batch.job.version", lambda _: "9.9")
    with pytest.raises(DataError, match=r"libraries hybrid-rec was .* and is '9\.9' now"):
        score_playlists(small_ranked, plays, begun, 3, chunk_size=2)


def test_a_model_or_input_that_changes_meanwhile_stops_the_run(
    small_ranked: Path, plays: Path, whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, model, copy = tmp_path / "out", tmp_path / "model", tmp_path / "plays.parquet"
    shutil.copytree(small_ranked, model)
    shutil.copy(plays, copy)
    commit = Journal.commit

    def changing(path: Path) -> None:
        def after_three(journal: Journal, scored: Scored) -> None:
            commit(journal, scored)
            if len(journal.finished) == 3:
                path.touch()

        monkeypatch.setattr(Journal, "commit", after_three)

    changing(model / "index.faiss")
    with pytest.raises(ArtifactError, match="must stay as it is while it is scored with"):
        score_playlists(model, copy, out, 3, chunk_size=2)
    assert len(list(out.glob("part-*.parquet"))) == 3
    monkeypatch.setattr(Journal, "commit", commit)
    # The checksums say that it is the same model after all.
    assert score_playlists(model, copy, out, 3, chunk_size=2).parts_scored == 9
    assert content(out) == content(whole)
    shutil.rmtree(out)
    changing(copy)
    with pytest.raises(DataError, match=r"plays\.parquet must stay as it is while it is read"):
        score_playlists(model, copy, out, 3, chunk_size=2)
    assert not (out / "manifest.json").exists()


def test_a_damaged_model_writes_nothing(small_ranked: Path, plays: Path, tmp_path: Path) -> None:
    model = tmp_path / "model"
    shutil.copytree(small_ranked, model)
    (model / "sources.npy").write_bytes(b"damaged")
    with pytest.raises(ArtifactError, match="must have the SHA-256"):
        score_playlists(model, plays, tmp_path / "out", workers=2)
    assert not (tmp_path / "out" / "job.json").exists()


@pytest.mark.parametrize("name", ["part-000005.parquet", "part-000005.json", "rejected.parquet"])
def test_a_full_disk_loses_no_finished_part(
    small_ranked: Path,
    plays: Path,
    whole: Path,
    tmp_path: Path,
    name: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    out = tmp_path / "out"
    fsync = os.fsync

    def full(descriptor: int) -> None:
        if Path(f"/proc/self/fd/{descriptor}").readlink().name == f"{name}.tmp":
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        fsync(descriptor)

    arguments = ["score", str(small_ranked), str(plays), str(out), "-k", "3", "--chunk-size", "2"]
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        assert run([*arguments, "--quiet"]) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.count("\n") == 1
    assert "No space left on device; finished parts are kept" in printed.err
    assert not list(out.rglob("*.tmp"))
    assert not (out / "manifest.json").exists()
    assert run([*arguments, "--json"]) == 0
    printed = capsys.readouterr()
    assert json.loads(printed.out)["counts"]["parts"] == 12
    assert "input rows scored" in printed.err
    assert content(out) == content(whole)


def test_two_runs_do_not_mix(small_ranked: Path, plays: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    with (
        OutFolder(out).locked(),
        pytest.raises(DataError, match="must be written by one run at a time"),
    ):
        score_playlists(small_ranked, plays, out)
    assert not (out / "job.json").exists()
    score_playlists(small_ranked, plays, out, 1)


def test_links_and_pipes_in_the_output_folder_are_refused(
    small_ranked: Path, plays: Path, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "mine").write_text("mine")
    out = tmp_path / "out"

    def link(name: str, target: Path) -> None:
        (out / name).symlink_to(target)

    cases: list[tuple[str, str, Callable[[], None]]] = [
        ("_work", "a symbolic link", lambda: link("_work", elsewhere)),
        ("_work", "a symbolic link", lambda: link("_work", tmp_path / "absent")),
        ("_work", "a device or pipe", lambda: os.mkfifo(out / "_work")),
        (".lock", "a symbolic link", lambda: link(".lock", elsewhere / "mine")),
        (
            "_work/part-000000.parquet.tmp",
            "a symbolic link",
            lambda: link("_work/part-000000.parquet.tmp", elsewhere / "mine"),
        ),
    ]
    for name, kind, make in cases:
        (out / name).parent.mkdir(parents=True)
        make()
        with pytest.raises(DataError, match=rf"but {name} in it is {kind}; remove it, or choose"):
            score_playlists(small_ranked, plays, out, 3)
        shutil.rmtree(out)
    assert [(path.name, path.read_text()) for path in elsewhere.iterdir()] == [("mine", "mine")]
    assert not (tmp_path / "absent").exists()
    # The folder itself may be a link.
    out.symlink_to(elsewhere / "scores")
    (elsewhere / "scores").mkdir()
    score_playlists(small_ranked, plays, out, 3)


def test_a_worker_that_dies_is_one_line(
    small_ranked: Path, plays: Path, whole: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"

    class Killing(Progress):
        """Kills what this process has started once the first part is there."""

        @contextmanager
        def stage(self, name: str, total: int | None = None) -> Iterator[Advance]:
            yield lambda _: kill_children() if "scored" in name else None

    with pytest.raises(RunError, match="a worker process died"):
        score_playlists(small_ranked, plays, out, 3, chunk_size=2, workers=2, progress=Killing())
    assert list(out.glob("part-*.parquet"))
    score_playlists(small_ranked, plays, out, 3, chunk_size=2)
    assert content(out) == content(whole)


def kill_children() -> None:
    for process in psutil.Process().children(recursive=True):
        with suppress(psutil.Error):
            if "resource_tracker" not in " ".join(process.cmdline()):
                process.kill()


def test_the_command_says_what_must_be_given(
    small_ranked: Path, plays: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = str(tmp_path / "out")
    for arguments, message in [
        ([str(plays)], "score must be given MODEL PLAYLISTS OUT"),
        ([str(plays), out, "--items"], "score must be given MODEL OUT"),
        ([out, "--items", "--new-items", "x.csv"], "must not be given together"),
        ([out, "--items", "--strict"], "has no input rows"),
        ([str(plays), out, "-k", "0"], "'k' parameter"),
        ([out, "--new-items", "absent.csv"], "must be new items, found no such file"),
    ]:
        assert run(["score", str(small_ranked), *arguments, "--quiet"]) == 2
        printed = capsys.readouterr()
        assert (printed.out, printed.err.count("\n")) == ("", 1)
        assert message in printed.err
    assert run(["score", str(small_ranked), out, "--items", "-k", "1", "--quiet"]) == 0
    assert "300 queries, 300 rows in 1 part" in capsys.readouterr().out
    new = tmp_path / "new.csv"
    new.write_text("title,artist\nLove,Nobody\n")
    assert run(["score", str(small_ranked), out + "2", "--new-items", str(new), "--quiet"]) == 0
    assert "1 query, 100 rows in 1 part" in capsys.readouterr().out


def test_ctrl_c_keeps_finished_parts(
    small_ranked: Path,
    plays: Path,
    whole: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    arguments = ["score", str(small_ranked), str(plays), str(tmp_path / "out"), "--quiet"]
    with monkeypatch.context() as patch:
        stop_after(2, KeyboardInterrupt(), patch)
        with pytest.raises(SystemExit) as caught:
            run([*arguments, "-k", "3", "--chunk-size", "2"])
    assert caught.value.code == 130
    assert capsys.readouterr().err == (
        "hybrid-rec: interrupted; finished parts are kept: the same command goes on.\n"
    )
    assert run([*arguments, "-k", "3", "--chunk-size", "2"]) == 0
    assert content(tmp_path / "out") == content(whole)


def test_input_states_tell_a_change(plays: Path, tmp_path: Path) -> None:
    copy = tmp_path / "plays.parquet"
    shutil.copy(plays, copy)
    files = InputFiles(copy, "playlists")
    files.check_unchanged()
    copy.write_bytes(copy.read_bytes() + b" ")
    with pytest.raises(DataError, match="must stay as it is"):
        files.check_unchanged()
    copy.unlink()
    with pytest.raises(DataError, match="no such file"):
        files.check_unchanged()

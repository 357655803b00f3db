"""A model is asked in a process that was started after it was fitted or loaded."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
from pathlib import Path

import pytest

from hybrid_rec.blocks.text.models import packaged_folder

_SCRIPT = Path(__file__).with_name("asked_elsewhere.py")
# Also where there is but one core; without a second thread nothing would hang.
_TWO_THREADS = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "2")


def asked(*arguments: str) -> list[str]:
    """What `asked_elsewhere` prints."""
    done = subprocess.run(
        [sys.executable, str(_SCRIPT), *arguments],
        env=os.environ | _TWO_THREADS | {"HF_HUB_OFFLINE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


@pytest.mark.parametrize("index", ["Flat", "HNSW16", "IVF4,Flat"])
def test_a_forked_child_answers(tmp_path: Path, index: str) -> None:
    for made in ("fit", "load"):
        told = asked("fork", made, "tfidf", index, str(tmp_path / "model"))
        assert told[-2:] == ["ended", "status 0"], told


@pytest.mark.parametrize("method", ["forkserver", "spawn"])
def test_a_new_process_answers(tmp_path: Path, method: str) -> None:
    if method not in multiprocessing.get_all_start_methods():
        pytest.skip(f"this platform has no start method {method!r}")
    told = asked(method, "fit", "tfidf", "Flat", str(tmp_path / "model"))
    assert told[-2:] == ["ended", "status 0"], told


def test_a_forked_child_encodes_with_a_sentence_model(tmp_path: Path) -> None:
    if packaged_folder() is None:
        pytest.skip("no sentence model: install the extra 'offline'")
    told = asked("fork", "fit", "sentence-transformers", "Flat", str(tmp_path / "model"))
    assert told[-2:] == ["ended", "status 0"], told

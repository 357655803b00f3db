"""A model is loaded where there is too little memory for it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any, NoReturn

import pytest

from hybrid_rec import HybridRecommender
from hybrid_rec.core.errors import RunError, memory_ran_out
from hybrid_rec.model import storage
from indexes.base import VectorIndexError

_LIMITED = """
import resource, sys
from hybrid_rec import HybridRecommender
from hybrid_rec.core.errors import RunError
HybridRecommender.load(sys.argv[1], mmap=True)
with open("/proc/self/statm") as file:
    taken = int(file.read().split()[0]) * resource.getpagesize()
limits = resource.getrlimit(resource.RLIMIT_AS)
resource.setrlimit(resource.RLIMIT_AS, (taken, limits[1]))
try:
    HybridRecommender.load(sys.argv[1], mmap=True)
except RunError as error:
    told = str(error)
resource.setrlimit(resource.RLIMIT_AS, limits)
print(told)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads its own size in /proc")
def test_a_map_that_there_is_no_room_for(fitted: HybridRecommender, tmp_path: Path) -> None:
    fitted.save(tmp_path / "model")
    done = subprocess.run(
        [sys.executable, "-c", _LIMITED, str(tmp_path / "model")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"memory ran out while the model in {tmp_path}/model was loaded")


def out_of_memory(*_: Any, **__: Any) -> NoReturn:
    raise MemoryError


def index_without_memory(*_: Any, **__: Any) -> NoReturn:
    try:
        out_of_memory()
    except MemoryError as error:
        raise VectorIndexError(f"index file must be readable: {error}") from None


@pytest.mark.parametrize("reader", [out_of_memory, index_without_memory])
def test_whoever_notices_it(
    fitted: HybridRecommender, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reader: Any
) -> None:
    fitted.save(tmp_path / "model")
    monkeypatch.setattr(storage, "_READERS", {storage.FORMAT_VERSION: reader})
    with pytest.raises(RunError, match=r"memory ran out .* give the process more"):
        HybridRecommender.load(tmp_path / "model")


def test_other_errors_are_no_want_of_memory() -> None:
    assert not memory_ran_out(ValueError("damaged"))
    assert not memory_ran_out(None)

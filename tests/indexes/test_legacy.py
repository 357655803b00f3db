"""Files of the first layout are read and give the answers that they gave when written."""

from __future__ import annotations

import shutil
import struct
from pathlib import Path

import numpy as np
import pytest

from indexes.base import VectorIndexError
from indexes.delta import DeltaIndex, load_dense
from indexes.hybrid import HybridIndex
from tests.indexes.data import make_old_files as old

KINDS = ("flat", "scaled", "delta", "scaled_delta")


@pytest.mark.parametrize("mmap", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_old_files_give_the_same_answers(kind: str, mmap: bool, tmp_path: Path) -> None:
    loaded = HybridIndex.load(old.HERE / kind, mmap=mmap)
    assert isinstance(loaded.index, DeltaIndex) == ("delta" in kind)
    loaded.save(tmp_path)
    assert (tmp_path / "index.scale.npy").exists() == ("scaled" in kind)
    for index in (loaded, HybridIndex.load(tmp_path, mmap=mmap)):
        found = index.search(old.queries(), 10, old.WEIGHTS)
        for name, answer in (
            ("rows", found.rows),
            ("scores", found.scores),
            ("vectors", index.index.reconstruct(np.arange(len(index)))),
        ):
            kept = np.load(old.HERE / kind / f"answer_{name}.npy")
            assert answer.dtype == kept.dtype
            np.testing.assert_array_equal(answer, kept)


def copy_of(kind: str, folder: Path) -> Path:
    return Path(shutil.copy(old.HERE / kind / "index.faiss", folder / "index.faiss"))


def test_a_damaged_delta_of_an_old_file(tmp_path: Path) -> None:
    path = copy_of("delta", tmp_path)
    whole = path.read_bytes()
    cut = whole.index(b"\x93NUMPY")
    footers = [struct.pack("<Q8s", start, b"hrdelta1") for start in (0, len(whole), 2**64 - 1)]
    for damaged in (
        whole[:cut] + whole[cut + 9 :],
        whole[: cut + 80] + whole[cut + 90 :],
        *(whole[:-16] + footer for footer in footers),
    ):
        path.write_bytes(damaged)
        with pytest.raises(VectorIndexError, match=r"delta in .*index\.faiss must"):
            load_dense(path)


def test_a_damaged_scale_of_an_old_file(tmp_path: Path) -> None:
    path = copy_of("scaled", tmp_path)
    whole = path.read_bytes()
    matrix = np.diag(old.SCALE).astype(np.float32)
    at = whole.index(matrix.tobytes())
    wrong = (matrix * np.float32(1.5)).tobytes()
    path.write_bytes(whole[:at] + wrong + whole[at + len(wrong) :])
    with pytest.raises(VectorIndexError, match=r"scale in .*index\.faiss must hold powers of two"):
        load_dense(path)

"""The folder of a hybrid index: its layout, and what is refused."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import sparse

from indexes.base import VectorIndexError
from indexes.delta import put_rows
from indexes.faiss_index import FaissIndex
from indexes.hybrid import HybridIndex
from tests.indexes.data import make_old_files as old

N = 50
# Named like other files of the folder.
BLOCKS = ("index", "manifest", "blocks")


def index_of(*, changed: bool = False) -> HybridIndex:
    vectors = old.whole_numbers(N, 6, 0)
    dense = FaissIndex.build(vectors, "SQ8", scale=np.repeat([1.0, 0.5], 3))
    hot = {name: sparse.random_array((N, 9), density=0.2, rng=3) for name in BLOCKS}
    return HybridIndex(put_rows(dense, np.array([3]), vectors[:1]) if changed else dense, {"c": 6},
                       hot)  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    index_of(changed=True).save(tmp_path)
    return tmp_path


def files_in(folder: Path) -> list[str]:
    paths = (path for path in folder.rglob("*") if path.is_file())
    return sorted(path.relative_to(folder).as_posix() for path in paths)


def test_layout(folder: Path) -> None:
    blocks = [f"blocks/{name}/items.npz" for name in BLOCKS]
    beside = ["index.delta_rows.npy", "index.delta_vectors.npy", "index.scale.npy"]
    assert files_in(folder) == sorted(["index.faiss", "index.json", *beside, *blocks])
    assert sorted(HybridIndex.files(folder)) == files_in(folder)
    assert json.loads((folder / "index.json").read_text())["format"] == 2
    assert HybridIndex.files(old.HERE / "delta") == ["index.json", "index.faiss", "a.npz"]


def test_another_index_may_take_the_folder(folder: Path) -> None:
    index_of().save(folder)
    assert sorted(HybridIndex.files(folder)) == files_in(folder)
    assert len(HybridIndex.load(folder)) == N


def test_only_listed_files_are_read(folder: Path) -> None:
    listed = files_in(folder)
    HybridIndex.load(folder, files=listed)
    for name in listed:
        with pytest.raises(VectorIndexError, match=rf"\['{name}'\] are not listed"):
            HybridIndex.load(folder, files=set(listed) - {name})
    with pytest.raises(VectorIndexError, match=r"\['a.npz'\] are not listed"):
        HybridIndex.load(old.HERE / "flat", files=["index.json", "index.faiss"])


def test_every_missing_or_broken_file_is_named(folder: Path) -> None:
    for name in files_in(folder):
        whole = (folder / name).read_bytes()
        for content in (b"", whole[: len(whole) // 2], b"\xff" * len(whole), None):
            (folder / name).unlink()
            if content is not None:
                (folder / name).write_bytes(content)
            with pytest.raises(VectorIndexError) as caught:
                HybridIndex.load(folder)
            assert name in str(caught.value)
            (folder / name).write_bytes(whole)
    HybridIndex.load(folder)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format": 3}, "index.json must have the format 2, got 3"),
        ({"format": 1}, "must have the format 2, got 1"),
        ({"format": True}, "must have the format 2, got True"),
        ({"format": [2]}, r"must have the format 2, got \[2\]"),
        ({"dense": {}}, "index in .* must fit together: dense blocks must fill the 6 dim"),
        ({"dense": {"c": 7}}, "dense blocks must fill the 6 dimensions"),
        ({"dense": {"c": -1, "d": 7}}, "index.json must hold a positive width"),
        ({"dense": {"c": True, "d": 5}}, "index.json must hold a positive width"),
        ({"dense": ["c"]}, "index.json must hold a positive width"),
        ({"dense": {"../c": 6}}, r"index.json: names of blocks must match .*, got '\.\./c'"),
        ({"sparse": ["../../secret"]}, "index.json: names of blocks must match"),
        ({"sparse": [["a"]]}, "index.json: names of blocks must match"),
        ({"sparse": "index"}, "index.json must list sparse blocks and files"),
        ({"sparse": ["index", "index"]}, "index.json must list each sparse block once"),
        ({"sparse": ["c"]}, "c/items.npz"),
        ({"sparse": ["absent"]}, "absent/items.npz must be a readable sparse block"),
        ({"dense_files": None}, "index.json must list sparse blocks and files"),
        ({"dense_files": ["index.faiss"]}, "index.json must list the files"),
    ],
)
def test_a_changed_layout(folder: Path, change: dict[str, Any], message: str) -> None:
    path = folder / "index.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(VectorIndexError, match=message):
        HybridIndex.load(folder)


@pytest.mark.parametrize("content", ["[]", "null", "{", "[" * 100_000, "\ud800"])
def test_a_layout_that_is_none(folder: Path, content: str) -> None:
    (folder / "index.json").write_bytes(content.encode("utf-8", "surrogatepass"))
    with pytest.raises(VectorIndexError, match=r"index\.json must be"):
        HybridIndex.load(folder)


PARTS: dict[str, Any] = {
    "format": np.array(b"csr"),
    "shape": np.array([N, 9]),
    "indptr": np.arange(N + 1, dtype=np.int32) * 2,
    "indices": np.tile(np.array([2, 5], np.int32), N),
    "data": np.ones(2 * N, np.float32),
    "_is_array": np.array(True),
}


def with_item(array: np.ndarray, place: int, value: float) -> np.ndarray:
    other = array.copy()
    other[place] = value
    return other


def write_parts(folder: Path, **changes: Any) -> Path:
    path = folder / "blocks" / "index" / "items.npz"
    parts = {name: part for name, part in (PARTS | changes).items() if part is not None}
    np.savez(path, **parts)
    return path


def test_parts_are_a_block(folder: Path) -> None:
    write_parts(folder)
    assert HybridIndex.load(folder).one_hot["index"].nnz == 2 * N
    write_parts(folder, indptr=PARTS["indptr"].astype(np.int64), indices=PARTS["indices"] + 1)
    assert HybridIndex.load(folder).one_hot["index"][[0]].indices.tolist() == [3, 6]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"format": np.array(b"csc")}, "must have the format csr"),
        ({"format": np.array("csr")}, "format in .* must hold an array"),
        ({"shape": np.array([N + 1, 9])}, f"must have {N} rows, got the shape"),
        ({"shape": np.array([N, -9])}, f"must have {N} rows, got the shape"),
        ({"shape": np.array([N, 5])}, r"must have columns in \[0, 5\), got 2 to 5"),
        ({"shape": np.array([N, 1 << 40])}, "block 'index' must have at most 1048576 columns"),
        ({"shape": np.array([N, 9, 1])}, r"shape in .* must hold an array \(2\) of int64"),
        ({"indptr": PARTS["indptr"][:-1]}, "must have 51 row starts"),
        ({"indptr": with_item(PARTS["indptr"], 0, 1)}, "must have row starts that ascend"),
        ({"indptr": with_item(PARTS["indptr"], 4, 11)}, "must have row starts that ascend"),
        ({"indptr": with_item(PARTS["indptr"], 4, -1)}, "must have row starts that ascend"),
        ({"indptr": with_item(PARTS["indptr"], N, 2 * N + 1)}, "must have row starts that ascend"),
        ({"indptr": PARTS["indptr"].astype(np.float64)}, "indptr in .* must hold an array"),
        ({"indices": with_item(PARTS["indices"], 6, -1)}, r"must have columns in \[0, 9\)"),
        ({"indices": with_item(PARTS["indices"], 7, 9)}, r"must have columns in \[0, 9\), got 2"),
        ({"indices": with_item(PARTS["indices"], 6, 6)}, "must have ascending columns"),
        ({"indices": with_item(PARTS["indices"], 6, 5)}, "must have ascending columns"),
        ({"indices": PARTS["indices"][:-1]}, "a value for each column"),
        ({"data": PARTS["data"].astype(np.float64)}, "data in .* must hold an array"),
        ({"data": with_item(PARTS["data"], 3, np.nan)}, "must be finite"),
        ({"data": PARTS["data"].astype(object)}, "data in .* must hold an array"),
        ({"data": None}, "must hold the arrays"),
        ({"more": np.zeros(1)}, "must hold the arrays"),
    ],
)
def test_a_block_that_is_none(folder: Path, changes: dict[str, Any], message: str) -> None:
    path = write_parts(folder, **changes)
    with pytest.raises(VectorIndexError, match=message) as caught:
        HybridIndex.load(folder)
    assert str(path) in str(caught.value) or str(folder) in str(caught.value)


def test_compressed_and_repeated_parts(folder: Path) -> None:
    path = write_parts(folder)
    np.savez_compressed(path, **PARTS)
    with pytest.raises(VectorIndexError, match=r"items\.npz must hold its arrays uncompressed"):
        HybridIndex.load(folder)
    path = write_parts(folder)
    content = io.BytesIO()
    np.save(content, PARTS["data"])
    with zipfile.ZipFile(path, "a") as archive, pytest.warns(UserWarning, match="Duplicate name"):
        archive.writestr("data.npy", content.getvalue())
    with pytest.raises(VectorIndexError, match=r"items\.npz must hold the arrays"):
        HybridIndex.load(folder)


def test_an_array_that_announces_more_than_it_holds(folder: Path) -> None:
    path = folder / "index.delta_rows.npy"
    path.write_bytes(path.read_bytes().replace(b"(1,)", b"(9" + b"9" * 12 + b",)", 1))
    with pytest.raises(VectorIndexError, match=r"index\.delta_rows\.npy must"):
        HybridIndex.load(folder)

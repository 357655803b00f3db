"""Model folders that mislead, checksums and all: whatever they hold, they are refused by name."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from scipy import sparse

from hybrid_rec import ArtifactError, HybridRecommender
from hybrid_rec.batch.saved_model import SavedModel
from hybrid_rec.cli import app as cli
from hybrid_rec.core.files import files_in, sha256
from hybrid_rec.model import storage
from hybrid_rec.model.manifest import as_text
from hybrid_rec.ranking.network import LARGEST_NUMBER


@pytest.fixture
def saved(small_ranked: Path, tmp_path: Path) -> Path:
    """A model with a ranking that may be changed."""
    shutil.copytree(small_ranked, tmp_path / "model")
    return tmp_path / "model"


def relist(saved: Path, **changes: Any) -> None:
    """Make the checksums anew, and change the manifest."""
    path = saved / "manifest.json"
    files = {name: sha256(saved / name) for name in files_in(saved) if name != path.name}
    path.write_text(as_text({**json.loads(path.read_text()), "files": files, **changes}))


def refused(saved: Path, *words: str) -> None:
    """Loading says the words on one line."""
    for mmap in (False, True):
        with pytest.raises(ArtifactError) as caught:
            HybridRecommender.load(saved, mmap=mmap)
        message = str(caught.value)
        assert all(word in message for word in (str(saved), *words)), message
        assert "\n" not in message


REPLACED = ("a link", "a link to /dev/zero", "a link to itself", "a FIFO", "a folder", "a terabyte")


def replace(path: Path, how: str) -> None:
    """Put something in place of a file."""
    if how == "a terabyte":
        os.truncate(path, 1 << 40)
        return
    moved = path.rename(path.with_name("elsewhere"))
    if how == "a FIFO":
        os.mkfifo(path)
    elif how == "a folder":
        path.mkdir()
    else:
        path.symlink_to({"a link": moved, "a link to itself": path}.get(how, Path("/dev/zero")))


@pytest.mark.parametrize("how", REPLACED)
def test_a_manifest_that_is_no_file_of_its_own(
    saved: Path, how: str, capsys: pytest.CaptureFixture[str]
) -> None:
    replace(saved / "manifest.json", how)
    refused(saved, "manifest.json")
    with pytest.raises(ArtifactError, match="must be new, empty or hold a model"):
        storage.check_target(saved)
    assert cli.run(["info", str(saved)]) == 2
    error = capsys.readouterr().err
    assert "manifest.json" in error
    assert error.count("\n") == 1


@pytest.mark.parametrize("how", REPLACED[:-1])
@pytest.mark.parametrize("name", ["rows.npy", "index.json", "index.faiss", "catalog.parquet"])
def test_a_file_that_is_none_of_its_own(saved: Path, how: str, name: str) -> None:
    replace(saved / name, how)
    refused(saved, name)


@pytest.mark.parametrize(
    "content",
    [
        b"[" * 100_000,
        b'{"a": ' * 400 + b"1" + b"}" * 400,
        b"\xff\xfe",
        b'{"format": "hybrid-rec model", "format_version": 1e999}',
        b"9" * 5_000,
    ],
)
def test_a_manifest_that_misleads_the_reader_of_json(saved: Path, content: bytes) -> None:
    (saved / "manifest.json").write_bytes(content)
    with pytest.raises(ArtifactError, match=r"manifest\.json|must hold the format"):
        storage.read_manifest(saved)
    with pytest.raises(ArtifactError, match="must be new, empty or hold a model"):
        storage.check_target(saved)


def nested(depth: int) -> Any:
    """Something within something, so deep."""
    return [nested(depth - 1)] if depth else []


@pytest.mark.parametrize(
    "changes",
    [
        {"measured": {"rows": 1}},
        {"measured": {"factory": "Flat", "queries": 1, "rows": [[]]}},
        {"measured": {"factory": "Flat", "queries": 1, "rows": [{"recall@10": 1.0}]}},
        {"measured": {"factory": "Flat", "queries": 1, "rows": []}},
        {"measured": nested(300)},
        {"held_out": {"playlists": 9, "share": 0.7}},
        {"held_out": {"playlists": 9, "share": 0.7, "error": 0.1, "more": 1}},
        {"held_out": {"playlists": 9, "share": 1e308, "error": 0.1}},
        {"held_out": 3},
        {"held_out": None},
        {"columns": {"title": "pictures"}},
        {"columns": None},
        {"columns": [1]},
        {"index": {"factory": 3, "reason": ""}},
        {"index": {"factory": "Flat"}},
        {"counts": {"items": -1}},
        {"counts": {"items": 2**70}},
        {"counts": {"items": "300"}},
        {"libraries": {"numpy": None}},
    ],
)
def test_a_manifest_whose_sections_are_none(
    saved: Path, changes: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    relist(saved, **changes)
    refused(saved, "manifest.json")
    assert cli.run(["info", str(saved)]) == 2
    assert capsys.readouterr().err.count("\n") == 1
    with pytest.raises(ArtifactError, match=r"manifest\.json"):
        SavedModel.of(saved)


def test_index_json_that_names_files_elsewhere(saved: Path) -> None:
    path = saved / "index.json"
    layout = json.loads(path.read_text())
    for change in ({"sparse": ["../elsewhere"]}, {"dense_files": ["../elsewhere"]}):
        path.write_text(json.dumps(layout | change))
        relist(saved)
        refused(saved, "index.json")
    assert not (saved.parent / "elsewhere").exists()


def put_trees(saved: Path, change: Callable[[str], str]) -> None:
    path = saved / "ranking" / "trees.txt"
    text = path.read_text()
    assert change(text) != text
    path.write_text(change(text))
    relist(saved)


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text[: len(text) // 2],
        lambda text: re.sub("^left_child=.*\n", "", text, count=1, flags=re.MULTILINE),
        lambda text: text.replace("num_tree_per_iteration=1", "num_tree_per_iteration=0"),
        lambda text: re.sub(
            "^(left|right)_child=.*$",
            lambda line: line[0].split("=")[0] + "=" + " ".join(["0"] * line[0].count(" ")) + " 0",
            text,
            flags=re.MULTILINE,
        ),
        lambda text: text.replace("num_leaves=", "num_leaves=1000000000", 1),
        lambda text: re.sub("^split_feature=[0-9]+", "split_feature=9999", text, flags=re.M),
    ],
)  # fmt: skip
def test_trees_that_would_end_the_process(saved: Path, change: Callable[[str], str]) -> None:
    put_trees(saved, change)
    refused(saved, "trees.txt", "must be a LightGBM text of whole trees")


@pytest.mark.parametrize(
    "change",
    [
        lambda numbers: numbers[:-1],
        lambda numbers: numbers.astype(np.float64),
        lambda numbers: np.full_like(numbers, np.nan),
        lambda numbers: np.full_like(numbers, 1e11),
    ],
)
def test_a_network_that_is_none(saved: Path, change: Callable[[Any], Any]) -> None:
    path = saved / "ranking" / "network.npy"
    np.save(path, change(np.load(path)))
    relist(saved)
    refused(saved, "network.npy")


def test_a_network_of_the_largest_numbers_gives_finite_scores(saved: Path) -> None:
    path = saved / "ranking" / "network.npy"
    numbers = np.load(path)
    signs = np.random.default_rng(0).choice([-1, 1], len(numbers)).astype(np.float32)
    np.save(path, signs * np.float32(LARGEST_NUMBER))
    relist(saved)
    model = HybridRecommender.load(saved)
    ranking = model.model_.ranking
    assert ranking is not None
    rows = np.random.default_rng(1).normal(0, 1e6, (50, len(ranking.ranker.names)))
    assert np.isfinite(ranking.ranker.predict(rows.astype(np.float32))).all()


@pytest.mark.parametrize(
    ("part", "value"),
    [
        ("indices", 10**9),
        ("indices", -1),
        ("shape", 1),
        ("shape", 2**40),
        ("indptr", -1),
        ("indptr", 2**40),
        ("data", np.nan),
        ("data", 1e300),
    ],
)
@pytest.mark.parametrize("name", ["ease_weights", "item_neighbours"])
def test_sparse_matrices_that_would_end_the_process(
    saved: Path, name: str, part: str, value: float
) -> None:
    path = saved / "ranking" / "statistics" / f"{name}.npz"
    parts = dict(np.load(path))
    parts[part][1] = value
    np.savez(path, **parts)
    relist(saved)
    refused(saved, f"{name}.npz")


def test_a_sparse_matrix_is_read_as_it_was_written(saved: Path) -> None:
    path = saved / "ranking" / "statistics" / "item_neighbours.npz"
    found = HybridRecommender.load(saved).model_.ranking
    assert found is not None
    assert (found.statistics.item_neighbours != sparse.load_npz(path)).nnz == 0


@pytest.mark.parametrize("name", ["rows.npy", "group_of.npy", "ranking/statistics/"])
def test_arrays_that_announce_more_than_there_is(saved: Path, name: str) -> None:
    if name.endswith("/"):
        name = next(one for one in files_in(saved) if one.startswith(name) and "als" in one)
    path = saved / name
    whole = path.read_bytes()
    for shape in (b"(999999999999,)", b"(1, 999999999999)", b"(-1,)", b"((((("):
        path.write_bytes(re.sub(rb"'shape': \([^)]*\)", b"'shape': " + shape, whole))
        relist(saved)
        refused(saved, path.name)


TABLES: dict[str, Callable[[pa.Table], pa.Table]] = {
    "the same item twice": lambda table: table.take([0, *range(table.num_rows - 1)]),
    "another number of rows": lambda table: table.slice(1),
    "no ids": lambda table: table.drop_columns(["item_id"]),
    "numbers as ids": lambda table: table.set_column(
        table.column_names.index("item_id"), "item_id", pa.array(range(table.num_rows))
    ),
    "numbers as titles": lambda table: table.set_column(
        table.column_names.index("title"), "title", pa.array(range(table.num_rows))
    ),
    "lists as artists": lambda table: table.set_column(
        table.column_names.index("artist"), "artist", pa.array([["a"]] * table.num_rows)
    ),
    "a column twice": lambda table: table.append_column("title", table["title"]),
}


@pytest.mark.parametrize("how", TABLES)
def test_a_catalogue_that_is_none(saved: Path, how: str) -> None:
    path = saved / "catalog.parquet"
    pq.write_table(TABLES[how](pq.read_table(path)), path)
    relist(saved)
    refused(saved, "catalog.parquet")


def test_a_table_that_is_far_larger_than_its_file(saved: Path) -> None:
    path = saved / "catalog.parquet"
    table = pq.read_table(path)
    long = pa.array(["x" * 1_000_000] * table.num_rows, pa.large_string())
    pq.write_table(table.append_column("lyrics", long), path, compression="zstd")
    assert path.stat().st_size < 100_000
    relist(saved)
    refused(saved, "catalog.parquet", "bytes unpacked")


@pytest.mark.parametrize("ids", [["p", "p"], [None, "p"], [1, 2]])
def test_playlists_that_are_none(saved: Path, ids: list[Any]) -> None:
    path = saved / "playlists.parquet"
    n = pq.read_table(path).num_rows
    kind = pa.int64() if isinstance(ids[1], int) else pa.large_string()
    filled = [*ids, *(ids[1] if kind == pa.int64() else f"p{row}" for row in range(n - 2))]
    pq.write_table(pa.table({"playlist_id": pa.array(filled, kind)}), path)
    relist(saved)
    refused(saved, "playlists.parquet")


def test_vectors_that_no_score_can_hold(saved: Path) -> None:
    for name in ("cold_start/coefficients.npy", "cold_start/intercept.npy"):
        whole = (saved / name).read_bytes()
        array = np.load(saved / name)
        array.reshape(-1)[0] = 1e38
        np.save(saved / name, array)
        relist(saved)
        refused(saved, Path(name).name, "at most 1e+12")
        (saved / name).write_bytes(whole)

"""FAISS files are walked through before FAISS reads them: every kind to its end, and no further."""

from __future__ import annotations

import struct
from pathlib import Path

import faiss
import numpy as np
import pytest

from indexes.base import VectorIndexError
from indexes.faiss_cursor import Cursor
from indexes.faiss_index import FaissIndex
from indexes.faiss_layout import Size, _index, check_file

VECTORS = np.random.default_rng(0).standard_normal((300, 12)).astype(np.float32)
KINDS = (
    "Flat", "SQ8", "SQ6", "SQ4", "SQfp16", "SQbf16", "PQ4x4", "HNSW4", "HNSW4_SQ8", "NSG8",
    "NSG8_SQ8", "IVF4,Flat", "IVF4,SQ8", "IVF4,SQfp16", "IVF4,PQ4x4", "IVF100,Flat",
    "IVF4_HNSW4,Flat", "PCA8,IVF4,SQ8", "PCA8,HNSW4", "PCAR8,Flat", "OPQ4_8,PQ4x4", "RR8,Flat",
    "L2norm,Flat", "Pad16,Flat", "SQ8,RFlat", "IVF4,SQ8,Refine(SQfp16)",
)  # fmt: skip


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "index.faiss"


@pytest.mark.parametrize("kind", KINDS)
def test_the_walk_ends_where_the_file_does(kind: str, path: Path) -> None:
    FaissIndex.build(VECTORS, kind).save(path)
    cursor = Cursor(path)
    assert _index(cursor, 0)[1] == check_file(path) == Size(12, 300)
    assert cursor._at == path.stat().st_size
    assert len(FaissIndex.load(path)) == 300


@pytest.mark.parametrize("kind", ["SQ8", "HNSW4", "IVF4,SQ8", "PCA8,IVF4,PQ4x4", "NSG8"])
@pytest.mark.parametrize("mmap", [False, True])
def test_every_truncation_fails_cleanly(kind: str, path: Path, mmap: bool) -> None:
    """Mapped into memory, FAISS would read what lies behind the end."""
    FaissIndex.build(VECTORS[:150], kind).save(path)
    whole = path.read_bytes()
    ends = [*range(300), *range(300, len(whole), 97), len(whole) - 1]
    for end in ends:
        path.write_bytes(whole[:end])
        with pytest.raises(VectorIndexError, match=r"index\.faiss"):
            FaissIndex.load(path, mmap=mmap)


@pytest.mark.parametrize("kind", ["RQ2x4", "PQ4x4fs", "RaBitQ", "HNSW4_PQ4x4", "NSG8_PQ4x4"])
def test_kinds_that_could_not_be_checked_are_not_built(kind: str) -> None:
    with pytest.raises(VectorIndexError, match="must name an index that can be checked"):
        FaissIndex.build(VECTORS, kind)


@pytest.mark.parametrize("kind", ["RQ2x4", "IVF4,RQ2x4", "PQ4x4fs", "RaBitQ"])
def test_kinds_that_are_not_known_are_not_read(kind: str, path: Path) -> None:
    index = faiss.index_factory(12, kind, faiss.METRIC_INNER_PRODUCT)
    index.train(VECTORS)
    index.add(VECTORS)
    faiss.write_index(index, str(path))
    with pytest.raises(VectorIndexError, match=r"the kind '.*' cannot be read"):
        FaissIndex.load(path)


def test_lists_in_another_file_are_not_opened(path: Path, tmp_path: Path) -> None:
    index = faiss.index_factory(12, "IVF4,Flat", faiss.METRIC_INNER_PRODUCT)
    index.train(VECTORS)
    elsewhere = tmp_path / "elsewhere"
    lists = faiss.OnDiskInvertedLists(4, 48, str(elsewhere))
    faiss.downcast_index(index).replace_invlists(lists)
    faiss.downcast_index(index).add(VECTORS)
    faiss.write_index(index, str(path))
    elsewhere.unlink()
    with pytest.raises(VectorIndexError, match="in the file itself, got 'ilod'"):
        FaissIndex.load(path)


def _graph(vectors: np.ndarray = VECTORS) -> faiss.IndexHNSWFlat:
    index = faiss.index_factory(12, "HNSW4", faiss.METRIC_INNER_PRODUCT)
    index.add(vectors)
    return index


@pytest.mark.parametrize(
    ("part", "value", "message"),
    [
        ("levels", 60, "must be in 1 to"),
        ("levels", 0, "must be in 1 to"),
        ("levels", 2, "must lie row by row"),
        ("offsets", 2**40, "must lie row by row"),
        ("cum_nneighbor_per_level", -5, "must ascend from 0"),
        ("cum_nneighbor_per_level", 2**30, "must ascend from 0"),
        ("neighbors", 300, r"must lead to rows in \[0, 300\)"),
        ("neighbors", -2, r"must lead to rows in \[0, 300\)"),
    ],
)
def test_graphs_that_lead_nowhere(part: str, value: int, message: str, path: Path) -> None:
    index = _graph()
    array = faiss.vector_to_array(getattr(index.hnsw, part))
    # A row of the lowest layer alone; of the layers' places the one behind the first.
    place = int(np.flatnonzero(faiss.vector_to_array(index.hnsw.levels) == 1)[0])
    faiss.write_index(index, str(path))
    whole = path.read_bytes()
    at = whole.index(array.tobytes())
    array[1 if part.startswith("cum") else place + (part == "offsets")] = value
    path.write_bytes(whole[:at] + array.tobytes() + whole[at + array.nbytes :])
    with pytest.raises(VectorIndexError, match=message):
        FaissIndex.load(path)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("entry_point", 300, "cannot be entered at row 300"),
        ("entry_point", -1, "cannot be entered at row -1"),
        ("max_level", 40, "in layer 40"),
        ("efSearch", 2**31 - 1, "cannot keep 2147483647 candidates"),
        ("efSearch", 0, "cannot keep 0 candidates"),
        ("efSearch", -1, "cannot keep -1 candidates"),
    ],
)
def test_graphs_that_never_end(name: str, value: int, message: str, path: Path) -> None:
    index = _graph()
    setattr(index.hnsw, name, value)
    faiss.write_index(index, str(path))
    with pytest.raises(VectorIndexError, match=message):
        FaissIndex.load(path)


def test_a_link_to_a_row_that_its_layer_does_not_hold(path: Path) -> None:
    index = _graph()
    links = faiss.vector_to_array(index.hnsw.neighbors).astype(np.int32)
    levels = faiss.vector_to_array(index.hnsw.levels)
    starts = faiss.vector_to_array(index.hnsw.offsets)
    ends = faiss.vector_to_array(index.hnsw.cum_nneighbor_per_level)
    high = int(np.flatnonzero(levels > 1)[0])
    faiss.write_index(index, str(path))
    whole = path.read_bytes()
    at = whole.index(links.tobytes()) + 4 * int(starts[high] + ends[1])
    low = int(np.flatnonzero(levels == 1)[0])
    path.write_bytes(whole[:at] + struct.pack("<i", low) + whole[at + 4 :])
    with pytest.raises(VectorIndexError, match="in layer 1 must lead to rows of that layer"):
        FaissIndex.load(path)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e38])
@pytest.mark.parametrize("kind", ["Flat", "IVF4,Flat", "HNSW4", "PCA8,Flat", "SQ8", "PQ4x4"])
def test_numbers_that_no_score_can_hold(kind: str, value: float, path: Path) -> None:
    FaissIndex.build(VECTORS, kind).save(path)
    whole = bytearray(path.read_bytes())
    # Where the first number of a quantizer, a transform or a list stands, or else the last of all.
    at = {"SQ8": 73, "PQ4x4": 69, "PCA8,Flat": 66}.get(kind, len(whole) - 4)
    if kind == "IVF4,Flat":
        at = bytes(whole).index(b"full") + 4 + 8 + 4 * 8
    assert 0.01 < abs(struct.unpack("<f", whole[at : at + 4])[0]) < 10
    whole[at : at + 4] = struct.pack("<f", value)
    path.write_bytes(whole)
    with pytest.raises(VectorIndexError, match=r"must hold finite numbers of at most 1e\+12"):
        FaissIndex.load(path)


def test_halves_that_are_not_finite(path: Path) -> None:
    for kind, value in (("SQfp16", b"\x00\x7c"), ("SQbf16", b"\x80\x7f"), ("SQbf16", b"\x7f\x7f")):
        FaissIndex.build(VECTORS, kind).save(path)
        path.write_bytes(path.read_bytes()[:-2] + value)
        with pytest.raises(VectorIndexError, match="must hold finite numbers"):
            FaissIndex.load(path)

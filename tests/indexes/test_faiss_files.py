"""FAISS files that were changed: refused, and never a crash or a word of FAISS."""

from __future__ import annotations

from pathlib import Path

import faiss
import numpy as np
import pytest

from indexes.base import VectorIndexError
from indexes.faiss_index import FaissIndex

VECTORS = np.random.default_rng(0).standard_normal((200, 8)).astype(np.float32)


def changed(path: Path, old: bytes, new: bytes) -> None:
    """Put other bytes in place of some that stand in a file once."""
    whole = path.read_bytes()
    assert whole.count(old) == 1
    path.write_bytes(whole.replace(old, new))


@pytest.mark.parametrize(
    ("row", "message"), [(200, r"must list rows in \[0, 200\)"), (0, "must list each of 200 rows")]
)
def test_rows_of_an_inverted_file(row: int, message: str, tmp_path: Path) -> None:
    path = tmp_path / "index.faiss"
    FaissIndex.build(VECTORS, "IVF1,Flat").save(path)
    rows = np.arange(200)
    wrong = rows.copy()
    wrong[7] = row
    whole = path.read_bytes()
    # The rows of the only list, and not those of the map before it.
    at = whole.rindex(rows.tobytes())
    path.write_bytes(whole[:at] + wrong.tobytes() + whole[at + rows.nbytes :])
    with pytest.raises(VectorIndexError, match=rf"index file .*index\.faiss: it {message}"):
        FaissIndex.load(path)


def test_a_map_of_rows_is_made_again(tmp_path: Path) -> None:
    path = tmp_path / "index.faiss"
    FaissIndex.build(VECTORS, "IVF1,Flat").save(path)
    whole = path.read_bytes()
    at = whole.index(np.arange(200).tobytes())
    path.write_bytes(whole[:at] + np.zeros(200, np.int64).tobytes() + whole[at + 1600 :])
    np.testing.assert_array_equal(FaissIndex.load(path).reconstruct(np.arange(200)), VECTORS)


def test_a_file_that_announces_more_than_it_holds(tmp_path: Path) -> None:
    path = tmp_path / "index.faiss"
    FaissIndex.build(VECTORS).save(path)
    limit = faiss.get_deserialization_vector_byte_limit()
    changed(path, np.array([1600]).tobytes(), np.array([1 << 36]).tobytes())
    with pytest.raises(VectorIndexError, match="must be a readable FAISS index"):
        FaissIndex.load(path)
    assert faiss.get_deserialization_vector_byte_limit() == limit


@pytest.mark.parametrize("kind", ["Flat", "HNSW8", "IVF4,SQ8", "HNSW8_SQ8", "PCA4,IVF4,SQ8"])
def test_any_changed_byte(kind: str, tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    path = tmp_path / "index.faiss"
    FaissIndex.build(VECTORS, kind).save(path)
    whole = path.read_bytes()
    n_refused = 0
    for number in range(60):
        at = int(rng.integers(0, 200 if number % 2 else len(whole)))
        path.write_bytes(whole[:at] + bytes([rng.integers(0, 256)]) + whole[at + 1 :])
        try:
            index = FaissIndex.load(path)
        except VectorIndexError as error:
            assert str(path) in str(error)  # noqa: PT017
            n_refused += 1
            continue
        if (len(index), index.dim) == VECTORS.shape:
            index.search(VECTORS[:2], 5)
            index.reconstruct(np.arange(200))
    assert n_refused

"""How the files in this folder were made, by the code that wrote the first layout.

Then the scale of an approximate index was a matrix inside the FAISS file, the delta stood behind
it in the same file, and sparse blocks lay beside it. This code runs with that version alone.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from scipy import sparse

from indexes.delta import put_rows
from indexes.faiss_index import FaissIndex
from indexes.hybrid import HybridIndex, HybridQueries

HERE = Path(__file__).resolve().parent
N, WIDTHS, N_COLUMNS = 300, {"c": 8, "t": 4}, 20
WEIGHTS = {"c": 1.0, "t": 0.25, "a": 0.5}
SCALE = np.repeat([1.0, 0.5], [8, 4])
# Of the moved rows, the last are new.
MOVED = np.concatenate([np.arange(0, N, 30), np.arange(N, N + 5)])


def whole_numbers(n: int, dim: int, seed: int) -> np.ndarray:
    """Small whole numbers, whose products are the same on every machine."""
    return np.random.default_rng(seed).integers(-3, 4, size=(n, dim)).astype(np.float32)


def sparse_block(n: int) -> Any:
    """A column for each row."""
    columns = np.random.default_rng(7).integers(0, N_COLUMNS, n)
    ones = np.ones(n, np.float32)
    return sparse.csr_array((ones, columns, np.arange(n + 1)), shape=(n, N_COLUMNS))


def queries() -> HybridQueries:
    """What every index is asked."""
    dense = {name: whole_numbers(9, width, 5) for name, width in WIDTHS.items()}
    return HybridQueries(dense, {"a": sparse_block(9)})


def indexes() -> dict[str, HybridIndex]:
    """One index for each way in which the first layout wrote one."""
    vectors = whole_numbers(N, sum(WIDTHS.values()), 1)
    moved = whole_numbers(len(MOVED), sum(WIDTHS.values()), 2)
    flat = FaissIndex.build(vectors)
    scaled = FaissIndex.build(vectors, "IVF4,Flat", scale=SCALE)
    graph = FaissIndex.build(vectors, "HNSW8")
    return {
        "flat": HybridIndex(flat, WIDTHS, {"a": sparse_block(N)}),
        "scaled": HybridIndex(scaled, WIDTHS, {"a": sparse_block(N)}),
        "delta": HybridIndex(put_rows(graph, MOVED, moved), WIDTHS, {"a": sparse_block(N + 5)}),
        "scaled_delta": HybridIndex(
            put_rows(scaled, MOVED, moved), WIDTHS, {"a": sparse_block(N + 5)}
        ),
    }


def main() -> None:
    """Build, save, ask."""
    for name, index in indexes().items():
        (HERE / name).mkdir(exist_ok=True)
        index.save(HERE / name)
        found = index.search(queries(), 10, WEIGHTS)
        vectors = index.index.reconstruct(np.arange(len(index)))
        np.save(HERE / name / "answer_rows.npy", found.rows)
        np.save(HERE / name / "answer_scores.npy", found.scores)
        np.save(HERE / name / "answer_vectors.npy", vectors)


if __name__ == "__main__":
    main()

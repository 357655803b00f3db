"""Memory of the hybrid index at 170,000 items, beside that of the materialised matrix."""

from __future__ import annotations

from functools import partial

import numpy as np
import psutil
from scipy import sparse

from indexes.hybrid import HybridIndex, HybridQueries
from tests.benchmarks import measure

N_ITEMS, N_ARTISTS, N_DENSE = 170_000, 37_000, {"cooccurrence": 128, "title": 384}


def main() -> None:
    """Build, measure resident memory before and after, search once."""
    rng = np.random.default_rng(0)
    empty = _resident_gb()
    dense = {
        name: rng.standard_normal((N_ITEMS, dim), dtype=np.float32) for name, dim in N_DENSE.items()
    }
    artist = (N_ARTISTS * rng.random(N_ITEMS) ** 3).astype(np.int64)
    one_hot = sparse.csr_array(
        (np.ones(N_ITEMS, np.float32), (np.arange(N_ITEMS), artist)), shape=(N_ITEMS, N_ARTISTS)
    )
    index = HybridIndex.build(dense, {"artist": one_hot})
    queries = HybridQueries(
        {name: block[:256].copy() for name, block in dense.items()}, {"artist": one_hot[:256]}
    )
    del dense, one_hot, artist
    held = _resident_gb() - empty
    weights = {"cooccurrence": 1.0, "title": 0.2, "artist": 0.3}
    batch = measure.seconds(partial(index.search, queries, 100, weights)) / 256 * 1e3
    single = HybridQueries(
        {name: np.asarray(block)[:1] for name, block in queries.dense.items()},
        {"artist": queries.sparse["artist"][:1]},
    )
    p50, p99 = measure.percentiles_ms([partial(index.search, single, 100, weights)] * 100)
    matrix = N_ITEMS * (sum(N_DENSE.values()) + N_ARTISTS) * 4 / 1e9
    measure.report(
        "INDEX_MEMORY",
        "Memory of the hybrid index",
        f"{N_ITEMS:,} items, {N_ARTISTS:,} artists, {sum(N_DENSE.values())} dense dimensions.\n\n"
        f"| | GB |\n| --- | --- |\n| hybrid index, resident | {held:.2f} |\n"
        f"| materialised float32 matrix, computed | {matrix:.1f} |\n\n"
        f"Exact search, k = 100: p50 {p50:.1f} ms, p99 {p99:.1f} ms alone; {batch:.1f} ms a query "
        "in a batch of 256.",
    )


def _resident_gb() -> float:
    """Resident memory now, in GB."""
    return float(psutil.Process().memory_info().rss) / 1e9


if __name__ == "__main__":
    main()

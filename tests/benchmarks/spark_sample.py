"""What it costs to fit a sample of the playlists and to score them all."""

from __future__ import annotations

import warnings
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from evaluation.harness import evaluate
from evaluation.splits.registry import make_split
from hybrid_rec import HybridConfig, HybridRecommender, Playlists, read_dataset
from hybrid_rec.core.arrays import Rows
from hybrid_rec.ranking.hashes import mixed
from tests.benchmarks import measure
from tests.benchmarks.accuracy import SETS
from tests.benchmarks.asked import Asked

SHARES = (0.1, 0.3, 1.0)
RANKED = ("yes_big", "classic_rock")
"""Sets that the learned ranking is fitted on, too."""
METRICS = ("ndcg@100", "recall@100", "hit_rate@10")


def drawn(playlists: Playlists, n: int) -> Rows:
    """Playlists of a sample, as `spark sample` draws them, but by another hash."""
    counts = playlists.playlist_counts
    held = counts[playlists.rows] >= -(-len(playlists) // n)
    rank = np.lexsort((np.arange(playlists.n_items), counts)).argsort()
    keys = np.full(len(playlists), -1, np.int64)
    order = np.argsort(-rank[playlists.rows], kind="stable")
    order = order[held[order]]
    # The rarest of each playlist is written last.
    keys[playlists.owners[order]] = rank[playlists.rows[order]]
    hashes = mixed(np.arange(len(playlists), dtype=np.uint64))
    place = np.lexsort((hashes, keys)).argsort()
    return np.flatnonzero((place + 1) * n // len(playlists) > place * n // len(playlists))


def sampled(name: str) -> list[dict[str, Any]]:
    """One set, in this process."""
    warnings.simplefilter("ignore")
    spec, kind, longest = SETS[name]
    playlists, catalog, _ = read_dataset(spec.format(data=measure.data_dir()))
    split = make_split(kind, playlists, catalog, seed=0, max_length=longest, part="validation")
    has_ranking = name in RANKED
    config = HybridConfig(titles={"encoder": "tfidf"}, ranking={"enabled": has_ranking})
    rows = []
    for share in SHARES:
        n = round(share * len(split.train))
        part = split.train.select(drawn(split.train, n))
        left = split.train.play_counts - part.play_counts
        for exact in (False, True)[: 1 if share == 1 else 2]:
            known = replace(part, elsewhere=left) if exact else part
            model = HybridRecommender(config)
            seconds = measure.cpu_seconds(partial(model.fit, known, split.catalog))
            row: dict[str, Any] = {
                "set": name,
                "playlists": f"{n:,} ({share:.0%})",
                "exact counts": {True: "yes", False: "no"}[exact] if share < 1 else "all",
                "fit, CPU s": round(seconds, 1),
            }
            for stage, linear in (("ranked", False), ("linear", True))[0 if has_ranking else 1 :]:
                means = evaluate(Asked(model, linear), split, (10, 100), fit=False).means()
                row |= {f"{m}, {stage}": f"{float(means[m]):.4f}" for m in METRICS}
            rows.append(row)
    return rows

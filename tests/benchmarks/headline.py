"""Word2Vec on a million playlists: the size that took a Spark cluster 8.42 hours.

`--share` trains on a part of the playlists; the catalogue always has all 2.26 million items, as
a part of real playlists would. `--share 1` is the whole.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evaluation.harness import evaluate
from evaluation.splits.registry import make_split
from hybrid_rec import (
    CooccurrenceConfig,
    HybridConfig,
    HybridRecommender,
    Playlists,
    read_dataset,
)
from hybrid_rec.blocks.cooccurrence import fit_cooccurrence
from hybrid_rec.core.linalg import unit_rows
from hybrid_rec.core.progress import RichProgress
from indexes.hybrid import HybridIndex, HybridQueries
from tests.benchmarks import measure
from tests.benchmarks.accuracy import SETS
from tests.benchmarks.generated import N_GENRES, playlists_of

N_PLAYLISTS, N_ITEMS, MEAN_LENGTH = 1_000_000, 2_262_292, 66.35
CLUSTER_HOURS = 8.42
REAL = ("yes_big", "triplej")
# Mikolov et al., "Distributed representations of words and phrases and their compositionality",
# NIPS 2013: with so much data, 2 to 5 negatives are enough.
CONFIG = CooccurrenceConfig(preset="skipgram", vector_size=32, epochs=10, negative=2)
NEGATIVES = (5, 3, 2)
FACTORIES = ("Flat", "IVF1024,Flat")
WEIGHTS = {"cooccurrence": 1.0}


def world(share: float) -> Playlists:
    """The generated playlists."""
    rng = np.random.default_rng(0)
    n_playlists = round(N_PLAYLISTS * share)
    lengths = 5 + rng.gamma(1.5, (MEAN_LENGTH - 4.5) / 1.5, n_playlists).astype(np.int64)
    return playlists_of(lengths, N_ITEMS, rng)


def same_genre(vectors: NDArray[np.float32], playlists: Playlists) -> float:
    """Share of the ten nearest of up to 500 items of their genre, among those with 20 plays."""
    rows = np.flatnonzero(playlists.play_counts >= 20)
    asked = np.random.default_rng(1).choice(rows, min(500, len(rows)), replace=False)
    scores = vectors[asked] @ vectors[rows].T
    scores[rows[None] == asked[:, None]] = -np.inf
    near = rows[np.argpartition(-scores, 10, axis=1)[:, :10]]
    return float((near % N_GENRES == asked[:, None] % N_GENRES).mean())


def train(share: float, workers: int, shuffle: bool, negative: int) -> dict[str, object]:
    """One training, in this process."""
    playlists = world(share)
    played = int((playlists.play_counts > 0).sum())
    changes = {"workers": workers, "shuffle": shuffle, "negative": negative}
    config = CONFIG.model_copy(update=changes)
    before = measure.peak_memory_gb()
    found: list[NDArray[np.float32]] = []

    def run() -> None:
        found.append(fit_cooccurrence(playlists, config, 0, RichProgress()))

    processor = time.process_time()
    seconds = measure.seconds(run)
    processor = time.process_time() - processor
    return {
        "playlists": len(playlists),
        "plays": playlists.n_plays,
        "items played": played,
        "threads": workers,
        "shuffle": "yes" if shuffle else "no",
        "negatives": negative,
        "seconds": round(seconds, 1),
        "CPU seconds": round(processor, 1),
        "plays a second": round(playlists.n_plays * config.epochs / seconds),
        "plays a CPU second": round(playlists.n_plays * config.epochs / processor),
        "peak GB": round(measure.peak_memory_gb(), 2),
        "of it the playlists": round(before, 2),
        "same genre": round(same_genre(found[0], playlists), 3),
    }


def quality(name: str, negative: int) -> dict[str, object]:
    """What vectors of these settings are worth on real playlists, in this process."""
    spec, kind, longest = SETS[name]
    playlists, catalog, _ = read_dataset(spec.format(data=measure.data_dir()))
    split = make_split(kind, playlists, catalog, seed=0, max_length=longest, part="validation")
    found = []
    for seed in range(3):
        config = HybridConfig(
            cooccurrence=CONFIG.model_copy(update={"negative": negative}).model_dump(),
            ranking={"enabled": False},
            weights=dict.fromkeys(("title", "artist", "tags", "popularity"), 0.0),
            seed=seed,
        )
        model = HybridRecommender(config).fit(split.train, catalog)
        found.append(evaluate(model, split, (10, 500), fit=False).means())
    values = {
        metric: [means[key] for means in found]
        for metric, key in (("NDCG@500", "ndcg@500"), ("HR@10", "hit_rate@10"))
    }
    return {"set": name, "negatives": negative} | {
        metric: f"{np.mean(of_seeds):.3f} ± {np.std(of_seeds, ddof=1):.3f}"
        for metric, of_seeds in values.items()
    }


def index(factory: str) -> dict[str, object]:
    """Build, save, map and ask an index of the whole catalogue, in this process."""
    rng = np.random.default_rng(0)
    centres = rng.standard_normal((N_GENRES, CONFIG.vector_size), dtype=np.float32)
    vectors = centres[np.arange(N_ITEMS) % N_GENRES]
    vectors += rng.standard_normal(vectors.shape, dtype=np.float32) * np.float32(0.5)
    vectors = unit_rows(vectors)
    asked = rng.choice(N_ITEMS, 200, replace=False)
    queries = [HybridQueries({"cooccurrence": vectors[row : row + 1]}) for row in asked]
    built: list[HybridIndex] = []

    def build() -> None:
        built.append(HybridIndex.build({"cooccurrence": vectors}, factory=factory))

    build_time = measure.seconds(build)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        save = measure.seconds(lambda: built[0].save(folder))
        mapped: list[HybridIndex] = []
        load = measure.seconds(lambda: mapped.append(HybridIndex.load(folder, mmap=True)))
        first = measure.seconds(lambda: mapped[0].search(queries[0], 10, WEIGHTS))
        p50, p99 = measure.percentiles_ms(
            partial(mapped[0].search, query, 10, WEIGHTS) for query in queries
        )
        size = measure.folder_mb(folder)
        hits = []
        for query, row in zip(queries[:50], asked, strict=False):
            scores = vectors @ vectors[row]
            exact = np.argpartition(-scores, 10)[:10]
            hits.append(len(np.intersect1d(exact, mapped[0].search(query, 10, WEIGHTS).rows[0])))
    return {
        "index": factory,
        "items": N_ITEMS,
        "build s": round(build_time, 1),
        "save s": round(save, 1),
        "disk MB": round(size),
        "map s": round(load, 3),
        "first answer ms": round(first * 1e3, 1),
        "p50 ms": round(p50, 1),
        "p99 ms": round(p99, 1),
        "of the true ten": f"{np.mean(hits) / 10:.3f}",
        "peak GB": round(measure.peak_memory_gb(), 2),
    }


def main() -> None:
    """Every training and every index in a process of its own, then one page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--share", type=float, action="append", help="default: 0.01 and 0.1")
    parser.add_argument("--run", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.run:
        kind, values = options.run
        run = {"index": index, "train": train, "quality": quality}[kind]
        print(json.dumps(run(*json.loads(values))))
        return
    shares = sorted(options.share or [0.01, 0.1])
    if not 0 < shares[0] <= shares[-1] <= 1:
        sys.exit(f"--share must be above 0 and at most 1, got {shares}")
    small, large = shares[0], shares[-1]
    # What one thread, shuffling and more negatives cost is measured on the smallest.
    few = CONFIG.negative
    trainings = [(small, 1, False, few), (small, 2, True, few)]
    trainings += [(small, 2, False, n) for n in NEGATIVES if n != few]
    trainings += [(share, 2, False, few) for share in shares]
    rows = [_in_own_process("train", *training) for training in trainings]
    of_share = {
        share: row
        for (share, *how), row in zip(trainings, rows, strict=True)
        if how == [2, False, few]
    }
    parts = [
        f"{N_PLAYLISTS:,} generated playlists of {MEAN_LENGTH} plays on average would be the "
        f"whole, over a catalogue of {N_ITEMS:,} items whose popularity falls as one over rank. "
        f"{CONFIG.vector_size} dimensions, {CONFIG.epochs} epochs, skip-gram, window "
        f"{CONFIG.window}, {few} negatives. A cluster took {CLUSTER_HOURS} hours. "
        f'Each playlist loves one of {N_GENRES} genres; "same genre" is how many of an item\'s '
        f"ten nearest share its own, by chance {1 / N_GENRES}.",
        measure.markdown(pd.DataFrame(rows)),
        _growth(of_share[small], of_share[large]),
        "## Negatives on real playlists",
        measure.markdown(
            pd.DataFrame([_in_own_process("quality", name, n) for name in REAL for n in NEGATIVES])
        ),
        "The same settings, the co-occurrence block alone, half of each playlist given, "
        "validation: mean and standard deviation of three seeds.",
        "## Index of the whole catalogue",
        measure.markdown(pd.DataFrame([_in_own_process("index", name) for name in FACTORIES])),
        f"{CONFIG.vector_size} dimensions, one query at a time, mapped from the file; the file "
        "was just written, so it is still in memory.",
    ]
    measure.report("HEADLINE", "A million playlists", "\n\n".join(parts))


def _in_own_process(kind: str, *values: object) -> dict[str, float]:
    told = measure.in_own_process("headline", "--run", kind, json.dumps(values))
    result: dict[str, float] = json.loads(told)
    return result


def _growth(small: dict[str, float], large: dict[str, float]) -> str:
    """What the step from the smallest share to the largest says of the whole."""
    plays = large["plays"] / small["plays"]
    left = N_PLAYLISTS * MEAN_LENGTH / large["plays"]
    lines = []
    for clock, threads in (("seconds", 1.0), ("CPU seconds", large["threads"])):
        ratio = large[clock] / small[clock]
        # One share alone tells nothing of growth.
        exponent = float(np.log(ratio) / np.log(plays)) if plays > 1 else 1.0
        minutes = large[clock] / threads * left**exponent / 60
        lines.append(
            f"| {clock} | {plays:.1f} | {ratio:.1f} | {exponent:.2f} | {minutes:.0f} | "
            f"{CLUSTER_HOURS * 60 / minutes:.0f} |"
        )
    return (
        "| clock | times the plays | times as long | time grows as plays to the power of | minutes "
        "for the whole | times as fast as the cluster |\n| --- | --- | --- | --- | --- | --- |\n"
        + "\n".join(lines)
        + "\n\nFrom the smallest to the largest share on several threads in play order. CPU "
        "seconds are divided by the threads: what two cores would take that do nothing else."
    )


if __name__ == "__main__":
    main()

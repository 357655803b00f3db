"""Word2Vec and ALS of MLlib beside gensim's Word2Vec on real playlists."""

from __future__ import annotations

import sys
import tempfile
import warnings
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from evaluation.harness import evaluate
from evaluation.splits.registry import make_split
from hybrid_rec import Dataset, HybridConfig, HybridRecommender, read_dataset
from hybrid_rec.blocks.cooccurrence import fit_cooccurrence
from hybrid_rec.spark.vectors import iterations_of, learn_vectors
from tests.benchmarks import measure
from tests.benchmarks.accuracy import SETS
from tests.benchmarks.asked import Asked
from tests.benchmarks.spark_local import cluster_seconds, local_session
from tests.prepared_data import write_prepared

MOST = 4_000
PARTITIONS = (1, 4, 8)


def compared(name: str) -> list[dict[str, Any]]:
    """One set, in this process."""
    warnings.simplefilter("ignore")
    spec, kind, longest = SETS[name]
    playlists, catalog, report = read_dataset(spec.format(data=measure.data_dir()))
    cut = playlists.select(np.arange(min(MOST, len(playlists))))
    split = make_split(kind, cut, catalog, seed=0, max_length=longest, part="validation")
    config = HybridConfig(
        titles={"encoder": "tfidf"}, ranking={"enabled": False},
        weights=dict.fromkeys(("title", "artist", "tags", "popularity"), 0.0),
    )  # fmt: skip
    rows = []

    def add(learner: str, seconds: float, vectors: Any) -> None:
        model = HybridRecommender(config).fit(
            split.train, split.catalog, cooccurrence_vectors=vectors
        )
        means = evaluate(Asked(model, True), split, (10, 100), fit=False).means()
        told = {m: f"{float(means[m]):.4f}" for m in ("recall@100", "ndcg@100")}
        about = {"set": name, "playlists": len(split.train), "learned by": learner}
        rows.append({**about, "CPU s": round(seconds, 1), **told})
        sys.stderr.write(f"{rows[-1]}\n")

    found: list[Any] = []
    train = partial(fit_cooccurrence, split.train, config.cooccurrence, 0)
    add("gensim", measure.cpu_seconds(lambda: found.append(train())), found[0])
    with tempfile.TemporaryDirectory() as temporary:
        home = Path(temporary)
        write_prepared(Dataset(split.train, split.catalog, report), home / "prepared")
        session = local_session()
        learn = partial(learn_vectors, session, home / "prepared", home / "out")
        words = partial(learn, method="word2vec")
        words(partitions=1, iterations=1)
        for partitions in PARTITIONS:
            for iterations in dict.fromkeys((4, iterations_of(partitions))):
                call = partial(words, partitions=partitions, iterations=iterations)
                label = f"Word2Vec, {partitions} partitions, {iterations} iterations"
                add(label, cluster_seconds(call), home / "out")
        add("ALS, 10 iterations", cluster_seconds(learn), home / "out")
        session.stop()
    return rows

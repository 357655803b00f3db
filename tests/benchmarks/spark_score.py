"""What scores cost on a cluster of two workers beside one machine."""

from __future__ import annotations

import tempfile
import warnings
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from hybrid_rec import HybridConfig, HybridRecommender, read_dataset, score_playlists
from hybrid_rec.core.config import RankingConfig
from hybrid_rec.spark import score_files
from tests.benchmarks import measure
from tests.benchmarks.accuracy import SETS
from tests.benchmarks.spark_local import cluster_seconds, local_session
from tests.spark_cluster import SparkCluster

_FILES, _K, _RANKED = 4, 100, 500


def scored(name: str) -> list[dict[str, Any]]:
    """One set, by the linear score and, of a part of it, by the learned ranking."""
    warnings.simplefilter("ignore")
    spec, _, _ = SETS[name]
    playlists, catalog, _ = read_dataset(spec.format(data=measure.data_dir()))
    rows = []
    with tempfile.TemporaryDirectory() as temporary:
        home = Path(temporary)
        lists = playlists.to_lists(catalog)
        frame = pd.DataFrame({"playlist_id": range(len(lists)), "item_ids": lists})
        cluster = SparkCluster(home / "cluster")
        try:
            session = local_session(cluster.master, _FILES)
            for label, ranking, n_playlists in (
                ("linear", RankingConfig(enabled=False), len(lists)),
                ("ranked", RankingConfig(), min(_RANKED, len(lists))),
            ):
                config = HybridConfig(titles={"encoder": "tfidf"}, ranking=ranking)
                model = home / label
                HybridRecommender(config).fit(playlists, catalog).save(model)
                asked = home / f"{label}-playlists"
                asked.mkdir()
                for part in range(_FILES):
                    cut = frame[:n_playlists].iloc[part::_FILES]
                    cut.to_parquet(asked / f"{part}.parquet", index=False)
                few = home / "few.parquet"
                frame[:20].to_parquet(few, index=False)
                here = partial(score_playlists, model, asked, home / f"{label}-here", _K)
                alone = measure.cpu_seconds(here)
                # Starts the Python workers.
                score_files(session, model, few, home / f"{label}-few", _K)
                there = partial(score_files, session, model, asked, home / f"{label}-out", _K)
                spent = cluster_seconds(there)
                rows.append(
                    {
                        "set": name,
                        "order": label,
                        "playlists": n_playlists,
                        "k": _K,
                        "one machine, CPU s": round(alone, 1),
                        "cluster, CPU s": round(spent, 1),
                    }
                )
            session.stop()
        finally:
            cluster.stop()
    return rows

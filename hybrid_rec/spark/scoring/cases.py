"""A fitted recommender that is asked on a cluster, as evaluations ask it here."""

from __future__ import annotations

import shutil
import tarfile
import tempfile
import weakref
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa

from hybrid_rec.batch.scoring import ITEMS, SCORES, BatchRequest
from hybrid_rec.core.arrays import Objects
from hybrid_rec.spark.faults import guarded, told_in_one_line
from hybrid_rec.spark.scoring.frames import score
from hybrid_rec.spark.scoring.model import ClusterModel
from hybrid_rec.spark.scoring.tasks import Asked, score_items

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

    from hybrid_rec.recommender import HybridRecommender


@dataclass(frozen=True)
class Answers:
    """What the cluster has answered."""

    item_ids: Objects
    """`(n_queries, k)`; None where a list has ended."""
    sources: Objects
    """`(n_queries, k)`; "" where a list has ended."""


class OnCluster:
    """Answers of a fitted recommender, computed by a cluster.

    The model goes to the workers as an archive, so that hosts need no folder in common.

    Args:
        session: The cluster.
        recommender: What answers.
    """

    at_once = None
    """How many cases are asked at once: all, as each question is a job."""

    def __init__(self, session: SparkSession, recommender: HybridRecommender) -> None:
        self._session, self._recommender = session, recommender
        self._made: Path | None = None

    def fit(self, playlists: Any, catalog: Any) -> OnCluster:
        """Learn from playlists, here."""
        self._recommender.fit(playlists, catalog)
        self._made = None
        return self

    def learned(self, queries: Any) -> OnCluster:
        """The same after it has learned from queries; see `HybridRecommender.learned`."""
        return OnCluster(self._session, self._recommender.learned(queries))

    def recommend(
        self, queries: Sequence[Sequence[str]], k: int = 10, *, names: Objects | None = None
    ) -> Answers:
        """See `HybridRecommender.recommend`; queries are lists of item ids."""
        numbers = [str(number) for number in range(len(queries))]
        columns: dict[str, Any] = {
            "playlist_id": pa.array(numbers),
            "item_ids": pa.array([list(query) for query in queries], pa.list_(pa.string())),
        }
        if names is not None:
            columns["name"] = pa.array([str(name) for name in names], pa.string())
        frame = self._frame(pa.table(columns))
        return _answers(score(frame, self._archive, k), numbers, k)

    def recommend_for_new_items(self, frame: pd.DataFrame, k: int = 10) -> Answers:
        """See `HybridRecommender.recommend_for_new_items`."""
        numbers = [str(number) for number in range(len(frame))]
        described = pa.Table.from_pandas(frame.assign(item_id=numbers), preserve_index=False)
        asked = score(self._frame(described), self._archive, k, new_items=True)
        return _answers(asked, numbers, k)

    def similar_items(self, item_ids: Sequence[str], k: int = 10) -> Answers:
        """See `HybridRecommender.similar_items`."""
        from pyspark.sql.pandas.types import from_arrow_schema

        held, saved = ClusterModel.of(self._session, self._archive)
        rows = np.unique(self._recommender.model_.catalog.rows(list(item_ids)))
        # Ranges of one item each.
        asked = Asked(held, BatchRequest(ITEMS, k), size=1, n_items=saved.n_items)
        frame = self._frame(pa.table({"row": pa.array(rows)}))
        task = guarded(score_items, asked)
        found = frame.mapInArrow(task, from_arrow_schema(SCORES))
        return _answers(found, list(map(str, item_ids)), k)

    def _frame(self, table: pa.Table) -> DataFrame:
        frame = self._session.createDataFrame(table)
        tasks = int(self._session.conf.get("spark.sql.shuffle.partitions") or 1)
        return frame.repartition(tasks)

    @property
    def _archive(self) -> Path:
        """The model as an archive, made when it is first asked for."""
        if self._made is None:
            folder = Path(tempfile.mkdtemp(prefix="hybrid-rec-"))
            weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
            self._recommender.save(folder / "model")
            self._made = folder / "model.tar"
            with tarfile.open(self._made, "w") as packed:
                packed.add(folder / "model", "model")
            shutil.rmtree(folder / "model")
        return self._made


def _answers(found: DataFrame, queries: Sequence[str], k: int) -> Answers:
    """Rows of recommendations as one line a query."""
    with told_in_one_line():
        table = found.select("query_id", "rank", "item_id", "source").toArrow()
    asked = pd.Index(queries)
    distinct = asked.unique()
    line = distinct.get_indexer(pd.Index(table["query_id"].to_pylist()))
    place = np.asarray(table["rank"]) - 1
    item_ids = np.full((len(distinct), k), None, dtype=object)
    sources = np.full((len(distinct), k), "", dtype=object)
    item_ids[line, place] = table["item_id"].to_pylist()
    sources[line, place] = table["source"].to_pylist()
    again = distinct.get_indexer(asked)
    return Answers(item_ids[again], sources[again])

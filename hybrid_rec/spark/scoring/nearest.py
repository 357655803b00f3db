"""Vectors of playlists on a cluster, and the playlists nearest to each: a shard a task, merged."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from hybrid_rec.batch.queries import Rejections, playlists_of
from hybrid_rec.batch.scoring import PLAYLISTS, BatchRequest
from hybrid_rec.core.arrays import Floats, Objects, Rows
from hybrid_rec.core.config import COOCCURRENCE
from hybrid_rec.data.playlists import Playlists
from hybrid_rec.model.playlist_search import nearest_playlists
from hybrid_rec.model.search import check_k
from hybrid_rec.spark.faults import guarded
from hybrid_rec.spark.scoring.frames import grouped_queries
from hybrid_rec.spark.scoring.model import ClusterModel
from hybrid_rec.spark.scoring.queries import Batches
from hybrid_rec.spark.scoring.tasks import Asked, chunks_of
from indexes.faiss_index import FaissIndex

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

_VECTORS = "playlist_id string, name string, vector array<float>"
_FOUND = "query_id string, place long, playlist_id string, name string, score float"
_SHARD = "shard"
# Queries that are held against a shard at once.
_QUERIES = 1_000


def playlist_vectors(
    frame: DataFrame, model: str | Path, *, named: bool = False, date_format: str | None = None
) -> DataFrame:
    """Places of playlists in the co-occurrence space of a model, computed by the cluster.

    Args:
        frame: Playlists; see `score`.
        model: See `score`.
        named: Whether what a playlist is called counts, as in a query, and not what it holds alone.
        date_format: See `score`.

    Returns:
        Columns playlist_id, name ("" for none) and vector, of length 1, or all 0 for a playlist
        that says nothing; one row a playlist.

    Raises:
        HybridRecError: See `score`.
    """
    asked, grouped = grouped_queries(frame, model, BatchRequest(PLAYLISTS, 1), date_format)
    return grouped.mapInArrow(guarded(_places, asked, named), _VECTORS)


def similar_playlists(
    frame: DataFrame,
    model: str | Path,
    k: int = 10,
    *,
    among: DataFrame | None = None,
    n_shards: int | None = None,
    date_format: str | None = None,
) -> DataFrame:
    """The playlists nearest to each of a frame, as `HybridRecommender.similar_playlists` has them.

    Every task indexes one shard of the playlists and asks it all queries; the best of all shards
    are merged, which is exact.

    Args:
        frame: The playlists that ask; see `score`.
        model: See `score`.
        k: Playlists wanted for each, from 1 to 10,000,000.
        among: The playlists to search, as a frame of the same kind; None for the training
            playlists of the model. Equal scores go by id in a frame, and by their order in the
            model.
        n_shards: Tasks among which they are divided; by default one for each partition of a
            shuffle (`spark.sql.shuffle.partitions`). What a task holds are the vectors of one
            shard.
        date_format: See `score`.

    Returns:
        Columns query_id, rank, playlist_id, name ("" for none) and score.

    Raises:
        HybridRecError: See `score`.
    """
    from pyspark.sql import Window
    from pyspark.sql import functions as F  # noqa: N812

    check_k(k)
    session = frame.sparkSession
    shards = n_shards or int(session.conf.get("spark.sql.shuffle.partitions") or 1)
    held, _ = ClusterModel.of(session, model)
    queries = playlist_vectors(frame, model, named=True, date_format=date_format)
    numbers = session.range(shards).withColumnRenamed("id", _SHARD)
    rows = queries.crossJoin(numbers).withColumn("is_query", F.lit(True))
    if among is not None:
        shard = F.pmod(F.xxhash64(F.col("playlist_id")), F.lit(shards))
        stored = playlist_vectors(among, model, date_format=date_format)
        rows = rows.unionByName(
            stored.withColumn(_SHARD, shard).withColumn("is_query", F.lit(False))
        )
    ordered = rows.repartition(shards, F.col(_SHARD)).sortWithinPartitions(
        _SHARD, "is_query", "playlist_id"
    )
    task = guarded(_search, held, k, None if among is not None else shards)
    found = ordered.mapInArrow(task, _FOUND)
    place = Window.partitionBy("query_id").orderBy(F.desc("score"), "place", "playlist_id")
    ranked = found.withColumn("rank", F.row_number().over(place)).where(F.col("rank") <= k)
    return ranked.select("query_id", "rank", "playlist_id", "name", "score")


def _places(batches: Batches, asked: Asked, named: bool) -> Batches:
    model = asked.model.load()[1].model_
    for chunk in chunks_of(batches, asked):
        playlists, _ = playlists_of(chunk, model.catalog, Rejections())
        queries = model.named_queries(playlists) if named else model.queries(playlists)
        vectors = np.asarray(queries.dense[COOCCURRENCE], dtype=np.float32)
        yield _packed(playlists, vectors)


def _packed(playlists: Playlists, vectors: Floats) -> pa.RecordBatch:
    names = playlists.names
    flat = pa.array(vectors.ravel())
    offsets = pa.array(np.arange(len(vectors) + 1, dtype=np.int32) * vectors.shape[1])
    return pa.RecordBatch.from_pydict(
        {
            "playlist_id": pa.array(playlists.playlist_ids, pa.string()),
            "name": pa.array([""] * len(vectors) if names is None else names, pa.string()),
            "vector": pa.ListArray.from_arrays(offsets, flat),
        }
    )


@dataclass(frozen=True)
class _Shard:
    """Playlists that one task searches."""

    index: FaissIndex
    ids: Objects
    names: Objects
    places: Rows
    """Where equal scores stand."""
    known: Rows | None
    """See `nearest_playlists`."""


def _search(batches: Batches, held: ClusterModel, k: int, n_ranges: int | None) -> Batches:
    """The nearest playlists of each shard.

    Args:
        batches: Stored playlists and queries, by shard, the queries of each last.
        held: The model.
        k: Playlists wanted.
        n_ranges: The number of shards where the training playlists are searched; None where what is
            stored is among the batches.
    """
    model = held.load()[1].model_
    stored: list[pa.RecordBatch] = []
    shard: _Shard | None = None
    last: int | None = None
    for batch in _runs(batches):
        number = batch[_SHARD][0].as_py()
        if number != last:
            stored, shard, last = [], None, number
        if not batch["is_query"][0].as_py():
            stored.append(batch)
            continue
        if shard is None:
            shard = _stored(model, stored) if n_ranges is None else _range(model, number, n_ranges)
        if shard is None or not len(shard.index):
            continue
        for start in range(0, batch.num_rows, _QUERIES):
            part = batch.slice(start, _QUERIES)
            names = _texts(part, "name")
            rows, scores = nearest_playlists(
                model, shard.index, shard.known, _vectors(part), names, k
            )
            line, place = np.nonzero(rows >= 0)
            found = rows[line, place]
            yield pa.RecordBatch.from_pydict(
                {
                    "query_id": pa.array(_texts(part, "playlist_id")[line], pa.string()),
                    "place": pa.array(shard.places[found]),
                    "playlist_id": pa.array(shard.ids[found], pa.string()),
                    "name": pa.array(shard.names[found], pa.string()),
                    "score": pa.array(scores[line, place]),
                }
            )


def _runs(batches: Batches) -> Iterator[pa.RecordBatch]:
    """Batches of one shard each, and of stored playlists or queries alone."""
    for batch in batches:
        keys = 2 * np.asarray(batch[_SHARD]) + np.asarray(
            batch["is_query"].to_numpy(zero_copy_only=False)
        ).astype(np.int64)
        cuts = [0, *(np.flatnonzero(np.diff(keys)) + 1).tolist(), len(keys)]
        for start, end in pairwise(cuts):
            if end > start:
                yield batch.slice(start, end - start)


def _range(model: Any, number: int, n_ranges: int) -> _Shard | None:
    """A range of the training playlists."""
    n_playlists = len(model.playlists)
    rows = np.arange(number * n_playlists // n_ranges, (number + 1) * n_playlists // n_ranges)
    if not len(rows):
        return None
    chosen = model.playlists.select(rows)
    names = np.full(len(rows), "", dtype=object) if chosen.names is None else chosen.names
    known = None if model.names is None else model.names.of_playlist[rows]
    index = FaissIndex.build(model.queries(chosen).dense[COOCCURRENCE])
    return _Shard(index, chosen.playlist_ids, names, rows, known)


def _stored(model: Any, batches: list[pa.RecordBatch]) -> _Shard | None:
    """Playlists that the batches hold."""
    if not batches:
        return None
    table = pa.Table.from_batches(batches).combine_chunks().to_batches()[0]
    names = _texts(table, "name")
    known = None if model.names is None else model.names.places_of(names)
    index = FaissIndex.build(_vectors(table))
    places = np.zeros(len(names), np.int64)
    return _Shard(index, _texts(table, "playlist_id"), names, places, known)


def _vectors(batch: pa.RecordBatch) -> Floats:
    flat = np.asarray(batch["vector"].flatten(), dtype=np.float32)
    return np.ascontiguousarray(flat.reshape(batch.num_rows, -1))


def _texts(batch: pa.RecordBatch, name: str) -> Objects:
    return np.array(batch[name].to_pylist(), dtype=object)

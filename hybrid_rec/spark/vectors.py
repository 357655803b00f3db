"""Co-occurrence vectors of all playlists, learned on a cluster by MLlib."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
import pyarrow as pa

from hybrid_rec.blocks.training_length import window_for
from hybrid_rec.core.checks import check_choice
from hybrid_rec.core.config import CooccurrenceConfig
from hybrid_rec.core.errors import ConfigError, DataError
from hybrid_rec.core.files import replacing
from hybrid_rec.core.quoting import quoted
from hybrid_rec.data.prepared import COUNTS, ITEM, ITEMS, PLAYLIST, PLAYLISTS, PLAYS
from hybrid_rec.spark.faults import guarded, told_in_one_line
from hybrid_rec.spark.output import check_folder, shared_folder, write_folder_manifest
from hybrid_rec.spark.prepared import PreparedData
from hybrid_rec.spark.tables import PartWriter, n_files, staged

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

FORM = "hybrid-rec vectors"
Method = Literal["word2vec", "als"]
FEWEST_ITERATIONS = 4
"""Passes of Word2Vec over playlists that are in one partition."""
_VECTORS_A_FILE = 500_000
_LONGEST = 1000
_MOST_USERS = 2**31
_ALS_ITERATIONS = 10


def learn_vectors(
    session: SparkSession,
    prepared: str | Path,
    out: str | Path,
    *,
    method: Method = "als",
    size: int | None = None,
    partitions: int | None = None,
    iterations: int | None = None,
    seed: int = 0,
) -> int:
    """Write unit vectors of items that lie close together where items are played together.

    `OUT` holds Parquet files of item_id and vector, which `fit(..., cooccurrence_vectors=OUT)`
    takes. Items with too few plays have none.

    Word2Vec of MLlib learns in each partition on its own and takes the mean of what they learned
    after each iteration, so that more partitions need more iterations: by default as many as
    partitions, at least `FEWEST_ITERATIONS`.

    Args:
        session: The cluster.
        prepared: A prepared data set, on a path that driver and workers share.
        out: A folder on such a path; vectors that are there are replaced.
        method: "als" for the factors of implicit feedback, or "word2vec".
        size: Numbers of a vector; None for `cooccurrence.vector_size`.
        partitions: Of Word2Vec; None for one a task of the cluster at most, and no fewer than
            10,000 playlists each.
        iterations: None to follow from the partitions; 10 for ALS. Many more of
            these need a larger stack of Java, `spark.executor.extraJavaOptions=-Xss16m`.
        seed: Of the first vectors.

    Returns:
        How many items have a vector.

    Raises:
        DataError: If `prepared` is no prepared data set, or `out` holds anything else.
        ConfigError: For a number out of range.
        RunError: If the cluster fails.
    """
    check_choice(method, get_args(Method), "method")
    if partitions is not None and method != "word2vec":
        raise ConfigError(
            f"partitions can only be given for word2vec, but the method is {method}; leave them "
            "out."
        )
    for name, value, least in (
        ("size", size, 1), ("partitions", partitions, 1), ("iterations", iterations, 1)
    ):  # fmt: skip
        if value is not None and (isinstance(value, bool) or not value >= least):
            raise ConfigError(f"{name} must be at least {least}, got {quoted(value)}.")
    target = shared_folder(out)
    check_folder(target, FORM)
    data = PreparedData.at(session, prepared)
    config = CooccurrenceConfig(**({} if size is None else {"vector_size": size}))
    used: dict[str, Any] = {"method": method, "size": config.vector_size, "seed": seed}
    with replacing(target) as folder, told_in_one_line():
        work = folder / "_work"
        work.mkdir()
        if method == "als":
            used["iterations"] = iterations or _ALS_ITERATIONS
            found = _als(data, config, used["iterations"], seed)
        else:
            used["partitions"] = partitions or _partitions(data)
            used["iterations"] = iterations or iterations_of(used["partitions"])
            found = _word2vec(data, config, used["partitions"], used["iterations"], seed)
        unit = staged(
            found.mapInArrow(guarded(_unit), f"{ITEM} long, vector array<float>"), work / "found"
        )
        ids = data.table(ITEMS).select(ITEM, "item_id")
        writer = PartWriter(folder)
        n_vectors = writer.write(
            unit.join(ids, ITEM).select(ITEM, "item_id", "vector"), "vectors", "item_id",
            n_files(data.manifest.counts[ITEMS], _VECTORS_A_FILE), [ITEM],
        )  # fmt: skip
        shutil.rmtree(work)
        write_folder_manifest(folder, FORM, {"prepared": str(data.home), **used}, writer.digests)
    return n_vectors


def iterations_of(partitions: int) -> int:
    """Passes of Word2Vec over so many partitions, so that its vectors stay as good."""
    return max(FEWEST_ITERATIONS, partitions)


def _partitions(data: PreparedData) -> int:
    at_once = int(data.session.conf.get("spark.sql.shuffle.partitions", "200") or 200)
    return max(1, min(at_once, data.manifest.counts[PLAYLISTS] // 10_000))


def _word2vec(
    data: PreparedData, config: CooccurrenceConfig, partitions: int, iterations: int, seed: int
) -> DataFrame:
    """Vectors of items: ITEM, vector."""
    from pyspark.ml.feature import Word2Vec
    from pyspark.sql import functions as F  # noqa: N812

    counts = data.manifest.counts
    most = data.table(COUNTS).agg(F.max("plays")).first()[0] or 0
    if most < config.min_count:
        raise DataError(
            f"at least one item must have min_count = {config.min_count} plays, but the most "
            f"played one has {most}."
        )
    in_order = F.array_sort(F.collect_list(F.struct("position", ITEM)))
    lists = (
        data.table(PLAYS)
        .groupBy(PLAYLIST)
        .agg(F.transform(in_order, lambda play: play[ITEM].cast("string")).alias("items"))
    )
    learner = Word2Vec(
        vectorSize=config.vector_size,
        minCount=config.min_count,
        numPartitions=partitions,
        maxIter=iterations,
        seed=seed,
        windowSize=window_for(counts[PLAYS] / max(counts[PLAYLISTS], 1)),
        maxSentenceLength=_LONGEST,
        inputCol="items",
        outputCol="mean",
    )
    # In an order of their own, so that how they were read does not matter.
    model = learner.fit(lists.sort(F.xxhash64(PLAYLIST), PLAYLIST))
    from pyspark.ml.functions import vector_to_array

    return model.getVectors().select(
        F.col("word").cast("long").alias(ITEM), vector_to_array("vector").alias("vector")
    )


def _als(data: PreparedData, config: CooccurrenceConfig, iterations: int, seed: int) -> DataFrame:
    """Factors of items: ITEM, vector."""
    from pyspark.ml.recommendation import ALS
    from pyspark.sql import functions as F  # noqa: N812

    if max(data.manifest.counts[name] for name in (PLAYLISTS, ITEMS)) >= _MOST_USERS:
        raise DataError(
            f"ALS can take fewer than {_MOST_USERS:,} playlists and items; draw a sample with "
            "`hybrid-rec spark sample`, or learn by word2vec."
        )
    plays = data.table(PLAYS).select(PLAYLIST, ITEM).distinct()
    learner = ALS(
        rank=config.vector_size,
        maxIter=iterations,
        implicitPrefs=True,
        alpha=40.0,
        regParam=0.1,
        userCol="user",
        itemCol="item",
        ratingCol="rating",
        seed=seed,
    )
    model = learner.fit(
        plays.select(
            F.col(PLAYLIST).cast("int").alias("user"),
            F.col(ITEM).cast("int").alias("item"),
            F.lit(1.0).alias("rating"),
        )
    )
    return model.itemFactors.select(
        F.col("id").cast("long").alias(ITEM),
        F.col("features").cast("array<double>").alias("vector"),
    )


def _unit(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Rows of ITEM and vector with vectors of length 1; those of length 0 are left out."""
    for batch in batches:
        if not batch.num_rows:
            continue
        numbers, vectors = batch.column(0), batch.column(1)
        rows = np.asarray(vectors.flatten(), dtype=np.float64).reshape(batch.num_rows, -1)
        norms = np.linalg.norm(rows, axis=1)
        kept = norms > 0
        made = pa.array(
            [*(rows[kept] / norms[kept, None]).astype(np.float32)], pa.list_(pa.float32())
        )
        yield pa.RecordBatch.from_arrays([numbers.filter(pa.array(kept)), made], [ITEM, "vector"])

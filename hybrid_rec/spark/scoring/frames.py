"""Frames of queries in, frames of recommendations out."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from hybrid_rec.batch.layout import ID
from hybrid_rec.batch.queries import REJECTED
from hybrid_rec.batch.scoring import (
    ITEMS,
    NEW_ITEM_SCORES,
    NEW_ITEMS,
    PLAYLISTS,
    SCORES,
    BatchRequest,
)
from hybrid_rec.core.choices import Distinct
from hybrid_rec.model.search import check_k
from hybrid_rec.spark.faults import guarded, told_in_one_line
from hybrid_rec.spark.scoring.model import ClusterModel
from hybrid_rec.spark.scoring.queries import QueryRows, of_frame
from hybrid_rec.spark.scoring.survey import order_of_frame
from hybrid_rec.spark.scoring.tasks import CHUNK, Asked, score_items, score_rows

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession


def score(
    frame: DataFrame,
    model: str | Path,
    k: int = 100,
    *,
    new_items: bool = False,
    distinct: Distinct | None = None,
    date_format: str | None = None,
) -> DataFrame:
    """The recommendations of a saved model for playlists or new items, computed by the cluster.

    The rows are those that `score_playlists` writes on one machine, in any order. Rows that it
    would reject are left out; `rejected` gives them.

    Args:
        frame: Playlists as in the files of `score_playlists`: `playlist_id` and `item_id`, with
            `position` or `played_at` (rows of a frame have no order, so without these the items
            of a playlist stand in the order of their ids), and optionally `playlist_name`; or
            `playlist_id` and lists in `item_ids`, and optionally `name`. With `new_items` those of
            `score_new_items`, with `item_id`.
        model: A folder that all hosts see at this path, or a tar or zip archive of one, as a path
            of the driver or a URL that fsspec knows.
        k: Items wanted for each, from 1 to 10,000,000.
        new_items: Whether rows are new items.
        distinct: See `HybridRecommender.recommend`.
        date_format: See `score_playlists`.

    Returns:
        Columns query_id, rank, item_id, score and source; for new items query_source, too.

    Raises:
        DataError: If the frame lacks a column, or has one of the wrong type.
        ConfigError: If k is out of range.
        ArtifactError: If the model cannot be read by the driver. What a task finds wrong is raised
            by Spark, in the words of the error.
    """
    schema = NEW_ITEM_SCORES if new_items else SCORES
    request = BatchRequest(NEW_ITEMS if new_items else PLAYLISTS, k, distinct)
    return _asked(frame, model, request, date_format, schema, "scores")


def rejected(
    frame: DataFrame,
    model: str | Path,
    *,
    new_items: bool = False,
    date_format: str | None = None,
) -> DataFrame:
    """The rows of a frame that `score` leaves out, and why.

    Args:
        frame: See `score`.
        model: See `score`.
        new_items: See `score`.
        date_format: See `score`.

    Returns:
        Columns file (""), row (null), query_id, item_id and reason.

    Raises:
        HybridRecError: See `score`.
    """
    request = BatchRequest(NEW_ITEMS if new_items else PLAYLISTS, 1)
    return _asked(frame, model, request, date_format, REJECTED, "rejected")


def similar_items(
    session: SparkSession,
    model: str | Path,
    k: int = 100,
    *,
    distinct: Distinct | None = None,
) -> DataFrame:
    """The similar items of every item of the catalogue, as `score_items` writes them.

    Args:
        session: The cluster.
        model: See `score`.
        k: See `score`.
        distinct: See `score`.

    Raises:
        HybridRecError: See `score`.
    """
    from pyspark.sql.pandas.types import from_arrow_schema

    check_k(k)
    held, saved = ClusterModel.of(session, model)
    request = BatchRequest(ITEMS, k, distinct)
    asked = Asked(held, request, n_items=saved.n_items)
    ranges = session.range(-(-saved.n_items // CHUNK))
    return ranges.mapInArrow(guarded(score_items, asked), from_arrow_schema(SCORES))


def _asked(
    frame: DataFrame,
    model: str | Path,
    request: BatchRequest,
    date_format: str | None,
    schema: pa.Schema,
    what: str,
) -> DataFrame:
    from pyspark.sql.pandas.types import from_arrow_schema

    check_k(request.k)
    held, saved = ClusterModel.of(frame.sparkSession, model)
    rows = of_frame(frame, saved.columns, new_items=request.kind == NEW_ITEMS)
    with told_in_one_line():
        order = order_of_frame(rows, date_format)
    asked = Asked(held, replace(request, files=rows.files), rows.layout, rows.types, order)
    grouped = _grouped(rows, nameless=what == "rejected")
    return grouped.mapInArrow(guarded(score_rows, asked, what), from_arrow_schema(schema))


def _grouped(rows: QueryRows, *, nameless: bool) -> DataFrame:
    """Rows of each query together, in order."""
    from pyspark.sql import functions as F  # noqa: N812

    known = rows.frame if nameless else rows.frame.where(F.col(ID).isNotNull())
    return known.repartition(F.col(ID)).sortWithinPartitions(*map(F.col, rows.in_order))

"""Frames of queries in, frames of recommendations out."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from hybrid_rec.batch.layout import ID, NAME
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
from hybrid_rec.spark.scoring.queries import of_frame
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
    where: str | None = None,
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
        where: See `HybridRecommender.recommend`.
        date_format: See `score_playlists`.

    Returns:
        Columns query_id, rank, item_id, score and source; query_source, too, for new items and
        where playlists have names.

    Raises:
        DataError: If the frame lacks a column, or has one of the wrong type.
        ConfigError: If k is out of range.
        ArtifactError: If the model cannot be read by the driver. What a task finds wrong is raised
            by Spark, in the words of the error.
    """
    request = BatchRequest(NEW_ITEMS if new_items else PLAYLISTS, k, distinct, where)
    return _asked(frame, model, request, date_format, "scores")


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
    return _asked(frame, model, request, date_format, "rejected")


def similar_items(
    session: SparkSession,
    model: str | Path,
    k: int = 100,
    *,
    distinct: Distinct | None = None,
    where: str | None = None,
) -> DataFrame:
    """The similar items of every item of the catalogue, as `score_items` writes them.

    Args:
        session: The cluster.
        model: See `score`.
        k: See `score`.
        distinct: See `score`.
        where: See `score`.

    Raises:
        HybridRecError: See `score`.
    """
    from pyspark.sql.pandas.types import from_arrow_schema

    check_k(k)
    held, saved = ClusterModel.of(session, model)
    request = BatchRequest(ITEMS, k, distinct, where)
    asked = Asked(held, request, n_items=saved.n_items)
    ranges = session.range(-(-saved.n_items // CHUNK))
    return ranges.mapInArrow(guarded(score_items, asked), from_arrow_schema(SCORES))


def _asked(
    frame: DataFrame, model: str | Path, request: BatchRequest, date_format: str | None, what: str
) -> DataFrame:
    from pyspark.sql.pandas.types import from_arrow_schema

    asked, grouped = grouped_queries(
        frame, model, request, date_format, nameless=what == "rejected"
    )
    # What has a name is told how it was placed.
    is_told = request.kind == NEW_ITEMS or (asked.layout is not None and NAME in asked.layout.texts)
    schema = REJECTED if what == "rejected" else NEW_ITEM_SCORES if is_told else SCORES
    return grouped.mapInArrow(guarded(score_rows, asked, what), from_arrow_schema(schema))


def grouped_queries(
    frame: DataFrame,
    model: str | Path,
    request: BatchRequest,
    date_format: str | None,
    *,
    nameless: bool = False,
) -> tuple[Asked, DataFrame]:
    """What tasks must know to answer the queries of a frame, and its rows, by query.

    Args:
        frame: Playlists or new items.
        model: See `score`.
        request: What is asked for.
        date_format: See `score`.
        nameless: Whether to keep rows without an id.

    Raises:
        HybridRecError: See `score`.
    """
    from pyspark.sql import functions as F  # noqa: N812

    check_k(request.k)
    held, saved = ClusterModel.of(frame.sparkSession, model)
    rows = of_frame(frame, saved.columns, new_items=request.kind == NEW_ITEMS)
    with told_in_one_line():
        order = order_of_frame(rows, date_format)
    asked = Asked(held, replace(request, files=rows.files), rows.layout, rows.types, order)
    known = rows.frame if nameless else rows.frame.where(F.col(ID).isNotNull())
    grouped = known.repartition(F.col(ID)).sortWithinPartitions(*map(F.col, rows.in_order))
    return asked, grouped

"""The items of plays on a cluster, by the rules of the readers on one machine."""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

_TEXTS = ("title", "artist")


def items_of_plays(plays: DataFrame, *, first_spelling: bool) -> DataFrame:
    """Every item that is played: item_id, title, artist, respelled, and where it first stood.

    Args:
        plays: Rows with both ids.
        first_spelling: Keep the first title and artist of an item; else the most frequent ones, the
            first among equals.
    """
    from pyspark.sql import functions as F  # noqa: N812

    place = F.struct("file", "row")
    if first_spelling:
        several = [F.min(name) != F.max(name) for name in _TEXTS]
        told = F.bool_or("respelled") | reduce(
            lambda one, other: one | other, [F.coalesce(apart, F.lit(False)) for apart in several]
        )
        first = [
            F.min_by(name, F.when(F.col(name).isNotNull(), place)).alias(name) for name in _TEXTS
        ]
        found = plays.groupBy("item_id").agg(
            F.min(place).alias("place"), told.alias("respelled"), *first
        )
    else:
        # One row a spelling of an item, of which there are few.
        spelled = plays.groupBy("item_id", *_TEXTS).agg(
            F.count("*").alias("n"), F.min(place).alias("place")
        )
        found = spelled.groupBy("item_id").agg(F.min("place").alias("place"))
        apart = F.lit(False)
        for name in _TEXTS:
            text = _most_frequent(spelled, name)
            found = found.join(text, "item_id", "left")
            apart = apart | F.coalesce(F.col(f"{name}_differs"), F.lit(False))
        found = found.withColumn("respelled", apart)
    return found.select("item_id", *_TEXTS, "respelled", "place.file", "place.row")


def _most_frequent(spelled: DataFrame, name: str) -> DataFrame:
    from pyspark.sql import functions as F  # noqa: N812

    counts = (
        spelled.where(F.col(name).isNotNull())
        .groupBy("item_id", name)
        .agg(F.sum("n").alias("n"), F.min("place").alias("place"))
    )
    # The smallest of these is the most frequent one, and the first of equally frequent ones.
    rank = F.struct(-F.col("n"), F.col("place"), F.col(name))
    return counts.groupBy("item_id").agg(
        F.min_by(name, rank).alias(name), (F.min(name) != F.max(name)).alias(f"{name}_differs")
    )

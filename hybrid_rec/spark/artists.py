"""How often the items of each artist are played."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hybrid_rec.data.prepared import ITEM, ITEMS, PLAYLIST, PLAYS
from hybrid_rec.spark.prepared import PreparedData

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


def count_artists(data: PreparedData) -> DataFrame:
    """Plays of the items of each artist, and playlists that hold one: artist, plays, playlists.

    Empty for a catalogue without artists.
    """
    from pyspark.sql import functions as F  # noqa: N812

    items = data.table(ITEMS)
    if "artist" not in items.columns:
        items = items.withColumn("artist", F.lit(None).cast("string"))
    named = items.where("artist is not null").select(ITEM, "artist")
    plays = data.table(PLAYS).select(PLAYLIST, ITEM).join(named, ITEM)
    return plays.groupBy("artist").agg(
        F.count("*").alias("plays"), F.count_distinct(PLAYLIST).alias("playlists")
    )

"""The playlists of plays on a cluster, by the rules of the readers on one machine."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from hybrid_rec.core.errors import DataError
from hybrid_rec.core.quoting import quoted
from hybrid_rec.data.prepared import ITEM

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

_ENTRY_BITS = 32


def check_slices(raw: DataFrame, files: Sequence[str]) -> None:
    """Raise a DataError for a pid that stands twice in slices.

    Args:
        raw: Rows of slices.
        files: Names of the slices.
    """
    from pyspark.sql import functions as F  # noqa: N812

    entries = (
        raw.where("playlist_id is not null")
        .groupBy("playlist_id")
        .agg(F.min("entry").alias("one"), F.max("entry").alias("other"))
    )
    twice = entries.where("one <> other").sort("other").first()
    if twice is not None:
        places = {files[entry >> _ENTRY_BITS] for entry in (twice.one, twice.other)}
        raise DataError(
            f"pid must be unique over all slices, but playlist {twice.playlist_id} stands twice, "
            f"in {' and in '.join(sorted(places))}; give each slice once."
        )


def positions(plays: DataFrame, *, with_times: bool) -> DataFrame:
    """Plays of known items with their place in the playlist, from 0.

    Args:
        plays: Rows with both ids and the number of the item.
        with_times: Whether to keep the time of each play.
    """
    from pyspark.sql import Window
    from pyspark.sql import functions as F  # noqa: N812

    order = ("late", "place", "rest", "file", "row", "item_id")
    number = F.row_number().over(Window.partitionBy("playlist_id").orderBy(*order)) - 1
    kept = ["playlist_id", ITEM, *(["played_at"] if with_times else [])]
    return plays.withColumn("position", number).select("position", *kept)


def playlists_of(raw: DataFrame, plays: DataFrame) -> DataFrame:
    """Every playlist with an id: where it first stood, name, length, and what `finish` asks for.

    Args:
        raw: All rows.
        plays: What `positions` gives.
    """
    from pyspark.sql import functions as F  # noqa: N812

    place = F.struct("file", "row")
    is_named = F.coalesce(F.col("name"), F.lit("")) != ""
    named = F.when(is_named, F.col("name"))
    lists = (
        raw.where("playlist_id is not null")
        .groupBy("playlist_id")
        .agg(
            F.min(place).alias("place"),
            F.coalesce(F.min_by("name", F.when(is_named, place)), F.lit("")).alias("name"),
            F.min(named).alias("one_name"),
            F.max(named).alias("other_name"),
        )
    )
    in_order = F.array_sort(F.collect_list(F.struct("position", ITEM)))
    sequence = F.concat_ws(",", F.transform(in_order, lambda play: play[ITEM].cast("string")))
    held = plays.groupBy("playlist_id").agg(
        F.count("*").alias("length"),
        (F.min(ITEM) != F.max(ITEM)).alias("is_long"),
        F.sha2(sequence, 256).alias("digest"),
    )
    both = lists.join(held, "playlist_id", "left")
    return both.select(
        "playlist_id", "place.file", "place.row", "name", "one_name", "other_name", "digest",
        F.coalesce("length", F.lit(0)).alias("length"),
        F.coalesce("is_long", F.lit(False)).alias("is_long"),
    )  # fmt: skip


def check_names(lists: DataFrame) -> None:
    """Raise a DataError for a playlist that has two names."""
    odd = lists.where("one_name <> other_name").sort("file", "row", "playlist_id").first()
    if odd is not None:
        other = odd.one_name if odd.one_name != odd.name else odd.other_name
        raise DataError(
            f"a playlist must have one name, but {quoted(odd.playlist_id)} is called "
            f"{quoted(odd.name)} and {quoted(other)}; choose one."
        )


def drop_playlists(lists: DataFrame, *, drop_copies: bool) -> DataFrame:
    """The playlists with two different items.

    Args:
        lists: What `playlists_of` gives.
        drop_copies: Whether to drop those that hold what an earlier one holds.
    """
    from pyspark.sql import Window
    from pyspark.sql import functions as F  # noqa: N812

    kept = lists.where("is_long")
    if drop_copies:
        order = Window.partitionBy("digest").orderBy("file", "row", "playlist_id")
        kept = kept.withColumn("copy", F.row_number().over(order)).where("copy = 1")
    return kept.select("playlist_id", "file", "row", "name", "length")

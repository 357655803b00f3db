"""Statistics of the whole on a cluster: neighbours of items, and how often all is played."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from hybrid_rec.core.config import StatisticsConfig
from hybrid_rec.core.files import replacing
from hybrid_rec.data.prepared import COUNTS, ITEM, ITEMS
from hybrid_rec.ranking.knn import SHRINKAGE
from hybrid_rec.spark.artists import count_artists
from hybrid_rec.spark.company import CountedPlaylists
from hybrid_rec.spark.faults import told_in_one_line
from hybrid_rec.spark.output import check_folder, shared_folder, write_folder_manifest
from hybrid_rec.spark.prepared import PreparedData
from hybrid_rec.spark.tables import ITEMS_A_FILE, PartWriter, n_files, staged

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

FORM = "hybrid-rec statistics"
_PAIRS_A_FILE = 5_000_000


def count_neighbours(
    session: SparkSession,
    prepared: str | Path,
    out: str | Path,
    *,
    n_neighbours: int | None = None,
    longest_playlist: int | None = None,
) -> dict[str, int]:
    """Write what all playlists say of items: neighbours, and how often each item is played.

    `OUT/neighbours` has the columns item_id, rank (from 1), neighbour_id, weight and shared, the
    number of playlists that hold both. The weights are those of `item_similarities` on one machine:
    `shared / (sqrt(playlists * playlists of the neighbour) + 5)`, an item is no neighbour of
    itself, and of equally near ones the first of the catalogue are kept. `OUT/counts` has item_id,
    plays and playlists, `OUT/artists` artist, plays and playlists.

    Args:
        session: The cluster.
        prepared: A prepared data set, on a path that driver and workers share.
        out: A folder on such a path; statistics that are there are replaced.
        n_neighbours: Neighbours of each item; None for `ranking.statistics.item_neighbours`.
        longest_playlist: Items of a playlist that count at most, see `StatisticsConfig`; None for
            the default there.

    Returns:
        Rows of each table, by its name.

    Raises:
        DataError: If `prepared` is no prepared data set, or `out` holds anything else.
        ConfigError: For a number out of range.
        RunError: If the cluster fails.
    """
    given = {"item_neighbours": n_neighbours, "longest_playlist": longest_playlist}
    config = StatisticsConfig(**{name: n for name, n in given.items() if n is not None})
    target = shared_folder(out)
    check_folder(target, FORM)
    data = PreparedData.at(session, prepared)
    with replacing(target) as folder, told_in_one_line():
        work = folder / "_work"
        work.mkdir()
        counted = CountedPlaylists.of(data, config.longest_playlist)
        near = staged(strongest_pairs(counted, config.item_neighbours), work / "near")
        writer = PartWriter(folder)
        n_rows = _write(data, near, writer)
        shutil.rmtree(work)
        write_folder_manifest(
            folder,
            FORM,
            {
                "prepared": str(data.home),
                "item_neighbours": config.item_neighbours,
                "longest_playlist": config.longest_playlist,
                "shrinkage": SHRINKAGE,
                "rows": n_rows,
            },
            writer.digests,
        )
    return n_rows


def strongest_pairs(counted: CountedPlaylists, n: int) -> DataFrame:
    """The nearest items of each: ITEM, rank from 1, neighbour, weight, shared.

    Args:
        counted: What is counted.
        n: Neighbours of each item.
    """
    from pyspark.sql import Window
    from pyspark.sql import functions as F  # noqa: N812

    pairs, sizes = counted.pairs(), counted.sizes()
    both = pairs.union(pairs.select(F.col("other"), F.col("one"), F.col("shared")))
    mine = sizes.select(F.col(ITEM).alias("one"), F.col("size").cast("double").alias("mine"))
    theirs = sizes.select(F.col(ITEM).alias("other"), F.col("size").cast("double").alias("theirs"))
    norm = F.sqrt(F.col("mine") * F.col("theirs")) + F.lit(SHRINKAGE)
    weighted = (
        both.join(mine, "one")
        .join(theirs, "other")
        .withColumn("weight", F.col("shared").cast("double") / norm)
    )
    rank = F.row_number().over(Window.partitionBy("one").orderBy(F.desc("weight"), "other"))
    near = weighted.withColumn("rank", rank).where(F.col("rank") <= n)
    return near.select(
        F.col("one").alias(ITEM), "rank", F.col("other").alias("neighbour"), "weight", "shared"
    )


def _write(data: PreparedData, near: DataFrame, writer: PartWriter) -> dict[str, int]:
    from pyspark.sql import functions as F  # noqa: N812

    ids = data.table(ITEMS).select(ITEM, "item_id")
    others = ids.select(F.col(ITEM).alias("neighbour"), F.col("item_id").alias("neighbour_id"))
    told = near.join(ids, ITEM).join(others, "neighbour")
    n_pairs = near.count()
    count = n_files(data.manifest.counts[ITEMS], ITEMS_A_FILE)
    return {
        "neighbours": writer.write(
            told.select(ITEM, "item_id", "rank", "neighbour_id", "weight", "shared"),
            "neighbours", "item_id", n_files(n_pairs, _PAIRS_A_FILE), [ITEM, "rank"],
        ),
        "counts": writer.write(
            data.table(COUNTS).join(ids, ITEM).select(ITEM, "item_id", "plays", "playlists"),
            "counts", "item_id", count, [ITEM],
        ),
        "artists": writer.write(
            count_artists(data), "artists", "artist", count, ["artist"]
        ),
    }  # fmt: skip

"""Samples of playlists that know how often everything is played in the whole."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from hybrid_rec.core.config import StatisticsConfig
from hybrid_rec.core.errors import ConfigError
from hybrid_rec.core.files import replacing
from hybrid_rec.core.quoting import quoted
from hybrid_rec.data.prepared import (
    COUNTS,
    ELSEWHERE,
    ITEM,
    ITEMS,
    PLAYLIST,
    PLAYLISTS,
    PLAYS,
    check_target,
    write_manifest,
)
from hybrid_rec.data.report import DatasetReport
from hybrid_rec.spark.artists import count_artists
from hybrid_rec.spark.company import CountedPlaylists
from hybrid_rec.spark.faults import told_in_one_line
from hybrid_rec.spark.output import shared_folder
from hybrid_rec.spark.preparation import count_plays, write_playlists
from hybrid_rec.spark.prepared import PreparedData
from hybrid_rec.spark.statistics import strongest_pairs
from hybrid_rec.spark.tables import (
    ITEMS_A_FILE,
    PartWriter,
    n_files,
    numbered,
    read_parted,
    staged,
)

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

NOT_DRAWN = "playlists that were not drawn"
_PLAYS_NOT_DRAWN = "plays of playlists that were not drawn"
_PAIRS_A_FILE = 5_000_000
_ARTISTS, _PAIRS = "artists", "pairs"


def sample(
    session: SparkSession, prepared: str | Path, out: str | Path, n_playlists: int
) -> DatasetReport:
    """Write a prepared data set of some playlists, and the exact counts of the whole beside it.

    The catalogue stays whole. A playlist is drawn by a hash of its id, and so that items keep their
    share of history: playlists are sorted by the rarest of their items that the sample can hold in
    its share, then by the hash, and drawn at equal distances. The same data set gives the same
    sample.

    What a fit of `prepared:OUT` calls plays, for popularity and shrinkage, are those of the whole.
    Beside them stand `artists` (artist, plays, playlists) and `pairs` (item_number, rank,
    neighbour, weight, shared): which items share how many playlists of the whole, the strongest
    `ranking.statistics.item_neighbours` of each. These two are for whoever reads them: `fit` does
    not, its ranking counts the pairs of the sample. A sample of a sample has the counts of the
    first whole.

    Args:
        session: The cluster.
        prepared: A prepared data set, on a path that driver and workers share.
        out: A folder on such a path; a prepared data set is replaced.
        n_playlists: Playlists to draw.

    Raises:
        DataError: If `prepared` is no prepared data set, or `out` holds anything else.
        ConfigError: If there are fewer playlists, or fewer than one is asked for.
        RunError: If the cluster fails.
    """
    data = PreparedData.at(session, prepared)
    n_whole = data.manifest.counts[PLAYLISTS]
    if isinstance(n_playlists, bool) or not isinstance(n_playlists, int) or (
        not 1 <= n_playlists <= n_whole
    ):  # fmt: skip
        raise ConfigError(
            f"a sample must have 1 to {n_whole:,} playlists, as many as {prepared} has, got "
            f"{quoted(n_playlists)}."
        )
    target = shared_folder(out)
    check_target(target)
    with replacing(target) as folder, told_in_one_line():
        work = folder / "_work"
        work.mkdir()
        return _write(data, folder, work, n_playlists)


def drawn(data: PreparedData, n_playlists: int, work: Path) -> DataFrame:
    """The PLAYLIST numbers of a sample.

    Args:
        data: The whole.
        n_playlists: Playlists to draw.
        work: A folder for what is sorted.
    """
    from pyspark.sql import functions as F  # noqa: N812

    n_whole = data.manifest.counts[PLAYLISTS]
    # The sample holds one or more of the playlists of such an item.
    held = F.col("playlists") >= -(-n_whole // n_playlists)
    counts = data.table(COUNTS).where(held).select(ITEM, "playlists")
    rarest = (
        data.table(PLAYS)
        .join(counts, ITEM)
        .groupBy(PLAYLIST)
        .agg(F.min(F.struct("playlists", ITEM)).alias("key"))
    )
    keyed = (
        data.table(PLAYLISTS)
        .join(rarest, PLAYLIST, "left")
        .select(
            PLAYLIST,
            F.coalesce(F.col(f"key.{ITEM}"), F.lit(-1)).alias("key"),
            F.xxhash64("playlist_id").alias("hash"),
        )
    )
    placed = numbered(keyed, ["key", "hash", PLAYLIST], "_place", work / "order")
    # In decimals, which have digits enough for whole numbers of any size here.
    reached = F.expr(
        f"((_place + 1) * cast({n_playlists} as decimal(19,0))) div {n_whole}"
        f" > (_place * cast({n_playlists} as decimal(19,0))) div {n_whole}"
    )
    return placed.where(reached).select(F.col(PLAYLIST).alias("_whole"))


def _write(data: PreparedData, folder: Path, work: Path, n_playlists: int) -> DatasetReport:
    from pyspark.sql import functions as F  # noqa: N812

    manifest, writer = data.manifest, PartWriter(folder)
    chosen = staged(drawn(data, n_playlists, work), work / "drawn")
    whole = data.table(PLAYLISTS).withColumnRenamed(PLAYLIST, "_whole")
    lists = numbered(whole.join(chosen, "_whole"), ["_whole"], PLAYLIST, work / PLAYLISTS)
    n_plays = lists.agg(F.sum("length")).first()[0]
    moved = data.table(PLAYS).withColumnRenamed(PLAYLIST, "_whole")
    mine = moved.join(lists.select("_whole", PLAYLIST), "_whole")
    write_playlists(writer, lists, mine, n_plays, has_times=manifest.has_times)
    shutil.copytree(data.home / ITEMS, folder / ITEMS)
    counts = {ITEMS: manifest.counts[ITEMS], PLAYLISTS: n_playlists, PLAYS: n_plays}
    counts |= _write_counts(data, writer, work)
    n_known = manifest.counts[PLAYS]
    report = DatasetReport(
        source=f"{n_playlists:,} of {manifest.counts[PLAYLISTS]:,} playlists of {data.home}",
        playlists_read=manifest.counts[PLAYLISTS],
        plays_read=n_known,
        playlists_kept=n_playlists,
        plays_kept=n_plays,
        dropped={
            NOT_DRAWN: manifest.counts[PLAYLISTS] - n_playlists,
            _PLAYS_NOT_DRAWN: n_known - n_plays,
        },
        notes={},
    )
    shutil.rmtree(work)
    write_manifest(
        folder,
        report,
        counts,
        has_times=manifest.has_times,
        has_names=manifest.has_names,
        digests=writer.digests,
    )
    return report


def _write_counts(data: PreparedData, writer: PartWriter, work: Path) -> dict[str, int]:
    """Write what is counted of the sample and of the whole; how many rows each table has."""
    from pyspark.sql import functions as F  # noqa: N812

    count = n_files(data.manifest.counts[ITEMS], ITEMS_A_FILE)
    here = staged(count_plays(read_parted(data.session, writer.home / PLAYS)), work / COUNTS)
    whole = data.table(COUNTS)
    if ELSEWHERE in data.manifest.counts:
        # A sample of a sample still knows the whole.
        own = whole.union(data.table(ELSEWHERE).select(whole.columns))
        whole = own.groupBy(ITEM).agg(
            F.sum("plays").alias("plays"), F.sum("playlists").alias("playlists")
        )
    mine = here.select(ITEM, F.col("plays").alias("p"), F.col("playlists").alias("l"))
    left = whole.join(mine, ITEM, "left").select(
        ITEM,
        (F.col("plays") - F.coalesce("p", F.lit(0))).alias("plays"),
        (F.col("playlists") - F.coalesce("l", F.lit(0))).alias("playlists"),
    )
    known = {
        COUNTS: writer.write(here, COUNTS, ITEM, count, [ITEM]),
        ELSEWHERE: writer.write(left.where("plays > 0"), ELSEWHERE, ITEM, count, [ITEM]),
    }
    if ELSEWHERE in data.manifest.counts:
        for name in (_ARTISTS, _PAIRS):
            shutil.copytree(data.home / name, writer.home / name)
            known[name] = data.manifest.counts[name]
        return known
    config = StatisticsConfig()
    counted = CountedPlaylists.of(data, config.longest_playlist)
    near = staged(strongest_pairs(counted, config.item_neighbours), work / _PAIRS)
    n_pairs = n_files(near.count(), _PAIRS_A_FILE)
    return known | {
        _ARTISTS: writer.write(count_artists(data), _ARTISTS, "artist", count, ["artist"]),
        _PAIRS: writer.write(near, _PAIRS, ITEM, n_pairs, [ITEM, "rank"]),
    }

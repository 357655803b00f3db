"""Preparation on a cluster: plays become a data set that every other step reads."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from hybrid_rec.core.errors import DataError
from hybrid_rec.core.files import replacing
from hybrid_rec.core.quoting import quoted
from hybrid_rec.core.words import how_many
from hybrid_rec.data.prepared import (
    COUNTS,
    ITEM,
    ITEMS,
    PLAYLIST,
    PLAYLISTS,
    PLAYS,
    check_target,
    write_manifest,
)
from hybrid_rec.data.readers.tidy import items_with_ids
from hybrid_rec.data.report import (
    FIRST_SPELLING,
    MISSING_IDS,
    RESPELLED,
    UNKNOWN_ITEMS,
    DatasetReport,
    Found,
    report_of,
)
from hybrid_rec.spark.faults import told_in_one_line
from hybrid_rec.spark.items import items_of_plays
from hybrid_rec.spark.lists import (
    check_names,
    check_slices,
    drop_playlists,
    playlists_of,
    positions,
)
from hybrid_rec.spark.output import shared_folder
from hybrid_rec.spark.rows import PlayRows
from hybrid_rec.spark.tables import (
    ITEMS_A_FILE,
    PLAYS_A_FILE,
    PartWriter,
    n_files,
    numbered,
    read_parted,
    staged,
)

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

_ITEM_ROWS = 1 << 20


@dataclass(frozen=True)
class Prepared:
    """What a preparation has read and left out."""

    report: DatasetReport
    """Kept, dropped and noted, as readers on one machine report it."""
    damaged: dict[str, str]
    """Files that were left out, and why; empty unless they may be."""


def prepare(
    rows: PlayRows,
    out: str | Path,
    *,
    items: str | Path | None = None,
    drop_copies: bool = False,
) -> Prepared:
    """Write the data set of some plays, which `prepared:OUT` names from then on.

    Playlists, items, their order and the report are those that the reader on one machine gives for
    the same input. The same input gives the same files, however the cluster cuts it.

    Args:
        rows: What `read_mpd` or `read_plays` gives.
        out: A folder on a path that driver and workers share; a prepared data set is replaced.
        items: A table of items for tidy plays, see `hybrid_rec.read_tidy`. The driver reads it.
        drop_copies: Drop playlists with the same items in the same order as an earlier one.

    Raises:
        DataError: If a file is damaged and may not be left out, ids or names clash, nothing is
            left, or `out` holds anything else.
        RunError: If the cluster fails.
    """
    target = shared_folder(out)
    check_target(target)
    if items is not None and rows.from_slices:
        raise DataError("items can only be given for plays in a file or table; leave them out.")
    with replacing(target) as folder:
        work = folder / "_work"
        work.mkdir()
        with told_in_one_line():
            return _prepared(rows, folder, work, items, drop_copies=drop_copies)


def write_playlists(
    writer: PartWriter, playlists: DataFrame, plays: DataFrame, n_plays: int, *, has_times: bool
) -> None:
    """Write the playlists and the plays of a prepared data set.

    Args:
        writer: Writes to its folder.
        playlists: PLAYLIST, playlist_id, name and length.
        plays: PLAYLIST, position, ITEM and, with times, played_at.
        n_plays: How many there are.
        has_times: Whether they have times.
    """
    from pyspark.sql import functions as F  # noqa: N812

    count = n_files(n_plays, PLAYS_A_FILE)
    columns = [PLAYLIST, "position", ITEM, *(["played_at"] if has_times else [])]
    writer.write(plays.select(*columns), PLAYS, PLAYLIST, count, [PLAYLIST, "position"])
    length = F.col("length").cast("long").alias("length")
    listed = playlists.select(PLAYLIST, "playlist_id", "name", length)
    writer.write(listed, PLAYLISTS, PLAYLIST, count, [PLAYLIST])


def _prepared(
    rows: PlayRows, folder: Path, work: Path, items: str | Path | None, *, drop_copies: bool
) -> Prepared:
    from pyspark.sql import functions as F  # noqa: N812

    raw, writer = staged(rows.frame, work / "rows"), PartWriter(folder)
    damaged = _damaged(raw, rows)
    if damaged:
        raw = raw.where(~F.col("file").isin(list(damaged)))
    if rows.from_slices:
        check_slices(raw, rows.files)
    is_play = F.col("playlist_id").isNotNull() & F.col("item_id").isNotNull()
    n_plays, n_missing = raw.agg(
        F.coalesce(F.sum("n_plays"), F.lit(0)),
        F.coalesce(F.sum(F.when(~is_play, F.col("n_plays"))), F.lit(0)),
    ).first()
    valid = raw.where(is_play)
    dropped, notes = {MISSING_IDS: n_missing}, {}
    if items is None:
        known = numbered(
            items_of_plays(valid, first_spelling=rows.from_slices), _placed("item_id"), ITEM,
            work / ITEMS,
        )  # fmt: skip
        n_respelled, *missing, n_items = known.agg(
            F.count(F.when(F.col("respelled"), 1)),
            F.count(F.when(F.col("title").isNull(), 1)),
            F.count(F.when(F.col("artist").isNull(), 1)),
            F.count("*"),
        ).first()
        notes[FIRST_SPELLING if rows.from_slices else RESPELLED] = n_respelled
        lacking = dict(zip(("title", "artist"), missing, strict=True))
        writer.write(
            known.select(ITEM, "item_id", "title", "artist"), ITEMS, "item_id",
            n_files(n_items, ITEMS_A_FILE), [ITEM],
        )  # fmt: skip
    else:
        n_items, lacking, dropped["items with missing ids"] = _write_items(items, folder / ITEMS)
        known = read_parted(raw.sparkSession, folder / ITEMS)
    placed = valid.join(known.select("item_id", ITEM), "item_id")
    plays = staged(positions(placed, with_times=rows.has_times), work / PLAYS)
    lists = staged(playlists_of(raw, plays), work / "lists")
    check_names(lists)
    n_lists, n_long, n_known, has_names = lists.agg(
        F.count("*"),
        F.count(F.when(F.col("is_long"), 1)),
        F.coalesce(F.sum("length"), F.lit(0)),
        F.coalesce(F.bool_or(F.col("name") != ""), F.lit(False)),
    ).first()
    dropped[UNKNOWN_ITEMS] = n_plays - n_missing - n_known
    n_distinct = lists.where("is_long").agg(F.count_distinct("digest")).first()[0]
    kept = numbered(
        drop_playlists(lists, drop_copies=drop_copies), _placed("playlist_id"), PLAYLIST,
        work / PLAYLISTS,
    )  # fmt: skip
    n_kept, n_kept_plays = kept.agg(F.count("*"), F.coalesce(F.sum("length"), F.lit(0))).first()
    report = report_of(
        rows.source,
        Found(n_lists, n_plays, n_long, n_long - n_distinct, n_known),
        (n_kept, n_kept_plays),
        lacking,
        dropped=dropped,
        notes=notes,
        drop_copies=drop_copies,
    )
    final = plays.join(kept.select("playlist_id", PLAYLIST), "playlist_id")
    write_playlists(writer, kept, final, n_kept_plays, has_times=rows.has_times)
    counted = count_plays(read_parted(raw.sparkSession, folder / PLAYS))
    n_counts = writer.write(counted, COUNTS, ITEM, n_files(n_items, ITEMS_A_FILE), [ITEM])
    shutil.rmtree(work)
    left_out = {rows.files[number]: reason for number, reason in damaged.items()}
    write_manifest(
        folder,
        report,
        {ITEMS: n_items, PLAYLISTS: n_kept, PLAYS: n_kept_plays, COUNTS: n_counts},
        has_times=rows.has_times,
        has_names=bool(has_names),
        damaged=left_out,
        digests=writer.digests,
    )
    return Prepared(report, left_out)


def count_plays(plays: DataFrame) -> DataFrame:
    """Plays of each item, and playlists that hold it: ITEM, plays, playlists."""
    from pyspark.sql import functions as F  # noqa: N812

    return plays.groupBy(ITEM).agg(
        F.count("*").alias("plays"), F.count_distinct(PLAYLIST).alias("playlists")
    )


def _placed(name: str) -> list[str]:
    """The columns that put items or playlists into the order of their first appearance."""
    return ["file", "row", name]


def _damaged(raw: DataFrame, rows: PlayRows) -> dict[int, str]:
    """Why files cannot be read, by their numbers.

    Raises:
        DataError: If one is damaged and may not be left out.
    """
    told = raw.where("error is not null").select("file", "error").distinct().collect()
    found = {row.file: row.error for row in sorted(told, key=lambda row: (row.file, row.error))}
    if not found or (rows.skip_damaged and len(found) < len(rows.files)):
        return found
    more = f" ({len(found) - 1} more of {how_many(len(rows.files), 'files')})" * (len(found) > 1)
    hint = "" if rows.skip_damaged or len(rows.files) == 1 else (
        f" Or leave out what is damaged{more}: pass skip_damaged=True, or --skip-damaged on the "
        "command line."
    )  # fmt: skip
    raise DataError(f"{next(iter(found.values()))}{hint}")


def _write_items(items: str | Path, folder: Path) -> tuple[int, dict[str, int], int]:
    """Write a table of items; how many there are, how many lack a text, and rows without an id."""
    catalog, n_missing = items_with_ids(items)
    if ITEM in catalog.columns:
        raise DataError(f"items must not have a column {quoted(ITEM)}; rename it.")
    table = catalog.table.append_column(ITEM, pa.array(np.arange(len(catalog))))
    folder.mkdir()
    for number, start in enumerate(range(0, len(catalog), _ITEM_ROWS)):
        pq.write_table(table.slice(start, _ITEM_ROWS), folder / f"{number:05d}.parquet")
    lacking: dict[str, int] = {
        name: table[name].null_count for name in ("title", "artist") if name in catalog.columns
    }
    return len(catalog), lacking, n_missing

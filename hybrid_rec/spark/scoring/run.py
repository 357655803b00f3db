"""Scoring on a cluster from files to files, resumable, as batch scoring does on one machine."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from hybrid_rec.batch.files import InputFiles
from hybrid_rec.batch.input import FILE, ROW, TableReader
from hybrid_rec.batch.job import check_apart, check_count, job_of
from hybrid_rec.batch.journal import Journal
from hybrid_rec.batch.layout import ID
from hybrid_rec.batch.output import OutFolder
from hybrid_rec.batch.queries import complaint_of, refused, without_id
from hybrid_rec.batch.result import BatchResult
from hybrid_rec.batch.saved_model import SavedModel
from hybrid_rec.batch.scoring import ITEMS, NEW_ITEMS, PLAYLISTS, BatchRequest
from hybrid_rec.core.checks import check_flag
from hybrid_rec.core.choices import Distinct
from hybrid_rec.core.errors import DataError, HybridRecError
from hybrid_rec.core.progress import Progress, as_progress
from hybrid_rec.data.tables import TableOptions
from hybrid_rec.model.search import check_k
from hybrid_rec.spark.faults import guarded, told_in_one_line
from hybrid_rec.spark.scoring.model import ClusterModel
from hybrid_rec.spark.scoring.queries import of_files
from hybrid_rec.spark.scoring.survey import n_distinct, order_of_files, survey_files
from hybrid_rec.spark.scoring.tasks import PART, RECORD, Asked, write_parts

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

_KEPT = "; finished parts are kept"
# A task that is lost is done again but for the parts that it has finished.
_PARTS_OF_A_TASK = 100
# Finished parts that a query names; beyond them, tasks pass over what is finished.
_MOST_NAMED = 10_000


def score_files(
    session: SparkSession,
    model: str | Path,
    source: str | Path | None,
    out: str | Path,
    k: int = 100,
    *,
    new_items: bool = False,
    distinct: Distinct | None = None,
    where: str | None = None,
    chunk_size: int = 1_000,
    strict: bool = False,
    columns: Mapping[str, str] | None = None,
    encoding: str | None = None,
    date_format: str | None = None,
    progress: bool | Progress = False,
) -> BatchResult:
    """Recommendations for files of playlists or new items, or for all items, by a cluster.

    Rows, rejected rows and manifest are those of `score_playlists`, `score_new_items` and
    `score_items`, but queries go to parts by a hash of their id. Workers write the parts
    themselves. A run that was cut off continues where it was if it is started again.

    Args:
        session: The cluster.
        model: A folder that all hosts see at this path, or a tar or zip archive of one, as a path
            of the driver or a URL that fsspec knows.
        source: Files as for `score_playlists` or `score_new_items`, at a path that all hosts see or
            a URL that fsspec knows; one file is read by one task. None asks for the similar items
            of every item.
        out: A folder that all hosts see, or a URL; see `score_playlists`.
        k: Items wanted for each, from 1 to 10,000,000.
        new_items: Whether the rows are new items.
        distinct: See `HybridRecommender.recommend`.
        where: See `HybridRecommender.recommend`.
        chunk_size: Queries a part, about. A task holds one part at a time.
        strict: Raise at the first bad row instead of leaving it out.
        columns: See `score_playlists`.
        encoding: See `score_playlists`.
        date_format: See `score_playlists`.
        progress: True for a bar on standard error.

    Raises:
        DataError: See `score_playlists`.
        ConfigError: If a number is out of range, or workers lack the packages of the driver.
        ArtifactError: If the model cannot be loaded by every worker, or is changed meanwhile.
        RunError: If the cluster ends the job, for want of memory or whatever else.
    """
    began = time.perf_counter()
    check_flag(strict, "strict")
    check_count("chunk_size", chunk_size)
    check_k(k)
    kind = ITEMS if source is None else NEW_ITEMS if new_items else PLAYLISTS
    options = TableOptions.of(columns, encoding, date_format)
    request = BatchRequest(kind, k, distinct, where)
    with told_in_one_line(_KEPT):
        held, saved = ClusterModel.of(session, model)
        what = "new items" if new_items else "playlists"
        files = None if source is None else InputFiles(source, what, options)
        target = OutFolder(out)
        check_apart(target.place, target.name, saved.folder, files)
        asked = Asked(held, request, size=chunk_size, n_items=saved.n_items)
        with as_progress(progress).stage("surveying the input"):
            found = (
                _all_items(session, asked) if files is None else _rows(session, asked, files, saved)
            )
        job = job_of(_settings(found, files), saved.fingerprint, found.inputs)
        return _run(found, Journal(target, job), saved, files, progress, strict=strict, began=began)


@dataclass(frozen=True)
class _Work:
    """What is to be done."""

    asked: Asked
    frame: DataFrame
    """Rows with the number of their part, or numbers of parts."""
    n_parts: int
    inputs: list[dict[str, Any]]
    """Name, size and checksum of each file."""
    order: tuple[str, ...] = ()
    """Columns that put the rows of a part in order; empty for numbers of parts."""
    nameless: DataFrame | None = None
    """Where rows stand that have no id; None for none."""


def _settings(found: _Work, files: InputFiles | None) -> dict[str, Any]:
    """What decides the bytes of the output, beside model and input."""
    request = found.asked.request
    return {
        "engine": "spark",
        "kind": request.kind,
        "k": request.k,
        **{name: value for name, value in request.options.items() if value is not None},
        "chunk_size": found.asked.size,
        "parts": found.n_parts,
        **({} if files is None else files.options.given),
    }


def _all_items(session: SparkSession, asked: Asked) -> _Work:
    n_parts = -(-asked.n_items // asked.size)
    return _Work(asked, session.range(n_parts).withColumnRenamed("id", PART), n_parts, [])


def _rows(session: SparkSession, asked: Asked, files: InputFiles, saved: SavedModel) -> _Work:
    """Files, each of which was read once.

    Raises:
        DataError: If a file is damaged, or no row has an id.
    """
    from pyspark.sql import functions as F  # noqa: N812

    request = asked.request
    reader = TableReader(files, new_items=request.kind == NEW_ITEMS, columns=saved.columns)
    found = survey_files(session, reader)
    n_rows = sum(one.n_rows for one in found)
    n_nameless = sum(one.n_nameless for one in found)
    if not n_rows:
        raise DataError(f"{request.kind} must hold at least one row, found none.")
    if n_rows == n_nameless:
        raise DataError(
            f"{request.kind} must hold at least one row with an id, but all {n_rows:,} lack it; "
            "fill in the column."
        )
    firsts = np.cumsum([0, *(one.n_rows for one in found)])[:-1].tolist()
    rows = of_files(session, reader, firsts)
    n_queries = n_distinct(found) if rows.layout.is_tidy else n_rows - n_nameless
    n_parts = -(-n_queries // asked.size)
    number = F.pmod(F.xxhash64(F.col(ID)), F.lit(n_parts)).cast("int")
    frame = rows.frame.where(F.col(ID).isNotNull()).withColumn(PART, number)
    nameless = rows.frame.where(F.col(ID).isNull()).select(FILE, ROW) if n_nameless else None
    known = replace(
        asked,
        request=replace(request, files=rows.files),
        layout=rows.layout,
        types=rows.types,
        order=order_of_files(reader, found),
    )
    inputs = [one.checksum for one in found]
    return _Work(known, frame, n_parts, inputs, (PART, *rows.in_order), nameless)


def _run(
    work: _Work,
    journal: Journal,
    saved: SavedModel,
    files: InputFiles | None,
    progress: bool | Progress,
    *,
    strict: bool,
    began: float,
) -> BatchResult:
    target = journal.folder
    with target.locked():
        journal.check_job()
        manifest = journal.complete()
        if manifest is not None:
            journal.tidy()
            return BatchResult(target.name, manifest, 0)
        journal.begin()
        n_before = len(journal.finished)
        try:
            _list_nameless(work, journal, strict=strict)
            with as_progress(progress).stage("scoring on the cluster"):
                journal.finished |= _written(work, journal, strict=strict)
            if files is not None:
                files.check_unchanged()
        except HybridRecError:
            if not any(name.startswith("part-") for name in target.names()):
                target.withdraw()
            raise
        saved.check_unchanged()
        target.refresh()
        manifest = journal.end({"run_seconds": time.perf_counter() - began})
    return BatchResult(target.name, manifest, len(journal.finished) - n_before)


def _list_nameless(work: _Work, journal: Journal, *, strict: bool) -> None:
    if work.nameless is None:
        return
    rows = work.nameless.toArrow().sort_by([(FILE, "ascending"), (ROW, "ascending")])
    listed = without_id(rows, work.asked.request.files)
    if strict:
        raise refused(complaint_of(listed))
    with journal.listing_nameless() as add:
        add(listed)


def _written(work: _Work, journal: Journal, *, strict: bool) -> dict[int, dict[str, Any]]:
    """The notes of all parts that the cluster has written."""
    from pyspark.sql import functions as F  # noqa: N812

    frame, finished = work.frame, frozenset(journal.finished)
    if finished and len(finished) <= _MOST_NAMED:
        frame = frame.where(~F.col(PART).isin(list(finished)))
    usual = int(frame.sparkSession.conf.get("spark.sql.shuffle.partitions") or 1)
    n_tasks = min(work.n_parts, max(usual, -(-work.n_parts // _PARTS_OF_A_TASK)))
    frame = frame.repartition(n_tasks, F.col(PART))
    if work.order:
        frame = frame.sortWithinPartitions(*map(F.col, work.order))
    place = journal.folder.place
    # Workers stand in folders of their own.
    out = place.path if place.is_local else journal.folder.name
    task = guarded(write_parts, work.asked, out, finished, strict)
    with told_in_one_line(_KEPT):
        notes = frame.mapInArrow(task, f"`{PART}` long, {RECORD} string").toArrow()
    numbers, records = notes[PART].to_pylist(), notes[RECORD].to_pylist()
    return {number: json.loads(one) for number, one in zip(numbers, records, strict=True)}

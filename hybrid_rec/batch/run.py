"""Batch scoring: Parquet or CSV in, Parquet out, in chunks, resumable."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import nullcontext
from functools import partial
from pathlib import Path

from hybrid_rec.batch.job import check_apart, check_count, job_of
from hybrid_rec.batch.journal import Journal, withdrawn_if_refused
from hybrid_rec.batch.learning import model_that_learns
from hybrid_rec.batch.output import OutFolder
from hybrid_rec.batch.queries import refused
from hybrid_rec.batch.result import BatchResult
from hybrid_rec.batch.saved_model import SavedModel
from hybrid_rec.batch.scoring import ITEMS, NEW_ITEMS, PLAYLISTS, BatchRequest, Scored
from hybrid_rec.batch.source import Source
from hybrid_rec.batch.workers import scorers
from hybrid_rec.core.checks import check_flag
from hybrid_rec.core.choices import Distinct
from hybrid_rec.core.errors import DataError
from hybrid_rec.core.progress import Progress, as_progress
from hybrid_rec.data.paths import existing_folder
from hybrid_rec.data.places import Place
from hybrid_rec.data.tables import TableOptions

_MOST_WORKERS = 1_024


def score_playlists(
    model: str | Path,
    playlists: str | Path,
    out: str | Path,
    k: int = 100,
    *,
    distinct: Distinct | None = None,
    where: str | None = None,
    chunk_size: int = 1_000,
    workers: int = 1,
    strict: bool = False,
    temp: str | Path | None = None,
    learn: bool = False,
    columns: Mapping[str, str] | None = None,
    encoding: str | None = None,
    date_format: str | None = None,
    progress: bool | Progress = False,
) -> BatchResult:
    """Recommendations for playlists of any number, from files to files.

    A run that was stopped, by whatever, continues where it was if it is started again, and leaves
    the same bytes as one that was not, but for the timings in `manifest.json`.

    Args:
        model: Folder of a saved model.
        playlists: A CSV, TSV or Parquet file, or a folder of them; a path or a URL that fsspec
            knows. Either tidy, `playlist_id` and `item_id`, in play order or with `position` or
            `played_at`, rows of playlists in any order; or `item_ids`, a list a row (in CSV joined
            by "|"), and optionally `playlist_id`; without it rows are numbered from 0.
        out: A folder that is new, empty, or was begun by the same call; a path or a URL.
        k: Items wanted for each, from 1 to 10,000,000.
        distinct: See `HybridRecommender.recommend`.
        where: See `HybridRecommender.recommend`; a run goes on with the same expression only.
        chunk_size: Playlists a part. What is held in memory is about this many playlists and
            recommendations for each process, 8 bytes for each playlist of the whole input, and
            1 to 1.5 GB where rows must be sorted.
        workers: Processes; above 1 a script needs the guard `if __name__ == "__main__":`.
        strict: Raise at the first row that would be rejected.
        temp: A folder for temporary files; without it they are in `out`, or where the system keeps
            such files if `out` is not on this machine. Only tidy input whose rows do not stand
            together needs any: about as much room as it takes as CSV.
        learn: Learn from all playlists before the first is scored, see
            `HybridRecommender.learned`. They are then held in memory, 8 bytes a play and some
            copies, and a copy of the model is kept in `temp` until the run ends; the model itself
            stays as it is. A run that is continued learns again, to the same model.
        columns: See `read_tidy`, as `encoding` and `date_format`.
        encoding: Of CSV and TSV.
        date_format: How `played_at` is written.
        progress: True for a progress bar on standard error.

    Returns:
        What was written. Playlists stand in the order of the input where all rows of each stand
        together, in the order of their ids otherwise. A playlist of which nothing is known gets the
        most played items, with the source "popularity". Rows without ids, unknown items, empty
        lists, and lists whose id stood before are listed in `rejected.parquet`.

    Raises:
        DataError: For input that cannot be read or has changed, a folder that holds other things,
            or a bad row if `strict`.
        ConfigError: If a number is out of range, or `where` is no such expression.
        ArtifactError: If the model cannot be loaded, or is changed meanwhile.
        RunError: If the disk is full, or a process dies.
    """
    _check(chunk_size, workers)
    options = TableOptions.of(columns, encoding, date_format)
    asked = BatchRequest(PLAYLISTS, k, distinct, where)
    make = partial(Source.of_files, playlists, asked, options, chunk_size)
    return _run(
        model, make, out, workers=workers, strict=strict, temp=temp, learn=learn, progress=progress
    )


def score_items(
    model: str | Path,
    out: str | Path,
    k: int = 100,
    *,
    distinct: Distinct | None = None,
    where: str | None = None,
    chunk_size: int = 1_000,
    workers: int = 1,
    progress: bool | Progress = False,
) -> BatchResult:
    """The similar items of every item of the catalogue, from a model to files.

    See `score_playlists` for the arguments, what is returned and what is raised.
    """
    _check(chunk_size, workers)
    make = partial(Source.of_catalog, BatchRequest(ITEMS, k, distinct, where), chunk_size)
    return _run(model, make, out, workers=workers, strict=False, progress=progress)


def score_new_items(
    model: str | Path,
    items: str | Path,
    out: str | Path,
    k: int = 100,
    *,
    distinct: Distinct | None = None,
    where: str | None = None,
    chunk_size: int = 1_000,
    workers: int = 1,
    strict: bool = False,
    columns: Mapping[str, str] | None = None,
    encoding: str | None = None,
    progress: bool | Progress = False,
) -> BatchResult:
    """The catalogue items nearest to items that the catalogue lacks, from files to files.

    Args:
        model: Folder of a saved model.
        items: Like `playlists` of `score_playlists`, with columns that describe items to the
            model, `title`, `artist` and `tags`, or with `context`, and optionally `item_id`
            (without it rows are numbered from 0). Lists are joined by "|" in CSV. See
            `HybridRecommender.recommend_for_new_items`.
        out: See `score_playlists`; parts have one more column, `query_source`, which says how the
            new item was placed.
        k: See `score_playlists`.
        distinct: See `score_playlists`.
        where: See `score_playlists`.
        chunk_size: New items a part.
        workers: See `score_playlists`.
        strict: See `score_playlists`.
        columns: See `score_playlists`.
        encoding: See `score_playlists`.
        progress: See `score_playlists`.

    Raises:
        HybridRecError: See `score_playlists`.
    """
    _check(chunk_size, workers)
    options = TableOptions.of(columns, encoding, None)
    asked = BatchRequest(NEW_ITEMS, k, distinct, where)
    make = partial(Source.of_files, items, asked, options, chunk_size)
    return _run(model, make, out, workers=workers, strict=strict, progress=progress)


def _run(
    folder: str | Path,
    make_source: Callable[[SavedModel], Source],
    out: str | Path,
    *,
    workers: int,
    strict: bool,
    progress: bool | Progress,
    temp: str | Path | None = None,
    learn: bool = False,
) -> BatchResult:
    began = time.perf_counter()
    check_flag(strict, "strict")
    check_flag(learn, "learn")
    reporter = as_progress(progress)
    model = SavedModel.of(folder)
    source = make_source(model)
    target = OutFolder(out)
    check_apart(target.place, target.name, model.folder, source.files)
    scratch = None if temp is None else _scratch(temp, model, source)
    settings = {**source.settings, **({"learn": True} if learn else {})}
    inputs = [] if source.files is None else source.files.checksums(reporter)
    job = job_of(settings, model.fingerprint, inputs)
    journal = Journal(target, job)
    with target.locked():
        journal.check_job()
        manifest = journal.complete()
        if manifest is not None:
            journal.tidy()
            return BatchResult(target.name, manifest, 0)
        # The model is loaded first, so that a mistake leaves no folder behind that must be removed.
        with (
            model_that_learns(model, source, journal, scratch, reporter, strict=strict)
            if learn
            else nullcontext(model) as used,
            scorers(used, source.request, workers) as score,
        ):
            journal.begin()
            n_before = len(journal.finished)
            opened = source.chunks(journal, scratch, reporter, strict=strict)
            with withdrawn_if_refused(opened, journal) as chunks:
                for scored in _with_progress(score(chunks), source, journal, reporter):
                    if strict and scored.complaint is not None:
                        raise refused(scored.complaint)
                    model.check_unchanged()
                    journal.commit(scored)
        if source.files is not None:
            source.files.check_unchanged()
        if not journal.finished:
            raise DataError(f"{source.request.kind} must hold at least one row, found none.")
        manifest = journal.end({"run_seconds": time.perf_counter() - began})
    return BatchResult(target.name, manifest, len(journal.finished) - n_before)


def _with_progress(
    scored: Iterator[Scored], source: Source, journal: Journal, reporter: Progress
) -> Iterator[Scored]:
    """What is scored, while a bar shows how many rows of the input are done."""
    done = sum(record["input_rows"] for record in journal.finished.values()) + journal.nameless
    with reporter.stage("input rows scored", max(source.n_rows - done, 0)) as advance:
        for one in scored:
            yield one
            advance(one.record["input_rows"])


def _check(chunk_size: int, workers: int) -> None:
    check_count("chunk_size", chunk_size)
    check_count("workers", workers, _MOST_WORKERS)


def _scratch(temp: str | Path, model: SavedModel, source: Source) -> Path:
    """The folder for temporary files, if it can be one."""
    place = Place.of(temp, "the folder for temporary files")
    if not place.is_local:
        raise DataError(
            f"the folder for temporary files must be a folder of this machine, got {str(temp)!r}; "
            "name another one."
        )
    folder = existing_folder(place.path, "a folder for temporary files")
    check_apart(place, str(temp), model.folder, source.files)
    return folder

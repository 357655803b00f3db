"""The journal of a batch run: what it was begun with, and which of its parts are finished."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import Any, TypeVar

import pyarrow as pa
import pyarrow.parquet as pq

from hybrid_rec.batch.output import FORMAT, JOB, WORK, Json, OutFolder
from hybrid_rec.batch.queries import MISSING_ID, REJECTED
from hybrid_rec.batch.scoring import Scored
from hybrid_rec.core.errors import DataError

FORMAT_VERSION = 2
MANIFEST, REJECTED_FILE = "manifest.json", "rejected.parquet"
Opened = TypeVar("Opened")
_PART = re.compile(r"part-\d+\.parquet")
_NAMELESS = f"{WORK}/rejected-nameless.parquet"
_NOTE = re.compile(r"part-(\d+)\.json")


class Journal:
    """What of a job is finished, noted so that a run can be killed at any moment.

    A part counts as finished once `_work` holds a note of it, which is written after the part and
    its rejected rows and has the checksums of both.

    Args:
        folder: Where.
        job: What is being done: what two runs must have in common to continue one another.
    """

    def __init__(self, folder: OutFolder, job: Json) -> None:
        self.folder = folder
        self.job = {"format": FORMAT, "format_version": FORMAT_VERSION, **job}
        self.finished: dict[int, Json] = {}
        self.nameless = 0
        """Rows without a playlist_id, which are in no part."""

    def check_job(self) -> None:
        """Refuse to continue another job.

        Raises:
            DataError: Naming what differs.
        """
        begun = self.folder.read_json(JOB)
        # Nothing can be mixed with a job that has written nothing.
        written = any(name == MANIFEST or _PART.fullmatch(name) for name in self.folder.names())
        if begun is not None and begun != self.job and written:
            raise DataError(
                f"{self.folder.name} must be continued with what it was begun with, but "
                f"{_difference(begun, self.job)}; give the former, or choose another folder."
            )

    def complete(self) -> Json | None:
        """The manifest of a finished job, if all its files are there and whole."""
        manifest = self.folder.read_json(MANIFEST)
        if manifest is None or not isinstance(manifest.get("parts"), list):
            return None
        files = [*manifest["parts"], manifest.get("rejected") or {}]
        for file in files:
            if self.folder.sha256(str(file.get("name"))) != file.get("sha256"):
                return None
        return manifest

    def begin(self) -> None:
        """Note the job, and find out which of its parts are finished.

        Raises:
            RunError: If the disk is full or refuses.
        """
        notes = self.folder.names(WORK)
        # A manifest that is no longer true would vouch for parts that are being written again.
        self.folder.remove(MANIFEST)
        self.folder.write_json(JOB, self.job)
        for name in notes:
            match = _NOTE.fullmatch(name)
            record = self.note(int(match[1])) if match else None
            if match and record is not None:
                self.finished[int(match[1])] = record

    def note(self, number: int) -> Json | None:
        """The note of a finished part; None for one that is not, or is no longer whole."""
        record = self.folder.read_json(_note_name(number))
        if record is None or self.folder.sha256(part_name(number)) != record["sha256"]:
            return None
        rejected = record["rejected_sha256"]
        is_whole = rejected is None or self.folder.sha256(_rejected_name(number)) == rejected
        return record if is_whole else None

    def commit(self, scored: Scored) -> None:
        """Write a part, and then the note that it is finished.

        Raises:
            RunError: If the disk is full or refuses.
        """
        self.folder.write(part_name(scored.number), scored.part)
        if scored.rejected:
            self.folder.write(_rejected_name(scored.number), scored.rejected)
        record = dict(scored.record)
        self.folder.write_json(_note_name(scored.number), record)
        self.finished[scored.number] = record

    @contextmanager
    def listing_nameless(self) -> Iterator[Callable[[pa.Table], None]]:
        """A context that gives a function which lists rows without a playlist_id.

        What an earlier run has listed is forgotten.

        Raises:
            RunError: If the disk is full or refuses.
        """
        self.nameless = 0
        with (
            self.folder.writing(_NAMELESS) as file,
            pq.ParquetWriter(file, REJECTED, compression="zstd") as writer,
        ):

            def add(rows: pa.Table) -> None:
                writer.write_table(rows)
                self.nameless += rows.num_rows

            yield add

    def end(self, timings: Mapping[str, float]) -> Json:
        """Write the rejected rows and the manifest, and tidy up.

        Raises:
            RunError: If the disk is full or refuses.
        """
        numbers = sorted(self.finished)
        records = [self.finished[number] for number in numbers]
        self._write_rejected()
        counts = {
            name: sum(record[name] for record in records)
            for name in ("input_rows", "used_rows", "queries", "rows", "rejected")
        }
        reasons = _sums(records, "reasons")
        if self.nameless:
            reasons[MISSING_ID] = reasons.get(MISSING_ID, 0) + self.nameless
            counts["input_rows"] += self.nameless
            counts["rejected"] += self.nameless
        manifest = {
            **self.job,
            "counts": {
                "parts": len(records),
                **counts,
                "sources": _sums(records, "sources"),
            },
            "parts": [
                {"name": part_name(number), **{k: record[k] for k in ("queries", "rows", "sha256")}}
                for number, record in zip(numbers, records, strict=True)
            ],
            "rejected": {
                "name": REJECTED_FILE,
                "reasons": dict(sorted(reasons.items())),
                "sha256": self.folder.sha256(REJECTED_FILE),
            },
            "timings": {
                "scoring_seconds": sum(record["seconds"] for record in records),
                **timings,
            },
        }
        self.folder.write_json(MANIFEST, manifest)
        self.tidy()
        return manifest

    def tidy(self) -> None:
        """Remove the notes of a finished job."""
        self.folder.remove(WORK)

    def _write_rejected(self) -> None:
        with (
            self.folder.writing(REJECTED_FILE) as file,
            pq.ParquetWriter(file, REJECTED, compression="zstd") as writer,
        ):
            if self.nameless:
                with self.folder.open(_NAMELESS) as part, pq.ParquetFile(part) as listed:
                    for batch in listed.iter_batches():
                        writer.write_batch(batch)
            for number, record in sorted(self.finished.items()):
                if record["rejected_sha256"] is not None:
                    with self.folder.open(_rejected_name(number)) as part:
                        writer.write_table(pq.read_table(part, schema=REJECTED))


@contextmanager
def withdrawn_if_refused(
    opened: AbstractContextManager[Opened], journal: Journal
) -> Iterator[Opened]:
    """What is opened; if the input as a whole is refused, nothing is left of what was begun."""
    with ExitStack() as stack:
        try:
            held = stack.enter_context(opened)
        except DataError:
            if not journal.finished:
                journal.folder.withdraw()
            raise
        yield held


def part_name(number: int) -> str:
    """The file of a part."""
    return f"part-{number:06d}.parquet"


def _note_name(number: int) -> str:
    return f"{WORK}/part-{number:06d}.json"


def _rejected_name(number: int) -> str:
    return f"{WORK}/rejected-{number:06d}.parquet"


def _sums(records: list[Json], name: str) -> dict[str, int]:
    total: dict[str, int] = {}
    for record in records:
        for key, count in record[name].items():
            total[key] = total.get(key, 0) + count
    return dict(sorted(total.items()))


def _difference(begun: Any, now: Any, what: str = "") -> str:
    """The first place where two jobs differ, in words."""
    if isinstance(begun, dict) and isinstance(now, dict):
        for key in dict.fromkeys([*begun, *now]):
            if begun.get(key) != now.get(key):
                return _difference(begun.get(key), now.get(key), f"{what} {key}".strip())
    if isinstance(begun, list) and isinstance(now, list):
        old, new = ({file["name"]: file for file in files} for files in (begun, now))
        for name in dict.fromkeys([*old, *new]):
            if old.get(name) != new.get(name):
                return _difference(old.get(name), new.get(name), f"{what} {name}")
    return f"its {what} was {_shown(begun)} and is {_shown(now)} now"


def _shown(value: Any) -> str:
    if value is None:
        return "not there"
    return "there" if isinstance(value, dict | list) else repr(value)

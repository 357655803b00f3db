"""The folder of a prepared data set: what is in it, its manifest, and the report in it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from hybrid_rec.core.errors import DataError
from hybrid_rec.core.files import (
    LARGEST_MANIFEST,
    existing,
    files_in,
    is_ours,
    read_regular,
    sha256,
)
from hybrid_rec.data.report import DatasetReport

FORMAT, FORMAT_VERSION = "hybrid-rec prepared data", 1
MANIFEST = "manifest.json"

ITEMS, PLAYLISTS, PLAYS, COUNTS = "items", "playlists", "plays", "counts"
"""Folders of Parquet files.

items: ITEM, item_id and whatever describes them; playlists: PLAYLIST, playlist_id, name, length;
plays: PLAYLIST, position, ITEM, and played_at where it is known; counts: ITEM, plays, playlists.
"""
ITEM, PLAYLIST = "item_number", "playlist_number"
"""Columns of numbers from 0, in order of first appearance."""
ELSEWHERE = "elsewhere"
"""Folder of a sample: ITEM, and plays and playlists of it in the playlists that were not drawn."""

_Count = Annotated[int, Field(ge=0, lt=2**63)]


class _Part(BaseModel):
    model_config = ConfigDict(strict=True, extra="ignore")


class _Report(_Part):
    source: str
    playlists_read: _Count
    plays_read: _Count
    playlists_kept: _Count
    plays_kept: _Count
    dropped: dict[str, _Count]
    notes: dict[str, _Count]


class Manifest(_Part):
    """What a prepared data set says of itself."""

    format: str
    format_version: int
    counts: dict[str, _Count]
    """Rows of each folder."""
    has_times: bool
    """Whether `plays` have played_at."""
    has_names: bool
    """Whether any playlist has a name."""
    report: _Report
    """What was read, kept and dropped."""
    damaged: dict[str, str] = {}
    """Files that could not be read and were left out, and why."""
    files: dict[str, str]
    """SHA-256 of each file, by its path."""

    def told(self) -> DatasetReport:
        """The report."""
        return DatasetReport(**self.report.model_dump())


def read_manifest(folder: str | Path) -> tuple[Path, Manifest]:
    """Where a prepared data set is, and its manifest.

    Raises:
        DataError: If there is none, or it is damaged or of another format.
    """
    home = existing(Path(folder))
    try:
        content = json.loads(read_regular(home / MANIFEST, LARGEST_MANIFEST))
        found = content.get("format"), content.get("format_version")
    except (OSError, ValueError, AttributeError, RecursionError):
        raise _refused(folder, f"found no {MANIFEST} that can be read") from None
    if found != (FORMAT, FORMAT_VERSION):
        raise _refused(folder, f"found {found[0]!s:.60} {found[1]!s:.60}")
    try:
        return home, Manifest(**content)
    except ValidationError as error:
        place = ".".join(map(str, error.errors()[0]["loc"]))
        raise _refused(folder, f"found a {MANIFEST} that is damaged at {place}") from None


def check_files(folder: str | Path, home: Path, files: Mapping[str, str]) -> None:
    """Raise a DataError that names the first file that is not what the manifest says."""
    for name, digest in files.items():
        path = home / name
        if ".." in Path(name).parts or not path.is_file():
            raise _refused(folder, f"found no file {name}")
        if sha256(path) != digest:
            raise _refused(folder, f"found {name} damaged: its SHA-256 is not the one written")


def check_target(folder: Path) -> None:
    """Raise a DataError unless a prepared data set may be written there."""
    if not is_ours(existing(folder), MANIFEST, FORMAT):
        raise DataError(
            f"{folder} must be free, empty or a prepared data set, which is replaced, but holds "
            "something else; choose another folder."
        )


def write_manifest(
    folder: Path,
    report: DatasetReport,
    counts: Mapping[str, int],
    *,
    has_times: bool,
    has_names: bool,
    damaged: Mapping[str, str] | None = None,
) -> None:
    """Write what is in a folder, with the checksum of every file in it."""
    content: dict[str, Any] = {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "counts": dict(counts),
        "has_times": has_times,
        "has_names": has_names,
        "report": report.__getstate__(),
        "damaged": dict(damaged or {}),
        "files": {name: sha256(folder / name) for name in files_in(folder)},
    }
    text = json.dumps(content, ensure_ascii=False, indent=1)
    (folder / MANIFEST).write_text(text + "\n", encoding="utf-8")


def _refused(folder: str | Path, found: str) -> DataError:
    return DataError(
        f"{folder} must be a prepared data set, {found}; write it with `hybrid-rec spark prepare`."
    )

"""Folders of results on a cluster: what may be replaced, and what they say of themselves."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hybrid_rec.core.checks import as_path
from hybrid_rec.core.errors import DataError
from hybrid_rec.core.files import existing, is_ours

_MANIFEST = "manifest.json"
# A path drops one of the slashes; a single letter would be a drive of Windows.
_URL = re.compile(r"[A-Za-z][\w+.-]+:/")


def shared_folder(out: str | Path) -> Path:
    """The folder that results are written to, from the root.

    Raises:
        DataError: For a URL, which no task could write to.
    """
    path = as_path(out, "out")
    if _URL.match(str(path)):
        raise DataError(
            f"out must be a folder on a path that driver and workers share, got the URL {out}; "
            "write to a shared drive, and copy the folder from there."
        )
    return path.absolute()


def check_folder(folder: Path, form: str) -> None:
    """Raise a DataError unless results of a form may be written to a folder."""
    if not is_ours(existing(folder), _MANIFEST, form):
        raise DataError(
            f"{folder} must be free, empty or {form}, which are replaced, but holds something "
            "else; choose another folder."
        )


def write_folder_manifest(
    folder: Path, form: str, told: Mapping[str, Any], digests: Mapping[str, str]
) -> None:
    """Write what a folder holds, with the checksum of every file in it.

    Args:
        folder: Where it is.
        form: What it is.
        told: What else is told of it.
        digests: The checksums, by the names of the files.
    """
    files = dict(sorted(digests.items()))
    text = json.dumps({"format": form, **told, "files": files}, ensure_ascii=False, indent=1)
    (folder / _MANIFEST).write_text(text + "\n", encoding="utf-8")

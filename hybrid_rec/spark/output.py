"""Folders of results on a cluster: what may be replaced, and what they say of themselves."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hybrid_rec.core.errors import DataError
from hybrid_rec.core.files import existing, files_in, is_ours, sha256

_MANIFEST = "manifest.json"


def check_folder(folder: Path, form: str) -> None:
    """Raise a DataError unless results of a form may be written to a folder."""
    if not is_ours(existing(folder), _MANIFEST, form):
        raise DataError(
            f"{folder} must be free, empty or {form}, which are replaced, but holds something "
            "else; choose another folder."
        )


def write_folder_manifest(folder: Path, form: str, told: Mapping[str, Any]) -> None:
    """Write what a folder holds, with the checksum of every file in it."""
    files = {name: sha256(folder / name) for name in files_in(folder)}
    text = json.dumps({"format": form, **told, "files": files}, ensure_ascii=False, indent=1)
    (folder / _MANIFEST).write_text(text + "\n", encoding="utf-8")

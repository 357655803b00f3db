"""Paths that a command is given: those that lead nowhere are refused before anything is imported.

Importing the libraries that read a model or a data set takes a second. What is checked here is
checked again by what reads it, with the same words; anything but a missing path is left to that.
"""

from __future__ import annotations

import glob
import json
import re
from contextlib import suppress
from pathlib import Path

from hybrid_rec.core.errors import ArtifactError, DataError
from hybrid_rec.core.files import existing
from hybrid_rec.data.paths import table_suffix

_MANIFEST = "manifest.json"
# A single letter would be a drive of Windows.
_NAMED = re.compile(r"([a-z][a-z0-9_]+):(?!//)(.+)")


def check_model(folder: Path) -> None:
    """Refuse a folder that holds no saved model.

    Raises:
        ArtifactError: If there is no manifest.
    """
    try:
        home = existing(folder.resolve())
    except (OSError, RuntimeError, ValueError):
        return
    if _is_missing(home / _MANIFEST):
        raise ArtifactError(
            f"{folder} must be a saved model, but holds no manifest.json; "
            "write one with save or `hybrid-rec fit`."
        )


def check_dataset(dataset: str, items: str | Path | None = None) -> None:
    """Refuse a data set whose files are missing.

    URLs are left to what reads them.

    Args:
        dataset: As on the command line.
        items: The file of items that goes with it, or None.

    Raises:
        DataError: If a file or folder is missing.
    """
    named = _NAMED.fullmatch(dataset)
    if named and "://" not in named[2]:
        kind, place = named.groups()
        if _is_missing(Path(place)) and not glob.glob(place):  # noqa: PTH207  # it may be absolute
            raise DataError(
                f"{place} must be what the data set {kind}:{place} is read from, found nothing "
                "there; check the path."
            )
    elif table_suffix(dataset) is not None:
        check_table(dataset, "a file of plays")
        if items is not None:
            check_table(items, "a file of items")


def check_table(path: str | Path, what: str) -> None:
    """Refuse a table that is missing; a URL is left to what reads it.

    Args:
        path: Where it should be.
        what: What it should be, for the message.

    Raises:
        DataError: If nothing is there.
    """
    if "://" in str(path) or not _is_missing(Path(path)):
        return
    form = " in Parquet" if what.startswith("a file") and _is_parquet(path) else ""
    raise DataError(f"{path} must be {what}{form}, found no such file; check the path.")


def check_output(target: Path) -> None:
    """Refuse to write inside the folder of a saved model, which must hold its own files alone.

    Args:
        target: The file or folder that will be written, which may be a model itself.

    Raises:
        DataError: If it lies in a model.
    """
    with suppress(OSError, RuntimeError):  # a loop of links is left to what writes
        for folder in target.resolve().parents:
            if _holds_model(folder):
                raise DataError(
                    f"{target} must be outside of the saved model {folder}, which would no longer "
                    "load; choose another place."
                )


def _holds_model(folder: Path) -> bool:
    try:
        manifest = json.loads((folder / _MANIFEST).read_bytes())
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(manifest, dict) and manifest.get("format") == "hybrid-rec model"


def _is_parquet(path: str | Path) -> bool:
    return str(path).lower().endswith(".parquet")


def _is_missing(path: Path) -> bool:
    """Whether nothing is there; a path that cannot be looked at may be there."""
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return True
    except (OSError, ValueError):
        return False
    return False

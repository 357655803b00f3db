"""A saved model: a folder with a manifest and checksums, and no pickle."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

from hybrid_rec.core.errors import (
    ArtifactError,
    ModelUnavailableError,
    RunError,
    memory_ran_out,
)
from hybrid_rec.core.files import (
    check_writable,
    existing,
    files_in,
    is_ours,
    replacing,
    sha256,
)
from hybrid_rec.core.stored import one_line
from hybrid_rec.model.fitted import Model
from hybrid_rec.model.format_1 import read_format_1
from hybrid_rec.model.manifest import (
    FORMAT,
    FORMAT_VERSION,
    INDEX,
    MANIFEST,
    as_text,
    described_by,
    fingerprint,
    keep_measurement,
    path_refused,
    read_manifest,
)
from hybrid_rec.model.parts import LEARNED_FROM, read_parts, write_parts

__all__ = [
    "FORMAT", "FORMAT_VERSION", "check_target", "described_by", "fingerprint", "keep_measurement",
    "load", "read_manifest", "save",
]  # fmt: skip

_READERS = {1: read_format_1, 2: read_parts}

_LIBRARIES = ("hybrid-rec", "faiss-cpu", "gensim", "numpy", "pyarrow", "scikit-learn", "scipy")
_SUFFIXES = (".faiss", ".json", ".npy", ".npz", ".parquet")
# A text of another name is a note that somebody put beside the model.
_TEXTS = re.compile(r"ranker(_new)?\.txt|([a-z_]+_)?trees\.txt")
_FILE_NAME = re.compile(r"(?:[a-z][a-z0-9_]*/){0,3}[a-z][a-z0-9_]*(?:\.[a-z0-9_]+)+")
# Loads that may be spoiled by another process that saves to the same folder.
_ATTEMPTS = 5


def save(model: Model, folder: Path) -> None:
    """Write a model to `folder`, which appears whole or not at all.

    Raises:
        ArtifactError: If `folder` holds something other than a model, or cannot be written.
    """
    check_target(folder)
    try:
        with replacing(folder.resolve()) as fresh:
            write_parts(model, fresh)
            manifest = {
                "format": FORMAT,
                "format_version": FORMAT_VERSION,
                "config": model.config.model_dump(mode="json"),
                "libraries": {name: version(name) for name in _LIBRARIES},
                "counts": _counts(model),
                "columns": model.blocks.column_kinds,
                **({} if model.choice is None else {INDEX: asdict(model.choice)}),
                **({} if model.learned_from is None else {LEARNED_FROM: model.learned_from}),
                **({} if model.held_out is None else {"held_out": asdict(model.held_out)}),
                "files": {name: sha256(fresh / name) for name in files_in(fresh)},
            }
            (fresh / MANIFEST).write_text(as_text(manifest), encoding="utf-8")
    except OSError as error:
        raise ArtifactError(f"model folder {folder} cannot be written: {error}.") from None


def check_target(folder: Path) -> None:
    """Refuse a folder that cannot be written or holds other things, before any work is done.

    Raises:
        ArtifactError: If it is a file, holds other files or cannot be made.
    """
    with path_refused(f"model folder {folder} cannot be written"):
        target = folder.resolve()
        if not is_ours(target, MANIFEST, FORMAT):
            raise ArtifactError(
                f"model folder must be new, empty or hold a model, but {folder} holds other "
                "files; choose another folder."
            )
        check_writable(target)


def load(folder: Path, *, mmap: bool = False) -> Model:
    """Read a model, verifying the format, every checksum and every count.

    A model that another process replaces meanwhile is read again.

    Args:
        folder: What `save` wrote, by this version or an older one.
        mmap: Map the dense index into memory instead of reading it.

    Raises:
        ArtifactError: If a file is missing or damaged or does not fit the others; the message
            names both values.
        RunError: If memory runs out.
    """
    for _ in range(_ATTEMPTS):
        before = _state(folder)
        try:
            model = _load(folder, mmap=mmap)
        except (ArtifactError, MemoryError) as error:
            if memory_ran_out(error):
                raise RunError(
                    f"memory ran out while the model in {folder} was loaded; give the process "
                    "more (see `ulimit -v`, or the limits of its container)."
                ) from None
            if _state(folder) == before:
                raise
        else:
            if _state(folder) == before:
                return model
    raise ArtifactError(
        f"model folder {folder} must stay as it is while it is read, but was replaced "
        f"{_ATTEMPTS} times; try again."
    )


def _load(folder: Path, *, mmap: bool) -> Model:
    home = existing(folder.resolve())
    manifest = read_manifest(folder)
    try:
        _verify(folder, home, manifest["files"])
        model = _READERS[manifest["format_version"]](home, manifest, mmap=mmap)
    except ArtifactError as error:
        if str(folder) in str(error) or str(home) in str(error):
            raise
        raise ArtifactError(f"model folder {folder} must hold a whole model: {error}") from None
    except (ModelUnavailableError, RunError):
        raise
    # What a library raises for content that was made to mislead it cannot be foretold.
    except Exception as error:
        raise ArtifactError(
            f"model folder {folder} must hold a whole model: {one_line(error)}."
        ) from error
    counts = _counts(model)
    if counts != manifest["counts"]:
        raise ArtifactError(
            f"model in {folder} must have the counts {manifest['counts']} of its manifest, "
            f"but has {counts}."
        )
    return model


def _verify(folder: Path, home: Path, listed: Mapping[str, Any]) -> None:
    """Raise unless every file of a model is listed, there and whole."""
    for name, expected in listed.items():
        path = home / name
        if not _FILE_NAME.fullmatch(name):
            raise ArtifactError(f"{MANIFEST} in {folder} cannot list a file {name!r:.80}.")
        # A link, be it the file itself or a folder above it, leads out of the model.
        linked = any(one.is_symlink() for one in (path, *path.parents) if one.is_relative_to(home))
        if linked or not path.is_file():
            lacks = "behind a link" if linked else "missing"
            raise ArtifactError(
                f"model folder {folder} must hold {name}, but it is {lacks}; save the model again."
            )
        found = sha256(path)
        if found != expected:
            raise ArtifactError(
                f"{name} in {folder} must have the SHA-256 {expected:.80}, but has {found}; "
                "the file is damaged or was changed: save the model again."
            )
    for name in files_in(home):
        ours = name.endswith(_SUFFIXES) or _TEXTS.fullmatch(Path(name).name) is not None
        if ours and name not in (MANIFEST, *listed):
            raise ArtifactError(
                f"{MANIFEST} in {folder} must list every file of the model, but {name} is "
                "not listed; remove it, or save the model again."
            )


def _state(folder: Path) -> object:
    """What differs after the model in `folder` was replaced."""
    with path_refused(f"model folder {folder} cannot be read"):
        home = existing(folder.resolve())
        try:
            manifest = (home / MANIFEST).stat()
        except (FileNotFoundError, NotADirectoryError):
            return home, None
    return home, (manifest.st_dev, manifest.st_ino, manifest.st_mtime_ns)


def _counts(model: Model) -> dict[str, int]:
    n_named = model.playlists.n_named
    return {
        "items": len(model.catalog),
        "index_rows": len(model.index),
        "playlists": len(model.playlists),
        "plays": model.playlists.n_plays,
        **({"playlists_named": n_named} if n_named else {}),
        **{f"items_{source}": count for source, count in model.source_counts().items()},
        **({"items_removed": len(model.removed)} if len(model.removed) else {}),
    }

"""A saved model: a folder with a manifest and checksums, and no pickle."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pyarrow as pa

from hybrid_rec.blocks.base import ColumnKind
from hybrid_rec.core.errors import (
    ArtifactError,
    ConfigError,
    DataError,
    RunError,
    memory_ran_out,
)
from hybrid_rec.core.files import (
    check_writable,
    existing,
    files_in,
    is_ours,
    replace_text,
    replacing,
    sha256,
)
from hybrid_rec.model.fitted import Model
from hybrid_rec.model.format_1 import FORMAT_1_COLUMNS, read_format_1
from hybrid_rec.model.parts import read_parts, write_parts
from indexes.base import VectorIndexError

FORMAT = "hybrid-rec model"
FORMAT_VERSION = 2
_READERS = {1: read_format_1, 2: read_parts}

_MANIFEST = "manifest.json"
_LIBRARIES = ("hybrid-rec", "faiss-cpu", "gensim", "numpy", "pyarrow", "scikit-learn", "scipy")
_SUFFIXES = (".faiss", ".json", ".npy", ".npz", ".parquet")
# A text of another name is a note that somebody put beside the model.
_TEXTS = ("ranker.txt", "ranker_new.txt", "trees.txt", "new_trees.txt")
_SECTIONS = ("config", "libraries", "counts", "files")
_INDEX, _MEASURED, _DIGEST = "index", "measured", "digest"
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
                **({} if model.choice is None else {_INDEX: asdict(model.choice)}),
                **({} if model.held_out is None else {"held_out": asdict(model.held_out)}),
                "files": {name: sha256(fresh / name) for name in files_in(fresh)},
            }
            (fresh / _MANIFEST).write_text(_as_text(manifest), encoding="utf-8")
    except OSError as error:
        raise ArtifactError(f"model folder {folder} cannot be written: {error}.") from None


def check_target(folder: Path) -> None:
    """Refuse a folder that cannot be written or holds other things, before any work is done.

    Raises:
        ArtifactError: If it is a file, holds other files or cannot be made.
    """
    with _refused(f"model folder {folder} cannot be written"):
        target = folder.resolve()
        if not is_ours(target, _MANIFEST, FORMAT):
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
    except (
        VectorIndexError, ConfigError, DataError, OSError, ValueError, TypeError, KeyError,
        pa.ArrowException,
    ) as e:  # fmt: skip
        raise ArtifactError(f"model folder {folder} must hold a whole model: {e}") from None
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
            raise ArtifactError(f"{_MANIFEST} in {folder} cannot list a file {name!r:.80}.")
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
                f"{name} in {folder} must have the SHA-256 {expected}, but has {found}; "
                "the file is damaged or was changed: save the model again."
            )
    for name in files_in(home):
        ours = name.endswith(_SUFFIXES) or Path(name).name in _TEXTS
        if ours and name not in (_MANIFEST, *listed):
            raise ArtifactError(
                f"{_MANIFEST} in {folder} must list every file of the model, but {name} is "
                "not listed; remove it, or save the model again."
            )


def _state(folder: Path) -> object:
    """What differs after the model in `folder` was replaced."""
    with _refused(f"model folder {folder} cannot be read"):
        home = existing(folder.resolve())
        try:
            manifest = (home / _MANIFEST).stat()
        except (FileNotFoundError, NotADirectoryError):
            return home, None
    return home, (manifest.st_dev, manifest.st_ino, manifest.st_mtime_ns)


@contextmanager
def _refused(what: str) -> Iterator[None]:
    """A context in which what a path can be refused for is an ArtifactError."""
    try:
        yield
    # RuntimeError is a loop of links, ValueError a NUL.
    except (OSError, RuntimeError, ValueError) as error:
        raise ArtifactError(f"{what}: {error}.") from None


def read_manifest(folder: Path) -> dict[str, Any]:
    """The manifest of a saved model: format, config, versions, counts, checksums.

    Raises:
        ArtifactError: If there is none, it was changed, or it is of another format or version.
    """
    try:
        path = existing(folder.resolve()) / _MANIFEST
        manifest = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        raise ArtifactError(
            f"{folder} must be a saved model, but holds no {_MANIFEST}; "
            "write one with save or `hybrid-rec fit`."
        ) from None
    except (OSError, RuntimeError, ValueError) as error:
        raise ArtifactError(f"{_MANIFEST} in {folder} must be readable JSON: {error}.") from None
    found = (
        (manifest.get("format"), manifest.get("format_version"))
        if isinstance(manifest, dict)
        else manifest
    )
    if not isinstance(manifest, dict) or found not in [(FORMAT, number) for number in _READERS]:
        raise ArtifactError(
            f"{folder} must hold the format {FORMAT!r} version {FORMAT_VERSION} or older, got "
            f"{found!r:.80}; fit it again with this version."
        )
    for section in _SECTIONS:
        if not isinstance(manifest.get(section), dict):
            raise ArtifactError(
                f"{_MANIFEST} in {folder} must list {', '.join(_SECTIONS)}, but {section} is "
                f"{manifest.get(section)!r:.80}; save the model again."
            )
    if manifest["format_version"] > 1 and manifest.get(_DIGEST) != _digest(manifest):
        raise ArtifactError(
            f"{_MANIFEST} in {folder} must have the digest {_digest(manifest)}, but says "
            f"{manifest.get(_DIGEST)!r:.80}; it is damaged or was changed: save the model again."
        )
    return dict(manifest)


def described_by(manifest: Mapping[str, Any]) -> dict[str, ColumnKind]:
    """The columns that new items may be described by to a saved model, and what they hold."""
    columns = manifest.get("columns", FORMAT_1_COLUMNS)
    return dict(columns) if isinstance(columns, Mapping) else {}


def fingerprint(manifest: Mapping[str, Any]) -> str:
    """SHA-256 of what makes a saved model: its manifest without what was measured of it later."""
    made = {name: value for name, value in manifest.items() if name != _MEASURED}
    return hashlib.sha256(_as_text(made).encode()).hexdigest()


def keep_measurement(folder: Path, manifest: Mapping[str, Any], measured: Any) -> None:
    """Write to the manifest of a saved model what was measured of it, in place of what was before.

    Args:
        folder: Where the model is.
        manifest: Its manifest as it was when the model was loaded.
        measured: What JSON can hold.

    Raises:
        ArtifactError: If the model was replaced meanwhile, or the manifest cannot be written.
    """
    if fingerprint(read_manifest(folder)) != fingerprint(manifest):
        raise ArtifactError(
            f"model folder {folder} must stay as it is while it is measured, but was replaced; "
            "measure again."
        )
    text = _as_text({**manifest, _MEASURED: measured})
    with _refused(f"{_MANIFEST} in {folder} cannot be written"):
        replace_text(existing(folder.resolve()) / _MANIFEST, text)


def _digest(manifest: Mapping[str, Any]) -> str:
    """SHA-256 of a manifest but for its digest, hexadecimal."""
    rest = {name: value for name, value in manifest.items() if name != _DIGEST}
    return hashlib.sha256(json.dumps(rest, sort_keys=True).encode()).hexdigest()


def _as_text(manifest: Mapping[str, Any]) -> str:
    """A manifest with its digest, which is that of what JSON gives back."""
    plain = json.loads(json.dumps(manifest))
    return json.dumps({**plain, _DIGEST: _digest(plain)}, indent=2) + "\n"


def _counts(model: Model) -> dict[str, int]:
    return {
        "items": len(model.catalog),
        "index_rows": len(model.index),
        "playlists": len(model.playlists),
        "plays": model.playlists.n_plays,
        **{f"items_{source}": count for source, count in model.source_counts().items()},
        **({"items_removed": len(model.removed)} if len(model.removed) else {}),
    }

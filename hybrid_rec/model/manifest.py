"""The manifest of a saved model: what it says, and how damage to it is noticed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from hybrid_rec.blocks.base import ColumnKind
from hybrid_rec.core.errors import ArtifactError
from hybrid_rec.core.files import LARGEST_MANIFEST, existing, read_regular, replace_text
from hybrid_rec.core.stored import one_line
from hybrid_rec.model.format_1 import FORMAT_1_COLUMNS

FORMAT = "hybrid-rec model"
FORMAT_VERSION = 2
MANIFEST = "manifest.json"
"""Name of the file."""
INDEX = "index"
"""What it holds of the kind of the index, where that is known."""

_VERSIONS = (1, FORMAT_VERSION)
_MEASURED, _DIGEST = "measured", "digest"
_SECTIONS = ("config", "libraries", "counts", "files")
# Deeper content would end in an error of Python wherever it is walked through.
_DEEPEST = 32

_Count = Annotated[int, Field(ge=0, lt=2**63)]


class _Part(BaseModel):
    """Base of what a manifest must be; other sections are for other versions."""

    model_config = ConfigDict(strict=True, extra="ignore")


class _Choice(_Part):
    model_config = ConfigDict(extra="forbid")

    factory: str
    reason: str


class _Row(_Part):
    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, float]

    queries: str


class _Measured(_Part):
    factory: str
    queries: int
    rows: Annotated[list[_Row], Field(min_length=1)]


class _HeldOut(_Part):
    model_config = ConfigDict(extra="forbid")

    playlists: _Count
    share: Annotated[float, Field(ge=0, le=1)]
    error: Annotated[float, Field(ge=0, allow_inf_nan=False)]


class _Manifest(_Part):
    config: dict[str, Any]
    libraries: dict[str, str]
    counts: dict[str, _Count]
    files: dict[str, str]
    columns: dict[str, ColumnKind] = {}
    index: _Choice = _Choice(factory="", reason="")
    measured: _Measured = _Measured(factory="", queries=0, rows=[_Row(queries="")])
    held_out: _HeldOut = _HeldOut(playlists=0, share=0.0, error=0.0)
    learned_from: _Count = 0


def read_manifest(folder: Path) -> dict[str, Any]:
    """The manifest of a saved model: format, config, versions, counts, checksums.

    Raises:
        ArtifactError: If there is none, it was changed, or it is of another format or version.
    """
    try:
        path = existing(folder.resolve()) / MANIFEST
        manifest = json.loads(read_regular(path, LARGEST_MANIFEST))
    except (FileNotFoundError, NotADirectoryError):
        raise ArtifactError(
            f"{folder} must be a saved model, but holds no {MANIFEST}; "
            "write one with save or `hybrid-rec fit`."
        ) from None
    # RuntimeError is a loop of links, or content that is nested too deeply.
    except (OSError, RuntimeError, ValueError) as error:
        raise ArtifactError(
            f"{MANIFEST} in {folder} must be readable JSON: {one_line(error)}."
        ) from None
    found = (
        (manifest.get("format"), manifest.get("format_version"))
        if isinstance(manifest, dict)
        else manifest
    )
    if not isinstance(manifest, dict) or found not in [(FORMAT, number) for number in _VERSIONS]:
        raise ArtifactError(
            f"{folder} must hold the format {FORMAT!r} version {FORMAT_VERSION} or older, got "
            f"{found!r:.80}; fit it again with this version."
        )
    if _depth(manifest) > _DEEPEST:
        raise ArtifactError(
            f"{MANIFEST} in {folder} must be nested at most {_DEEPEST} deep; save the model again."
        )
    for section in _SECTIONS:
        if not isinstance(manifest.get(section), dict):
            raise ArtifactError(
                f"{MANIFEST} in {folder} must list {', '.join(_SECTIONS)}, but {section} is "
                f"{manifest.get(section)!r:.80}; save the model again."
            )
    if manifest["format_version"] > 1 and manifest.get(_DIGEST) != _digest(manifest):
        raise ArtifactError(
            f"{MANIFEST} in {folder} must have the digest {_digest(manifest)}, but says "
            f"{manifest.get(_DIGEST)!r:.80}; it is damaged or was changed: save the model again."
        )
    try:
        _Manifest.model_validate(manifest)
    except ValidationError as error:
        first = error.errors()[0]
        raise ArtifactError(
            f"{MANIFEST} in {folder} is wrong at {'.'.join(map(str, first['loc']))!r:.80}: "
            f"{first['msg']}; save the model again."
        ) from None
    return dict(manifest)


def described_by(manifest: Mapping[str, Any]) -> dict[str, ColumnKind]:
    """The columns that new items may be described by to a saved model, and what they hold."""
    return dict(manifest.get("columns", FORMAT_1_COLUMNS))


def fingerprint(manifest: Mapping[str, Any]) -> str:
    """SHA-256 of what makes a saved model: its manifest without what was measured of it later."""
    made = {name: value for name, value in manifest.items() if name != _MEASURED}
    return hashlib.sha256(as_text(made).encode()).hexdigest()


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
    text = as_text({**manifest, _MEASURED: measured})
    with path_refused(f"{MANIFEST} in {folder} cannot be written"):
        replace_text(existing(folder.resolve()) / MANIFEST, text)


def as_text(manifest: Mapping[str, Any]) -> str:
    """A manifest with its digest, which is that of what JSON gives back."""
    plain = json.loads(json.dumps(manifest))
    return json.dumps({**plain, _DIGEST: _digest(plain)}, indent=2) + "\n"


@contextmanager
def path_refused(what: str) -> Iterator[None]:
    """A context in which what a path can be refused for is an ArtifactError."""
    try:
        yield
    # RuntimeError is a loop of links, ValueError a NUL.
    except (OSError, RuntimeError, ValueError) as error:
        raise ArtifactError(f"{what}: {error}.") from None


def _digest(manifest: Mapping[str, Any]) -> str:
    """SHA-256 of a manifest but for its digest, hexadecimal."""
    rest = {name: value for name, value in manifest.items() if name != _DIGEST}
    return hashlib.sha256(json.dumps(rest, sort_keys=True).encode()).hexdigest()


def _depth(content: Any) -> int:
    """How deeply content is nested."""
    layer, depth = [content], 0
    while layer:
        depth += 1
        layer = [
            part
            for whole in layer
            if isinstance(whole, dict | list)
            for part in (whole.values() if isinstance(whole, dict) else whole)
        ]
    return depth

"""A saved model: a folder with a manifest and checksums, and no pickle."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray
from scipy import sparse

from hybrid_rec.blocks.cold_start import TextMap
from hybrid_rec.blocks.labels import Labels
from hybrid_rec.blocks.text.encoders import load_title_encoder
from hybrid_rec.core.config import HybridConfig, WeightsConfig
from hybrid_rec.core.errors import ArtifactError, ConfigError
from hybrid_rec.core.files import (
    check_writable,
    existing,
    files_in,
    is_ours,
    replace_text,
    replacing,
    sha256,
)
from hybrid_rec.data.catalog import Catalog, RowArray
from hybrid_rec.data.playlists import Playlists
from hybrid_rec.model.fit import Model, Ranking, artist_labels, tag_labels
from hybrid_rec.ranking.ranker import Ranker
from hybrid_rec.ranking.statistics import ARRAYS, MATRICES, Evidence
from indexes.base import VectorIndexError
from indexes.checks import check_rows
from indexes.choice import Choice
from indexes.hybrid import HybridIndex

FORMAT = "hybrid-rec model"
FORMAT_VERSION = 1

_MANIFEST = "manifest.json"
_CATALOG = "catalog.parquet"
_PLAYLISTS = "playlists.parquet"
_RANKER = "ranker.txt"
_NEW_RANKER = "ranker_new.txt"
_WEIGHTS = "weights.json"
_ARRAYS = ("offsets", "rows", "sources", "text_coefficients", "text_intercept", "text_tags")
# Written only where there are any.
_TIMES, _REMOVED = "times", "removed"
_LIBRARIES = ("hybrid-rec", "faiss-cpu", "gensim", "numpy", "pyarrow", "scikit-learn", "scipy")
_SUFFIXES = (".faiss", ".json", ".npy", ".npz", ".parquet")
_SECTIONS = ("config", "libraries", "counts", "files")
_INDEX, _MEASURED = "index", "measured"
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
            _write(model, fresh)
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
        folder: What `save` wrote.
        mmap: Map the dense index into memory instead of reading it.

    Raises:
        ArtifactError: If a file is missing or damaged or does not fit the others; the message
            names both values.
    """
    for _ in range(_ATTEMPTS):
        before = _state(folder)
        try:
            model = _load(folder, mmap=mmap)
        except ArtifactError:
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
        model = _read(home, manifest, mmap=mmap)
    except (
        VectorIndexError, ConfigError, OSError, ValueError, TypeError, KeyError, pa.ArrowException,
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
        if not path.is_file():
            raise ArtifactError(f"model folder {folder} must hold {name}, but it is missing.")
        found = sha256(path)
        if found != expected:
            raise ArtifactError(
                f"{name} in {folder} must have the SHA-256 {expected}, but has {found}; "
                "the file is damaged or was changed: save the model again."
            )
    for name in files_in(home):
        ours = name.endswith(_SUFFIXES) or name == _RANKER
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
        ArtifactError: If there is none, or it is of another format or version.
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
    if found != (FORMAT, FORMAT_VERSION):
        raise ArtifactError(
            f"{folder} must hold the format {FORMAT!r} version {FORMAT_VERSION}, got {found}; "
            "fit it again with this version."
        )
    for section in _SECTIONS:
        if not isinstance(manifest.get(section), dict):
            raise ArtifactError(
                f"{_MANIFEST} in {folder} must list {', '.join(_SECTIONS)}, but {section} is "
                f"{manifest.get(section)!r:.80}; save the model again."
            )
    return dict(manifest)


def fingerprint(manifest: Mapping[str, Any]) -> str:
    """SHA-256 of what makes a saved model: its manifest without what was measured of it later."""
    return hashlib.sha256(_as_text(_without_measurement(manifest)).encode()).hexdigest()


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
    text = _as_text({**_without_measurement(manifest), _MEASURED: measured})
    with _refused(f"{_MANIFEST} in {folder} cannot be written"):
        replace_text(existing(folder.resolve()) / _MANIFEST, text)


def _without_measurement(manifest: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in manifest.items() if name != _MEASURED}


def _as_text(manifest: Mapping[str, Any]) -> str:
    return json.dumps(manifest, indent=2) + "\n"


def _write(model: Model, folder: Path) -> None:
    pq.write_table(model.catalog.table, folder / _CATALOG, compression="zstd")
    pq.write_table(
        pa.table({"playlist_id": pa.array(model.playlists.playlist_ids, pa.large_string())}),
        folder / _PLAYLISTS,
        compression="zstd",
    )
    arrays: Mapping[str, NDArray[Any]] = {
        "offsets": model.playlists.offsets,
        "rows": model.playlists.rows,
        "sources": model.sources,
        "text_coefficients": model.text_map.coefficients,
        "text_intercept": model.text_map.intercept,
        "text_tags": model.text_map.tag_columns,
    }
    for name in _ARRAYS:
        np.save(folder / f"{name}.npy", arrays[name], allow_pickle=False)
    if model.playlists.times is not None:
        np.save(folder / f"{_TIMES}.npy", model.playlists.times, allow_pickle=False)
    if len(model.removed):
        np.save(folder / f"{_REMOVED}.npy", model.removed, allow_pickle=False)
    model.index.save(folder)
    model.titles.save(folder)
    if model.ranking is not None:
        ranker = model.ranking.ranker
        (folder / _RANKER).write_text(ranker.text, encoding="utf-8")
        if ranker.new_text is not None:
            (folder / _NEW_RANKER).write_text(ranker.new_text, encoding="utf-8")
        (folder / _WEIGHTS).write_text(model.ranking.weights.model_dump_json(), encoding="utf-8")
        matrices, extra = model.ranking.evidence.state()
        for name, matrix in matrices.items():
            sparse.save_npz(folder / f"{name}.npz", matrix, compressed=False)
        for name, array in extra.items():
            np.save(folder / f"{name}.npy", array, allow_pickle=False)
    manifest = {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "config": model.config.model_dump(mode="json"),
        "libraries": {name: version(name) for name in _LIBRARIES},
        "counts": _counts(model),
        **({} if model.choice is None else {_INDEX: asdict(model.choice)}),
        "files": {name: sha256(folder / name) for name in files_in(folder)},
    }
    (folder / _MANIFEST).write_text(_as_text(manifest), encoding="utf-8")


def _read(home: Path, manifest: Mapping[str, Any], *, mmap: bool) -> Model:
    try:
        config = HybridConfig(**manifest["config"])
    except ConfigError as error:
        raise ConfigError(f"{_MANIFEST}: {error}") from None
    catalog = Catalog.from_table(pq.read_table(home / _CATALOG))
    arrays = {name: np.load(home / f"{name}.npy", allow_pickle=False) for name in _ARRAYS}
    for name in (_TIMES, _REMOVED):
        if f"{name}.npy" in manifest["files"]:
            arrays[name] = np.load(home / f"{name}.npy", allow_pickle=False)
    names = pq.read_table(home / _PLAYLISTS)["playlist_id"].to_pylist()
    playlists = Playlists(
        arrays["offsets"],
        arrays["rows"],
        np.array(names, dtype=object),
        len(catalog),
        arrays.get(_TIMES),
    )
    removed = arrays.get(_REMOVED, np.empty(0, np.int64))
    text_map = TextMap(arrays["text_coefficients"], arrays["text_intercept"], arrays["text_tags"])
    artists = artist_labels(catalog)
    return Model(
        config=config,
        catalog=catalog,
        playlists=playlists,
        index=HybridIndex.load(home, mmap=mmap),
        sources=arrays["sources"],
        artists=artists[0],
        tags=tag_labels(catalog)[0],
        text_map=text_map,
        titles=load_title_encoder(home, config.titles),
        ranking=_read_ranking(home, manifest, playlists, artists, config),
        choice=Choice(**manifest[_INDEX]) if _INDEX in manifest else None,
        removed=check_rows(removed, len(catalog), "removed"),
    )


def _read_ranking(
    home: Path,
    manifest: Mapping[str, Any],
    playlists: Playlists,
    artists: tuple[Labels, RowArray],
    config: HybridConfig,
) -> Ranking | None:
    if _RANKER not in manifest["files"]:
        return None
    evidence = Evidence.from_state(
        playlists,
        artists[1],
        len(artists[0]),
        config.ranking.evidence,
        {name: sparse.load_npz(home / f"{name}.npz") for name in MATRICES},
        {name: np.load(home / f"{name}.npy", allow_pickle=False) for name in ARRAYS},
    )
    weights = json.loads((home / _WEIGHTS).read_text(encoding="utf-8"))
    text = (home / _RANKER).read_text(encoding="utf-8")
    new_text = None
    if _NEW_RANKER in manifest["files"]:
        new_text = (home / _NEW_RANKER).read_text(encoding="utf-8")
    ranker = Ranker(text, new_text, config.ranking.new_share)
    return Ranking(evidence, ranker, WeightsConfig(**weights))


def _counts(model: Model) -> dict[str, int]:
    return {
        "items": len(model.catalog),
        "index_rows": len(model.index),
        "playlists": len(model.playlists),
        "plays": model.playlists.n_plays,
        **{f"items_{source}": count for source, count in model.source_counts().items()},
        **({"items_removed": len(model.removed)} if len(model.removed) else {}),
    }

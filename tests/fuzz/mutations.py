"""Mutations of a model folder: of bytes, of what the files say, and of the files themselves."""

from __future__ import annotations

import io
import json
import os
import shutil
import zipfile
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from hybrid_rec.core.files import LARGEST_MANIFEST, files_in, read_regular, sha256
from tests.fuzz.values import (
    Rng,
    any_value,
    mutated_array,
    mutated_bytes,
    mutated_text,
    mutated_words,
    pick,
)

MANIFEST = "manifest.json"
_SPARSE_SIZE = 1 << 31


def mutate(folder: Path, rng: Rng) -> tuple[str, str]:
    """Change one thing in a folder; its kind, and the file that was changed.

    Where the content stays what it was, nothing was changed: try again.
    """
    names = files_in(folder)
    name = MANIFEST if rng.random() < 0.12 else pick(rng, names)
    path = folder / name
    if rng.random() < 0.12:
        return _replaced(folder, path, rng), name
    if rng.random() < 0.05:
        other = folder / pick(rng, [one for one in names if one.endswith(path.suffix)])
        mine, theirs = path.read_bytes(), other.read_bytes()
        path.write_bytes(theirs)
        other.write_bytes(mine)
        return "two files swapped", name
    content = path.read_bytes()
    kind, changed = _changed(path.suffix, content, rng)
    path.write_bytes(changed)
    return kind, name


def list_anew(folder: Path) -> None:
    """Make the checksums of a folder anew, as somebody would who means harm."""
    from hybrid_rec.model.manifest import as_text

    path = folder / MANIFEST
    try:
        manifest = json.loads(read_regular(path, LARGEST_MANIFEST))
        listed = {}
        for name in files_in(folder):
            if name != MANIFEST:
                regular = (folder / name).is_file() and not (folder / name).is_symlink()
                listed[name] = sha256(folder / name) if regular else manifest["files"][name]
        if isinstance(manifest["files"], dict):
            manifest["files"] = {**manifest["files"], **listed}
            for name in manifest["files"].keys() - listed.keys():
                del manifest["files"][name]
        format_1 = manifest.get("format_version") == 1
        path.write_text(json.dumps(manifest) if format_1 else as_text(manifest), encoding="utf-8")
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        # A manifest that is none any more.
        return


def _changed(suffix: str, content: bytes, rng: Rng) -> tuple[str, bytes]:
    if rng.random() < 0.25:
        return "bytes", mutated_bytes(content, rng)
    if suffix == ".npy":
        return "array", mutated_array(content, rng)
    if suffix == ".npz":
        return "archive", _archive(content, rng)
    if suffix == ".txt":
        return "text", mutated_text(content, rng)
    if suffix == ".json":
        if rng.random() < 0.3:
            return "text", mutated_text(content, rng)
        return "JSON", _json(content, rng)
    if suffix == ".parquet":
        return "table", mutated_table(content, rng)
    if suffix == ".faiss":
        return "words", mutated_words(content, rng)
    return "bytes", mutated_bytes(content, rng)


def _replaced(folder: Path, path: Path, rng: Rng) -> str:
    """Put something that is no file of its own in place of a file."""
    kind: str = pick(
        rng,
        ("gone", "empty", "folder", "FIFO", "link to /dev/zero", "link to itself", "link", "huge",
         "folder behind a link", "FIFO"),
    )  # fmt: skip
    if kind == "folder behind a link":
        if path.parent == folder:
            kind = "link"
        else:
            outside = folder.with_name(f"{folder.name}-outside")
            shutil.rmtree(outside, ignore_errors=True)
            path.parent.rename(outside)
            path.parent.symlink_to(outside)
            return kind
    content = path.read_bytes()
    path.unlink()
    if kind == "empty":
        path.touch()
    elif kind == "folder":
        path.mkdir()
    elif kind == "FIFO":
        os.mkfifo(path)
    elif kind == "link to /dev/zero":
        path.symlink_to("/dev/zero")
    elif kind == "link to itself":
        path.symlink_to(path)
    elif kind == "link":
        outside = folder.with_name(f"{folder.name}-file")
        outside.write_bytes(content)
        path.symlink_to(outside)
    elif kind == "huge":
        path.write_bytes(content)
        os.truncate(path, _SPARSE_SIZE)
    return f"file replaced: {kind}"


def _json(content: bytes, rng: Rng) -> bytes:
    try:
        whole = json.loads(content)
    except ValueError:
        return mutated_bytes(content, rng)
    if rng.random() < 0.05:
        return b"[" * 100_000
    places: list[tuple[Any, Any]] = []

    def walk(node: Any) -> None:
        if isinstance(node, dict | list):
            for key in node if isinstance(node, dict) else range(len(node)):
                places.append((node, key))
                walk(node[key])

    walk(whole)
    if not places or rng.random() < 0.03:
        return json.dumps(any_value(rng)).encode()
    # What stands near the top matters more than one of a thousand words.
    top = [place for place in places if place[0] is whole]
    holder, key = pick(rng, top if rng.random() < 0.4 else places)
    kind = int(rng.integers(5))
    if kind == 0:
        del holder[key]
    elif kind == 1 and isinstance(holder, dict):
        holder[str(any_value(rng))[:200]] = holder[key]
    elif kind == 1:
        holder.append(holder[key])
    else:
        holder[key] = any_value(rng)
    return json.dumps(whole).encode()


def _archive(content: bytes, rng: Rng) -> bytes:
    """An archive of arrays of which one entry is another, gone, twice there or compressed."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        parts = [(entry.filename, archive.read(entry)) for entry in archive.infolist()]
    at = int(rng.integers(len(parts)))
    name, part = parts[at]
    kind = int(rng.integers(9))
    compression = zipfile.ZIP_STORED
    if kind == 0:
        del parts[at]
    elif kind == 1:
        parts[at] = (pick(rng, ("x.npy", "../x.npy", name.upper(), "/x.npy")), part)
    elif kind == 2:
        parts.append((f"more{name}", part))
    elif kind == 3:
        compression = zipfile.ZIP_DEFLATED
        parts[at] = (name, part + bytes(1 << 24))
    else:
        parts[at] = (name, mutated_array(part, rng))
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", compression) as archive:
        for one, held in parts:
            archive.writestr(one, held)
    return made.getvalue()


def mutated_table(content: bytes, rng: Rng) -> bytes:
    """A table of which a column has another name, type or content, or rows are others."""
    table = pq.read_table(io.BytesIO(content))
    names = table.column_names
    at = int(rng.integers(len(names)))
    name, column = names[at], table.column(at)
    kind = int(rng.integers(10))
    n = table.num_rows
    if kind == 0:
        table = table.rename_columns([*names[:at], pick(rng, ("x", "", "../x", names[0])),
                                      *names[at + 1 :]])  # fmt: skip
    elif kind == 1:
        table = table.drop_columns([name])
    elif kind in (2, 3):
        kinds = (pa.int64(), pa.string(), pa.binary(), pa.list_(pa.string()), pa.float64(),
                 pa.timestamp("us"), pa.list_(pa.float32()), pa.bool_(), pa.null())  # fmt: skip
        table = table.set_column(at, name, _values(pick(rng, kinds), n))
    elif kind == 4:
        table = table.take([0] * n)
    elif kind == 5:
        table = table.slice(0, int(pick(rng, (0, 1, n - 1))))
    elif kind == 6:
        table = pa.concat_tables([table, table.slice(0, int(pick(rng, (1, n))))])
    elif kind == 7:
        table = table.set_column(at, name, pa.nulls(n, column.type))
    elif kind == 8:
        table = table.append_column(name, column)
    else:
        table = table.take(pa.array(rng.permutation(n)))
    made = io.BytesIO()
    pq.write_table(table, made, compression=pick(rng, ("zstd", "snappy", "none", "gzip")))
    return made.getvalue()


def _values(kind: pa.DataType, n: int) -> pa.Array:
    plain: list[Any] = list(range(n))
    if pa.types.is_string(kind):
        plain = [f"s{row}" for row in plain]
    elif pa.types.is_binary(kind):
        plain = [b"\xff\xfe" for _ in plain]
    elif pa.types.is_list(kind):
        inner = "a" if pa.types.is_string(kind.value_type) else 1.0
        plain = [[inner] * (row % 3) for row in plain]
    elif pa.types.is_boolean(kind):
        plain = [bool(row % 2) for row in plain]
    elif pa.types.is_null(kind):
        plain = [None] * n
    elif pa.types.is_floating(kind):
        plain = [float("nan") if row % 2 else 1e308 for row in plain]
    return pa.array(plain, kind)

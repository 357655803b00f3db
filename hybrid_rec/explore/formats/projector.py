"""TensorBoard's Embedding Projector: two files of tabs, and two that say where they are."""

from __future__ import annotations

import json
from collections.abc import Iterable
from itertools import repeat
from pathlib import Path
from typing import Any

import pyarrow as pa

from hybrid_rec.data.item_table import TITLE
from hybrid_rec.explore.exported import Exported

VECTORS, METADATA = "vectors.tsv", "metadata.tsv"
_CONFIG, _STANDALONE = "projector_config.pbtxt", "projector_config.json"
_LABELS = {"items": TITLE, "playlists": "name"}
"""What points are called and searched by: the first column is what the projector begins with."""
_NOTHING = "-"
"""An empty text: the search of the projector stops at the first cell without one."""


def write(taken: Exported, folder: Path) -> None:
    """Write vectors and what is known, for `tensorboard --logdir` and the projector on a page.

    Args:
        taken: What is written; of its blocks there must be one.
        folder: An existing folder.
    """
    ((block, width),) = taken.widths.items()
    with (
        (folder / VECTORS).open("w", encoding="utf-8", newline="\n") as vectors,
        (folder / METADATA).open("w", encoding="utf-8", newline="\n") as metadata,
    ):
        label = _LABELS[taken.what]
        names = sorted(taken.table.column_names, key=lambda name: name != label)
        metadata.write(_line(map(_text, names)))
        for table, by_block in taken.chunks():
            vectors.writelines(
                "\t".join(f"{value:.9g}" for value in vector) + "\n"
                for vector in by_block[block].tolist()
            )
            ids = _texts(table[taken.id_column], repeat(_NOTHING))
            columns = (
                _texts(table[name], _instead(table[name], ids, name == label)) for name in names
            )
            metadata.writelines(map(_line, zip(*columns, strict=True)))
    (folder / _CONFIG).write_text(
        f'embeddings {{\n  tensor_name: "{block}"\n  tensor_path: "{VECTORS}"\n'
        f'  metadata_path: "{METADATA}"\n}}\n',
        encoding="utf-8",
    )
    entry = {
        "tensorName": block,
        "tensorShape": [len(taken), width],
        "tensorPath": VECTORS,
        "metadataPath": METADATA,
    }
    text = json.dumps({"embeddings": [entry]}, indent=1) + "\n"
    (folder / _STANDALONE).write_text(text, encoding="utf-8")


def _line(cells: Iterable[str]) -> str:
    return "\t".join(cells) + "\n"


def _instead(column: pa.ChunkedArray, ids: Iterable[str], is_label: bool) -> Iterable[str]:
    """What stands where a column holds nothing."""
    if is_label:
        return ids
    # Colours are made of columns of numbers, which hold no text.
    is_number = pa.types.is_integer(column.type) or pa.types.is_floating(column.type)
    return repeat("" if is_number else _NOTHING)


def _texts(column: pa.ChunkedArray, instead: Iterable[str]) -> list[str]:
    cells = map(_text, column.to_pylist())
    return [cell or other for cell, other in zip(cells, instead, strict=False)]


def _text(value: Any) -> str:
    if value is None or value != value:
        return ""
    if isinstance(value, list):
        return ", ".join(filter(None, map(_text, value)))
    return " ".join(str(value).split())

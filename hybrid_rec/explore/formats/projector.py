"""TensorBoard's Embedding Projector: two files of tabs, and two that say where they are."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pyarrow as pa

from hybrid_rec.explore.exported import Exported

VECTORS, METADATA = "vectors.tsv", "metadata.tsv"
_CONFIG, _STANDALONE = "projector_config.pbtxt", "projector_config.json"


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
        names = taken.table.column_names
        metadata.write(_line(names))
        for table, by_block in taken.chunks():
            vectors.writelines(
                "\t".join(f"{value:.9g}" for value in vector) + "\n"
                for vector in by_block[block].tolist()
            )
            columns = (_texts(table[name]) for name in names)
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
    return "\t".join(" ".join(cell.split()) for cell in cells) + "\n"


def _texts(column: pa.ChunkedArray) -> list[str]:
    return [_text(value) for value in column.to_pylist()]


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, list):
        return ", ".join(map(_text, value))
    return str(value)

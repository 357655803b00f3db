"""Vectors: embeddings of audio, covers or whatever else, made elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Self

import numpy as np
import pyarrow as pa

from hybrid_rec.blocks.base import _SILENT, Block, ColumnKind
from hybrid_rec.blocks.registry import register_block
from hybrid_rec.core.arrays import Floats
from hybrid_rec.core.config import BlockConfig, HybridConfig, VectorsBlockConfig
from hybrid_rec.core.errors import ArtifactError
from hybrid_rec.core.linalg import unit_rows
from hybrid_rec.core.progress import Progress
from hybrid_rec.core.quoting import quoted
from hybrid_rec.core.stored import read_json, write_json

_FILE = "vectors.json"


@register_block
class VectorsBlock(Block):
    """Equally long lists of floats, scaled to length 1; a missing list is a zero row."""

    kind = "vectors"
    config_type = VectorsBlockConfig

    def __init__(self, name: str, config: BlockConfig, settings: HybridConfig) -> None:
        super().__init__(name, config, settings)
        self._width = 0

    @property
    def column_kind(self) -> ColumnKind:
        """See `Block.column_kind`."""
        return "vector"

    @property
    def width(self) -> int:
        """Length of a vector."""
        return self._width

    def fit(self, items: pa.Table, progress: Progress = _SILENT) -> Self:
        """Learn how long the vectors are."""
        del progress
        column = self.required_column(items, self.config.columns[0])
        self._check_type(column)
        lengths = np.asarray(column.value_lengths().fill_null(0), dtype=np.int64)
        # The length that most have, so that an error names one that is out of line.
        sizes, counts = np.unique(lengths[lengths > 0], return_counts=True)
        self._width = int(sizes[len(sizes) - 1 - np.argmax(counts[::-1])]) if len(sizes) else 0
        if not self._width:
            raise self.wrong(
                self.config.columns[0], "hold vectors", None, "empty lists", "leave the block out"
            )
        self.encode(items)
        return self

    def encode(self, items: pa.Table, progress: Progress = _SILENT) -> Floats:
        """See `Block.encode`."""
        del progress
        name = self.config.columns[0]
        column = self.column(items, name)
        rows = np.zeros((items.num_rows, self._width), np.float32)
        if column is None:
            return rows
        self._check_type(column)
        lengths = np.asarray(column.value_lengths().fill_null(-1), dtype=np.int64)
        odd = np.flatnonzero((lengths >= 0) & (lengths != self._width))
        if len(odd):
            raise self.wrong(
                name, f"hold vectors of {self._width} numbers", int(odd[0]),
                f"one of {lengths[odd[0]]}", "make them equally long, or missing",
            )  # fmt: skip
        held = np.flatnonzero(lengths >= 0)
        flat = column.flatten().cast(pa.float32())
        values = np.asarray(flat.fill_null(np.nan), dtype=np.float32).reshape(-1, self._width)
        bad = np.flatnonzero(~np.isfinite(values).all(axis=1))
        if len(bad):
            raise self.wrong(
                name, "hold finite numbers", int(held[bad[0]]), "NaN or infinity",
                "mend the vector, or leave it out",
            )  # fmt: skip
        # By a power of two, so that no square of a number is too large or too small for float32.
        _, exponents = np.frexp(np.abs(values).max(axis=1, initial=0.0, keepdims=True))
        rows[held] = unit_rows(np.ldexp(values, -exponents))
        return rows

    def save(self, folder: Path) -> None:
        """Write the length of a vector."""
        write_json(folder / _FILE, {"width": self._width})

    @classmethod
    def load(cls, name: str, config: BlockConfig, settings: HybridConfig, folder: Path) -> Self:
        """See `Block.load`."""
        block = cls(name, config, settings)
        state = read_json(folder / _FILE)
        width = state.get("width") if isinstance(state, dict) else None
        if not isinstance(width, int) or isinstance(width, bool) or width < 1:
            raise ArtifactError(
                f"{folder / _FILE} must say how long a vector is, got {quoted(state)}."
            )
        block._width = width
        return block

    def _check_type(self, column: pa.Array) -> None:
        kind = column.type
        is_list = pa.types.is_list(kind) or pa.types.is_large_list(kind)
        number = is_list and (
            pa.types.is_floating(kind.value_type) or pa.types.is_integer(kind.value_type)
        )
        if not number:
            row = next(row for row, value in enumerate(column) if value.is_valid)
            raise self.wrong(
                self.config.columns[0], "hold lists of numbers", row,
                quoted(column[row].as_py()), "convert the column",
            )  # fmt: skip

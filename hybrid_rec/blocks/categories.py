"""Categories: artist, label, tags, genres. Who shares a label is alike."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
import pyarrow as pa
from scipy import sparse

from hybrid_rec.blocks.base import _SILENT, Block, ColumnKind, Values, products
from hybrid_rec.blocks.credits import CreditBook
from hybrid_rec.blocks.labels import Labels
from hybrid_rec.blocks.registry import register_block
from hybrid_rec.core.arrays import Doubles, Rows
from hybrid_rec.core.config import BlockConfig, CategoriesBlockConfig, HybridConfig
from hybrid_rec.core.errors import ArtifactError
from hybrid_rec.core.linalg import unit_sparse_rows
from hybrid_rec.core.progress import Progress
from hybrid_rec.core.quoting import quoted
from hybrid_rec.core.stored import read_json, write_json
from hybrid_rec.data.arrow_types import is_string

_FILE = "labels.json"
Names = Sequence[Sequence[str]]


@register_block
class CategoriesBlock(Block):
    """A column of strings or of lists of strings as one-hot or multi-hot rows of length 1.

    A label is known by its folded form, so case and spacing do not matter. Unknown labels of new
    items match nobody.
    """

    kind = "categories"
    config_type = CategoriesBlockConfig
    is_sparse = True
    config: CategoriesBlockConfig

    def __init__(self, name: str, config: BlockConfig, settings: HybridConfig) -> None:
        super().__init__(name, config, settings)
        self.labels = Labels({})
        self.has_lists = False
        self._book = CreditBook()

    @property
    def column_kind(self) -> ColumnKind:
        """Lists of texts, or texts, as the catalogue has them."""
        return "strings" if self.has_lists else "text"

    @property
    def width(self) -> int:
        """Different labels."""
        return len(self.labels)

    def fit(self, items: pa.Table, progress: Progress = _SILENT) -> Self:
        """Give each label a column, in order of first appearance."""
        del progress
        column = self.required_column(items, self.config.columns[0])
        lists = pa.types.is_list(column.type) or pa.types.is_large_list(column.type)
        self.has_lists = lists or self.config.separator is not None
        self._learn(items)
        if not self.width:
            raise self.wrong(
                self.config.columns[0], "hold labels", None, "empty lists or blanks alone",
                "fill it, or leave the block out",
            )  # fmt: skip
        return self

    def extended(self, items: pa.Table) -> Self:
        """This block with columns for the labels that only these items have, behind the others."""
        wider = type(self)(self.name, self.config, self.settings)
        wider.has_lists, wider.labels, wider._book = self.has_lists, self.labels, self._book
        return wider._learn(items)

    def _learn(self, items: pa.Table) -> Self:
        if self._reads_credits:
            self._book = self._book.extended(self._cells(items))
        self.labels = self.labels.extended(label for names in self.names(items) for label in names)
        return self

    def encode(self, items: pa.Table, progress: Progress = _SILENT) -> sparse.csr_array:
        """See `Block.encode`."""
        del progress
        return self.labels.multi_hot(self.names(items))

    def groups(self, items: pa.Table) -> Rows:
        """The column of the first label of each item, its group, `(n_items,)`; -1 for none."""
        return self.labels.codes(names[0] if names else None for names in self.names(items))

    def pool(self, values: Values, counts: sparse.csr_array) -> Values:
        """Of strings the square root of how often each label occurs, of lists the mean.

        A playlist with ten songs of one artist and one of another is not ten times as much about
        the first.
        """
        if self.has_lists:
            return super().pool(values, counts)
        sums = sparse.csr_array(counts @ values)
        sums.data = np.sqrt(sums.data)
        return unit_sparse_rows(sums)

    def seed_parts(self, rows: Values, seeds: Values, counts: Doubles) -> Doubles:
        """See `Block.seed_parts`; seeds share the square root of a label's sum by what they add."""
        if self.has_lists:
            return super().seed_parts(rows, seeds, counts)
        held = sparse.csr_array(seeds, dtype=np.float64)
        sums = counts @ held
        length = np.sqrt(sums.sum())
        if not length:
            return np.zeros((rows.shape[0], seeds.shape[0]))
        scale = np.divide(1.0, np.sqrt(sums), out=np.zeros_like(sums), where=sums > 0)
        parts: Doubles = products(rows.multiply(scale).tocsr(), held) * (counts / length)
        return parts

    def save(self, folder: Path) -> None:
        """Write the labels in the order of their columns."""
        write_json(
            folder / _FILE,
            {
                "lists": self.has_lists,
                "labels": list(self.labels.columns),
                "credits": dict(self._book.decided),
            },
        )

    @classmethod
    def load(cls, name: str, config: BlockConfig, settings: HybridConfig, folder: Path) -> Self:
        """See `Block.load`."""
        state = read_json(folder / _FILE)
        labels: list[Any] = list(state.get("labels", ())) if isinstance(state, dict) else [None]
        whole = all(isinstance(label, str) for label in labels) and len(set(labels)) == len(labels)
        if not whole or not isinstance(state.get("lists"), bool):
            raise ArtifactError(
                f"{folder / _FILE} must list different labels; save the model again."
            )
        block = cls(name, config, settings)
        block.labels = Labels({label: place for place, label in enumerate(labels)})
        block.has_lists = state["lists"]
        decided = state.get("credits", {})
        if not isinstance(decided, dict) or not all(map(_is_names, decided.values())):
            raise ArtifactError(f"{folder / _FILE} must list who is named in credits.")
        names = {credit: tuple(found) for credit, found in decided.items()}
        block._book = CreditBook(frozenset(labels), names)
        return block

    def phrase(self, seed: str) -> str:
        """See `Block.phrase`."""
        del seed
        return f"same {self.name}"

    @property
    def _reads_credits(self) -> bool:
        return self.config.credits and not self.has_lists

    def names(self, items: pa.Table) -> Names:
        """The labels of each item as they are written; of a credit those that it names."""
        cells = self._cells(items)
        if self._reads_credits:
            return self._book.names(cells)
        return [
            () if cell is None else cell if isinstance(cell, tuple) else (cell,) for cell in cells
        ]

    def _cells(self, items: pa.Table) -> list[Any]:
        """What stands in the column: a string, a tuple of them, or None where it is missing."""
        name = self.config.columns[0]
        column = self.column(items, name)
        if column is None:
            return [None] * items.num_rows
        kind = column.type
        lists = pa.types.is_list(kind) or pa.types.is_large_list(kind)
        value = kind.value_type if lists else kind
        texts = is_string(value)
        if not texts and not (pa.types.is_boolean(value) or pa.types.is_integer(value)):
            row = next(row for row, entry in enumerate(column) if entry.is_valid)
            raise self.wrong(
                name, "hold strings or lists of strings", row, quoted(column[row].as_py()),
                "convert the column",
            )  # fmt: skip
        cells = column.to_pylist()
        separator = self.config.separator
        if separator is not None and texts and not lists:
            parts = [None if cell is None else cell.split(separator) for cell in cells]
            return [
                None if part is None else tuple(one.strip() for one in part if one.strip())
                for part in parts
            ]
        if lists:
            return [None if cell is None else tuple(map(str, cell)) for cell in cells]
        return cells if texts else [None if cell is None else str(cell) for cell in cells]


def _is_names(found: Any) -> bool:
    return isinstance(found, list) and all(isinstance(name, str) for name in found)

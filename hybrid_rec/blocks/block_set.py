"""BlockSet: the blocks that a model's items are described by, and their groups."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd
import pyarrow as pa

from hybrid_rec.blocks.base import Block, ColumnKind, Described, Values, stacked
from hybrid_rec.blocks.categories import CategoriesBlock
from hybrid_rec.blocks.registry import block_type
from hybrid_rec.core.arrays import Rows
from hybrid_rec.core.config import (
    COOCCURRENCE,
    DEFAULT_BLOCKS,
    POPULARITY,
    HybridConfig,
    WeightsConfig,
)
from hybrid_rec.core.progress import Progress
from hybrid_rec.data.arrow_types import TEXT
from hybrid_rec.data.item_table import ITEM_ID, item_array

_GROUP_WEIGHT = 0.1


@dataclass(frozen=True, eq=False)
class BlockSet:
    """The blocks that describe items, each fitted; plays are blocks of the index beside them."""

    blocks: tuple[Block, ...]
    """In the order of the configuration."""
    group: str | None
    """The block of kind `categories` whose labels are groups; None for none."""

    @classmethod
    def of(cls, config: HybridConfig, columns: Mapping[str, bool]) -> BlockSet:
        """Blocks that are not fitted yet: those that are enabled and can be made.

        A block that is there by default is left out where the items lack its columns.

        Args:
            config: Blocks and group.
            columns: Columns of the items, and whether anything stands in them.
        """
        made = []
        for name, one in config.blocks.items():
            by_default = name in DEFAULT_BLOCKS and one.columns == DEFAULT_BLOCKS[name].columns
            there = all(columns.get(column, False) for column in one.columns)
            if one.enabled and (there or not by_default):
                made.append(block_type(one.kind)(name, one, config))
        able = {block.name for block in made if isinstance(block, CategoriesBlock)}
        return cls(tuple(made), config.group_by if config.group_by in able else None)

    def __iter__(self) -> Iterator[Block]:
        return iter(self.blocks)

    def __len__(self) -> int:
        return len(self.blocks)

    def __getitem__(self, name: str) -> Block:
        return next(block for block in self.blocks if block.name == name)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the blocks that describe items."""
        return tuple(block.name for block in self.blocks)

    @cached_property
    def group_block(self) -> CategoriesBlock | None:
        """The block whose labels are groups."""
        found = None if self.group is None else self[self.group]
        return found if isinstance(found, CategoriesBlock) else None

    @property
    def n_groups(self) -> int:
        """Groups that are known."""
        return 0 if self.group_block is None else self.group_block.width

    @property
    def column_kinds(self) -> dict[str, ColumnKind]:
        """What the columns hold that the blocks are made from."""
        return {name: block.column_kind for block in self.blocks for name in block.config.columns}

    def fit(self, items: pa.Table, progress: Progress) -> BlockSet:
        """Fit every block."""
        for block in self.blocks:
            block.fit(items, progress)
        return self

    def encode(self, items: pa.Table, progress: Progress) -> Described:
        """The rows of items by the names of the blocks."""
        return {block.name: block.encode(items, progress) for block in self.blocks}

    def groups(self, items: pa.Table) -> Rows:
        """The group of each item, `(n_items,)`; -1 for none."""
        if self.group_block is None:
            return np.full(items.num_rows, -1, np.int64)
        return self.group_block.groups(items)

    def extended(
        self, known: Described, items: pa.Table, progress: Progress
    ) -> tuple[BlockSet, Described]:
        """Blocks that know more items, and the rows of all items, the known ones first.

        Args:
            known: Rows of the items that are known already.
            items: Those that come to them.
            progress: Told of the encoding.
        """
        blocks = tuple(block.extended(items) for block in self.blocks)
        wider = replace(self, blocks=blocks)
        fresh = wider.encode(items, progress)
        return wider, {name: stacked(known[name], fresh[name]) for name in fresh}

    def items_of(self, frame: pd.DataFrame) -> pa.Table:
        """The columns of a frame that the blocks are made from, as `encode` takes them.

        Raises:
            DataError: If a column cannot be used.
        """
        arrays = {
            name: item_array(frame[name], name)
            for name in self.column_kinds
            if name in frame.columns
        }
        return pa.table({ITEM_ID: pa.nulls(len(frame), TEXT), **arrays})

    def weights(self, given: WeightsConfig) -> dict[str, float]:
        """Weights of all blocks of the index: those given, or else the defaults of the kinds."""
        values = {COOCCURRENCE: given.cooccurrence, POPULARITY: given.popularity}
        for block in self.blocks:
            usual = _GROUP_WEIGHT if block.name == self.group else block.default_weight
            values[block.name] = given.of(block.name, usual)
        return values


def columns_of(items: pa.Table) -> dict[str, bool]:
    """The columns of items, and whether anything stands in them."""
    return {
        name: items[name].null_count < items.num_rows and _says_something(items[name])
        for name in items.column_names
    }


def _says_something(column: pa.ChunkedArray) -> bool:
    kind = column.type
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        entries = (entry for chunk in column.chunks for entry in chunk.flatten())
        return any(str(entry.as_py()).strip() for entry in entries)
    return True


def take_rows(described: Described, rows: Rows) -> dict[str, Values]:
    """Some rows of each block."""
    return {name: values[rows] for name, values in described.items()}

"""Block: one way to describe items, from columns of the catalogue to rows of numbers."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal, Self

import numpy as np
import pyarrow as pa
from scipy import sparse

from hybrid_rec.core.arrays import Doubles
from hybrid_rec.core.config import BlockConfig, HybridConfig
from hybrid_rec.core.errors import DataError
from hybrid_rec.core.linalg import unit_rows, unit_sparse_rows
from hybrid_rec.core.progress import Progress
from hybrid_rec.core.quoting import quoted

Values = Any
"""Rows of a block, `(n, width)`: a matrix, or a sparse one."""
ColumnKind = Literal["text", "strings", "numbers", "vector"]
"""What a column holds: a text, a list of texts, a number, or a list of numbers."""

_SILENT = Progress()
# Of what a block writes beside its rows, for each number of a row.
_LABEL_BYTES = 16.0


@dataclass(frozen=True)
class BlockPlan:
    """What fitting and encoding a block will take."""

    width: int
    """Numbers in a row."""
    entries: int
    """Numbers of all rows that are stored."""
    state_bytes: float
    """Size of what the block itself writes, in bytes."""
    seconds: float
    """Of fitting it and encoding all items."""
    todo: int = 0
    """Texts that must be encoded; such a block was not fitted for the plan."""
    mapped_bytes: float = 0.0
    """Size of files that are mapped into memory meanwhile."""
    loads_model: bool = False
    """Whether a language model is loaded."""


class Block(ABC):
    """One way to describe items: a name, the columns it is made from, and what is learned of them.

    A kind of block is a subclass that is registered by `register_block`. Rows have length 1, or 0
    where nothing is known of an item, so that the inner product of two rows is their cosine.

    Args:
        name: What the block is called.
        config: Its own parameters.
        settings: All parameters, for the seed and what blocks have in common.
    """

    kind: ClassVar[str]
    """What `kind` in the configuration chooses."""
    config_type: ClassVar[type[BlockConfig]]
    """Class of its parameters."""
    is_sparse: ClassVar[bool] = False
    """Whether rows are sparse, and so posting lists of the index."""
    default_weight: ClassVar[float] = 0.05
    """Weight in the linear score where none is given."""
    finds_candidates: ClassVar[bool] = True
    """Whether the ranking searches candidates by it. Wide blocks that say little need not be."""
    least_alike: ClassVar[float] = 0.0
    """Cosine from which on it is a reason that two items are alike by it; see `phrase`."""

    def __init__(self, name: str, config: BlockConfig, settings: HybridConfig) -> None:
        self.name, self.config, self.settings = name, config, settings

    @property
    @abstractmethod
    def width(self) -> int:
        """Numbers in a row."""

    @property
    @abstractmethod
    def column_kind(self) -> ColumnKind:
        """What its columns hold."""

    @abstractmethod
    def fit(self, items: pa.Table, progress: Progress = _SILENT) -> Self:
        """Learn from the columns of all items what there is to learn.

        Raises:
            DataError: If a column is missing or cannot be used, naming block, column and row.
        """

    @abstractmethod
    def encode(self, items: pa.Table, progress: Progress = _SILENT) -> Values:
        """Rows of items, `(n_items, width)` float32; columns that are not there count as missing.

        Raises:
            DataError: If a column cannot be used, naming block, column and row.
        """

    def extended(self, items: pa.Table) -> Self:
        """This block, and what it must know of more items that come to it in an update."""
        del items
        return self

    def plan(self, items: pa.Table) -> BlockPlan:
        """What fitting the block and encoding all items will take; by doing it, where it is quick.

        Raises:
            DataError: If a column cannot be used.
        """
        started = time.perf_counter()
        rows = self.fit(items).encode(items)
        spent = time.perf_counter() - started
        entries = rows.nnz if self.is_sparse else rows.size
        return BlockPlan(self.width, int(entries), _LABEL_BYTES * self.width, spent)

    def pool(self, values: Values, counts: sparse.csr_array) -> Values:
        """Rows of queries: the mean of their items' rows, renormalised.

        Args:
            values: Rows of items, `(n_items, width)`.
            counts: How often each query holds each of them, `(n_queries, n_items)`.
        """
        return pooled(values, counts)

    def seed_parts(self, rows: Values, seeds: Values, counts: Doubles) -> Doubles:
        """What each seed adds to the inner product of a pooled query with some rows.

        Args:
            rows: `(n_rows, width)`.
            seeds: Rows of the query's different items, `(n_seeds, width)`.
            counts: How often the query holds each of them, `(n_seeds,)`.

        Returns:
            `(n_rows, n_seeds)`; a line adds up to the inner product.
        """
        return mean_parts(rows, seeds, counts)

    @abstractmethod
    def save(self, folder: Path) -> None:
        """Write what was learned into an existing folder of its own."""

    @classmethod
    @abstractmethod
    def load(cls, name: str, config: BlockConfig, settings: HybridConfig, folder: Path) -> Self:
        """The block that `save` wrote.

        Raises:
            ArtifactError: If a file is missing, damaged or of another kind of block.
        """

    def phrase(self, seed: str) -> str:
        """A reason for a recommendation in a few words.

        Args:
            seed: The name of the item of the query that is most like it by this block.
        """
        return f"{self.name} like {seed}"

    def column(self, items: pa.Table, name: str) -> pa.Array | None:
        """A column as one array, or None if it is not there or all of it is missing."""
        if name not in items.column_names or items[name].null_count == items.num_rows:
            return None
        column = items[name]
        return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column

    def required_column(self, items: pa.Table, name: str) -> pa.Array:
        """A column as one array.

        Raises:
            DataError: If it is not there, or all of it is missing.
        """
        found = self.column(items, name)
        if found is not None:
            return found
        if name in items.column_names:
            raise DataError(
                f"block {quoted(self.name)} must have something in the column {quoted(name)}, but "
                "all of it is missing; fill it, or leave the block out."
            )
        there = ", ".join(column for column in items.column_names if column != "item_id")
        raise DataError(
            f"block {quoted(self.name)} must be made from the column {quoted(name)}, which the "
            f"items lack; found {there or 'none'}; name another column, or leave the block out."
        )

    def wrong(self, column: str, must: str, row: int | None, found: Any, remedy: str) -> DataError:
        """An error that names block, column, row and remedy."""
        place = "" if row is None else f" at row {row}"
        return DataError(
            f"block {quoted(self.name)}: column {quoted(column)} must {must}, got {found}{place}; "
            f"{remedy}."
        )


def pooled(values: Values, counts: sparse.csr_array) -> Values:
    """The mean of rows, renormalised; see `Block.pool`."""
    if sparse.issparse(values):
        return unit_sparse_rows(counts @ values)
    return unit_rows(np.ascontiguousarray(counts @ values, dtype=np.float32))


def mean_parts(rows: Values, seeds: Values, counts: Doubles) -> Doubles:
    """What each seed adds to inner products with the renormalised mean; see `Block.seed_parts`."""
    total = counts @ seeds.astype(np.float64)
    length = float(np.linalg.norm(total.toarray() if sparse.issparse(total) else total))
    return products(rows, seeds) * (counts / length if length else 0.0)


def products(rows: Values, seeds: Values) -> Doubles:
    """Inner products of all pairs in float64, `(n_rows, n_seeds)`."""
    product = rows.astype(np.float64) @ seeds.astype(np.float64).T
    dense: Doubles = product.toarray() if sparse.issparse(product) else product
    return dense


def stacked(first: Values, second: Values) -> Values:
    """Rows of two parts below each other; a narrower sparse part is filled up with nothing."""
    if not sparse.issparse(first):
        return np.concatenate([first, second])
    width = max(first.shape[1], second.shape[1])
    parts = []
    for part in (first, second):
        wider = sparse.csr_array(part, copy=True)
        wider.resize(part.shape[0], width)
        parts.append(wider)
    return sparse.csr_array(sparse.vstack(parts, format="csr"))


Described = Mapping[str, Values]
"""Rows of items by the names of blocks."""

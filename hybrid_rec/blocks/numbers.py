"""Numbers: tempo, energy, year. Near numbers have near rows, whatever their scale."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Self

import numpy as np
import pyarrow as pa

from hybrid_rec.blocks.base import _SILENT, Block, ColumnKind
from hybrid_rec.blocks.registry import register_block
from hybrid_rec.core.arrays import Doubles, Floats
from hybrid_rec.core.config import BlockConfig, HybridConfig, NumbersBlockConfig
from hybrid_rec.core.errors import ArtifactError
from hybrid_rec.core.progress import Progress
from hybrid_rec.core.quoting import quoted
from hybrid_rec.core.stored import read_array, write_array
from hybrid_rec.data.arrow_types import is_string

_FILE = "statistics.npy"
# Distance, in standard deviations, at which two numbers are hardly alike any more.
_WIDTH = 0.5
_FREQUENCIES = 8
# Of larger numbers the squares are infinite.
_LARGEST = 1e100


@register_block
class NumbersBlock(Block):
    """Numeric columns, clipped, standardised, and spread so that inner products tell distance.

    A standardised number x becomes `sqrt(a_j) (cos(w_j x), sin(w_j x))` for some frequencies w_j,
    so that the inner product of two numbers is about `exp(-d^2 / (2 s^2))` of their distance d,
    with s half a standard deviation. A plain standardised number would only tell on which side of
    the mean an item stands. Columns count alike. A missing number counts as the mean; an item
    without any number has a zero row.

    References:
        Rahimi and Recht, "Random Features for Large-Scale Kernel Machines", NIPS 2007; the
        frequencies here are the nodes of Gauss-Hermite quadrature rather than random.
    """

    kind = "numbers"
    config_type = NumbersBlockConfig
    config: NumbersBlockConfig

    def __init__(self, name: str, config: BlockConfig, settings: HybridConfig) -> None:
        super().__init__(name, config, settings)
        self._statistics: Doubles = np.empty((0, 4))

    @property
    def column_kind(self) -> ColumnKind:
        """See `Block.column_kind`."""
        return "numbers"

    @property
    def width(self) -> int:
        """Two for each frequency and column."""
        return 2 * _FREQUENCIES * len(self.config.columns)

    def fit(self, items: pa.Table, progress: Progress = _SILENT) -> Self:
        """Mean, standard deviation and clipping bounds of each column."""
        del progress
        rows = []
        for name in self.config.columns:
            values = self._numbers(self.required_column(items, name), name)
            known = values[~np.isnan(values)]
            low, high = np.quantile(known, [self.config.clip, 1 - self.config.clip])
            if low == high:
                # Nearly all are the same: the few others are what there is to tell.
                low, high = known.min(), known.max()
            clipped = np.clip(known, low, high)
            if clipped.min() == clipped.max():
                raise self.wrong(
                    name, "hold different numbers", None, f"{clipped[0]:g} everywhere",
                    "leave the column out",
                )  # fmt: skip
            rows.append((clipped.mean(), clipped.std(), low, high))
        self._statistics = np.array(rows, dtype=np.float64)
        return self

    def encode(self, items: pa.Table, progress: Progress = _SILENT) -> Floats:
        """See `Block.encode`."""
        del progress
        nodes, weights = np.polynomial.hermite_e.hermegauss(2 * _FREQUENCIES)
        # The nodes come in pairs of opposite sign, which have the same cosine.
        frequencies, share = nodes[_FREQUENCIES:] / _WIDTH, weights[_FREQUENCIES:]
        scale = np.sqrt(share / share.sum() / len(self.config.columns))
        rows = np.zeros((items.num_rows, self.width), np.float32)
        known = np.zeros(items.num_rows, dtype=bool)
        step = 2 * _FREQUENCIES
        for place, name in enumerate(self.config.columns):
            mean, deviation, low, high = self._statistics[place]
            column = self.column(items, name)
            values = np.full(items.num_rows, np.nan)
            if column is not None:
                values = self._numbers(column, name)
            held = ~np.isnan(values)
            known |= held
            places = np.where(held, (np.clip(values, low, high) - mean) / deviation, 0.0)
            angles = places[:, None] * frequencies
            part = rows[:, place * step : (place + 1) * step]
            part[:, 0::2], part[:, 1::2] = scale * np.cos(angles), scale * np.sin(angles)
        rows[~known] = 0
        return rows

    def save(self, folder: Path) -> None:
        """Write the statistics of the columns."""
        write_array(folder / _FILE, self._statistics)

    @classmethod
    def load(cls, name: str, config: BlockConfig, settings: HybridConfig, folder: Path) -> Self:
        """See `Block.load`."""
        block = cls(name, config, settings)
        path, shape = folder / _FILE, (len(config.columns), 4)
        block._statistics = read_array(path, np.float64, shape, largest=_LARGEST)
        _, deviation, low, high = block._statistics.T
        if not ((deviation > 0) & (low <= high)).all():
            raise ArtifactError(f"{path} must hold deviations above 0 and bounds that ascend.")
        return block

    def _numbers(self, column: pa.Array, name: str) -> Doubles:
        """Numbers with NaN where they are missing."""
        kind = column.type
        if not (
            pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_boolean(kind)
        ):
            row = _first_that_is_no_number(column)
            raise self.wrong(
                name, "hold numbers", row, quoted(column[row].as_py()),
                "convert the column, or mend the cell" if is_string(kind) else "convert the column",
            )  # fmt: skip
        if pa.types.is_boolean(kind):
            column = column.cast(pa.int8())
        values: Doubles = np.array(column.cast(pa.float64(), safe=False).fill_null(np.nan))
        endless = np.flatnonzero(np.abs(values) > _LARGEST)
        if len(endless):
            row = int(endless[0])
            found = "infinity" if np.isinf(values[row]) else f"{values[row]:g}"
            raise self.wrong(
                name, f"hold finite numbers of at most {_LARGEST:g}", row, found,
                "leave the number out",
            )  # fmt: skip
        return values


def _first_that_is_no_number(column: pa.Array) -> int:
    """The row of the first cell that is no number, of text that is none; else of the first cell."""
    held = [row for row, cell in enumerate(column) if cell.is_valid]
    for row in held if is_string(column.type) else ():
        try:
            is_number = math.isfinite(float(column[row].as_py()))
        except ValueError:
            is_number = False
        if not is_number:
            return row
    return held[0]

"""Colours: columns of the catalogue as codes that a page colours points by."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hybrid_rec.blocks.cold_start import SOURCES
from hybrid_rec.core.arrays import Codes, Doubles, Rows
from hybrid_rec.data.item_table import ITEM_ID, TITLE
from hybrid_rec.explore.map.points import Points
from hybrid_rec.model.fitted import Model

# Values that have a colour of their own; the others share one.
_MOST_VALUES = 11
OTHER = 254
"""The code of a value that has no colour of its own."""
MISSING = 255
"""The code of a missing value."""
# Shades of a column of numbers.
_SHADES = 250


@dataclass(frozen=True, eq=False)
class Colouring:
    """A column that points can be coloured by."""

    name: str
    """What the column is called."""
    codes: Codes
    """A colour of each item, `(n_items,)` uint8."""
    values: list[str]
    """What the first codes mean; empty for numbers."""
    ends: tuple[str, str] | None = None
    """The least and the largest number; None for texts."""


def colourings(model: Model, points: Points) -> list[Colouring]:
    """Plays, source, and every column of the catalogue that few values or numbers stand in."""
    plays = model.playlists.play_counts[points.items].astype(np.float64)
    sources = np.array(SOURCES, dtype=object)[model.sources[points.items]].tolist()
    found = [_by_number("plays", plays), _by_value("source", sources)]
    table = model.catalog.table.take(pa.array(points.items))
    ours = (ITEM_ID, TITLE, "plays", "source")
    found += [_by_column(name, table[name]) for name in table.column_names if name not in ours]
    return [one for one in found if one is not None]


def _by_column(name: str, column: pa.ChunkedArray) -> Colouring | None:
    kind = column.type
    if pa.types.is_integer(kind) or pa.types.is_floating(kind):
        numbers = pc.cast(column, pa.float64()).to_numpy(zero_copy_only=False)
        return _by_number(name, np.asarray(numbers, np.float64))
    lists = pa.types.is_list(kind) or pa.types.is_large_list(kind)
    if lists and (pa.types.is_integer(kind.value_type) or pa.types.is_floating(kind.value_type)):
        return None
    return _by_value(name, column.to_pylist())


def _by_number(name: str, numbers: Doubles) -> Colouring | None:
    """Shades by rank, so that a few large numbers do not leave all others alike."""
    known = np.isfinite(numbers)
    if not known.any() or numbers[known].min() == numbers[known].max():
        return None
    codes = np.full(len(numbers), MISSING, np.uint8)
    distinct, place = np.unique(numbers[known], return_inverse=True)
    before = np.cumsum(np.bincount(place)) - np.bincount(place) / 2
    codes[known] = (before[place] / known.sum() * _SHADES).astype(np.uint8)
    return Colouring(name, codes, [], (_told(distinct[0]), _told(distinct[-1])))


def _told(number: float) -> str:
    """A number as people write it: a year has no comma."""
    return f"{number:,.6g}" if abs(number) >= 10_000 else f"{number:.6g}"


def _by_value(name: str, cells: list[Any]) -> Colouring | None:
    """The most frequent values; of a list, its most frequent entry that has a colour."""
    listed = [
        cell if isinstance(cell, list | tuple) else [] if cell is None else [cell] for cell in cells
    ]
    counts = Counter(str(value) for values in listed for value in dict.fromkeys(values))
    ranked = [value for value, count in counts.most_common(_MOST_VALUES) if count > 1]
    if not ranked or (len(ranked) == len(counts) == 1):
        return None
    code_of = {value: code for code, value in enumerate(ranked)}
    codes = np.array(
        [
            min((code_of.get(str(value), OTHER) for value in values), default=MISSING)
            for values in listed
        ],
        np.uint8,
    )
    return Colouring(name, codes, ranked)


def by_region(codes: Rows, texts: list[str]) -> Colouring:
    """Points by the region that they lie in; a region without a name is one of the others."""
    return Colouring("region", codes.astype(np.uint8), texts)

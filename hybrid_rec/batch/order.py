"""Order: how the column that tells the order of plays is read, the same for a whole input."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa

from hybrid_rec.data.order_kind import Kind
from hybrid_rec.data.play_order import PlayOrder, read_order


@dataclass(frozen=True)
class Order:
    """How one column is read in every batch and chunk of an input."""

    name: str
    """The column, "position" or "played_at"."""
    kind: Kind
    """What all of it holds."""

    def read(self, column: pa.ChunkedArray) -> PlayOrder:
        """Where the plays of some rows stand."""
        return read_order(column, self.name, self.kind)

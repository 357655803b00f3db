"""Order: what the column that tells the order of plays holds, decided once for the whole input."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pyarrow as pa

from hybrid_rec.data.play_order import Kind, PlayOrder, read_order


@dataclass(frozen=True)
class Order:
    """How one column is read, the same for every batch and chunk of an input."""

    name: str
    """The column, "position" or "played_at"."""
    kind: Kind | None = None
    """What it holds; None as long as no cell of it could be read."""

    def after(self, column: pa.ChunkedArray) -> Order:
        """What is known of the column after more of its cells, in the order of the input."""
        if self.kind is not None:
            return self
        return replace(self, kind=read_order(column, self.name).kind)

    def read(self, column: pa.ChunkedArray) -> PlayOrder:
        """Where the plays of some rows stand."""
        return read_order(column, self.name, self.kind)

"""Batches of tidy plays as rows, by the rules of the reader on one machine."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from hybrid_rec.data.columns import id_column, missing_ids, text_column
from hybrid_rec.data.order_kind import Kind
from hybrid_rec.data.paths import located
from hybrid_rec.data.play_order import ORDER_COLUMNS, read_order
from hybrid_rec.data.playlist_names import NAME, as_names
from hybrid_rec.data.tables import ROWS_FROM_0
from hybrid_rec.spark.rows import batches_of, order_columns, texts


@dataclass
class PlayBatches:
    """Turns frames of plays into rows, one file or partition after the other."""

    file: int
    """The number of the file."""
    kinds: Mapping[str, Kind]
    """How the columns that tell the order are read."""
    in_order: bool = True
    """Whether the rows have an order of their own."""
    _done: int = field(default=0)

    def of(self, frame: pd.DataFrame, first: int, name: str) -> Iterator[pa.RecordBatch]:
        """The rows of one frame.

        Args:
            frame: Columns `playlist_id` and `item_id`, and what else is read of plays.
            first: The number of its first row in the file, for messages.
            name: The file, for messages.

        Raises:
            DataError: For an id, a name or a time that cannot be read.
        """
        if not len(frame):
            return
        with located(name, ROWS_FROM_0):
            columns = self._columns(frame, first)
        columns["row"] = self._done + np.arange(len(frame)) if self.in_order else 0
        self._done += len(frame)
        yield from batches_of(len(frame), columns)

    def _columns(self, frame: pd.DataFrame, first: int) -> dict[str, Any]:
        nameless = missing_ids(frame["playlist_id"])
        missing = nameless | missing_ids(frame["item_id"])
        columns: dict[str, Any] = {
            "file": self.file,
            "n_plays": 1,
            "playlist_id": texts(id_column(frame["playlist_id"], "playlist_id", nameless)),
            "item_id": texts(id_column(frame["item_id"], "item_id", missing)),
            "respelled": False,
            "late": False,
            "place": 0,
            "rest": 0.0,
        }
        for text in ("title", "artist"):
            if text in frame.columns:
                columns[text] = texts(text_column(frame[text]))
        if NAME in frame.columns:
            columns["name"] = texts(as_names(frame[NAME], NAME))
        read = {
            name: read_order(frame[name], name, self.kinds[name])
            for name in ORDER_COLUMNS
            if name in self.kinds and name in frame.columns
        }
        for number, order in enumerate(read.values()):
            order.check(first)
            if number == 0:
                columns |= order_columns(order.values, order.missing)
        if "played_at" in read:
            times = read["played_at"].times(first)
            columns["played_at"] = pa.array(times, pa.timestamp("us")).cast(
                pa.timestamp("us", "UTC")
            )
        return columns

"""The new items of one small file, as a recommender takes them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from hybrid_rec.batch.chunks import chunks
from hybrid_rec.batch.files import InputFiles
from hybrid_rec.batch.input import TableReader
from hybrid_rec.batch.queries import Rejections, complaint_of, new_items_of
from hybrid_rec.blocks.base import ColumnKind
from hybrid_rec.core.errors import DataError
from hybrid_rec.data.catalog import Catalog
from hybrid_rec.data.tables import TableOptions

MOST = 10_000
"""The most new items that are asked about at once."""


def read_new_items(
    file: str | Path, columns: Mapping[str, ColumnKind], catalog: Catalog
) -> pd.DataFrame:
    """The new items of a file, one a row, for `HybridRecommender.recommend_for_new_items`.

    Args:
        file: A CSV, TSV or Parquet file, as for `score_new_items`.
        columns: The columns that describe items to the model, and what they hold.
        catalog: The items that `context` refers to.

    Raises:
        DataError: If it cannot be read, has none of the columns, no rows, too many, or a bad one.
    """
    files = InputFiles(file, "new items", TableOptions())
    reader = TableReader(files, new_items=True, columns=columns)
    found = list(chunks(reader.batches(), reader.layout, MOST))
    if len(found) != 1:
        raise DataError(
            f"{file} must hold from 1 to {MOST:,} new items, found {'more' if found else 'none'}"
            f"{'; score them with hybrid-rec score --new-items.' if found else '.'}"
        )
    rejections = Rejections()
    frame = new_items_of(found[0], catalog, rejections)
    rejected = rejections.table(found[0], [one.name for one in files.files])
    if rejected is not None:
        raise DataError(
            f"new items must be without bad rows, but {complaint_of(rejected)} (rows count from 0, "
            "without the header); mend it."
        )
    return frame

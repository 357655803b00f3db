"""Tables at the door: CSV, TSV and Parquet files as streams of Arrow tables."""

from hybrid_rec.data.tables.columns import converted, split_lists, wanted_columns
from hybrid_rec.data.tables.file import ROWS_FROM_0, TABLE_SUFFIXES, TableFile
from hybrid_rec.data.tables.read import read_table, table_batches, table_head

__all__ = [
    "ROWS_FROM_0",
    "TABLE_SUFFIXES",
    "TableFile",
    "converted",
    "read_table",
    "split_lists",
    "table_batches",
    "table_head",
    "wanted_columns",
]

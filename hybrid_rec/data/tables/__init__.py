"""Tables at the door: CSV, TSV and Parquet files as streams of Arrow tables."""

from hybrid_rec.data.paths import TABLE_SUFFIXES
from hybrid_rec.data.tables.columns import converted, split_lists, wanted_columns
from hybrid_rec.data.tables.file import ROWS_FROM_0, TableFile
from hybrid_rec.data.tables.options import PLAY_COLUMNS, TableOptions, check_used
from hybrid_rec.data.tables.read import column_names, read_table, table_batches, table_head

__all__ = [
    "PLAY_COLUMNS",
    "ROWS_FROM_0",
    "TABLE_SUFFIXES",
    "TableFile",
    "TableOptions",
    "check_used",
    "column_names",
    "converted",
    "read_table",
    "split_lists",
    "table_batches",
    "table_head",
    "wanted_columns",
]

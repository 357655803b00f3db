"""Tables of other libraries as frames: what speaks Arrow or the dataframe interchange protocol."""

from __future__ import annotations

from typing import Any, Protocol, TypeAlias, runtime_checkable

import pandas as pd
import pyarrow as pa
import pyarrow.interchange

from hybrid_rec.core.errors import DataError
from hybrid_rec.core.quoting import quoted


@runtime_checkable
class ArrowTable(Protocol):
    """What gives its columns as an Arrow stream: tables of pyarrow, polars, DuckDB and others."""

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        """A capsule with the stream."""


@runtime_checkable
class InterchangeTable(Protocol):
    """What gives its columns by the older dataframe interchange protocol."""

    def __dataframe__(self, nan_as_null: bool = False, allow_copy: bool = True) -> Any:
        """An interchange object."""


Frame = pd.DataFrame | ArrowTable | InterchangeTable
"""A table of pandas, or of any library that speaks Arrow or the interchange protocol."""

SparseMatrix: TypeAlias = Any
"""A sparse matrix or array of scipy, which has no types."""

_INTEGERS = {
    pa.int8(): pd.Int8Dtype(), pa.int16(): pd.Int16Dtype(), pa.int32(): pd.Int32Dtype(),
    pa.int64(): pd.Int64Dtype(), pa.uint8(): pd.UInt8Dtype(), pa.uint16(): pd.UInt16Dtype(),
    pa.uint32(): pd.UInt32Dtype(), pa.uint64(): pd.UInt64Dtype(),
}  # fmt: skip


def is_frame(data: Any) -> bool:
    """Whether this is a table of columns, not a single column."""
    if isinstance(data, pd.DataFrame | InterchangeTable):
        return True
    return isinstance(data, ArrowTable) and hasattr(data, "columns")


def as_frame(data: Any, what: str) -> pd.DataFrame:
    """A table as a DataFrame; one that is none already is copied.

    Args:
        data: A DataFrame, or what speaks Arrow or the interchange protocol.
        what: How an error message names it.

    Raises:
        DataError: If it is no table, or holds what cannot be read.
    """
    if isinstance(data, pd.DataFrame):
        return data
    if not is_frame(data):
        raise DataError(
            f"{what} must be a DataFrame, got {type(data).__name__}; tables of other libraries "
            "must speak Arrow, as those of pyarrow and polars do."
        )
    try:
        if isinstance(data, ArrowTable):
            table = pa.table(data)
        else:
            table = pyarrow.interchange.from_dataframe(data)
        return _frame_of(table)
    except (pa.ArrowException, NotImplementedError, RuntimeError, TypeError, ValueError) as error:
        raise DataError(
            f"{what} must hold columns that Arrow can hand over, but {quoted(str(error))}; convert "
            "the table to a pandas DataFrame."
        ) from None


def as_values(column: Any) -> Any:
    """A column of another library as a list; anything else as it is."""
    if isinstance(column, pd.Series | pd.Index):
        return column.tolist()
    if is_frame(column):
        return column
    try:
        if isinstance(column, ArrowTable):
            return pa.chunked_array(column).to_pylist()
        if hasattr(column, "__arrow_c_array__"):
            return pa.array(column).to_pylist()
    except (pa.ArrowException, NotImplementedError, RuntimeError, TypeError, ValueError) as error:
        raise DataError(
            f"a column must be one that Arrow can hand over, but {quoted(str(error))}; convert it "
            "to a list."
        ) from None
    return column


def _plain_column(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """A column of a type that pandas can hold."""
    if pa.types.is_dictionary(column.type):
        # Arrow cannot decode a dictionary of string views, but cast its values.
        text = pa.dictionary(pa.int64(), _plain(column.type.value_type))
        chunks = [
            pa.DictionaryArray.from_arrays(
                chunk.indices.cast(pa.int64()), chunk.dictionary.cast(text.value_type)
            )
            for chunk in column.chunks
        ]
        return pa.chunked_array(chunks, text)
    return column.cast(_plain(column.type))


def _plain(kind: pa.DataType) -> pa.DataType:
    """What stands for a type in which polars writes texts, alone or in lists."""
    if pa.types.is_string_view(kind):
        return pa.large_string()
    if pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind):
        return pa.large_list(_plain(kind.value_type))
    return kind


def _frame_of(table: pa.Table) -> pd.DataFrame:
    """An Arrow table as a frame; integers stay integers where some are missing."""
    columns = [_plain_column(column) for column in table.columns]
    table = pa.table(columns, names=table.column_names)
    with_gaps = {
        field.type for number, field in enumerate(table.schema) if table[number].null_count
    }
    kinds = {kind: dtype for kind, dtype in _INTEGERS.items() if kind in with_gaps}
    return table.to_pandas(types_mapper=kinds.get)  # type: ignore[no-any-return]

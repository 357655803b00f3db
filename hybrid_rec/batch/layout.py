"""Layouts: which columns of the input batch scoring reads, and of which types they must be."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import pyarrow as pa

from hybrid_rec.blocks.base import ColumnKind
from hybrid_rec.core.errors import DataError
from hybrid_rec.core.quoting import joined
from hybrid_rec.data.play_order import ORDER_COLUMNS
from hybrid_rec.data.play_weights import WEIGHT as PLAY_WEIGHT
from hybrid_rec.data.playlist_names import NAME as PLAYLIST_NAME
from hybrid_rec.data.tables import wanted_columns
from hybrid_rec.data.tables.types import (
    IDS,
    ORDERS,
    check_type,
    is_id,
    is_list,
    is_number,
    is_order,
    is_text,
    list_column,
)

ID, ITEM, ITEMS, CONTEXT = "<id>", "item_id", "item_ids", "context"
NAME, WEIGHT = "<name>", "<weight>"
"""Columns of a batch; those in brackets have names that no column of an item is likely to have."""


@dataclass(frozen=True)
class Layout:
    """Which columns of a file are read, and what they are called from then on."""

    texts: Mapping[str, str]
    """Columns of text or integers: the name in a batch, and the name in the file."""
    lists: Mapping[str, str]
    """Columns of lists of these; in CSV and TSV they are joined by "|"."""
    orders: Mapping[str, str]
    """Columns that say when a play was, of numbers, times or text."""
    numbers: Mapping[str, str] = field(default_factory=dict)
    """Columns of numbers."""
    vectors: Mapping[str, str] = field(default_factory=dict)
    """Columns of lists of numbers; in CSV and TSV they are joined by "|"."""

    @property
    def is_tidy(self) -> bool:
        """Whether a row is one play of a playlist, and not all of a query."""
        return ITEM in self.texts

    @property
    def ids(self) -> dict[str, str]:
        """Those columns of text that hold ids."""
        return {name: column for name, column in self.texts.items() if name in (ID, ITEM)}

    @property
    def other_texts(self) -> dict[str, str]:
        """Those that do not."""
        return {name: column for name, column in self.texts.items() if name not in self.ids}

    @property
    def columns(self) -> dict[str, str]:
        """All columns: the name in a batch, and the name in the file."""
        return {**self.texts, **self.lists, **self.orders, **self.numbers, **self.vectors}


def playlist_layout(name: str, schema: pa.Schema) -> Layout:
    """How the playlists stand in a file: tidy, or in one column of lists.

    Args:
        name: The file, for messages.
        schema: Its columns; in CSV and TSV all are text.

    Raises:
        DataError: If it is neither.
    """
    found, column = schema.names, list_column(schema)
    if column is not None:
        wanted = wanted_columns(name, found, (column,), ("playlist_id", "name", PLAYLIST_NAME))
        texts = {ID: "playlist_id"} if "playlist_id" in wanted else {}
        called = [one for one in (PLAYLIST_NAME, "name") if one in wanted]
        named = {NAME: called[0]} if called else {}
        return Layout({**texts, **named}, {ITEMS: column}, {})
    wanted = wanted_columns(
        name, found, ("playlist_id", ITEM), (*ORDER_COLUMNS, PLAYLIST_NAME, PLAY_WEIGHT)
    )
    order = [column for column in ORDER_COLUMNS if column in wanted][:1]
    named = {NAME: PLAYLIST_NAME} if PLAYLIST_NAME in wanted else {}
    texts = {ID: "playlist_id", ITEM: ITEM, **named}
    weights = {WEIGHT: PLAY_WEIGHT} if PLAY_WEIGHT in wanted else {}
    return Layout(texts, {}, {column: column for column in order}, weights)


def new_item_layout(name: str, schema: pa.Schema, columns: Mapping[str, ColumnKind]) -> Layout:
    """How the new items stand in a file: one row an item.

    Args:
        name: The file, for messages.
        schema: Its columns; in CSV and TSV all are text.
        columns: The columns that may describe an item, and what they hold.

    Raises:
        DataError: If it has none of them, and no `context` either.
    """
    describing = [column for column in columns if column not in (ITEM, CONTEXT)]
    wanted = wanted_columns(name, schema.names, (), (ITEM, *describing, CONTEXT))
    if not set(wanted) - {ITEM}:
        found = joined(schema.names)
        raise DataError(
            f"{name} must have at least one of the columns {', '.join((*describing, CONTEXT))}; "
            f"found {found}; rename or add one."
        )

    def of_kind(kind: ColumnKind) -> dict[str, str]:
        return {name: name for name in describing if name in wanted and columns[name] == kind}

    named = {ID: ITEM} if ITEM in wanted else {}
    context = {CONTEXT: CONTEXT} if CONTEXT in wanted else {}
    return Layout(
        {**named, **of_kind("text")},
        {**of_kind("strings"), **context},
        {},
        of_kind("numbers"),
        of_kind("vector"),
    )


def check_types(name: str, layout: Layout, schema: pa.Schema, *, is_csv: bool) -> None:
    """Raise a DataError for a column of a type that its place in the layout does not allow.

    Args:
        name: The file, for messages.
        layout: Which columns are read, as what.
        schema: All columns.
        is_csv: Whether all are text, in which lists are joined and numbers written out.
    """

    def is_list_of(fits: Callable[[pa.DataType], bool]) -> Callable[[pa.DataType], bool]:
        return lambda kind: is_csv or (is_list(kind) and fits(kind.value_type))

    for names, wanted, fits in (
        (layout.ids, IDS, is_id),
        (layout.other_texts, IDS, is_text),
        (layout.orders, ORDERS, is_order),
        (layout.lists, f"lists of {IDS}", is_list_of(is_text)),
        (layout.numbers, "numbers", lambda kind: is_csv or is_number(kind)),
        (layout.vectors, "lists of numbers", is_list_of(is_number)),
    ):
        for column in names.values():
            check_type(name, column, schema.field(column).type, wanted, fits)

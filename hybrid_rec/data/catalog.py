"""Catalog: the one immutable vocabulary of items, item id <-> row."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import ArrayLike

from hybrid_rec.core.arrays import Objects, Rows
from hybrid_rec.core.checks import check_choice
from hybrid_rec.core.errors import DataError, UnknownItemError
from hybrid_rec.core.quoting import joined, quoted
from hybrid_rec.core.words import how_many
from hybrid_rec.data.arrow_types import TEXT, TEXTS, VECTOR
from hybrid_rec.data.columns import id_column, require_columns
from hybrid_rec.data.finding import ItemFinder, check_asked, found_frame
from hybrid_rec.data.frames import Frame, as_frame
from hybrid_rec.data.id_forms import plain_form, told_form
from hybrid_rec.data.ids import as_item_ids
from hybrid_rec.data.item_table import (
    ARTIST,
    ITEM_ID,
    TAGS,
    TITLE,
    as_column,
    check_kept,
    first_of_each_id,
    item_array,
    table_fingerprint,
    table_frame,
)
from hybrid_rec.data.short_html import short_html

_SHOWN = 5


@dataclass(frozen=True, eq=False)
class Catalog:
    """Items and all that is known of them; a *row* is an item's place in it.

    Build one with `from_frame`; it cannot be changed afterwards. A missing title or artist is
    None, never an empty string or "nan".

    Examples:
        >>> items = pd.DataFrame({"item_id": ["a", "b"], "title": ["One", None],
        ...                       "artist": ["U2", "Them"], "tempo": [91.0, None]})
        >>> catalog = Catalog.from_frame(items)
        >>> len(catalog), catalog.rows(["b"]).tolist(), catalog.titles[1] is None
        (2, [1], True)
        >>> catalog.columns
        ('title', 'artist', 'tempo')
    """

    table: pa.Table
    """Column item_id (strings), and every other column of the items, missing values as nulls."""

    @classmethod
    def from_frame(cls, items: Frame) -> Catalog:
        """A catalogue of the rows of `items`, in their order.

        Args:
            items: A DataFrame, or a table of another library that speaks Arrow, such as pyarrow or
                polars. Column `item_id` (strings or integers); every other column is kept, of
                strings, numbers, truth values, times, lists of strings or lists of numbers.
                `title` and `artist` are texts and `tags` are lists of strings, whatever their
                dtype. Rows that repeat an earlier one are dropped.

        Raises:
            DataError: If an id is missing, if the frame is empty, if a column holds cells of
                several kinds, or if an id stands twice with different texts or numbers.
        """
        frame = as_frame(items, "items")
        require_columns(frame, (ITEM_ID,), "items", optional=list(frame.columns))
        if frame.empty:
            raise DataError("items must hold at least one item, got an empty frame.")
        ids = id_column(frame[ITEM_ID], ITEM_ID).to_numpy()
        arrays = {ITEM_ID: pa.array(ids, TEXT)}
        for label in frame.columns:
            name = str(label)
            if name in arrays and label != ITEM_ID:
                raise DataError(f"items must have each column once, but {name} stands there twice.")
            if name != ITEM_ID:
                arrays[name] = item_array(frame[label], name)
        table = pa.table(arrays)
        return cls(table.take(pa.array(first_of_each_id(ids, table))).combine_chunks())

    @classmethod
    def from_columns(
        cls,
        item_ids: Sequence[str] | Objects,
        titles: Sequence[str | None] | Objects,
        artists: Sequence[str | None] | Objects,
        tags: Sequence[Sequence[str]] | None = None,
    ) -> Catalog:
        """A catalogue of columns that are already clean: unique ids, None where text is missing."""
        table = pa.table(
            {
                ITEM_ID: pa.array(item_ids, TEXT),
                TITLE: pa.array(titles, TEXT),
                ARTIST: pa.array(artists, TEXT),
            }
        )
        if tags is not None:
            table = table.append_column(TAGS, pa.array(list(tags), TEXTS))
        return cls(table)

    @classmethod
    def from_table(cls, table: pa.Table) -> Catalog:
        """A catalogue of a table that another one's `table` was written to.

        Raises:
            DataError: If it has no item ids, or one of them stands twice.
        """
        if ITEM_ID not in table.column_names or not pa.types.is_large_string(
            table.schema.field(ITEM_ID).type
        ):
            raise DataError("a table of items must have a column item_id of strings.")
        catalog = cls(table.combine_chunks())
        if table[ITEM_ID].null_count or not catalog._index.is_unique:
            raise DataError("the item ids of a catalogue must be there and unique.")
        return catalog

    def with_vectors(self, name: str, vectors: ArrayLike) -> Catalog:
        """This catalogue with one more column of vectors, in place of one of that name.

        Args:
            name: Of the column, for a block of kind `vectors`.
            vectors: `(n_items, dim)`, in the order of the items.

        Raises:
            DataError: For another shape, or anything but numbers.
        """
        try:
            array = np.ascontiguousarray(vectors, dtype=np.float32)
        except (TypeError, ValueError):
            raise DataError(f"vectors {quoted(name)} must be a matrix of numbers.") from None
        if not isinstance(name, str):
            raise DataError(f"vectors must have a name that is a text, got {quoted(name)}.")
        if array.ndim != 2 or len(array) != len(self) or name == ITEM_ID:
            raise DataError(
                f"vectors {quoted(name)} must have shape ({len(self)}, dim), one row an item, "
                f"got {array.shape}."
            )
        offsets = np.arange(len(self) + 1, dtype=np.int64) * array.shape[1]
        column = pa.LargeListArray.from_arrays(offsets, array.ravel()).cast(VECTOR)
        kept = self.table.drop_columns([name]) if name in self.table.column_names else self.table
        return Catalog(kept.append_column(name, column))

    def __len__(self) -> int:
        return int(self.table.num_rows)

    def __repr__(self) -> str:
        return f"Catalog({how_many(len(self), 'items')}: {joined(self.columns)})"

    def _repr_html_(self) -> str:
        return short_html(repr(self), table_frame(self.table.slice(0, 20)))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Catalog) and bool(self.table.equals(other.table))

    __hash__ = None  # type: ignore[assignment]  # a container compared by content

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of all columns but `item_id`."""
        return tuple(name for name in self.table.column_names if name != ITEM_ID)

    @cached_property
    def item_ids(self) -> Objects:
        """Item ids by row, `(n_items,)` strings, read-only."""
        return self._strings(ITEM_ID)

    @cached_property
    def titles(self) -> Objects:
        """Titles by row, `(n_items,)` strings or None, read-only."""
        return self._strings(TITLE)

    @cached_property
    def artists(self) -> Objects:
        """Artists by row, `(n_items,)` strings or None, read-only."""
        return self._strings(ARTIST)

    @cached_property
    def tags(self) -> list[tuple[str, ...]]:
        """Tags by row; an empty tuple for an item without tags."""
        if TAGS not in self.table.column_names:
            return [()] * len(self)
        return [tuple(tags or ()) for tags in self.table[TAGS].to_pylist()]

    @cached_property
    def _index(self) -> pd.Index[Any]:
        return pd.Index(self.item_ids, dtype=object)

    @cached_property
    def _by_plain_form(self) -> dict[str, str]:
        return {plain_form(item_id): item_id for item_id in reversed(self.item_ids)}

    def rows(
        self, item_ids: Iterable[Any], missing: Literal["error", "negative"] = "error"
    ) -> Rows:
        """Rows of item ids, `(len(item_ids),)` int64.

        Args:
            item_ids: Strings, or integers, which are written out.
            missing: "error" raises for an unknown id, "negative" gives it the row -1.

        Raises:
            UnknownItemError: Naming the unknown ids, if `missing` is "error", and which of them
                the catalogue has in another form: another Unicode form, another case, with or
                without spaces around.
            DataError: If an id is neither a string nor an integer.
        """
        check_choice(missing, ("error", "negative"), "missing")
        ids = as_item_ids(item_ids)
        rows = np.asarray(
            self._index.get_indexer(pd.Index(ids, dtype=object)) if ids else [], dtype=np.int64
        )
        if missing == "error" and (rows < 0).any():
            unknown = list(dict.fromkeys(ids[i] for i in np.flatnonzero(rows < 0)))
            known = self._by_plain_form
            shown = ", ".join(quoted(i) + told_form(i, known) for i in unknown[:_SHOWN])
            more = f" and {len(unknown) - _SHOWN} more" if len(unknown) > _SHOWN else ""
            raise UnknownItemError(
                f"item ids must be in the catalogue of {len(self)} items; unknown: {shown}{more}. "
                "Skip unknown ids, or add their items to the catalogue and fit again."
            )
        return rows

    def extended(self, other: Catalog) -> Catalog:
        """This catalogue, and behind it those items of `other` that it lacks.

        Columns that `other` lacks are missing there; columns that only `other` has are left out.

        Raises:
            DataError: If an item of both has another text or number in `other`, or a column is of
                another kind there.
        """
        rows = self.rows(other.item_ids, "negative")
        check_kept(self.table, other.table, rows)
        fresh = other.table.take(pa.array(np.flatnonzero(rows < 0)))
        wanted = [as_column(fresh, field) for field in self.table.schema]
        new = pa.table(wanted, names=self.table.column_names)
        joined = pa.concat_tables([self.table.cast(new.schema, safe=False), new])
        return Catalog(joined.combine_chunks())

    def find(self, text: str, k: int = 5) -> pd.DataFrame:
        """Items that a text could mean, best first: item_id, title, artist, score in [0, 1].

        Case, accents, punctuation and the order of words do not matter, typing errors little.

        Args:
            text: A title, an artist, both ("metallica fade to black"), or a part of them.
            k: Items wanted at most, from 1 to 1,000.

        Raises:
            DataError: If the text is none, or empty.
            ConfigError: If k is out of range.

        Examples:
            >>> catalog = Catalog.from_columns(["a", "b"], ["Déjà Vu", "Halo"], ["Beyoncé"] * 2)
            >>> catalog.find("beyonce deja wu", k=1)["item_id"].tolist()
            ['a']
        """
        check_asked(text, k)
        return found_frame(self, *self.finder.find(text, k))

    @cached_property
    def finder(self) -> ItemFinder:
        """Titles and artists, ready to be searched."""
        return ItemFinder.of(*(pa.array(texts, TEXT) for texts in (self.titles, self.artists)))

    def to_frame(self) -> pd.DataFrame:
        """A DataFrame of all columns, `item_id` first; lists are Python lists, missing is None."""
        return table_frame(self.table)

    def fingerprint(self) -> str:
        """SHA-256 of the content, hexadecimal: equal catalogues have equal fingerprints."""
        return table_fingerprint(self.table)

    def _strings(self, name: str) -> Objects:
        values: Objects = np.full(len(self), None, dtype=object)
        if name in self.table.column_names:
            values[:] = self.table[name].to_pylist()
        values.flags.writeable = False
        return values


def check_catalog(catalog: Any) -> None:
    """Raise a DataError unless this is a catalogue."""
    if not isinstance(catalog, Catalog):
        raise DataError(f"catalog must be a Catalog, got {type(catalog).__name__}.")

"""Catalog: the one immutable vocabulary of items, item id <-> row."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from hybrid_rec.core.errors import DataError, UnknownItemError

ObjectArray = NDArray[np.object_]
RowArray = NDArray[np.int64]

SCHEMA = pa.schema(
    {
        "item_id": pa.large_string(),
        "title": pa.large_string(),
        "artist": pa.large_string(),
        "tags": pa.large_list(pa.field("element", pa.large_string())),
    }
)
REQUIRED_COLUMNS = ("item_id", "title", "artist")
_SHOWN = 5
# Every column that this package reads from a frame of a caller.
_READ_COLUMNS = frozenset({*SCHEMA.names, "playlist_id", "position", "played_at", "context"})
_SURROGATE = re.compile("[\ud800-\udfff]")


def as_item_ids(values: Iterable[Any], what: str = "item_id") -> list[str]:
    """Item ids as strings: strings pass, integers are written out, all else is refused.

    Args:
        values: Ids as a caller holds them.
        what: How an error message names them.

    Raises:
        DataError: For a missing id, a float, a bool or any other type, or no list at all.
    """
    if isinstance(values, str | bytes) or not isinstance(values, Iterable):
        raise DataError(f"{what} must be strings or integers in a list, got {values!r}.")
    ids = []
    for position, value in enumerate(values):
        if isinstance(value, str):
            ids.append(value)
        elif isinstance(value, int | np.integer) and not isinstance(value, bool):
            ids.append(str(value))
        else:
            raise DataError(
                f"{what} must be strings or integers, got {value!r} "
                f"({type(value).__name__}) at position {position}."
            )
    return ids


def is_missing(value: Any) -> bool:
    """Whether a cell is None, NaN, `pd.NA` or `pd.NaT`."""
    return bool(pd.api.types.is_scalar(value) and pd.isna(value))


def check_whole_text(ids: Sequence[str] | ObjectArray, what: str) -> None:
    """Raise a DataError for an id with half of a character, which no file can hold."""
    if _is_whole(ids):
        return
    row = next(row for row, value in enumerate(ids) if _SURROGATE.search(value))
    raise DataError(
        f"{what} must be whole text, but row {row} holds half of a character (a lone surrogate): "
        f"{ids[row]!r}."
    )


def _is_whole(texts: Any) -> bool:
    try:
        pa.array(texts, pa.large_string())
    except UnicodeEncodeError:
        return False
    return True


def id_column(column: pd.Series[Any], what: str) -> pd.Series[Any]:
    """A column of ids as an object column of strings.

    Args:
        column: Strings or integers; anything missing is an error.
        what: How an error message names the column.

    Raises:
        DataError: With the row of the first missing or empty id, or for another type.
    """
    if column.empty:
        return column.astype(object)
    missing = column.isna().to_numpy()
    if missing.any():
        row = int(np.flatnonzero(missing)[0])
        raise DataError(
            f"{what} must not be missing, but {int(missing.sum())} are; the first at row {row}."
        )
    if pd.api.types.is_integer_dtype(column.dtype):
        return column.astype(str).astype(object)
    if not (
        pd.api.types.is_object_dtype(column.dtype)
        or pd.api.types.is_string_dtype(column.dtype)
        or isinstance(column.dtype, pd.CategoricalDtype)
    ):
        raise DataError(f"{what} must hold strings or integers, got dtype {column.dtype}.")
    text = column.astype(object)
    kind = pd.api.types.infer_dtype(text, skipna=False)
    if kind not in ("string", "empty"):
        text = pd.Series(as_item_ids(text, what), index=column.index, dtype=object)
    empty = (text == "").to_numpy(dtype=bool)
    if empty.any():
        raise DataError(f"{what} must not be empty, but row {int(np.flatnonzero(empty)[0])} is.")
    check_whole_text(text.to_numpy(), what)
    return text


def text_column(column: pd.Series[Any]) -> ObjectArray:
    """A column of free text as strings, with None where it is missing, empty or blank.

    Half of a character becomes U+FFFD.
    """
    missing = column.isna().to_numpy(dtype=bool)
    values = column.astype(object).to_numpy(copy=True)
    values[missing] = None
    if pd.api.types.infer_dtype(values, skipna=True) not in ("string", "empty"):
        values = np.array([None if v is None else str(v) for v in values], dtype=object)
    blank = np.array([v is not None and not v.strip() for v in values], dtype=bool)
    values[blank] = None
    if not _is_whole(values):
        values = np.array([v and _whole(v) for v in values], dtype=object)
    return values


def _whole(text: str) -> str:
    return _SURROGATE.sub("\ufffd", text)


def require_columns(frame: pd.DataFrame, columns: Sequence[str], what: str) -> None:
    """Raise a DataError that names every column of `columns` that `frame` lacks or has twice."""
    if not isinstance(frame, pd.DataFrame):
        raise DataError(f"{what} must be a DataFrame, got {type(frame).__name__}.")
    lacking = [name for name in columns if name not in frame.columns]
    if lacking:
        raise DataError(
            f"{what} must have the columns {', '.join(columns)}; {', '.join(lacking)} "
            f"missing, found {', '.join(map(str, frame.columns)) or 'none'}."
        )
    twice = [name for name in frame.columns[frame.columns.duplicated()] if name in _READ_COLUMNS]
    if twice:
        raise DataError(f"{what} must have each column once, but {twice[0]} stands there twice.")


@dataclass(frozen=True, eq=False)
class Catalog:
    """Items with their titles, artists and tags; a *row* is an item's place in it.

    Build one with `from_frame`; it cannot be changed afterwards. A missing title or artist is
    None, never an empty string or "nan".

    Examples:
        >>> items = pd.DataFrame({"item_id": ["a", "b"], "title": ["One", None],
        ...                       "artist": ["U2", "Them"]})
        >>> catalog = Catalog.from_frame(items)
        >>> len(catalog), catalog.rows(["b"]).tolist(), catalog.titles[1] is None
        (2, [1], True)
    """

    table: pa.Table
    """Columns item_id, title, artist (strings) and tags (list of strings)."""

    @classmethod
    def from_frame(cls, items: pd.DataFrame) -> Catalog:
        """A catalogue of the rows of `items`, in their order.

        Args:
            items: Columns `item_id` (strings or integers), `title`, `artist`; optionally `tags`
                (a list of strings per item). Rows that repeat an earlier one to the letter are
                dropped.

        Raises:
            DataError: If a column or an id is missing, if the frame is empty, or if an id stands
                twice with different titles or artists.
        """
        require_columns(items, REQUIRED_COLUMNS, "items")
        if items.empty:
            raise DataError("items must hold at least one item, got an empty frame.")
        ids = id_column(items["item_id"], "item_id").to_numpy()
        titles = text_column(items["title"])
        artists = text_column(items["artist"])
        keep = _without_repeats(ids, titles, artists)
        tags = tag_lists(items["tags"]) if "tags" in items.columns else [()] * len(ids)
        return cls.from_columns(
            ids[keep], titles[keep], artists[keep], [tags[row] for row in keep.tolist()]
        )

    @classmethod
    def from_columns(
        cls,
        item_ids: Sequence[str] | ObjectArray,
        titles: Sequence[str | None] | ObjectArray,
        artists: Sequence[str | None] | ObjectArray,
        tags: Sequence[Sequence[str]] | None = None,
    ) -> Catalog:
        """A catalogue of columns that are already clean: unique ids, None where text is missing."""
        lists = [()] * len(item_ids) if tags is None else tags
        columns = (item_ids, titles, artists, lists)
        arrays = [pa.array(c, field.type) for c, field in zip(columns, SCHEMA, strict=True)]
        return cls(pa.table(arrays, schema=SCHEMA))

    @classmethod
    def from_table(cls, table: pa.Table) -> Catalog:
        """A catalogue of a table that another one's `table` was written to.

        Raises:
            pa.ArrowException: If the columns are others.
        """
        return cls(table.select(SCHEMA.names).cast(SCHEMA).combine_chunks())

    def __len__(self) -> int:
        return int(self.table.num_rows)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Catalog) and bool(self.table.equals(other.table))

    __hash__ = None  # type: ignore[assignment]  # a container compared by content

    @cached_property
    def item_ids(self) -> ObjectArray:
        """Item ids by row, `(n_items,)` strings, read-only."""
        return self._strings("item_id")

    @cached_property
    def titles(self) -> ObjectArray:
        """Titles by row, `(n_items,)` strings or None, read-only."""
        return self._strings("title")

    @cached_property
    def artists(self) -> ObjectArray:
        """Artists by row, `(n_items,)` strings or None, read-only."""
        return self._strings("artist")

    @cached_property
    def tags(self) -> list[tuple[str, ...]]:
        """Tags by row; an empty tuple for an item without tags."""
        return [tuple(tags) for tags in self.table["tags"].to_pylist()]

    @cached_property
    def has_tags(self) -> bool:
        """Whether any item has a tag."""
        return any(len(chunk.flatten()) > 0 for chunk in self.table["tags"].chunks)

    @cached_property
    def _index(self) -> pd.Index[Any]:
        return pd.Index(self.item_ids, dtype=object)

    def rows(
        self, item_ids: Iterable[Any], missing: Literal["error", "negative"] = "error"
    ) -> RowArray:
        """Rows of item ids, `(len(item_ids),)` int64.

        Args:
            item_ids: Strings, or integers, which are written out.
            missing: "error" raises for an unknown id, "negative" gives it the row -1.

        Raises:
            UnknownItemError: Naming the unknown ids, if `missing` is "error".
            DataError: If an id is neither a string nor an integer.
        """
        if missing not in ("error", "negative"):
            raise DataError(f"missing must be 'error' or 'negative', got {missing!r}.")
        ids = as_item_ids(item_ids)
        rows = np.asarray(
            self._index.get_indexer(pd.Index(ids, dtype=object)) if ids else [], dtype=np.int64
        )
        if missing == "error" and (rows < 0).any():
            unknown = list(dict.fromkeys(ids[i] for i in np.flatnonzero(rows < 0)))
            shown = ", ".join(repr(i) for i in unknown[:_SHOWN])
            more = f" and {len(unknown) - _SHOWN} more" if len(unknown) > _SHOWN else ""
            raise UnknownItemError(
                f"item ids must be in the catalogue of {len(self)} items; unknown: {shown}{more}. "
                "Skip unknown ids, or add their items to the catalogue and fit again."
            )
        return rows

    def extended(self, other: Catalog) -> Catalog:
        """This catalogue, and behind it those items of `other` that it lacks.

        Raises:
            DataError: If an item of both has another title or artist in `other`.
        """
        rows = self.rows(other.item_ids, "negative")
        both = np.flatnonzero(rows >= 0)
        for what, mine, theirs in (
            ("title", self.titles, other.titles),
            ("artist", self.artists, other.artists),
        ):
            clash = both[mine[rows[both]] != theirs[both]]
            if len(clash):
                row = int(clash[0])
                raise DataError(
                    f"an item must keep its {what}, but {other.item_ids[row]!r} is "
                    f"{mine[rows[row]]!r} and would become {theirs[row]!r}; give it a new id, or "
                    "fit again."
                )
        fresh = other.table.take(pa.array(np.flatnonzero(rows < 0)))
        return Catalog(pa.concat_tables([self.table, fresh]).combine_chunks())

    def to_frame(self) -> pd.DataFrame:
        """A DataFrame with the columns item_id, title, artist, tags."""
        return pd.DataFrame(
            {
                "item_id": self.item_ids,
                "title": self.titles,
                "artist": self.artists,
                "tags": [list(tags) for tags in self.tags],
            }
        )

    def fingerprint(self) -> str:
        """SHA-256 of the content, hexadecimal: equal catalogues have equal fingerprints."""
        digest = hashlib.sha256()
        for name in ("item_id", "title", "artist"):
            for value in self._strings(name):
                digest.update(b"\x00" if value is None else b"\x01" + value.encode() + b"\x1f")
        for tags in self.tags:
            digest.update("\x1f".join(tags).encode() + b"\x1e")
        return digest.hexdigest()

    def _strings(self, name: str) -> ObjectArray:
        values: ObjectArray = np.array(self.table[name].to_pylist(), dtype=object)
        values.flags.writeable = False
        return values


def _without_repeats(ids: ObjectArray, titles: ObjectArray, artists: ObjectArray) -> RowArray:
    """Positions of the first row of each id; an id with two different texts is an error."""
    codes, uniques = pd.factorize(ids)
    if len(uniques) == len(ids):
        return np.arange(len(ids))
    first = np.unique(codes, return_index=True)[1].astype(np.int64)
    for what, values in (("titles", titles), ("artists", artists)):
        clash = np.flatnonzero(values != values[first][codes])
        if len(clash):
            row = int(clash[0])
            raise DataError(
                f"item ids must be unique, but {ids[row]!r} stands with different {what}: "
                f"{values[first[codes[row]]]!r} at row {int(first[codes[row]])} and "
                f"{values[row]!r} at row {row}."
            )
    return np.sort(first)


def tag_lists(column: pd.Series[Any]) -> list[tuple[str, ...]]:
    """A column of lists of strings as tuples without repeats or missing entries.

    A missing list is empty.

    Raises:
        DataError: With the row of the first entry that is no list.
    """
    lists: list[tuple[str, ...]] = []
    for row, tags in enumerate(column.tolist()):
        if isinstance(tags, list | tuple | np.ndarray | set | frozenset):
            ordered = sorted(tags, key=str) if isinstance(tags, set | frozenset) else tags
            named = [_whole(str(tag)) for tag in ordered if not is_missing(tag)]
            lists.append(tuple(dict.fromkeys(named)))
        elif is_missing(tags):
            lists.append(())
        else:
            raise DataError(f"tags must be a list of strings, got {tags!r} at row {row}.")
    return lists

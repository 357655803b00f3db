"""What tells items apart that are called the same."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd
import pyarrow as pa

from hybrid_rec.data.catalog import Catalog
from hybrid_rec.data.folding import folded_text
from hybrid_rec.data.item_table import ARTIST, TITLE, is_list

_LONGEST = 40


def told_apart(catalog: Catalog, rows: Iterable[int]) -> Mapping[int, str]:
    """For rows with the title and artist of another one of them, what of each is different.

    It is the column in which most of them differ, the first of several, such as "year 2005".

    Args:
        catalog: The items.
        rows: Some of its rows, which are shown together.
    """
    alike: dict[tuple[str, str], list[int]] = defaultdict(list)
    for row in dict.fromkeys(map(int, rows)):
        title, artist = catalog.titles[row], catalog.artists[row]
        if title:
            alike[folded_text(title), folded_text(artist or "")].append(row)
    told: dict[int, str] = {}
    for same in alike.values():
        if len(same) > 1:
            told |= _different(catalog, same)
    return told


def titles_told_apart(frame: pd.DataFrame, catalog: Catalog) -> pd.DataFrame:
    """A table of items in which titles that look alike say what tells the items apart.

    Args:
        frame: Columns `item_id` and `title`.
        catalog: The items.
    """
    rows = catalog.rows(frame["item_id"])
    told = told_apart(catalog, rows)
    if not told:
        return frame
    titles = [
        f"{title} [{told[row]}]" if row in told else title
        for row, title in zip(rows.tolist(), frame["title"], strict=True)
    ]
    return frame.assign(title=titles)


def _different(catalog: Catalog, rows: list[int]) -> dict[int, str]:
    most, chosen = 1, {}
    taken = catalog.table.take(pa.array(rows))
    for name in catalog.columns:
        kind = taken.schema.field(name).type
        if name in (TITLE, ARTIST) or (is_list(kind) and not _is_text(kind.value_type)):
            continue
        values = [_value(name, value) for value in taken[name].to_pylist()]
        if len(set(values)) > most:
            most, chosen = len(set(values)), dict(zip(rows, values, strict=True))
    return chosen


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_large_string(kind))


def _value(name: str, value: Any) -> str:
    if value is None or value == []:
        return f"no {name}"
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    text = ", ".join(value) if isinstance(value, list) else str(value)
    return f"{name} {text if len(text) <= _LONGEST else text[:_LONGEST] + '...'}"

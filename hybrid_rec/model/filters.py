"""Filters: the rows that may come back, by ids and by an expression over columns."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from hybrid_rec.core.arrays import Rows
from hybrid_rec.core.checks import check_choice
from hybrid_rec.core.errors import DataError
from hybrid_rec.core.quoting import quoted
from hybrid_rec.data.catalog import Catalog
from hybrid_rec.data.playlists import OnUnknown
from hybrid_rec.data.where import where_rows


def filter_rows(
    catalog: Catalog, item_ids: Iterable[Any] | None, on_unknown: OnUnknown, what: str
) -> Rows | None:
    """The rows of `allow` or `block`; None if there is no such filter.

    Raises:
        DataError: For ids that are neither strings nor integers.
        UnknownItemError: For an unknown id, if `on_unknown` is "raise".
    """
    if item_ids is None:
        return None
    check_choice(on_unknown, ("raise", "skip"), "on_unknown")
    if isinstance(item_ids, str):
        raise DataError(f"{what} must be a list of item ids, got the string {quoted(item_ids)}.")
    rows = catalog.rows(item_ids, "error" if on_unknown == "raise" else "negative")
    return rows[rows >= 0]


def allowed_rows(
    catalog: Catalog, allow: Iterable[Any] | None, where: str | None, on_unknown: OnUnknown
) -> Rows | None:
    """The only rows that may come back, by ids and by an expression; None for all.

    Raises:
        HybridRecError: See `filter_rows` and `where_rows`.
    """
    rows = filter_rows(catalog, allow, on_unknown, "allow")
    if where is None:
        return rows
    passed = where_rows(catalog, where)
    return passed if rows is None else np.intersect1d(rows, passed)

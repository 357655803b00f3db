"""Rankings against targets: every metric at every cut-off, one value a case."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from evaluation.metrics.registry import METRICS
from hybrid_rec.core.arrays import Doubles, Mask, Rows
from hybrid_rec.core.errors import ConfigError, DataError
from hybrid_rec.core.quoting import quoted
from hybrid_rec.data.playlists import Playlists

# Cases whose recommendations are compared with their targets at once, to bound memory.
_CHUNK = 4096


def evaluate_rankings(
    rows: Rows,
    targets: Playlists,
    ks: Sequence[int],
    metrics: Sequence[str] | None = None,
) -> dict[str, Doubles]:
    """Every metric at every k for every case, by names such as "ndcg@500".

    Args:
        rows: Recommended catalogue rows, best first, `(n_cases, n)` integers; -1 where a list has
            ended. A row that repeats counts at its first place only; the repeat keeps its rank and
            is no hit.
        targets: The targets of each case; repeats count once.
        ks: Cut-offs, each at least 1; they may exceed n.
        metrics: Names from `METRICS`; by default all.

    Returns:
        Arrays `(n_cases,)` float64; NaN for a case without targets.

    Raises:
        DataError: If the numbers of cases differ, or `rows` is no table of rows of the catalogue.
        ConfigError: For an unknown metric, or a k that is no integer or below 1.
    """
    if rows.ndim != 2 or not np.issubdtype(rows.dtype, np.integer):
        raise DataError(
            f"rows must be integers of shape (n_cases, n), got {rows.dtype} of shape {rows.shape}."
        )
    if rows.size and rows.max() >= targets.n_items:
        raise DataError(
            f"rows must be below {targets.n_items}, the size of the targets' catalogue, got "
            f"{rows.max()}; rank and score with one catalogue."
        )
    if len(rows) != len(targets):
        raise DataError(
            f"recommendations and targets must be of equally many cases, got {len(rows)} and "
            f"{len(targets)}."
        )
    chosen = [METRICS.named(name) for name in (METRICS if metrics is None else metrics)]
    for k in ks:
        if isinstance(k, bool) or not isinstance(k, int | np.integer) or k < 1:
            raise ConfigError(f"k must be an integer of at least 1, got {quoted(k)}.")
    wanted = {f"{metric.name}@{k}": (metric.compute, k) for metric in chosen for k in ks}
    values = {label: np.full(len(rows), np.nan) for label in wanted}
    distinct = targets.distinct()
    for start in range(0, len(rows), _CHUNK):
        part = np.arange(start, min(start + _CHUNK, len(rows)))
        here = distinct.select(part)
        scored = here.lengths > 0
        hits = target_hits(rows[part], here)[scored]
        for label, (compute, k) in wanted.items():
            values[label][part[scored]] = compute(hits, here.lengths[scored], k)
    return values


def target_hits(rows: Rows, targets: Playlists) -> Mask:
    """Which recommended rows are targets of their case, `(n_cases, n)`; a repeat is no hit.

    Args:
        rows: Catalogue rows below `targets.n_items`, best first, `(n_cases, n)`; negative: none.
        targets: The targets of each case, each once.
    """
    n_items = targets.n_items
    keys = np.arange(len(rows))[:, None] * (n_items + 1) + np.where(rows >= 0, rows, n_items)
    hits = np.isin(keys, targets.owners * (n_items + 1) + targets.rows)
    return hits & ~_repeats(rows)


def _repeats(rows: Rows) -> Mask:
    """Which entries stand earlier in their line already."""
    order = np.argsort(rows, axis=1, kind="stable")
    ordered = np.take_along_axis(rows, order, axis=1)
    again = np.zeros(rows.shape, dtype=bool)
    again[:, 1:] = ordered[:, 1:] == ordered[:, :-1]
    repeats = np.empty_like(again)
    np.put_along_axis(repeats, order, again, axis=1)
    return repeats

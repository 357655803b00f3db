"""What a call asks of a radio: checks of what it is given, and its answer."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from hybrid_rec.blocks.cold_start import SOURCES
from hybrid_rec.core.arrays import Rows
from hybrid_rec.core.errors import ConfigError, DataError
from hybrid_rec.core.quoting import quoted
from hybrid_rec.data.playlists import OnUnknown, Playlists
from hybrid_rec.data.queries import Queries, parse_queries
from hybrid_rec.data.recommendations import Recommendations
from hybrid_rec.explore.radio import Pool, Radio
from hybrid_rec.explore.transitions import Transitions
from hybrid_rec.model.dislikes import Asked, parted
from hybrid_rec.model.filters import allowed_rows, filter_rows
from hybrid_rec.model.fitted import Model
from hybrid_rec.model.search import SearchRequest, answer
from indexes.checks import allowed_mask


def play_radio(
    model: Model,
    transitions: Callable[[], Transitions],
    seeds: Any,
    length: Any,
    *,
    drift: Any,
    seed: Any,
    on_unknown: OnUnknown,
    allow: Iterable[Any] | None,
    block: Iterable[Any] | None,
    where: str | None,
    dislike: Queries | None,
) -> Recommendations:
    """See `ExploringRecommender.radio`; `transitions` is asked once all is checked."""
    _check_numbers(length, drift, seed, len(model.catalog))
    asked, _ = parse_queries(seeds, model.catalog, on_unknown)
    if len(asked) != 1:
        raise DataError(f"seeds must be the item ids of one radio, got {len(asked)} lists.")
    parts = parted(model, asked, dislike, on_unknown)
    asked = parts.liked
    allowed = allowed_rows(model.catalog, allow, where, on_unknown)
    blocked = filter_rows(model.catalog, block, on_unknown, "block")
    if parts.disliked is not None:
        unwanted = parts.disliked.rows
        blocked = unwanted if blocked is None else np.concatenate([blocked, unwanted])
    mask = allowed_mask(len(model.catalog), allowed, blocked)
    free = np.ones(len(model.catalog), dtype=bool) if mask is None else mask.copy()
    free[asked.rows] = free[model.removed] = False
    if not free.any():
        raise DataError(
            "a radio must have items that it may play, but none is left of what is allowed; allow "
            "more items, or block fewer."
        )
    pool = pool_of(model, allowed, blocked, parts)
    path = Radio(model, pool, transitions(), float(drift), int(seed)).play(asked.rows, int(length))
    rows = np.full((1, length), -1, np.int64)
    scores = np.full((1, length), -np.inf, np.float32)
    rows[0, : len(path.rows)], scores[0, : len(path.rows)] = path.rows, path.scores
    sources = np.array(SOURCES, dtype=object)[model.sources[np.maximum(rows, 0)]]
    return Recommendations.from_rows(rows, scores, sources, asked.playlist_ids, model.catalog)


def pool_of(
    model: Model, allow: Rows | None, block: Rows | None, parts: Asked | None = None
) -> Pool:
    """What goes with some items, as `recommend` answers.

    Args:
        model: What is asked.
        allow: The only rows that may come; None for all.
        block: Rows that may not come.
        parts: What the one query dislikes; None for nothing.
    """
    options = {} if parts is None else parts.options

    def pool(seeds: Rows, size: int) -> Rows:
        asked = Playlists.from_rows([len(seeds)], seeds, len(model.catalog))
        request = SearchRequest(
            model.queries(asked), asked.playlist_ids, size, model.weights,
            seeds=asked, allow=allow, block=block, rank=True, **options,
        )  # fmt: skip
        found = answer(model, request).item_ids[0]
        return model.catalog.rows([item_id for item_id in found if item_id is not None])

    return pool


def _check_numbers(length: Any, drift: Any, seed: Any, n_items: int) -> None:
    """Raise a ConfigError for a length, drift or seed that is out of range."""
    for value, name, least, most in (
        (length, "length", 1, n_items),
        (seed, "seed", 0, np.iinfo(np.int64).max),
    ):
        is_whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
        if not is_whole or not least <= value <= most:
            told = f"from {least} to {most:,}" if name == "length" else f"of at least {least}"
            of = ", the size of the catalogue" if name == "length" else ""
            raise ConfigError(
                f"The {name!r} parameter must be an integer {told}{of}, got {quoted(value)} "
                "instead."
            )
    is_number = isinstance(drift, int | float | np.integer | np.floating)
    if isinstance(drift, bool) or not is_number or not 0 <= drift <= 1:
        raise ConfigError(
            f"The 'drift' parameter must be a number from 0 to 1, got {quoted(drift)} instead."
        )

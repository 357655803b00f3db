"""What a query dislikes: items with negative weights in it, and those that are named beside it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from hybrid_rec.core.errors import DataError
from hybrid_rec.data.playlists import OnUnknown, Playlists
from hybrid_rec.data.queries import Queries, parse_queries
from hybrid_rec.model.fitted import Model
from indexes.hybrid import HybridQueries


@dataclass(frozen=True, eq=False)
class Asked:
    """Queries, parted into what they like and what they dislike."""

    liked: Playlists
    """The queries without what they dislike."""
    disliked: Playlists | None
    """What each of them dislikes; None where none does."""
    away: HybridQueries | None
    """The same as queries."""

    @property
    def options(self) -> dict[str, Any]:
        """What a search is told of it."""
        return {"disliked": self.disliked, "away": self.away}


def parted(
    model: Model, queries: Playlists, dislike: Queries | None, on_unknown: OnUnknown
) -> Asked:
    """Queries without what they dislike, and what that is.

    Args:
        model: What is asked.
        queries: Of its catalogue; items with weights below 0 are disliked.
        dislike: Ids that all queries dislike, or one list for each; None for none.
        on_unknown: "raise" or "skip" for ids that the catalogue lacks.

    Raises:
        DataError: If there are neither one nor as many lists as queries.
        UnknownItemError: For an unknown id, if `on_unknown` is "raise".
    """
    disliked = queries.disliked()
    if dislike is not None:
        given, _ = parse_queries(dislike, model.catalog, on_unknown)
        if len(given) == 1:
            given = given.select(np.zeros(len(queries), np.int64))
        if len(given) != len(queries):
            raise DataError(
                f"dislike must be item ids, or one list for each of the {len(queries)} queries, "
                f"got {len(given)} lists."
            )
        disliked = disliked.extended(given, np.arange(len(queries)))
    if not disliked.n_plays:
        return Asked(queries.liked(), None, None)
    return Asked(queries.liked(), disliked, model.queries(disliked))

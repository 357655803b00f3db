"""A fitted model as the harness asks it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hybrid_rec import Catalog, HybridRecommender, Playlists, Recommendations


@dataclass(frozen=True)
class Asked:
    """A fitted model that is asked for items that it may not know yet."""

    model: HybridRecommender
    linear: bool

    def fit(self, playlists: Playlists, catalog: Catalog) -> None:
        """Nothing: the model is fitted."""

    def recommend(self, queries: Any, k: int = 10) -> Recommendations:
        """By the linear score, or as it is fitted."""
        weights: dict[str, float] | None = {} if self.linear else None
        return self.model.recommend(queries, k, on_unknown="skip", weights=weights)

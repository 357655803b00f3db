"""Diversity cost: how many hits more diverse lists lose."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from evaluation.harness import evaluate
from evaluation.metrics import beyond
from evaluation.splits.split import Split
from evaluation.studies.registry import Studied, register_study
from hybrid_rec.blocks.labels import Labels
from hybrid_rec.core.config import COOCCURRENCE, DiversityConfig
from hybrid_rec.data.catalog import Catalog
from hybrid_rec.data.playlists import Playlists
from hybrid_rec.data.recommendations import Recommendations
from hybrid_rec.ranking.diversity import OFF
from hybrid_rec.recommender import HybridRecommender

DIVERSITIES = (
    *(DiversityConfig(mmr=mmr) for mmr in (0.1, 0.2, 0.3, 0.5, 0.7)),
    *(DiversityConfig(artist_cap=cap) for cap in (3, 2, 1)),
    DiversityConfig(mmr=0.2, artist_cap=2),
)
"""What `diversity_cost` measures: MMR of growing strength, tighter caps, and both."""


@register_study("diversity", "Diversity", n_fits=0)
def _of_hybrid(studied: Studied) -> pd.DataFrame:
    return diversity_cost(studied.hybrid, studied.split, k=min(studied.k))


def diversity_cost(
    recommender: HybridRecommender,
    split: Split,
    settings: Sequence[DiversityConfig] = DIVERSITIES,
    k: int = 10,
) -> pd.DataFrame:
    """The same fitted model with its lists reordered: how many hits diversity costs.

    Args:
        recommender: A fitted one; its own `diversity` is not looked at.
        split: The cases to ask; near-copies of training playlists are left out.
        settings: What is measured beside the plain lists.
        k: Cut-off.

    Returns:
        One row a setting, the first without any: diversity, hit_rate@k, ndcg@k, the loss of both
        against the first row, then what is bought: artists (different ones in a list),
        playlist_distance (see `beyond.diversity`) and vector_distance (in co-occurrence space).

    Raises:
        ConfigError: If k is below 1.
        NotFittedError: If the recommender is not fitted.
    """
    split = split.without_near_copies()
    labels = Labels.of(split.catalog.artists).codes(split.catalog.artists)
    vectors = recommender.model_.index.blocks(np.arange(len(split.catalog)))[COOCCURRENCE]
    hits, gain = f"hit_rate@{k}", f"ndcg@{k}"
    table: list[dict[str, Any]] = []
    for setting in (OFF, *settings):
        found = evaluate(_Diversified(recommender, setting), split, (k,), fit=False)
        means = found.means()
        first = table[0] if table else means
        table.append(
            {
                "diversity": _described(setting),
                hits: means[hits],
                gain: means[gain],
                f"{hits} loss": first[hits] - means[hits],
                f"{gain} loss": first[gain] - means[gain],
                "artists": beyond.distinct_artists(found.rows, labels),
                "playlist_distance": beyond.diversity(found.rows, split),
                "vector_distance": beyond.vector_distance(found.rows, vectors),
            }
        )
    return pd.DataFrame(table)


def _described(setting: DiversityConfig) -> str:
    told = [f"mmr {setting.mmr:g}"] if setting.mmr else []
    if setting.artist_cap is not None:
        told.append(f"artist cap {setting.artist_cap}")
    return ", ".join(told) or "off"


@dataclass(frozen=True)
class _Diversified:
    """A fitted hybrid whose lists are reordered."""

    hybrid: HybridRecommender
    setting: DiversityConfig

    def fit(self, playlists: Playlists, catalog: Catalog) -> None:
        self.hybrid.fit(playlists, catalog)

    def recommend(self, queries: Any, k: int = 10) -> Recommendations:
        return self.hybrid.recommend(queries, k, diversity=self.setting)

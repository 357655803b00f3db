"""Studies that take more than one evaluation: hidden history, approximation, seeds, diversity."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from evaluation.evaluations import Evaluation
from evaluation.harness import DEFAULT_KS, Recommender, evaluate
from evaluation.metrics import beyond
from evaluation.significance import bootstrap_interval
from evaluation.splits.split import Split
from hybrid_rec.blocks.labels import Labels
from hybrid_rec.blocks.queries import COOCCURRENCE
from hybrid_rec.core.config import DiversityConfig
from hybrid_rec.core.errors import ConfigError, DataError
from hybrid_rec.data.catalog import Catalog
from hybrid_rec.data.playlists import Playlists
from hybrid_rec.data.recommendations import Recommendations
from hybrid_rec.ranking.diversity import OFF
from hybrid_rec.recommender import HybridRecommender

ANN_KS = (10, 100, 500)
DIVERSITIES = (
    *(DiversityConfig(mmr=mmr) for mmr in (0.1, 0.2, 0.3, 0.5, 0.7)),
    *(DiversityConfig(artist_cap=cap) for cap in (3, 2, 1)),
    DiversityConfig(mmr=0.2, artist_cap=2),
)
"""What `diversity_cost` measures: MMR of growing strength, tighter caps, and both."""


def cold_penalty(
    make: Callable[[], Recommender],
    split: Split,
    rng: np.random.Generator,
    *,
    share: float = 0.1,
    k: Sequence[int] = DEFAULT_KS,
) -> pd.DataFrame:
    """The same warm targets scored with their history and with it hidden.

    A random share of the items that are targets and have history is drawn. Only they count as
    targets; the recommender is fitted once on all training plays and once without theirs. What is
    lost is the price of being cold.

    Args:
        make: Makes an unfitted recommender.
        split: Training playlists and cases.
        rng: Draws the items.
        share: Share of the warm target items that is drawn, in (0, 1].
        k: Cut-offs.

    Returns:
        One row a metric: metric, with_history, hidden, kept (hidden / with_history), cases, items.

    Raises:
        ConfigError: For a share out of range.
        DataError: If no target has history.
    """
    if not 0 < share <= 1:
        raise ConfigError(f"share must be above 0 and at most 1, got {share}.")
    warm = np.unique(split.targets.rows[~split.cold[split.targets.rows]])
    if not len(warm):
        raise DataError("a cold penalty must have targets with history, but all targets are cold.")
    drawn = np.zeros(len(split.catalog), dtype=bool)
    drawn[rng.choice(warm, max(1, round(share * len(warm))), replace=False)] = True
    targets = split.targets.select_plays(drawn[split.targets.rows])
    asked = targets.lengths > 0
    # A drawn item among the seeds would tell of its own history, so it is not given either.
    seeds = split.seeds.select_plays(~drawn[split.seeds.rows])
    asked &= seeds.lengths > 0
    if not asked.any():
        raise DataError("a cold penalty must have a case with other seeds than the drawn items.")
    known = replace(split, seeds=seeds.select(asked), targets=targets.select(asked))
    visible = split.train.select_plays(~drawn[split.train.rows])
    hidden = replace(known, train=visible.select(visible.lengths > 0))
    before, after = (evaluate(make(), part, k).means() for part in (known, hidden))
    return pd.DataFrame(
        {
            "metric": before.index,
            "with_history": before.to_numpy(),
            "hidden": after.to_numpy(),
            "kept": (after / before.where(before != 0)).to_numpy(),
            "cases": int(asked.sum()),
            "items": int(drawn.sum()),
        }
    )


def ann_loss(
    recommender: HybridRecommender, factory: str, split: Split, k: Sequence[int] = ANN_KS
) -> pd.DataFrame:
    """What an approximate index costs, told in hits: the same queries, exact and approximate.

    Args:
        recommender: A fitted one; its own index is compared if it is not "Flat".
        factory: FAISS factory string of the approximate index.
        split: The cases to ask.
        k: Cut-offs.

    Returns:
        One row a cut-off: k, overlap (share of the exact list that the approximate one holds),
        and for hit_rate, recall and ndcg the exact value, the approximate one and the loss.

    Raises:
        ConfigError: If the factory does not suit the data.
        NotFittedError: If the recommender is not fitted.
    """
    exact = evaluate(recommender.with_index("Flat"), split, k, fit=False)
    near = evaluate(recommender.with_index(factory), split, k, fit=False)
    rows = []
    for cut in exact.ks:
        row: dict[str, float] = {"k": cut, "overlap": _overlap(exact, near, cut)}
        for metric in ("hit_rate", "recall", "ndcg"):
            ours, theirs = (e.cases[f"{metric}@{cut}"].mean() for e in (exact, near))
            row |= {metric: ours, f"{metric} approximate": theirs, f"{metric} loss": ours - theirs}
        rows.append(row)
    return pd.DataFrame(rows)


def training_noise(
    make: Callable[[int], Recommender],
    split: Split,
    seeds: Sequence[int],
    k: Sequence[int] = DEFAULT_KS,
) -> pd.DataFrame:
    """How far a metric moves with the training seed, beside how far it moves with other cases.

    Args:
        make: Makes an unfitted recommender for a seed.
        split: Training playlists and cases.
        seeds: At least two training seeds.
        k: Cut-offs.

    Returns:
        One row a metric: metric, mean (over seeds), training_sd (between seeds), sampling_sd
        (bootstrap over cases, of the first seed), lowest, highest.

    Raises:
        ConfigError: For fewer than two seeds.
    """
    if len(seeds) < 2:
        raise ConfigError(f"training noise must be measured on two seeds or more, got {seeds!r}.")
    evaluations = [evaluate(make(seed), split, k) for seed in seeds]
    means = pd.DataFrame([evaluation.means() for evaluation in evaluations])
    first = evaluations[0]
    values = first.cases[first.metrics].to_numpy(dtype=np.float64).T
    # One standard deviation either side of a normal holds 68.27 %.
    low, high = bootstrap_interval(values, seed=0, level=0.6827)
    return pd.DataFrame(
        {
            "metric": first.metrics,
            "mean": means.mean().to_numpy(),
            "training_sd": means.std(ddof=1).to_numpy(),
            "sampling_sd": (high - low) / 2,
            "lowest": means.min().to_numpy(),
            "highest": means.max().to_numpy(),
        }
    )


def diversity_cost(
    recommender: HybridRecommender,
    split: Split,
    settings: Sequence[DiversityConfig] = DIVERSITIES,
    k: int = 10,
) -> pd.DataFrame:
    """What diversity costs, told in hits: the same fitted model, its lists reordered.

    Args:
        recommender: A fitted one; its own `diversity` is not looked at.
        split: The cases to ask.
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


def _overlap(exact: Evaluation, near: Evaluation, k: int) -> float:
    shares = [
        len(np.intersect1d(ours[ours >= 0], theirs[theirs >= 0])) / max(1, int((ours >= 0).sum()))
        for ours, theirs in zip(exact.rows[:, :k], near.rows[:, :k], strict=True)
    ]
    return float(np.mean(shares))

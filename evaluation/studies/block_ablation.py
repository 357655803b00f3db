"""Block ablation: how much is lost without each of the blocks that describe items."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from evaluation.comparison import Comparison
from evaluation.harness import DEFAULT_KS, evaluate
from evaluation.metrics.registry import default_headline, sign_of
from evaluation.report.section import Section
from evaluation.splits.split import Split
from evaluation.studies.registry import Studied, register_study
from hybrid_rec.core.config import HybridConfig
from hybrid_rec.core.errors import DataError
from hybrid_rec.core.progress import Progress
from hybrid_rec.recommender import HybridRecommender

_SHOWN = 0.05
_SILENT = Progress()


@register_study("block-ablation", "What each block is worth", n_fits="one for each block")
def _of_hybrid(studied: Studied) -> Section:
    return block_ablation(studied.hybrid, studied.split, studied.k, studied.progress)


def block_ablation(
    recommender: HybridRecommender,
    split: Split,
    k: Sequence[int] = DEFAULT_KS,
    progress: Progress = _SILENT,
) -> Section:
    """How much is lost without each of the blocks that describe items, one left out at a time.

    The model is fitted again without the block, learned ranking and cold-start map included, and
    asked the same cases. Differences are paired over cases; near-copies of training playlists do
    not count. Blocks that say nearly the same can each be spared, and not both.

    Args:
        recommender: A fitted one; its configuration is that of the further fits.
        split: Training playlists and cases; `cold_items` asks what a block is worth where there is
            no history.
        k: Cut-offs.
        progress: Told of each fit.

    Returns:
        One row for each block and headline metric: block, metric, with, without, gain (above 0
        where the block does good, also for metrics where less is better), low and high (its 95 %
        interval) and p (corrected for the number of blocks by Holm's method). Sentences say what
        that means for the second metric, NDCG at the largest cut-off.

    Raises:
        DataError: If no block describes items.
        NotFittedError: If the recommender is not fitted.
    """
    names = recommender.model_.blocks.names
    if not names:
        raise DataError(
            "block ablation must have a block to leave out, but no column describes the items; "
            "give a table of items, or a block in the configuration."
        )
    whole = evaluate(recommender, split, k, fit=False, name="with all blocks")
    others = []
    for name in names:
        with progress.stage(f"fitting without {name}"):
            poorer = HybridRecommender(_without(recommender.config, name))
            others.append(evaluate(poorer, split, k, name=name))
    compared = Comparison((whole, *others))
    headline = default_headline(sorted(k), challenge=split.kinds is not None)
    table = pd.concat([_worth(compared, metric) for metric in headline], ignore_index=True)
    told = table[table["metric"] == headline[1]]
    return Section(table, tuple(_sentence(row) for row in told.to_dict("records")))


def _without(config: HybridConfig, name: str) -> HybridConfig:
    settings = config.model_dump()
    settings["blocks"][name]["enabled"] = False
    return HybridConfig(**settings)


def _worth(compared: Comparison, metric: str) -> pd.DataFrame:
    found = compared.against(compared.names[0], metric)
    means = compared.values(metric).mean(axis=1)
    sign = sign_of(metric)
    ends = sign * found[["low", "high"]].to_numpy()
    return pd.DataFrame(
        {
            "block": found["other"],
            "metric": metric,
            "with": means[0],
            "without": means[1:],
            "gain": sign * found["difference"],
            "low": ends.min(axis=1),
            "high": ends.max(axis=1),
            "p": found["p_holm"],
        }
    )


def _sentence(row: Mapping[Any, Any]) -> str:
    block, metric = row["block"], row["metric"]
    numbers = f"{row['without']:.3f} without it, {row['with']:.3f} with it"
    between = f"{row['low']:+.3f} to {row['high']:+.3f}".replace("-", "\u2212")
    if row["p"] >= _SHOWN:
        return f"{block}: no difference is shown ({metric} {numbers}; gain {between})."
    pays = "it pays" if row["gain"] > 0 else "it does harm"
    return f"{block}: {pays} ({metric} {numbers}; gain {between})."

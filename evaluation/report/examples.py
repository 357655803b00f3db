"""Examples of a report: the cases in which a recommender did best and worst."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from evaluation.evaluations import Evaluation
from evaluation.metrics.rankings import target_hits

_N_EXAMPLES, _N_SHOWN, _N_TARGETS, _N_SEEDS = 3, 10, 12, 8


def examples(about: Evaluation, measures: Sequence[str]) -> dict[str, Any]:
    """The best and the worst cases by NDCG, then by id, with titles.

    Keys: metric (that orders them), best and worst: lists of what the report's page shows.

    Args:
        about: What was measured.
        measures: The first NDCG among them orders; by default the NDCG at the largest k.
    """
    metric = next((m for m in measures if m.startswith("ndcg@")), f"ndcg@{about.ks[-1]}")
    ordered = about.cases.assign(place=np.arange(len(about.cases))).sort_values(
        [metric, "case"], ascending=[False, True], kind="stable"
    )
    n_best = min(_N_EXAMPLES, (len(ordered) + 1) // 2)
    rest = ordered.iloc[n_best:].sort_values([metric, "case"], kind="stable")
    chosen = {
        "best": ordered["place"].iloc[:n_best], "worst": rest["place"].iloc[:_N_EXAMPLES],
    }  # fmt: skip
    return {
        "metric": metric,
        **{
            kind: [_example(about, int(place), metric) for place in places]
            for kind, places in chosen.items()
        },
    }


def _example(about: Evaluation, place: int, metric: str) -> dict[str, Any]:
    split, rows = about.split, about.rows[place]
    titles, artists, ids = split.catalog.titles, split.catalog.artists, split.catalog.item_ids
    found = target_hits(rows[None], split.targets.select(np.array([place])))[0]
    ranks = {int(row): rank + 1 for rank, row in enumerate(rows) if found[rank]}

    def describe(row: int) -> dict[str, Any]:
        return {
            "title": titles[row] or f"(no title, {ids[row]})",
            "artist": artists[row],
            "rank": ranks.get(row),
            "cold": bool(split.cold[row]),
        }

    seeds, targets = split.seeds[place].tolist(), split.targets[place].tolist()
    # Found ones first, by rank, so that the cut hides misses only.
    targets.sort(key=lambda row: ranks.get(row, len(rows) + 1))
    shown = rows[:_N_SHOWN].tolist()
    return {
        "case": str(about.cases["case"].iloc[place]),
        "value": float(about.cases[metric].iloc[place]),
        "n_found": len(ranks),
        "depth": len(rows),
        "seeds": [describe(row) for row in seeds[:_N_SEEDS]],
        "n_more_seeds": max(0, len(seeds) - _N_SEEDS),
        "n_targets": len(targets),
        "targets": [describe(row) for row in targets[:_N_TARGETS]],
        "n_more_targets": max(0, len(targets) - _N_TARGETS),
        "recommended": [
            {**describe(row), "hit": bool(found[n]), "source": about.sources[place, n]}
            if row >= 0
            else None
            for n, row in enumerate(shown)
        ],
    }

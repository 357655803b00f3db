"""The metrics of the RecSys Challenge 2018, task by task."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from evaluation.evaluations import Evaluation
from evaluation.metrics.rankings import evaluate_rankings, target_hits
from hybrid_rec.blocks.labels import Labels
from hybrid_rec.core.arrays import Doubles, Rows
from hybrid_rec.data.playlists import Playlists

DEPTH = 500
"""Items of a list that the challenge looks at."""
_OF_AN_ARTIST = 0.25


def artist_r_precision(rows: Rows, targets: Playlists, artists: Rows) -> Doubles:
    """R-precision that counts a quarter for an artist, `(n_cases,)`.

    `(|S & T| + |A(S) & A(T)| / 4) / |T|`, with S the first |T| recommendations, and A the set of
    artists of some items. It can be above 1. Items without an artist have none in common.

    Args:
        rows: Recommended rows, best first, `(n_cases, n)`; -1 where a list has ended.
        targets: The targets of each case, each once.
        artists: Code of each item's artist, `(n_items,)`; negative for none.

    References:
        Chen et al., "RecSys Challenge 2018: Automatic Music Playlist Continuation", RecSys 2018.
    """
    values = np.empty(len(rows))
    hits = target_hits(rows, targets)
    for case, wanted in enumerate(targets):
        head = rows[case, : len(wanted)]
        named = np.intersect1d(artists[head[head >= 0]], artists[wanted])
        found = hits[case, : len(wanted)].sum() + _OF_AN_ARTIST * (named >= 0).sum()
        values[case] = found / len(wanted)
    return values


def challenge_table(evaluations: Sequence[Evaluation]) -> pd.DataFrame:
    """The metrics of the challenge for each task and recommender, and over all tasks.

    Columns: task, cases, recommender, R-precision, R-precision with artists (if items have any),
    NDCG and clicks, at 500 or the length of the lists if that is less. NDCG is that of the other
    tables, with log2(rank + 1).
    """
    rows: list[dict[str, Any]] = []
    for evaluation in evaluations:
        split = evaluation.split
        depth = min(DEPTH, evaluation.rows.shape[1])
        found = evaluate_rankings(
            evaluation.rows, split.targets, (depth,), ("r_precision", "ndcg", "clicks")
        )
        columns = {"R-precision": found[f"r_precision@{depth}"]}
        artists = Labels.of(split.catalog.artists).codes(split.catalog.artists)
        if (artists >= 0).any():
            lists = evaluation.rows[:, :depth]
            columns["with artists"] = artist_r_precision(lists, split.targets, artists)
        columns |= {"NDCG": found[f"ndcg@{depth}"], "clicks": found[f"clicks@{depth}"]}
        frame = pd.DataFrame({"task": split.kinds, **columns})
        for task, part in [*frame.groupby("task", sort=False), ("all", frame)]:
            means = part[[*columns]].mean()
            rows.append({"task": task, "cases": len(part), "recommender": evaluation.name, **means})
    table = pd.DataFrame(rows)
    order = {task: place for place, task in enumerate(table["task"].unique())}
    return table.sort_values("task", key=lambda tasks: tasks.map(order), kind="stable").reset_index(
        drop=True
    )

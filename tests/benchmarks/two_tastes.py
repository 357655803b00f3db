"""Queries that join two playlists: whether the first ten answers hold something of both.

Beside the joined queries stands what could be had if it were known which seed is of which
playlist: each half is asked alone, and the two lists take turns. Validation part.
"""

from __future__ import annotations

import json
import sys
from itertools import zip_longest

import numpy as np
import pandas as pd

from evaluation.harness import Recommender
from evaluation.recommenders.registry import make_baseline
from evaluation.splits.registry import make_validation_split
from hybrid_rec import Catalog, HybridConfig, HybridRecommender, read_dataset
from hybrid_rec.core.arrays import Rows
from tests.benchmarks import measure
from tests.benchmarks.accuracy import SETS

NAMES = ("yes_big", "classic_rock")
PAIRS, SEEDS, K = 300, 5, 10


def run(name: str) -> list[dict[str, object]]:
    """One line a recommender and a way to ask it."""
    spec, kind, longest = SETS[name]
    playlists, catalog, _ = read_dataset(spec.format(data=measure.data_dir()))
    split = make_validation_split(kind, playlists, catalog, max_length=longest)
    order = np.random.default_rng(0).permutation(len(split))[: 2 * PAIRS].tolist()
    pairs = list(zip(order[::2], order[1::2], strict=False))
    ids = split.catalog.item_ids
    halves = [[ids[split.seeds[case][:SEEDS]].tolist() for case in pair] for pair in pairs]
    targets = [[split.targets[case] for case in pair] for pair in pairs]
    models: dict[str, Recommender] = {
        "hybrid": HybridRecommender(HybridConfig()),
        **{label: make_baseline(label) for label in ("item-knn", "popularity")},
    }
    lines: list[dict[str, object]] = []
    for label, model in models.items():
        model.fit(split.train, split.catalog)
        joined = answers(model, [first + second for first, second in halves], split.catalog)
        alone = [answers(model, [pair[side] for pair in halves], split.catalog) for side in (0, 1)]
        turns = [taken_in_turns(*both) for both in zip(*alone, strict=True)]
        for way, found in (("joined", joined), ("each alone, in turns", turns)):
            counts = np.array([hits(line, both) for line, both in zip(found, targets, strict=True)])
            lines.append({"set": name, "recommender": label, "asked": way, **shares(counts)})
    return lines


def answers(model: Recommender, queries: list[list[str]], catalog: Catalog) -> list[Rows]:
    """Rows of the first `K` answers to each query."""
    lists = model.recommend(queries, K).item_ids.tolist()
    return [catalog.rows([one for one in line if one is not None]) for line in lists]


def taken_in_turns(first: Rows, second: Rows) -> Rows:
    """The first `K` different items of two lists that take turns."""
    pairs = zip_longest(first.tolist(), second.tolist())
    in_turns = dict.fromkeys(row for pair in pairs for row in pair if row is not None)
    return np.array(list(in_turns)[:K], dtype=np.int64)


def hits(found: Rows, both: list[Rows]) -> list[int]:
    """How many of the answers each of two playlists goes on with."""
    return [int(np.isin(found, targets).sum()) for targets in both]


def shares(counts: Rows) -> dict[str, str]:
    """What the table gives of hits of each half, `(n_queries, 2)`."""
    fewer, more = counts.min(axis=1), counts.max(axis=1)
    found = {
        "hits of both": (fewer > 0).mean(),
        "of one alone": ((fewer == 0) & (more > 0)).mean(),
        "of none": (more == 0).mean(),
        "hits of the better half": more.mean(),
        "of the other": fewer.mean(),
    }
    return {column: f"{value:.3f}" for column, value in found.items()}


def main() -> None:
    """Every set in a process of its own, then one table."""
    if len(sys.argv) > 1:
        print(json.dumps(run(sys.argv[1])))
        return
    lines = [
        line for name in NAMES for line in json.loads(measure.in_own_process("two_tastes", name))
    ]
    measure.report(
        "TWO_TASTES",
        "Two tastes in one query",
        f"{measure.markdown(pd.DataFrame(lines))}\n\n"
        f"Each query joins the first {SEEDS} seeds of two random playlists of the validation part; "
        f"at most {PAIRS} queries a set, {K} answers each. The first three columns of numbers are "
        "shares of the queries, the others mean hits among the answers. *Each alone, in turns* is "
        "what could be had if it were known which seed is of which playlist.",
    )


if __name__ == "__main__":
    main()

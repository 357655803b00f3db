"""What each part of the second stage is worth: validation accuracy without one after another.

Stage one is fitted once a set, and the features of all candidates are computed once; what is
removed is then taken out of both, and the trees are learned anew.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, get_args

import numpy as np
import pandas as pd

from evaluation.metrics.rankings import evaluate_rankings
from evaluation.splits.registry import make_split
from evaluation.splits.split import Split
from hybrid_rec import HybridConfig, read_dataset
from hybrid_rec.blocks.block_set import BlockSet, columns_of
from hybrid_rec.blocks.pooling import playlist_queries, take
from hybrid_rec.core.arrays import Doubles, Floats, Mask, Rows
from hybrid_rec.core.config import Generator, NetworkConfig
from hybrid_rec.core.progress import Progress
from hybrid_rec.data.playlists import Playlists
from hybrid_rec.model.fit import describe_items, fit_stage_one
from hybrid_rec.model.fitted import ItemDescriptions, candidate_features
from hybrid_rec.model.training import learn_vectors
from hybrid_rec.ranking.candidates import CandidateFeatures
from hybrid_rec.ranking.cases import Case
from hybrid_rec.ranking.cross_fitting import NEGATIVES
from hybrid_rec.ranking.feature import REGISTERED
from hybrid_rec.ranking.feature_set import fitted_features
from hybrid_rec.ranking.generators import GENERATORS, LINEAR, NEED_GROUPS
from hybrid_rec.ranking.query_batch import QueryBatch
from hybrid_rec.ranking.ranker import Ranker
from hybrid_rec.ranking.statistics import Statistics
from tests.benchmarks import measure
from tests.benchmarks.accuracy import SETS

_METRICS = ("ndcg@500", "hit_rate@10")
_CUTS = (10, 500)
_BATCH = 64
Names = tuple[str, ...]
# Sets of more validation cases are asked for so many of them, drawn at random.
_MOST_CASES = 600
# Generators that are taken away alone; all of them would take hours.
_ALONE: Names = ("popular", "item_knn")

FEATURES: dict[str, Names] = {
    "ALS of 32 and 128": ("als_small", "als_large"),
    "ALS of 32 and 128, user-kNN by ALS": ("als_small", "als_large", "user_knn_by_als"),
    "user-kNN, few and sharp": ("user_knn_few", "user_knn_sharp"),
    "item-kNN and EASE, recent": ("item_knn_recent", "ease_recent"),
    "ranks": ("linear_rank", "user_knn_rank", "ease_rank", "als_rank"),
}
"""Features that are taken away together."""
_NOT_USUAL = tuple(one.name for one in REGISTERED if not one.by_default)
JOINT: dict[str, tuple[Names, Names]] = {
    "those that no fit looks at by default": (_NOT_USUAL, ()),
    "the same, popular and item-kNN generators": (_NOT_USUAL, ("popular", "item_knn")),
}
"""Features and generators that are taken away together."""
_NETWORK = "the network beside the trees"


@dataclass(frozen=True, eq=False)
class Asked:
    """Queries with all their candidates, and which generator brought each."""

    rows: list[Rows]
    features: list[Floats]
    cold: list[Mask]
    known: list[bool]
    brought: list[Mask]
    """`(n_candidates, n_generators)`."""


def asked(source: CandidateFeatures, playlists: Playlists) -> Asked:
    """All candidates of some queries."""
    queries = playlist_queries(source.index, source.blocks, playlists)
    found = list(source.describe(playlists, queries))
    names = get_args(Generator)
    masks = [np.zeros((len(one.rows), len(names)), dtype=bool) for one in found]
    for start in range(0, len(playlists), _BATCH):
        few = np.arange(start, min(start + _BATCH, len(playlists)))
        batch = QueryBatch(source, playlists.select(few), take(queries, few))
        for place, name in enumerate(names):
            if name == LINEAR or (source.blocks.group is None and name in NEED_GROUPS):
                continue
            for number, rows in zip(
                few.tolist(), GENERATORS[name](batch, source.depth), strict=False
            ):
                masks[number][np.isin(found[number].rows, rows), place] = True
    # What nobody else brought, the linear score did; what others brought it may have, too.
    for mask in masks:
        mask[~mask.any(axis=1), names.index(LINEAR)] = True
    return Asked(
        [one.rows for one in found],
        [one.features for one in found],
        [one.is_cold for one in found],
        [one.is_known for one in found],
        masks,
    )


class Bench:
    """One set, with everything computed that does not depend on what is removed."""

    def __init__(self, name: str) -> None:
        spec, kind, max_length = SETS[name]
        playlists, catalog, _ = read_dataset(spec.format(data=measure.data_dir()))
        split = make_split(
            kind, playlists, catalog, seed=0, max_length=max_length, part="validation"
        )
        self.split = _fewer(split)
        # What training playlists are told changes nothing for the new ones that are asked here.
        self.config = HybridConfig(ranking={"known_share": 0.0, "extra": _NOT_USUAL})
        blocks = BlockSet.of(self.config, columns_of(catalog.table))
        with_times = playlists.times is not None
        self.names = fitted_features(blocks, self.config.ranking, with_times=with_times)
        items = describe_items(blocks, catalog, Progress())
        learned = learn_vectors(split.train, self.config, Progress())
        rng = np.random.default_rng(0)
        self.cases: list[tuple[Case, Mask]] = []
        for fold, vectors in zip(learned.folds, learned.of_folds, strict=True):
            source = self._source(vectors, fold.train, items)
            found = asked(source, fold.seeds)
            for number, targets in enumerate(fold.targets):
                hits = np.isin(found.rows[number], targets)
                kept = hits | (rng.random(len(hits)) < NEGATIVES)
                if hits.any():
                    features, cold = found.features[number], found.cold[number]
                    case = Case(features, hits, cold, False, fold.at_any_time)
                    self.cases.append((case.take(kept), found.brought[number][kept]))
        self.queries = asked(self._source(learned.own, split.train, items), self.split.seeds)

    def _source(
        self, vectors: Floats, part: Playlists, items: ItemDescriptions
    ) -> CandidateFeatures:
        first = fit_stage_one(vectors, part, items, self.config, "Flat")
        statistics = Statistics.fit(
            part,
            items.group_of,
            items.blocks.n_groups,
            self.config.ranking.statistics,
            self.names,
            0,
        )
        return candidate_features(
            first.index, items.blocks, statistics, first.sources, self.config, self.names
        )

    def without(
        self,
        features: Sequence[str],
        generators: Sequence[str] = (),
        seed: int = 0,
        *,
        network: bool = True,
    ) -> dict[str, Doubles]:
        """The metrics of each case, with these features and generators taken away."""
        names = get_args(Generator)
        kept = [place for place, name in enumerate(names) if name not in generators]
        gone = tuple(name for name in features if name in self.names)
        changes: dict[str, Any] = {"without": gone}
        if not network:
            changes["network"] = NetworkConfig(weight=0)
        settings = self.config.ranking.model_copy(update=changes)
        cases = [case.take(mask[:, kept].any(axis=1)) for case, mask in self.cases]
        ranker = Ranker.fit(self.names, [c for c in cases if c.hits.any()], settings, seed)
        columns = [self.names.index(name) for name in gone]
        lists = np.full((len(self.split), max(_CUTS)), -1, np.int64)
        asked_for = self.queries
        for number in range(len(self.split)):
            inside = asked_for.brought[number][:, kept].any(axis=1)
            matrix = asked_for.features[number][inside].copy()
            matrix[:, columns] = 0
            values = ranker.predict(matrix)
            order = np.argsort(-values, kind="stable")[: lists.shape[1]]
            lists[number, : len(order)] = asked_for.rows[number][inside][order]
        found = evaluate_rankings(lists, self.split.targets, list(_CUTS))
        return {metric: np.asarray(found[metric]) for metric in _METRICS}


def _fewer(split: Split) -> Split:
    if len(split) <= _MOST_CASES:
        return split
    numbers = np.sort(np.random.default_rng(0).permutation(len(split))[:_MOST_CASES])
    return replace(split, seeds=split.seeds.select(numbers), targets=split.targets.select(numbers))


def run(name: str) -> list[dict[str, Any]]:
    """One set, in this process."""
    started = time.perf_counter()
    bench = Bench(name)
    sys.stderr.write(f"{name}: {time.perf_counter() - started:.0f} s until the first trees\n")
    variants: dict[str, tuple[Names, Names]] = {
        "nothing": ((), ()),
        _NETWORK: ((), ()),
        **{f"features: {what}": (names, ()) for what, names in FEATURES.items()},
        **{f"generator: {one}": ((), (one,)) for one in _ALONE},
        **{f"together: {what}": gone for what, gone in JOINT.items()},
    }
    base = [bench.without((), (), seed) for seed in range(2)]
    noise = {metric: np.std([run[metric].mean() for run in base], ddof=1) for metric in _METRICS}
    rows = []
    for what, (features, generators) in variants.items():
        if what == "nothing":
            found = base[0]
        else:
            found = bench.without(features, generators, network=what != _NETWORK)
        row: dict[str, Any] = {"set": name, "removed": what}
        for metric in _METRICS:
            change = found[metric] - base[0][metric]
            row[metric] = float(found[metric].mean())
            row[f"{metric} change"] = float(change.mean() / max(base[0][metric].mean(), 1e-9))
            error = change.std(ddof=1) / np.sqrt(len(change)) / max(base[0][metric].mean(), 1e-9)
            row[f"{metric} error"] = float(error)
            row[f"{metric} noise"] = float(noise[metric] / max(base[0][metric].mean(), 1e-9))
        rows.append(row)
        sys.stderr.write(f"{name}: {what} {row['ndcg@500 change']:+.4f}\n")
    return rows


def main() -> None:
    """Every set in a process of its own, then one page."""
    if len(sys.argv) > 1:
        print(json.dumps(run(sys.argv[1])))
        return
    rows = [row for name in SETS for row in json.loads(measure.in_own_process("ablation", name))]
    measure.report("ABLATION", "Ablation", page(pd.DataFrame(rows)))


def page(frame: pd.DataFrame) -> str:
    """The page that says it all."""
    parts = [
        "What is lost if features, a candidate generator or the network are taken away from the "
        "second stage, as a share of what everything has (NDCG@500; of the hit rate@10 the "
        "mean change in points; the error is that of the paired differences over cases). "
        "Validation part of the splits of ACCURACY.md, at most 600 cases a set. Stage one and the "
        "features are the same in every line; trees and network are learned anew. `noise` is the "
        "difference of two seeds of them.",
    ]
    change = frame.pivot_table(index="removed", columns="set", values="ndcg@500 change")
    error = frame.pivot_table(index="removed", columns="set", values="ndcg@500 error")
    order = list(dict.fromkeys(frame["removed"]))
    table = pd.DataFrame(index=order)
    for name in change:
        pairs = zip(change.loc[order, name], error.loc[order, name], strict=True)
        table[name] = [f"{100 * c:+.2f} ± {100 * e:.2f}" for c, e in pairs]
    table["mean"] = [f"{100 * value:+.2f}" for value in change.loc[order].mean(axis=1)]
    # In points: a set of hardly any hits would outweigh all others by its share of them.
    hits = frame.pivot_table(index="removed", columns="set", values="hit_rate@10")
    gained = (hits.loc[order] - hits.loc["nothing"]).mean(axis=1)
    table["mean, hit rate@10 in points"] = [f"{100 * value:+.2f}" for value in gained]
    table.index.name = "removed, change in %"
    parts.append(measure.markdown(table.reset_index()))
    noise = frame.drop_duplicates("set").set_index("set")["ndcg@500 noise"]
    told = ", ".join(f"{name} {100 * value:.2f} %" for name, value in noise.items())
    return "\n\n".join([*parts, f"Noise: {told}."])


if __name__ == "__main__":
    main()

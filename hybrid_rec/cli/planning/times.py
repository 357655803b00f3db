"""How long the stages of a fit will take: the same work on a sample, scaled."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace

import numpy as np

from hybrid_rec.blocks.cooccurrence import fit_cooccurrence
from hybrid_rec.blocks.pooling import playlist_queries
from hybrid_rec.blocks.training_length import epochs_of
from hybrid_rec.cli.planning.sizes import Shape
from hybrid_rec.core.arrays import Rows
from hybrid_rec.core.progress import Progress
from hybrid_rec.data.playlists import Playlists
from hybrid_rec.model.fit import StageOne, fit_stage_one
from hybrid_rec.model.fitted import ItemDescriptions, candidate_features
from hybrid_rec.ranking.candidates import CandidateFeatures
from hybrid_rec.ranking.cross_fitting import cases_of, make_folds
from hybrid_rec.ranking.feature_set import fitted_features
from hybrid_rec.ranking.ranked import rank_candidates
from hybrid_rec.ranking.ranker import Ranker
from hybrid_rec.ranking.statistics import Statistics
from indexes.hybrid import HybridQueries

_SAMPLE_PLAYS = 20_000
_SAMPLE_PLAYLISTS, _SAMPLE_ITEMS = 500, 20_000
_SAMPLE_CASES, _SAMPLE_QUERIES = 32, 32
# So often a case stands in the larger of two samples that the trees are learned from.
_REPEATED = 8
# What playlists hold is counted in a time that grows a little faster than their number.
_GROWTH = 1.1


@dataclass(frozen=True)
class Times:
    """Seconds."""

    fit: dict[str, float]
    """Of each stage of a fit, as `Model.timings` names them."""
    query: float
    """Of one query of a scoring run."""


def measure_times(shape: Shape, k: int) -> Times:
    """The times of a fit, and of a query that asks for k items; it takes some seconds.

    Args:
        shape: The data set.
        k: Items that a query of the scoring run asks for.
    """
    rng = np.random.default_rng(0)
    sample = _Sample.of(shape, rng, _SAMPLE_PLAYLISTS)
    first, placing = sample.stage_one()
    more_items = len(shape.catalog) / len(sample.items)
    fit = {
        "co-occurrence": _cooccurrence(shape, rng),
        "blocks": sum(plan.seconds for plan in shape.plans.values()),
        "cold start and index": placing * more_items,
    }
    part = sample.playlists.select(np.arange(min(_SAMPLE_QUERIES, len(sample.playlists))))
    if not shape.folds:
        queries = part
        weights = sample.items.blocks.weights(shape.config.weights)
        asked = _pooled(sample, first, queries)
        query = _best(lambda: first.index.search(asked, k, weights)) / len(part) * more_items
        return Times(fit, query)
    names = fitted_features(sample.items.blocks, shape.config.ranking)
    counted, statistics = sample.statistics(names)
    source = candidate_features(
        first.index, sample.items.blocks, statistics, first.sources, shape.config, names
    )
    case, trees, ranker = _cases(sample, source)
    more = max(1.0, len(shape.playlists) / len(sample.playlists))
    n_folds = len(shape.folds)
    fit["ranking"] = (
        counted * more**_GROWTH * (n_folds + 1)
        + fit["cold start and index"] * n_folds
        + (case + trees) * shape.n_cases
    )
    asked = _pooled(sample, first, part)

    def ask() -> None:
        rank_candidates(source, ranker, part, asked, k, exclude_seeds=True, allow=None, block=None)

    ask()  # what is made on first use is no part of a query
    return Times(fit, _best(ask) / len(part))


def _pooled(sample: _Sample, first: StageOne, part: Playlists) -> HybridQueries:
    return playlist_queries(first.index, sample.items.blocks, part)


def _seconds(call: Callable[[], object]) -> float:
    started = time.perf_counter()
    call()
    return time.perf_counter() - started


def _best(call: Callable[[], object], n: int = 2) -> float:
    """Seconds of the best of some runs: so short a time is soon doubled by whatever else runs."""
    return min(_seconds(call) for _ in range(n))


def _cooccurrence(shape: Shape, rng: np.random.Generator) -> float:
    """Seconds of all trainings, of which two run at a time."""
    playlists, config = shape.playlists, shape.config.cooccurrence
    order = rng.permutation(len(playlists))
    n = int(np.searchsorted(np.cumsum(playlists.lengths[order]), _SAMPLE_PLAYS)) + 1
    part = playlists.select(order[:n])
    both = len(shape.folds) > 0

    def train(n_epochs: int) -> float:
        settings = config.model_copy(update={"epochs": n_epochs})
        return _seconds(lambda: fit_cooccurrence(part, settings, 0))

    def together(n_epochs: int) -> float:
        if not both:
            return train(n_epochs)
        helper = threading.Thread(target=train, args=(n_epochs,), daemon=True)
        helper.start()
        spent = train(n_epochs)
        helper.join()
        return spent

    train(1)  # gensim is loaded by now
    one, three = together(1), together(3)
    a_play = max(three - one, three / 10) / (2 * part.n_plays)
    loads = [playlists, *(fold.train for fold in shape.folds)]
    passes = [epochs_of(config, load.play_counts) * load.n_plays for load in loads]
    return a_play * max(max(passes), sum(passes) / (2 if both else 1))


@dataclass(frozen=True, eq=False)
class _Sample:
    """Some playlists over some items, described as they are, with vectors from nowhere."""

    shape: Shape
    playlists: Playlists
    items: ItemDescriptions

    @classmethod
    def of(cls, shape: Shape, rng: np.random.Generator, n_playlists: int) -> _Sample:
        playlists = shape.playlists
        chosen = np.sort(rng.permutation(len(playlists))[:n_playlists])
        rows = np.sort(rng.permutation(playlists.n_items)[:_SAMPLE_ITEMS])
        part = _restricted(playlists.select(chosen), rows)
        table = shape.catalog.table.take(rows)
        described = {
            block.name: (
                rng.standard_normal((len(rows), shape.plans[block.name].width), np.float32)
                if shape.plans[block.name].todo
                else block.encode(table, Progress())
            )
            for block in shape.blocks
        }
        groups = shape.blocks.groups(table)
        return cls(shape, part, ItemDescriptions(shape.blocks, described, groups))

    def stage_one(self) -> tuple[StageOne, float]:
        """The first stage of the sample, and the seconds that it took."""
        rng = np.random.default_rng(0)
        size = self.shape.config.cooccurrence.vector_size
        own = rng.standard_normal((len(self.items), size), dtype=np.float32)
        own[self.playlists.play_counts == 0] = 0
        made: list[StageOne] = []
        spent = _seconds(
            lambda: made.append(
                fit_stage_one(own, self.playlists, self.items, self.shape.config, "Flat")
            )
        )
        return made[0], spent

    def statistics(self, features: Collection[str]) -> tuple[float, Statistics]:
        """The seconds of counting what the playlists hold, and what was counted.

        Args:
            features: Names of the features that it is counted for.
        """
        items, settings = self.items, self.shape.config.ranking.statistics
        n_groups = items.blocks.n_groups
        made: list[Statistics] = []
        spent = _seconds(
            lambda: made.append(
                Statistics.fit(self.playlists, items.group_of, n_groups, settings, features, 0)
            )
        )
        return spent, made[0]


def _restricted(playlists: Playlists, rows: Rows) -> Playlists:
    """Playlists over only these items."""
    row_of = np.full(playlists.n_items, -1, np.int64)
    row_of[rows] = np.arange(len(rows))
    return Playlists.from_rows(playlists.lengths, row_of[playlists.rows], len(rows))


def _cases(sample: _Sample, source: CandidateFeatures) -> tuple[float, float, Ranker]:
    """Seconds of describing a case, and of learning from it; and what was learned."""
    rng = np.random.default_rng(0)
    ranking = sample.shape.config.ranking.model_copy(update={"min_playlists": 10, "cases": 10})
    folds = make_folds(sample.playlists, ranking, rng)
    fold = folds[0] if folds else sample.shape.folds[0]
    # From all over: playlists of the training, which come last, take less.
    few = np.linspace(0, len(fold.seeds) - 1, _SAMPLE_CASES).astype(np.int64)
    fold = replace(fold, seeds=fold.seeds.select(few), targets=fold.targets.select(few))
    cases = list(cases_of(fold, source, rng))
    # What is made on first use is there by now.
    case = _best(lambda: list(cases_of(fold, source, rng))) / len(few)
    rankers: list[Ranker] = []

    def learn(times: int) -> float:
        given, settings = cases * times, sample.shape.config.ranking
        return _seconds(lambda: rankers.append(Ranker.fit(source.columns, given, settings, 0)))

    # Much of what a few cases take, each tree takes whatever their number.
    some, more = learn(1), learn(_REPEATED)
    trees = max(more - some, more / 2) / (_REPEATED - 1)
    return case, trees / len(few), rankers[0]

"""How long the stages of a fit will take, from a few seconds of the same work on a sample.

Nothing is known beforehand of the machine: every constant is measured here, by the very functions
that the fit calls, and scaled by how the work of each grows.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray
from scipy import linalg

from hybrid_rec.blocks.cooccurrence import fit_cooccurrence
from hybrid_rec.blocks.queries import block_weights, playlist_queries, take
from hybrid_rec.blocks.text.encoders import make_text_encoder
from hybrid_rec.cli.planning.sizes import Shape
from hybrid_rec.core.config import HybridConfig
from hybrid_rec.core.linalg import unit_rows
from hybrid_rec.data.playlists import Playlists
from hybrid_rec.model.fit import (
    Metadata,
    StageOne,
    artist_labels,
    fit_stage_one,
    make_scorer,
    tag_labels,
)
from hybrid_rec.ranking.als import Factors
from hybrid_rec.ranking.cross_fitting import cases_of, make_folds
from hybrid_rec.ranking.ease import ease_weights
from hybrid_rec.ranking.features import Scorer, candidate_weights
from hybrid_rec.ranking.knn import SHRINKAGE, item_similarities
from hybrid_rec.ranking.ranker import Case, Ranker, rank_candidates
from hybrid_rec.ranking.statistics import FACTORS, Evidence, of_artists
from indexes.faiss_index import FaissIndex
from indexes.hybrid import HybridIndex

_SAMPLE_PLAYS = 30_000
_SAMPLE_TITLES = 256
_SAMPLE_ITEMS = 5_000
_SAMPLE_PLAYLISTS = 1_500
_SAMPLE_CASES = 48
# So often a case stands in the larger of two samples that the trees are learned from.
_REPEATED = 8
_SAMPLE_VECTORS = 4_000


@dataclass(frozen=True)
class Times:
    """Seconds."""

    fit: dict[str, float]
    """Of each stage of a fit, as `Model.timings` names them."""
    query: float
    """Of one query of a scoring run."""


def measure_times(shape: Shape, new_titles: list[str], k: int) -> Times:
    """The times of a fit, and of a query that asks for k items.

    Args:
        shape: The data set.
        new_titles: Titles that must be encoded.
        k: Items that a query of the scoring run asks for.
    """
    rng = np.random.default_rng(0)
    fit = {
        "co-occurrence": _cooccurrence(shape, rng),
        "titles": _titles(shape, new_titles, rng),
        "artists and tags": _seconds(lambda: _labels(shape)),
    }
    world = _World.of(shape, rng)
    first, stage_one = _stage_one(world)
    search = query = _search(shape, world, first.index, k)
    if shape.folds:
        ranking = _Ranked.of(world, first)
        fit["ranking"] = (
            _evidence(shape, rng) * (len(shape.folds) + 1)
            + stage_one * len(shape.folds)
            + (ranking.case + search + ranking.trees) * shape.n_cases
        )
        query = ranking.query(k) + search
    fit["cold start and index"] = stage_one + _beyond_exact(shape)
    return Times(fit, query)


def _seconds(call: Callable[[], object]) -> float:
    started = time.perf_counter()
    call()
    return time.perf_counter() - started


def _best(call: Callable[[], object], n: int = 2) -> float:
    """Seconds of the best of some runs: so short a time is soon doubled by whatever else runs."""
    return min(_seconds(call) for _ in range(n))


def _labels(shape: Shape) -> None:
    artist_labels(shape.catalog)
    tag_labels(shape.catalog)


def _cooccurrence(shape: Shape, rng: np.random.Generator) -> float:
    """Seconds of all trainings, of which two run at a time."""
    playlists, config = shape.playlists, shape.config.cooccurrence
    order = rng.permutation(len(playlists))
    n = int(np.searchsorted(np.cumsum(playlists.lengths[order]), _SAMPLE_PLAYS)) + 1
    part = playlists.select(order[:n])
    epochs = (1, 3)

    def train(n_epochs: int) -> float:
        settings = config.model_copy(update={"epochs": n_epochs})
        return _seconds(lambda: fit_cooccurrence(part, settings, 0))

    both = len(shape.folds) > 0

    def together(n_epochs: int) -> float:
        if not both:
            return train(n_epochs)
        helper = threading.Thread(target=train, args=(n_epochs,), daemon=True)
        helper.start()
        spent = train(n_epochs)
        helper.join()
        return spent

    train(1)  # gensim is loaded by now
    spent = [together(n_epochs) for n_epochs in epochs]
    a_play = max(spent[1] - spent[0], spent[1] / 10) / (part.n_plays * (epochs[1] - epochs[0]))
    loads = [playlists.n_plays, *(fold.train.n_plays for fold in shape.folds)]
    return a_play * config.epochs * max(max(loads), sum(loads) / (2 if both else 1))


def _titles(shape: Shape, new: list[str], rng: np.random.Generator) -> float:
    """Seconds of loading the encoder and encoding what is new."""
    if not new:
        return 0.0
    config = shape.config.titles.model_copy(update={"cache": False})
    drawn = [new[i] for i in rng.permutation(len(new))[:_SAMPLE_TITLES].tolist()]
    encoder = make_text_encoder(config, 0).fit(drawn)
    load = _seconds(lambda: encoder.encode(drawn[:1]))
    return load + _seconds(lambda: encoder.encode(drawn)) / len(drawn) * len(new)


@dataclass(frozen=True, eq=False)
class _World:
    """A sample of the data set: some playlists over some items, with vectors from nowhere."""

    playlists: Playlists
    own: NDArray[np.float32]
    metadata: Metadata
    config: HybridConfig
    share: float
    """Items of the sample, as a share of all."""

    @classmethod
    def of(cls, shape: Shape, rng: np.random.Generator, n_items: int = 20_000) -> _World:
        playlists = shape.playlists
        chosen = np.sort(rng.permutation(len(playlists))[:_SAMPLE_PLAYLISTS])
        rows = np.sort(rng.permutation(playlists.n_items)[:n_items])
        part = _restricted(playlists.select(chosen), rows)
        titles = rng.standard_normal((len(rows), shape.title_dim), dtype=np.float32)
        own = rng.standard_normal(
            (len(rows), shape.config.cooccurrence.vector_size), dtype=np.float32
        )
        own[part.play_counts == 0] = 0
        artists, artist_of = artist_labels(shape.catalog)
        tags, tag_block = tag_labels(shape.catalog)
        metadata = Metadata(unit_rows(titles), artists, artist_of[rows], tags, tag_block[rows])
        return cls(part, unit_rows(own), metadata, shape.config, len(rows) / playlists.n_items)

    def some(self) -> Playlists:
        """A few of the playlists from all over, since those that stand together may be alike."""
        step = max(1, len(self.playlists) // _SAMPLE_CASES)
        return self.playlists.select(np.arange(0, len(self.playlists), step)[:_SAMPLE_CASES])

    def evidence(self) -> Evidence:
        return Evidence.fit(
            self.playlists,
            self.metadata.artist_of,
            len(self.metadata.artists),
            self.config.ranking.evidence,
            0,
        )


def _restricted(playlists: Playlists, rows: NDArray[np.int64]) -> Playlists:
    """The plays of some items, which are numbered anew; playlists that are left empty go."""
    new = np.full(playlists.n_items, -1)
    new[rows] = np.arange(len(rows))
    part = playlists.select_plays(new[playlists.rows] >= 0)
    part = part.select(np.flatnonzero(part.lengths > 0))
    return Playlists.from_rows(part.lengths, new[part.rows], len(rows))


def _stage_one(world: _World) -> tuple[StageOne, float]:
    """The sample in an exact index, and the seconds of placing all items."""
    placed: list[StageOne] = []
    config = world.config

    def place() -> None:
        first = fit_stage_one(world.own, world.playlists, world.metadata, config, "Flat")
        placed.append(first)

    spent = _best(place)
    return placed[0], spent / world.share


def _beyond_exact(shape: Shape) -> float:
    """Seconds that the kind of index takes beyond an exact one."""
    factory = shape.choice.factory
    if factory == "Flat" or "IVF" in factory:
        return 0.0
    rng = np.random.default_rng(0)
    n, n_items = min(_SAMPLE_VECTORS, len(shape.catalog)), len(shape.catalog)
    vectors = rng.standard_normal((n, shape.dim), dtype=np.float32)
    # The way through a graph grows with the logarithm of its size.
    growth = float(np.log2(n_items + 2) / np.log2(n + 2))
    return _seconds(lambda: FaissIndex.build(vectors, factory)) * n_items / n * growth


def _search(shape: Shape, world: _World, index: HybridIndex, k: int) -> float:
    """Seconds that the search for one query takes; with ranking, beyond that in the sample."""
    part = world.some()
    n, queries = len(part), playlist_queries(index, part)
    weights = block_weights(index, world.config.weights)
    if not shape.folds:
        return _seconds(lambda: index.search(queries, k, weights)) / n / world.share
    depth = min(max(k, world.config.ranking.candidates), len(index))
    ask = partial(index.candidates, queries, depth, candidate_weights(weights))
    return _seconds(lambda: list(ask())) / n * (1 / world.share - 1)


def _evidence(shape: Shape, rng: np.random.Generator) -> float:
    """Seconds of counting what the playlists hold, once: each part scaled by what it grows with."""
    settings, playlists = shape.config.ranking.evidence, shape.playlists
    world = _World.of(shape, rng, max(_SAMPLE_ITEMS, playlists.n_items // 50))
    holds = world.playlists.matrix().astype(np.float64)
    fitted: list[Factors] = []
    factors = _best(
        lambda: fitted.extend(Factors.fit(holds, getattr(settings, name), 0) for name in FACTORS)
    )
    work = _factors_work(playlists) / _factors_work(world.playlists)
    more = len(playlists) / max(1, len(world.playlists))
    spent = factors * work + _best(lambda: fitted[0].place_all(holds)) * more
    # Pairs of items are those of all items, and as many times more as there are playlists.
    few = playlists.select(rng.permutation(len(playlists))[: len(world.playlists)])
    rows = few.matrix().astype(np.float64)
    artists, artist_of = artist_labels(shape.catalog)
    by_artist = of_artists(rows, artist_of, len(artists))
    for matrix, n in ((rows, settings.item_neighbours), (by_artist, settings.artist_neighbours)):
        spent += _best(partial(item_similarities, matrix, n, SHRINKAGE)) * more
    if shape.with_ease:
        square = np.eye(len(world.playlists)) + 1e-3
        inverse = _best(lambda: linalg.inv(square, check_finite=False))
        ease = _best(lambda: ease_weights(holds, settings.ease_l2, settings.item_neighbours))
        pairs = (shape.n_played / max(1, _n_played(world.playlists))) ** 2
        spent += inverse * more**3 + max(0.0, ease - inverse) * pairs
    return spent


def _factors_work(playlists: Playlists) -> float:
    """What the time of factors grows with: a row is solved for in about the time of 15 plays."""
    return max(1.0, len(playlists) + _n_played(playlists) + playlists.n_plays / 15)


def _n_played(playlists: Playlists) -> int:
    return int(np.count_nonzero(playlists.play_counts))


@dataclass(frozen=True, eq=False)
class _Ranked:
    """The second stage of a sample."""

    world: _World
    scorer: Scorer
    ranker: Ranker
    case: float
    """Seconds of describing a case."""
    trees: float
    """Seconds of learning from it."""

    @classmethod
    def of(cls, world: _World, first: StageOne) -> _Ranked:
        rng = np.random.default_rng(0)
        scorer = make_scorer(first.index, world.evidence(), first.sources, world.config)
        ranking = world.config.ranking.model_copy(update={"min_playlists": 10, "cases": 10})
        fold = make_folds(world.playlists, ranking, rng)[0]
        # From all over: playlists of the training, which come last, take less.
        few = np.linspace(0, len(fold.seeds) - 1, _SAMPLE_CASES).astype(np.int64)
        fold = replace(fold, seeds=fold.seeds.select(few), targets=fold.targets.select(few))
        cases: list[Case] = list(cases_of(fold, scorer, rng))
        # What is made on first use is there by now.
        case = _best(lambda: list(cases_of(fold, scorer, rng))) / len(few)
        rankers: list[Ranker] = []

        def learn(times: int) -> float:
            given = cases * times
            return _seconds(lambda: rankers.append(Ranker.fit(given, world.config.ranking, 0)))

        # Much of what a few cases take, each tree takes whatever their number.
        some, more = learn(1), learn(_REPEATED)
        trees = max(more - some, more / 2) / (_REPEATED - 1)
        return cls(world, scorer, rankers[0], case, trees / len(few))

    def query(self, k: int) -> float:
        """Seconds of one query for k items."""
        part = self.world.some()
        queries = playlist_queries(self.scorer.index, part)

        def ask(numbers: NDArray[np.int64]) -> None:
            rank_candidates(
                self.scorer, self.ranker, part.select(numbers), take(queries, numbers), k,
                exclude_seeds=True, allow=None, block=None,
            )  # fmt: skip

        # What is made on first use is no part of a query.
        ask(np.arange(1))
        return _best(lambda: ask(np.arange(len(part))), 3) / len(part)

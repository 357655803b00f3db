"""How a model is fitted."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass, replace

import numpy as np

from hybrid_rec.blocks.block_set import BlockSet, columns_of, take_rows
from hybrid_rec.blocks.cold_start import ColdStartMap, shrink, trust_of
from hybrid_rec.blocks.given_vectors import GivenVectors, given_vectors
from hybrid_rec.core.arrays import Codes, Floats
from hybrid_rec.core.config import HybridConfig
from hybrid_rec.core.linalg import reproducible
from hybrid_rec.core.progress import Advance, Progress
from hybrid_rec.data.catalog import Catalog
from hybrid_rec.data.playlists import Playlists
from hybrid_rec.data.training import check_training
from hybrid_rec.model.fitted import (
    ItemDescriptions,
    Model,
    Ranking,
    candidate_features,
    fallback_of,
)
from hybrid_rec.model.item_index import blocks_of, build_index
from hybrid_rec.model.learned_ranking import LearnedCases
from hybrid_rec.model.timings import timed
from hybrid_rec.model.training import Learned, learn_vectors
from hybrid_rec.ranking.block_weights import learn_weights
from hybrid_rec.ranking.candidates import CandidateFeatures
from hybrid_rec.ranking.cases import of_new_playlists, of_next
from hybrid_rec.ranking.cross_fitting import fit_cases
from hybrid_rec.ranking.feature_set import fitted_features, linear_features
from hybrid_rec.ranking.name_meaning import NameMeaning, meaning_of, name_neighbours
from hybrid_rec.ranking.ranker import Ranker
from hybrid_rec.ranking.statistics import Statistics
from indexes.choice import Choice
from indexes.hybrid import HybridIndex

# Units of a progress bar for the places of the items of a fold.
_PLACING_STEPS = 5


@dataclass(frozen=True, eq=False)
class StageOne:
    """The places of all items, with history or without."""

    index: HybridIndex
    """All blocks."""
    choice: Choice
    """Kind of the dense index."""
    sources: Codes
    """Where the place of each item comes from."""
    cold_map: ColdStartMap
    """From describing blocks to co-occurrence space."""


def fit_model(
    playlists: Playlists,
    catalog: Catalog,
    config: HybridConfig,
    progress: Progress,
    vectors: GivenVectors = None,
) -> Model:
    """A model of `playlists` over `catalog`.

    Args:
        playlists: What is learned from.
        catalog: Their items.
        config: All parameters.
        progress: Told of every stage.
        vectors: Co-occurrence vectors made elsewhere; None to learn them.

    Raises:
        DataError: If the playlists are empty or refer to a catalogue of another size, or a block
            cannot be made from the catalogue.
        ConfigError: If the index factory does not suit the data.
        ModelUnavailableError: If a text model cannot be found.
    """
    check_training(playlists, catalog)
    given = None
    if vectors is not None:
        given = given_vectors(vectors, catalog, config.cooccurrence.vector_size)
    timings: dict[str, float] = {}
    blocks = BlockSet.of(config, columns_of(catalog.table))
    # The blocks first: a column that cannot be used is to be told before the long training.
    with timed(timings, "blocks"):
        items = describe_items(blocks, catalog, progress)
    with timed(timings, "co-occurrence"):
        learned = learn_vectors(playlists, config, progress, True, given)
    fused = fuse(playlists, catalog, config, learned, items, progress)
    return replace(fused, timings=timings | fused.timings)


@reproducible()
def describe_items(blocks: BlockSet, catalog: Catalog, progress: Progress) -> ItemDescriptions:
    """What is known of the items without any playlist.

    Args:
        blocks: Not fitted yet.
        catalog: The items.
        progress: Told of what takes long.

    Raises:
        DataError: If a block cannot be made from the catalogue.
        ModelUnavailableError: If a text model cannot be found.
    """
    with progress.stage("blocks"):
        fitted = blocks.fit(catalog.table, progress)
        rows = fitted.encode(catalog.table, progress)
    return ItemDescriptions(fitted, rows, fitted.groups(catalog.table))


def fuse(
    playlists: Playlists,
    catalog: Catalog,
    config: HybridConfig,
    learned: Learned,
    items: ItemDescriptions,
    progress: Progress,
) -> Model:
    """A model from vectors that are there already; it leaves them as they are.

    Args:
        playlists: What the vectors were learned from.
        catalog: The items.
        config: `cold_start`, `weights`, `ranking` and `index` may be others than those that
            `learned` was made with, but for `ranking.enabled` and what its folds depend on.
        learned: What `learn_vectors` gave.
        items: What `describe_items` gave.
        progress: Told of the ranking, and of the index.

    Raises:
        ConfigError: If the index factory does not suit the data.
    """
    timings: dict[str, float] = {}
    ranking = None
    meaning = meaning_of(playlists, items.blocks, progress)
    if learned.folds:
        with timed(timings, "ranking"):
            ranking = _fit_ranking(playlists, catalog, learned, items, config, meaning, progress)
    with timed(timings, "cold start and index"), progress.stage("cold start and index"):
        first = fit_stage_one(learned.own, playlists, items, config, config.index.factory)
    return Model(
        config,
        catalog,
        playlists,
        items.blocks,
        first.index,
        first.sources,
        items.group_of,
        first.cold_map,
        name_neighbours(playlists, meaning),
        ranking,
        timings=timings,
        choice=first.choice,
        held_out=learned.held_out,
    )


@reproducible()
def fit_stage_one(
    own: Floats,
    playlists: Playlists,
    items: ItemDescriptions,
    config: HybridConfig,
    factory: str,
) -> StageOne:
    """Places for all items from the vectors of those with history.

    Args:
        own: Co-occurrence vectors, `(n_items, dim)`; zero rows for items without one.
        playlists: What they were learned from.
        items: What else is known.
        config: Shrinkage, ridge, and what an index may take and is made for.
        factory: FAISS factory string, or "auto".

    Raises:
        ConfigError: If the index factory does not suit the data.
    """
    group_of, n_groups = items.group_of, items.blocks.n_groups
    # A vector that was made elsewhere is of an item that somebody has played.
    plays = np.maximum(playlists.known_plays, own.any(axis=1))
    vectors = shrink(own, plays, group_of, n_groups, config.cold_start.shrinkage)
    held = vectors.any(axis=1)
    trust = np.where(held, trust_of(plays, config.cold_start.shrinkage), np.float32(0))
    cold_map = ColdStartMap.fit(vectors, items.rows, items.blocks, trust, config.cold_start)
    fallback = fallback_of(vectors, np.where(held, plays, 0), group_of, n_groups, cold_map, config)
    sources = np.zeros(len(items), np.uint8)
    cold = np.flatnonzero(~held)
    vectors[cold], sources[cold] = fallback.places(take_rows(items.rows, cold), group_of[cold])
    dense, sparse_blocks = blocks_of(vectors, playlists.played, items)
    index, choice = build_index(dense, sparse_blocks, items.blocks, config, factory)
    return StageOne(index, choice, sources, cold_map)


def _fit_ranking(
    playlists: Playlists,
    catalog: Catalog,
    learned: Learned,
    items: ItemDescriptions,
    config: HybridConfig,
    meaning: NameMeaning | None,
    progress: Progress,
) -> Ranking | None:
    """The second stage; None if no case has a hit among its candidates."""
    folds, blocks = learned.folds, items.blocks
    names = fitted_features(
        blocks,
        config.ranking,
        with_names=playlists.n_named > 0,
        with_times=playlists.times is not None,
    )
    # A copy, so that the same vectors can be fused again with the same draws.
    rng = deepcopy(learned.rng)

    settings = config.ranking.statistics

    def statistics_of(part: Playlists, advance: Advance) -> Statistics:
        return Statistics.fit(
            part, items.group_of, blocks.n_groups, settings, names, config.seed, advance
        )

    a_count = Statistics.steps(settings, names)
    n_steps = (len(folds) + 1) * a_count + len(folds) * _PLACING_STEPS
    n_queries = sum(len(fold.seeds) for fold in folds)
    learn = config.ranking.learn
    transductive = LearnedCases(catalog, items, config, names)
    with (
        progress.stage("ranking, statistics", n_steps) as counted,
        progress.stage("ranking, cases", n_queries) as described,
    ):

        def source_of(number: int) -> CandidateFeatures:
            part = folds[number].train
            first = fit_stage_one(learned.of_folds[number], part, items, config, "Flat")
            counted(_PLACING_STEPS)
            source = candidate_features(
                first.index, blocks, statistics_of(part, counted), first.sources, config, names,
                called=name_neighbours(part, meaning),
            )  # fmt: skip
            fold = folds[number]
            if (learn == "always" and not fold.at_any_time) or (learn == "auto" and fold.is_latest):
                transductive.add(fold, source, first.cold_map)
            return source

        cases = fit_cases(folds, source_of, rng, described)
        if not cases:
            return None
        statistics = statistics_of(playlists, counted)
    ranker = Ranker.fit(names, cases, config.ranking, config.seed, progress)
    learned_order = transductive.order(progress)
    columns = {block: names.index(name) for block, name in linear_features(blocks).items()}
    given = blocks.weights(config.weights)
    weights = learn_weights(of_new_playlists(of_next(cases)), columns, given, rng)
    return Ranking(statistics, ranker, weights, learned_order)


def reindexed(model: Model, factory: str) -> Model:
    """The same model with another dense index.

    Raises:
        ConfigError: If the index factory does not suit the data.
    """
    settings = model.config.index.model_copy(update={"factory": factory})
    config = model.config.model_copy(update={"index": settings})
    dense = model.index.blocks(np.arange(len(model.catalog)))
    index, choice = build_index(dense, model.index.one_hot, model.blocks, config, factory)
    return replace(model, config=config, index=index, choice=choice)

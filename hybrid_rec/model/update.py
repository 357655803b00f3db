"""A model of more playlists and items, made from one that is there without a new fit."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from hybrid_rec.blocks.base import Described
from hybrid_rec.blocks.block_set import take_rows
from hybrid_rec.blocks.cold_start import HYBRID, METADATA, shrink
from hybrid_rec.blocks.cooccurrence import Start, fit_cooccurrence
from hybrid_rec.core.arrays import Codes, Floats, Mask, Rows
from hybrid_rec.core.config import COOCCURRENCE
from hybrid_rec.core.linalg import reproducible
from hybrid_rec.core.progress import Progress
from hybrid_rec.data.playlists import Playlists
from hybrid_rec.model.changes import Changes
from hybrid_rec.model.fitted import ItemDescriptions, Model, Ranking, fallback_of
from hybrid_rec.model.item_index import blocks_of, build_index
from hybrid_rec.model.timings import timed
from hybrid_rec.ranking.name_meaning import NameMeaning, meaning_of, name_neighbours
from hybrid_rec.ranking.names import NameNeighbours, distinct_names
from hybrid_rec.ranking.renewal import updated_statistics, updated_steps
from hybrid_rec.ranking.statistics import Statistics
from indexes.choice import Choice
from indexes.delta import put_rows
from indexes.hybrid import HybridIndex

# For every new play so many old ones are trained on again, at least `_FEWEST_OLD` in all: without
# them the output vectors of the items that new ones stand beside would be learned from too little.
_OLD_PLAYS, _FEWEST_OLD = 4, 20_000
# What is drawn for an update does not change what is drawn for anything else.
_UPDATE_STREAM = 2


@dataclass(frozen=True, eq=False)
class _Places:
    """Where all items stand in co-occurrence space and why, and which rows are new there."""

    vectors: Floats
    sources: Codes
    moved: Rows


@reproducible()
def update_model(model: Model, changes: Changes, progress: Progress) -> Model:
    """The model after `changes`; the one given stays as it is, and shares what did not change.

    Vectors of items that gained plays go on from where they are, each the freer the larger the
    share of its plays that is new; all others are held, so that the space does not turn. New items
    are placed by the cold-start fallback. Items without history are placed anew where their group's
    items moved. The map from what describes items and the order that was learned are kept. Of what
    the ranking looks at, the part that the changed playlists touch is counted again.

    Args:
        model: What is there.
        changes: What is new.
        progress: Told of every stage.

    Raises:
        ConfigError: If the index must be built anew and its factory does not suit the data.
        ModelUnavailableError: If a text model cannot be found.
    """
    n_known, n_items = len(model.catalog), len(changes.catalog)
    if n_items == n_known and not len(changes.touched):
        return replace(model, removed=changes.removed, timings={})
    timings: dict[str, float] = {}
    known = model.index.blocks(np.arange(n_known))
    with timed(timings, "blocks"), progress.stage("blocks"):
        items = _described(model, changes, {**known, **model.index.one_hot}, progress)
    begun = _begun(model, items, known[COOCCURRENCE])
    with timed(timings, "co-occurrence"):
        own = _trained(model, changes, begun, progress)
    with timed(timings, "cold start and index"), progress.stage("cold start and index"):
        places = _placed(model, changes, items, begun, own)
        index, choice = _indexed(model, changes, items, places)
    ranking = model.ranking
    if ranking is not None:
        with timed(timings, "statistics"):
            statistics = _statistics(model, ranking, changes, items, progress)
            ranking = replace(ranking, statistics=statistics)
    return replace(
        model,
        catalog=changes.catalog,
        playlists=changes.playlists,
        blocks=items.blocks,
        index=index,
        sources=places.sources,
        group_of=items.group_of,
        names=_named(model, changes, items, progress),
        ranking=ranking,
        removed=changes.removed,
        choice=choice,
        timings=timings,
    )


def _named(
    model: Model, changes: Changes, items: ItemDescriptions, progress: Progress
) -> NameNeighbours | None:
    """What all playlists are called now; only new names are encoded."""
    before = None if model.names is None else model.names.meaning
    if not isinstance(before, NameMeaning):
        return name_neighbours(
            changes.playlists, meaning_of(changes.playlists, items.blocks, progress)
        )
    texts = distinct_names(changes.playlists)
    return name_neighbours(changes.playlists, before.knowing(texts, progress))


def _described(
    model: Model, changes: Changes, known: Described, progress: Progress
) -> ItemDescriptions:
    """Known items as they are described, and behind them the new ones, which alone are encoded."""
    fresh = changes.catalog.table.slice(len(model.catalog))
    rows = {name: known[name] for name in model.blocks.names}
    blocks, rows_of_all = model.blocks.extended(rows, fresh, progress)
    group_of = np.concatenate([model.group_of, blocks.groups(fresh)])
    return ItemDescriptions(blocks, rows_of_all, group_of)


def _begun(model: Model, items: ItemDescriptions, known: Floats) -> _Places:
    """Known items where they are, new ones where the cold-start fallback puts them."""
    vectors = np.zeros((len(items), known.shape[1]), np.float32)
    sources = np.full(len(vectors), METADATA, np.uint8)
    vectors[: len(known)], sources[: len(known)] = known, model.sources
    plays = np.zeros(len(vectors), np.int64)
    plays[: len(known)] = model.playlists.known_plays
    fresh = np.arange(len(known), len(vectors))
    places = _Places(vectors, sources, fresh)
    vectors[fresh], sources[fresh] = _fallen_back(model, items, places, plays, fresh)
    return places


def _fallen_back(
    model: Model, items: ItemDescriptions, places: _Places, plays: Rows, rows: Rows
) -> tuple[Floats, Codes]:
    """Places and sources of some rows by the cold-start fallback, by what has history now."""
    group_of, n_groups = items.group_of, items.blocks.n_groups
    trusted = np.where(places.sources == HYBRID, plays, 0)
    fallback = fallback_of(
        places.vectors, trusted, group_of, n_groups, model.cold_map, model.config
    )
    return fallback.places(take_rows(items.rows, rows), group_of[rows])


def _trained(model: Model, changes: Changes, begun: _Places, progress: Progress) -> Floats:
    """Vectors of the items that gained plays, `(n_items, dim)`; zero rows for all others."""
    counts, config = changes.playlists.known_plays, model.config.cooccurrence
    wanted = (changes.gained > 0) & (counts >= config.min_count)
    own = np.zeros_like(begun.vectors)
    if not wanted.any():
        return own
    freedom = (changes.gained / np.maximum(counts, 1)).astype(np.float32)
    freedom[begun.sources != HYBRID] = 1
    learned = fit_cooccurrence(
        _corpus(changes, wanted, model.config.seed),
        config,
        model.config.seed,
        progress,
        Start(begun.vectors, freedom, counts),
    )
    own[wanted] = learned[wanted]
    return own


def _corpus(changes: Changes, wanted: Mask, seed: int) -> Playlists:
    """The touched playlists, and some others that hold what is to be learned, in their order."""
    playlists = changes.playlists
    taken = np.zeros(len(playlists), dtype=bool)
    taken[changes.touched] = True
    holders = np.zeros(len(playlists), dtype=bool)
    holders[playlists.owners[wanted[playlists.rows]]] = True
    rng = np.random.default_rng([seed, _UPDATE_STREAM])
    others = rng.permutation(np.flatnonzero(holders & ~taken))
    most = max(_OLD_PLAYS * int(changes.gained.sum()), _FEWEST_OLD)
    taken[others[np.cumsum(playlists.lengths[others]) <= most]] = True
    return playlists.select(taken)


def _placed(
    model: Model, changes: Changes, items: ItemDescriptions, begun: _Places, own: Floats
) -> _Places:
    """Places of all items: those with new vectors shrunk, those without any by the fallback."""
    plays, group_of = changes.playlists.known_plays, items.group_of
    n_groups, k = items.blocks.n_groups, model.config.cold_start.shrinkage
    learned = np.flatnonzero(own.any(axis=1))
    sources = begun.sources.copy()
    sources[learned] = HYBRID
    cold = sources != HYBRID
    held = begun.vectors.copy()
    held[learned] = own[learned]
    warm = np.where(cold[:, None], np.float32(0), held)
    held[learned] = shrink(warm, plays, group_of, n_groups, k)[learned]
    moved_groups = np.zeros(n_groups + 1, dtype=bool)
    moved_groups[group_of[learned]] = True
    moved_groups[-1] = False  # that of items without a group
    falling = np.flatnonzero(cold & moved_groups[group_of])
    held[falling], sources[falling] = _fallen_back(
        model, items, _Places(held, sources, falling), plays, falling
    )
    moved = np.zeros(len(held), dtype=bool)
    moved[changes.gained > 0] = True
    moved[falling] = True
    moved[begun.moved] = True
    if changes.playlists.weights is not None:
        # New plays of a playlist change how much its others count.
        moved[changes.playlists.select(changes.touched).rows] = True
    return _Places(held, sources, np.flatnonzero(moved))


def _indexed(
    model: Model, changes: Changes, items: ItemDescriptions, places: _Places
) -> tuple[HybridIndex, Choice | None]:
    """The moved rows in a delta, or everything in a new index if that is cheap or overdue."""
    dense, hot = blocks_of(places.vectors, changes.playlists.played, items)
    settings = model.config.index
    base = model.index.index
    if not base.exact:
        joined = np.concatenate([dense[name][places.moved] for name in model.index.layout], axis=1)
        delta = put_rows(base, places.moved, joined)
        if delta.n_delta <= settings.compact_share * len(delta):
            return HybridIndex(delta, model.index.layout, hot), model.choice
    # A flat index is nothing but its vectors, so there is no training to be spared.
    return build_index(dense, hot, items.blocks, model.config, settings.factory)


def _statistics(
    model: Model, ranking: Ranking, changes: Changes, items: ItemDescriptions, progress: Progress
) -> Statistics:
    """What the ranking looks at, after the changes."""
    before = ranking.statistics
    with progress.stage("statistics, steps", updated_steps(before)) as advance:
        return updated_statistics(
            before,
            changes.playlists,
            changes.touched,
            items.group_of,
            items.blocks.n_groups,
            model.config.ranking.statistics,
            advance,
        )

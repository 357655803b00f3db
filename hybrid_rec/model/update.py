"""A model of more playlists and items, made from one that is there without a new fit."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from hybrid_rec.blocks.cold_start import HYBRID, METADATA, artist_means, climb, shrink, trust_of
from hybrid_rec.blocks.cooccurrence import Start, fit_cooccurrence
from hybrid_rec.blocks.queries import COOCCURRENCE, TITLE
from hybrid_rec.core.progress import Progress
from hybrid_rec.data.catalog import RowArray
from hybrid_rec.data.playlists import Playlists
from hybrid_rec.model.changes import Changes
from hybrid_rec.model.fit import Metadata, Model, blocks_of, describe_items, timed
from hybrid_rec.model.item_index import build_index
from hybrid_rec.ranking.statistics import Evidence
from indexes.choice import Choice
from indexes.delta import put_rows
from indexes.hybrid import HybridIndex

Vectors = NDArray[np.float32]

# For every new play so many old ones are trained on again, at least `_FEWEST_OLD` in all: without
# them the output vectors of the items that new ones stand beside would be learned from too little.
_OLD_PLAYS, _FEWEST_OLD = 4, 20_000
# What is drawn for an update does not change what is drawn for anything else.
_UPDATE_STREAM = 2


@dataclass(frozen=True, eq=False)
class _Places:
    """Where all items stand in co-occurrence space, on which rung, and which rows are new there."""

    vectors: Vectors
    sources: NDArray[np.uint8]
    moved: RowArray


def update_model(model: Model, changes: Changes, progress: Progress) -> Model:
    """The model after `changes`; the one given stays as it is, and shares what did not change.

    Vectors of items that gained plays go on from where they are, each the freer the larger the
    share of its plays that is new; all others are held, so that the space does not turn. New items
    start on the cold-start ladder. Items without history climb it again where their artist's items
    moved. The maps from titles and the trees of the ranking are kept; what the ranking looks at is
    counted again.

    Args:
        model: What is there.
        changes: What is new.
        progress: Told of the training.

    Raises:
        ConfigError: If the index must be built anew and its factory does not suit the data.
        ModelUnavailableError: If the title model cannot be found.
    """
    n_known, n_items = len(model.catalog), len(changes.catalog)
    if n_items == n_known and not len(changes.touched):
        return replace(model, removed=changes.removed, timings={})
    timings: dict[str, float] = {}
    known = model.index.blocks(np.arange(n_known))
    with timed(timings, "titles"):
        fresh = model.titles.encode(changes.catalog.titles[n_known:], progress)
        metadata = describe_items(changes.catalog, np.concatenate([known[TITLE], fresh]))
    begun = _begun(model, metadata, known[COOCCURRENCE])
    with timed(timings, "co-occurrence"):
        own = _trained(model, changes, begun, progress)
    with timed(timings, "cold start and index"):
        places = _placed(model, changes, metadata, begun, own)
        index, choice = _indexed(model, changes, metadata, places)
    ranking = model.ranking
    if ranking is not None:
        with timed(timings, "evidence"):
            evidence = _evidence(model, ranking.evidence, changes, metadata)
            ranking = replace(ranking, evidence=evidence)
    return replace(
        model,
        catalog=changes.catalog,
        playlists=changes.playlists,
        index=index,
        sources=places.sources,
        artists=metadata.artists,
        tags=metadata.tags,
        ranking=ranking,
        removed=changes.removed,
        choice=choice,
        timings=timings,
    )


def _begun(model: Model, metadata: Metadata, known: Vectors) -> _Places:
    """Known items where they are, new ones on the ladder."""
    vectors = np.zeros((len(metadata.titles), known.shape[1]), np.float32)
    sources = np.full(len(vectors), METADATA, np.uint8)
    vectors[: len(known)], sources[: len(known)] = known, model.sources
    plays = np.zeros(len(vectors), np.int64)
    plays[: len(known)] = model.playlists.play_counts
    fresh = np.arange(len(known), len(vectors))
    places = _Places(vectors, sources, fresh)
    vectors[fresh], sources[fresh] = _climbed(model, metadata, places, plays, fresh)
    return places


def _climbed(
    model: Model, metadata: Metadata, places: _Places, plays: RowArray, rows: RowArray
) -> tuple[Vectors, NDArray[np.uint8]]:
    """Places and rungs of some rows on the ladder, by what has history now."""
    warm = places.sources == HYBRID
    trust = np.where(warm, trust_of(plays, model.config.cold_start.shrinkage), np.float32(0))
    artist_of = metadata.artist_of
    means, known = artist_means(places.vectors, trust, artist_of, len(metadata.artists))
    return climb(
        metadata.titles[rows], metadata.tag_block[rows], artist_of[rows], means, known,
        model.text_map, ladder=model.config.cold_start.ladder,
    )  # fmt: skip


def _trained(model: Model, changes: Changes, begun: _Places, progress: Progress) -> Vectors:
    """Vectors of the items that gained plays, `(n_items, dim)`; zero rows for all others."""
    counts, config = changes.playlists.play_counts, model.config.cooccurrence
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


def _corpus(changes: Changes, wanted: NDArray[np.bool_], seed: int) -> Playlists:
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
    model: Model, changes: Changes, metadata: Metadata, begun: _Places, own: Vectors
) -> _Places:
    """Places of all items: those with new vectors shrunk, those without any on the ladder."""
    plays, artist_of = changes.playlists.play_counts, metadata.artist_of
    n_artists, k = len(metadata.artists), model.config.cold_start.shrinkage
    learned = np.flatnonzero(own.any(axis=1))
    sources = begun.sources.copy()
    sources[learned] = HYBRID
    cold = sources != HYBRID
    held = begun.vectors.copy()
    held[learned] = own[learned]
    warm = np.where(cold[:, None], np.float32(0), held)
    held[learned] = shrink(warm, plays, artist_of, n_artists, k)[learned]
    moved_artists = np.zeros(n_artists + 1, dtype=bool)
    moved_artists[artist_of[learned]] = True
    moved_artists[-1] = False  # that of items without an artist
    climbing = np.flatnonzero(cold & moved_artists[artist_of])
    held[climbing], sources[climbing] = _climbed(
        model, metadata, _Places(held, sources, climbing), plays, climbing
    )
    moved = np.zeros(len(held), dtype=bool)
    moved[changes.gained > 0] = True
    moved[climbing] = True
    moved[begun.moved] = True
    return _Places(held, sources, np.flatnonzero(moved))


def _indexed(
    model: Model, changes: Changes, metadata: Metadata, places: _Places
) -> tuple[HybridIndex, Choice | None]:
    """The moved rows in a delta, or everything in a new index if that is cheap or overdue."""
    dense, one_hot = blocks_of(places.vectors, changes.playlists.play_counts, metadata)
    settings = model.config.index
    base = model.index.index
    if not base.exact:
        joined = np.concatenate([dense[name][places.moved] for name in model.index.layout], axis=1)
        delta = put_rows(base, places.moved, joined)
        if delta.n_delta <= settings.compact_share * len(delta):
            return HybridIndex(delta, model.index.layout, one_hot), model.choice
    # A flat index is nothing but its vectors, so there is no training to be spared.
    return build_index(dense, one_hot, model.config, settings.factory)


def _evidence(model: Model, before: Evidence, changes: Changes, metadata: Metadata) -> Evidence:
    """What the ranking looks at; counted again only if there are other playlists."""
    settings = model.config.ranking.evidence
    artist_of, n_artists = metadata.artist_of, len(metadata.artists)
    if not len(changes.touched):
        return before.extended(changes.playlists, artist_of, n_artists, settings)
    return Evidence.fit(changes.playlists, artist_of, n_artists, settings, model.config.seed)

"""A model of more playlists and items, made from one that is there without a new fit."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from hybrid_rec.catalog import RowArray
from hybrid_rec.changes import Changes
from hybrid_rec.cold_start import HYBRID, artist_means, climb, shrink, trust_of
from hybrid_rec.cooccurrence import Start, fit_cooccurrence
from hybrid_rec.evidence import Evidence
from hybrid_rec.model import Metadata, Model, blocks_of, build_index, describe_items, timed
from hybrid_rec.playlists import Playlists
from hybrid_rec.progress import Progress
from hybrid_rec.queries import COOCCURRENCE, TITLE
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
    """Where all items stand in co-occurrence space, and which of them have moved there."""

    vectors: Vectors
    sources: NDArray[np.uint8]
    moved: RowArray


def update_model(model: Model, changes: Changes, progress: Progress) -> Model:
    """The model after `changes`; the one given stays as it is, and shares what did not change.

    Vectors of items that gained plays go on from where they are, each the freer the larger the
    share of its plays that is new; all others are held, so that the space does not turn. Items
    without history climb the ladder again where they are new or their artist's items moved. The
    maps from titles and the trees of the ranking are kept; what the ranking looks at is counted
    again.

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
        titles = np.concatenate([known[TITLE], fresh])
        metadata = describe_items(changes.catalog, titles)
    with timed(timings, "co-occurrence"):
        start = np.zeros((n_items, known[COOCCURRENCE].shape[1]), np.float32)
        start[:n_known] = known[COOCCURRENCE]
        own = _trained(model, changes, start, progress)
    with timed(timings, "cold start and index"):
        places = _placed(model, changes, metadata, start, own)
        index = _indexed(model, changes, metadata, places)
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
        timings=timings,
    )


def _trained(model: Model, changes: Changes, start: Vectors, progress: Progress) -> Vectors:
    """Vectors of the items that gained plays, `(n_items, dim)`; zero rows for all others."""
    counts, config = changes.playlists.play_counts, model.config.cooccurrence
    wanted = (changes.gained > 0) & (counts >= config.min_count)
    own = np.zeros_like(start)
    if not wanted.any():
        return own
    warm = np.zeros(len(start), dtype=bool)
    warm[: len(model.sources)] = model.sources == HYBRID
    freedom = (changes.gained / np.maximum(counts, 1)).astype(np.float32)
    freedom[~warm] = 1
    begun = np.where(warm[:, None], start, np.float32(0))
    learned = fit_cooccurrence(
        _corpus(changes, wanted, model.config.seed),
        config,
        model.config.seed,
        progress,
        Start(begun, freedom, counts),
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
    model: Model, changes: Changes, metadata: Metadata, start: Vectors, own: Vectors
) -> _Places:
    """Places of all items: those with new vectors shrunk, those without any on the ladder."""
    plays, artist_of, n_artists = (
        changes.playlists.play_counts, metadata.artist_of, len(metadata.artists),
    )  # fmt: skip
    k = model.config.cold_start.shrinkage
    learned = own.any(axis=1)
    sources = np.zeros(len(start), np.uint8)
    sources[: len(model.sources)] = model.sources
    sources[learned] = HYBRID
    fresh = np.arange(len(start)) >= len(model.sources)
    cold = (sources != HYBRID) | (fresh & ~learned)
    held = np.where(cold[:, None], np.float32(0), start)
    held[learned] = own[learned]
    held[learned] = shrink(held, plays, artist_of, n_artists, k)[learned]
    trust = np.where(held.any(axis=1), trust_of(plays, k), np.float32(0))
    means, known = artist_means(held, trust, artist_of, n_artists)
    moved_artists = np.zeros(n_artists + 1, dtype=bool)  # the last is that of items without one
    moved_artists[artist_of[learned & (artist_of >= 0)]] = True
    climbing = np.flatnonzero(cold & (fresh | moved_artists[artist_of]))
    vectors = start.copy()
    vectors[learned] = held[learned]
    vectors[climbing], sources[climbing] = climb(
        metadata.titles[climbing],
        metadata.tag_block[climbing],
        artist_of[climbing],
        means,
        known,
        model.text_map,
    )
    moved = np.zeros(len(start), dtype=bool)
    moved[changes.gained > 0] = True
    moved[fresh] = True
    moved[climbing] = True
    return _Places(vectors, sources, np.flatnonzero(moved))


def _indexed(model: Model, changes: Changes, metadata: Metadata, places: _Places) -> HybridIndex:
    """The moved rows in a delta, or everything in a new index if that is cheap or overdue."""
    dense, one_hot = blocks_of(places.vectors, changes.playlists.play_counts, metadata)
    settings = model.config.index
    base = model.index.index
    if not base.exact:
        joined = np.concatenate([dense[name][places.moved] for name in model.index.layout], axis=1)
        delta = put_rows(base, places.moved, joined)
        if delta.n_delta <= settings.compact_share * len(delta):
            return HybridIndex(delta, model.index.layout, one_hot)
    # A flat index is nothing but its vectors, so there is no training to be spared.
    return build_index(dense, one_hot, settings.factory, model.config.seed)


def _evidence(model: Model, before: Evidence, changes: Changes, metadata: Metadata) -> Evidence:
    """What the ranking looks at; counted again only if there are other playlists."""
    settings = model.config.ranking.evidence
    artist_of, n_artists = metadata.artist_of, len(metadata.artists)
    if not len(changes.touched):
        return before.extended(changes.playlists, artist_of, n_artists, settings)
    return Evidence.fit(changes.playlists, artist_of, n_artists, settings, model.config.seed)

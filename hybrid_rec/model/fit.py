"""Model: all that fitting leaves behind, and how it is fitted."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from hybrid_rec.blocks.cold_start import SOURCES, TextMap, artist_means, climb, shrink, trust_of
from hybrid_rec.blocks.labels import Labels
from hybrid_rec.blocks.queries import (
    ARTIST_BLOCK,
    COOCCURRENCE,
    POPULARITY,
    TAG_BLOCK,
    TITLE,
    block_weights,
)
from hybrid_rec.blocks.text.encoders import TitleEncoder, make_title_encoder
from hybrid_rec.core.config import HybridConfig, WeightsConfig
from hybrid_rec.core.progress import Progress
from hybrid_rec.data.catalog import Catalog, RowArray
from hybrid_rec.data.playlists import Playlists, check_training
from hybrid_rec.model.item_index import build_index
from hybrid_rec.model.training import Learned, learn_vectors
from hybrid_rec.ranking.block_weights import learn_weights
from hybrid_rec.ranking.cross_fitting import fit_cases
from hybrid_rec.ranking.features import Scorer
from hybrid_rec.ranking.ranker import Ranker, of_new_playlists
from hybrid_rec.ranking.statistics import Evidence
from indexes.choice import Choice
from indexes.hybrid import HybridIndex

_NO_ROWS: RowArray = np.empty(0, dtype=np.int64)


@dataclass(frozen=True, eq=False)
class Ranking:
    """The learned second stage and what it looks at."""

    evidence: Evidence
    """What the training playlists say."""
    ranker: Ranker
    """The order of candidates."""
    weights: WeightsConfig
    """Block weights that were learned beside it."""


@dataclass(frozen=True, eq=False)
class Metadata:
    """What is known of the items without any playlist."""

    titles: NDArray[np.float32]
    """Title vectors, `(n_items, title_dim)`; zero rows where a title is missing."""
    artists: Labels
    """Artists that have a column."""
    artist_of: RowArray
    """Column of each item's artist, `(n_items,)`; -1 for none."""
    tags: Labels
    """Tags that have a column."""
    tag_block: sparse.csr_array
    """Multi-hot tags, `(n_items, n_tags)`."""


@dataclass(frozen=True, eq=False)
class StageOne:
    """The places of all items, with history or without."""

    index: HybridIndex
    """All blocks."""
    choice: Choice
    """Kind of the dense index."""
    sources: NDArray[np.uint8]
    """Rung of each item."""
    text_map: TextMap
    """From titles and tags to co-occurrence space."""


@dataclass(frozen=True, eq=False)
class Model:
    """A fitted model. Item vectors live in the index alone, once."""

    config: HybridConfig
    """What it was fitted with."""
    catalog: Catalog
    """The items."""
    playlists: Playlists
    """The training playlists, for neighbours, counts and updates."""
    index: HybridIndex
    """Blocks `cooccurrence`, `title`, `popularity` (dense), `artist` and, if any, `tags`."""
    sources: NDArray[np.uint8]
    """Rung that each item stands on, a place in `cold_start.SOURCES`, `(n_items,)`."""
    artists: Labels
    """Artists that have a column."""
    tags: Labels
    """Tags that have a column; none if the catalogue has no tags."""
    text_map: TextMap
    """From titles and tags to co-occurrence space."""
    titles: TitleEncoder
    """Encoder of titles that are not in the catalogue."""
    ranking: Ranking | None = None
    """The second stage; None where it is switched off or there are too few playlists."""
    removed: RowArray = field(default_factory=lambda: _NO_ROWS)
    """Rows of items that are never recommended, ascending; as seeds they still tell something."""
    timings: dict[str, float] = field(default_factory=dict)
    """Seconds of each stage of the fit, or of the latest update; empty for a loaded model."""
    choice: Choice | None = None
    """Kind of the dense index and why it is that; None if an older version saved the model."""

    @cached_property
    def scorer(self) -> Scorer:
        """What brings and describes candidates; only for a model with a ranking."""
        assert self.ranking is not None
        return make_scorer(self.index, self.ranking.evidence, self.sources, self.config)

    def expect(self, n_queries: int) -> None:
        """Hear how many queries are to come in all, which changes no result; see `FaissIndex`."""
        if self.ranking is None:
            self.index.prepare(n_queries)
        else:
            self.scorer.expect(n_queries)

    @property
    def weights(self) -> WeightsConfig:
        """Block weights of the linear score: learned ones, or else the configuration's."""
        return linear_weights(self.config, self.ranking)

    def source_counts(self) -> dict[str, int]:
        """Items on each rung of the cold-start ladder."""
        counts = np.bincount(self.sources, minlength=len(SOURCES))
        return dict(zip(SOURCES, counts.tolist(), strict=True))


def linear_weights(config: HybridConfig, ranking: Ranking | None) -> WeightsConfig:
    """Block weights of the linear score: learned ones, or else the configuration's."""
    if ranking is not None and config.weights.learned:
        return ranking.weights
    return config.weights


def artist_labels(catalog: Catalog) -> tuple[Labels, RowArray]:
    """Columns of the catalogue's artists, and the column of each item, -1 for none."""
    labels = Labels.of(catalog.artists)
    return labels, labels.codes(catalog.artists)


def tag_labels(catalog: Catalog) -> tuple[Labels, sparse.csr_array]:
    """Columns of the catalogue's tags, and the multi-hot block of its items."""
    if not catalog.has_tags:
        return Labels({}), sparse.csr_array((len(catalog), 0), dtype=np.float32)
    labels = Labels.of(tag for tags in catalog.tags for tag in tags)
    return labels, labels.multi_hot(catalog.tags)


def encode_titles(
    catalog: Catalog, config: HybridConfig, progress: Progress
) -> tuple[TitleEncoder, NDArray[np.float32]]:
    """The encoder of titles, and those of the catalogue, `(n_items, title_dim)`.

    Only `titles` and `seed` of the configuration matter.

    Raises:
        ModelUnavailableError: If the title model cannot be found.
    """
    encoder = make_title_encoder(config.titles, config.seed).fit(catalog.titles)
    return encoder, encoder.encode(catalog.titles, progress)


def describe_items(catalog: Catalog, titles: NDArray[np.float32]) -> Metadata:
    """What is known of the items without any playlist."""
    artists, artist_of = artist_labels(catalog)
    tags, tag_block = tag_labels(catalog)
    return Metadata(titles, artists, artist_of, tags, tag_block)


def fit_model(
    playlists: Playlists, catalog: Catalog, config: HybridConfig, progress: Progress
) -> Model:
    """A model of `playlists` over `catalog`.

    Raises:
        DataError: If the playlists are empty or refer to a catalogue of another size.
        ConfigError: If the index factory does not suit the data.
        ModelUnavailableError: If the title model cannot be found.
    """
    check_training(playlists, catalog)
    timings: dict[str, float] = {}
    with timed(timings, "co-occurrence"):
        learned = learn_vectors(playlists, config, progress)
    with timed(timings, "titles"):
        encoder, titles = encode_titles(catalog, config, progress)
    with timed(timings, "artists and tags"):
        metadata = describe_items(catalog, titles)
    fused = fuse(playlists, catalog, config, learned, encoder, metadata, progress)
    return replace(fused, timings=timings | fused.timings)


def fuse(
    playlists: Playlists,
    catalog: Catalog,
    config: HybridConfig,
    learned: Learned,
    encoder: TitleEncoder,
    metadata: Metadata,
    progress: Progress,
) -> Model:
    """A model from vectors that are there already; it leaves them as they are.

    Args:
        playlists: What the vectors were learned from.
        catalog: The items.
        config: `cold_start`, `weights`, `ranking` and `index` may be others than those that
            `learned` was made with, but for `ranking.enabled` and what its folds depend on.
        learned: What `learn_vectors` gave.
        encoder: What `encode_titles` gave.
        metadata: What `describe_items` gave.
        progress: Told of the ranking's folds.

    Raises:
        ConfigError: If the index factory does not suit the data.
    """
    timings: dict[str, float] = {}
    ranking = None
    if learned.folds:
        with timed(timings, "ranking"):
            ranking = _fit_ranking(playlists, learned, metadata, config, progress)
    with timed(timings, "cold start and index"):
        factory = config.index.factory
        first = fit_stage_one(learned.own, playlists, metadata, config, factory)
    return Model(
        config,
        catalog,
        playlists,
        first.index,
        first.sources,
        metadata.artists,
        metadata.tags,
        first.text_map,
        encoder,
        ranking,
        timings=timings,
        choice=first.choice,
    )


def fit_stage_one(
    own: NDArray[np.float32],
    playlists: Playlists,
    metadata: Metadata,
    config: HybridConfig,
    factory: str,
) -> StageOne:
    """Places for all items from the vectors of those with history.

    Args:
        own: Co-occurrence vectors, `(n_items, dim)`; zero rows for items without one.
        playlists: What they were learned from.
        metadata: What else is known.
        config: Shrinkage, ridge, and what an index may take and is made for.
        factory: FAISS factory string, or "auto".

    Raises:
        ConfigError: If the index factory does not suit the data.
    """
    plays, artist_of, n_artists = playlists.play_counts, metadata.artist_of, len(metadata.artists)
    titles, tag_block = metadata.titles, metadata.tag_block
    k = config.cold_start.shrinkage
    vectors = shrink(own, plays, artist_of, n_artists, k)
    held = vectors.any(axis=1)
    trust = np.where(held, trust_of(plays, k), np.float32(0))
    means, known = artist_means(vectors, trust, artist_of, n_artists)
    text_map = TextMap.fit(vectors, titles, tag_block, trust, config.cold_start)
    sources = np.zeros(len(titles), np.uint8)
    cold = np.flatnonzero(~held)
    vectors[cold], sources[cold] = climb(
        titles[cold],
        tag_block[cold],
        artist_of[cold],
        means,
        known,
        text_map,
        ladder=config.cold_start.ladder,
    )
    dense, one_hot = blocks_of(vectors, plays, metadata)
    index, choice = build_index(dense, one_hot, config, factory)
    return StageOne(index, choice, sources, text_map)


def blocks_of(
    vectors: NDArray[np.float32], plays: RowArray, metadata: Metadata
) -> tuple[dict[str, NDArray[np.float32]], dict[str, sparse.csr_array]]:
    """The dense and the one-hot blocks of all items, by name, as the index takes them.

    Args:
        vectors: Places in co-occurrence space, `(n_items, dim)`.
        plays: Plays of each item, `(n_items,)`.
        metadata: Titles, artists and tags.
    """
    one_hot = {ARTIST_BLOCK: metadata.artists.one_hot(metadata.artist_of)}
    if len(metadata.tags):
        one_hot[TAG_BLOCK] = metadata.tag_block
    dense = {
        COOCCURRENCE: vectors,
        # Beside each other, for what is often asked without titles.
        POPULARITY: np.log1p(plays).astype(np.float32)[:, None],
        TITLE: metadata.titles,
    }
    return dense, one_hot


def _fit_ranking(
    playlists: Playlists,
    learned: Learned,
    metadata: Metadata,
    config: HybridConfig,
    progress: Progress,
) -> Ranking | None:
    """The second stage; None if no case has a hit among its candidates."""
    folds = learned.folds
    # A copy, so that the same vectors can be fused again with the same draws.
    rng = deepcopy(learned.rng)

    def evidence_of(part: Playlists) -> Evidence:
        return Evidence.fit(
            part, metadata.artist_of, len(metadata.artists), config.ranking.evidence, config.seed
        )

    def scorer_of(number: int) -> Scorer:
        part = folds[number].train
        own = learned.of_folds[number]
        first = fit_stage_one(own, part, metadata, config, "Flat")
        return make_scorer(first.index, evidence_of(part), first.sources, config)

    with progress.stage("ranking, folds", len(folds)) as advance:
        cases = fit_cases(folds, scorer_of, rng, advance)
    if not cases:
        return None
    ranker = Ranker.fit(cases, config.ranking, config.seed)
    weights = learn_weights(of_new_playlists(cases), config.weights, rng)
    return Ranking(evidence_of(playlists), ranker, weights)


def make_scorer(
    index: HybridIndex, evidence: Evidence, sources: NDArray[np.uint8], config: HybridConfig
) -> Scorer:
    """What brings and describes candidates, by the configuration's weights and sources."""
    weights = block_weights(index, config.weights)
    ranking = config.ranking
    return Scorer(index, evidence, sources, weights, ranking.candidates, ranking.sources)


def reindexed(model: Model, factory: str) -> Model:
    """The same model with another dense index.

    Raises:
        ConfigError: If the index factory does not suit the data.
    """
    settings = model.config.index.model_copy(update={"factory": factory})
    config = model.config.model_copy(update={"index": settings})
    dense = model.index.blocks(np.arange(len(model.catalog)))
    index, choice = build_index(dense, model.index.one_hot, config, factory)
    return replace(model, config=config, index=index, choice=choice)


@contextmanager
def timed(timings: dict[str, float], stage: str) -> Iterator[None]:
    """A context whose seconds are kept in `timings` under `stage`."""
    started = time.perf_counter()
    yield
    timings[stage] = time.perf_counter() - started

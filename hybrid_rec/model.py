"""Model: all that fitting leaves behind, and how it is fitted."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from hybrid_rec.artists import Labels
from hybrid_rec.catalog import Catalog, RowArray
from hybrid_rec.cold_start import SOURCES, TextMap, artist_means, climb, shrink, trust_of
from hybrid_rec.config import HybridConfig
from hybrid_rec.cooccurrence import fit_cooccurrence
from hybrid_rec.crossfit import Fold, fit_cases, make_folds
from hybrid_rec.errors import ConfigError
from hybrid_rec.evidence import Evidence
from hybrid_rec.features import Scorer
from hybrid_rec.playlists import Playlists, check_training
from hybrid_rec.progress import Progress
from hybrid_rec.queries import (
    ARTIST_BLOCK,
    COOCCURRENCE,
    POPULARITY,
    TAG_BLOCK,
    TITLE,
    block_weights,
)
from hybrid_rec.ranking import Ranker
from hybrid_rec.titles import TitleEncoder, make_title_encoder
from indexes.base import VectorIndexError
from indexes.hybrid import HybridIndex

# What is drawn for the ranking does not change what is drawn for anything else.
_RANKING_STREAM = 1


@dataclass(frozen=True, eq=False)
class Ranking:
    """The learned second stage and what it looks at."""

    evidence: Evidence
    """What the training playlists say."""
    ranker: Ranker
    """The order of candidates."""


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
    timings: dict[str, float] = field(default_factory=dict)
    """Seconds of each stage of the fit; empty for a loaded model."""

    @cached_property
    def scorer(self) -> Scorer:
        """What brings and describes candidates; only for a model with a ranking."""
        assert self.ranking is not None
        return _scorer(self.index, self.ranking.evidence, self.sources, self.config)

    def source_counts(self) -> dict[str, int]:
        """Items on each rung of the cold-start ladder."""
        counts = np.bincount(self.sources, minlength=len(SOURCES))
        return dict(zip(SOURCES, counts.tolist(), strict=True))


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
    rng = np.random.default_rng([config.seed, _RANKING_STREAM])
    folds = make_folds(playlists, config.ranking, rng) if config.ranking.enabled else []
    with _timed(timings, "co-occurrence"):
        own, *of_folds = _vectors([playlists, *(fold.train for fold in folds)], config, progress)
    with _timed(timings, "titles"):
        encoder = make_title_encoder(config.titles, config.seed).fit(catalog.titles)
        titles = encoder.encode(catalog.titles, progress)
    with _timed(timings, "artists and tags"):
        artists, artist_of = artist_labels(catalog)
        tags, tag_block = tag_labels(catalog)
        metadata = Metadata(titles, artists, artist_of, tags, tag_block)
    ranking = None
    if folds:
        with _timed(timings, "ranking"):
            ranking = _fit_ranking(playlists, folds, of_folds, metadata, config, rng, progress)
    with _timed(timings, "cold start and index"):
        first = fit_stage_one(own, playlists, metadata, config, config.index.factory)
    return Model(
        config,
        catalog,
        playlists,
        first.index,
        first.sources,
        artists,
        tags,
        first.text_map,
        encoder,
        ranking,
        timings,
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
        config: Shrinkage and ridge.
        factory: FAISS factory string.

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
        titles[cold], tag_block[cold], artist_of[cold], means, known, text_map
    )
    one_hot = {ARTIST_BLOCK: metadata.artists.one_hot(artist_of)}
    if len(metadata.tags):
        one_hot[TAG_BLOCK] = tag_block
    dense = {
        COOCCURRENCE: vectors,
        TITLE: titles,
        POPULARITY: np.log1p(plays).astype(np.float32)[:, None],
    }
    return StageOne(_build(dense, one_hot, factory, config.seed), sources, text_map)


def _vectors(
    parts: Sequence[Playlists], config: HybridConfig, progress: Progress
) -> list[NDArray[np.float32]]:
    """Co-occurrence vectors of each; the first tells of its progress.

    Each is trained on one thread, so as to be reproducible, but two at a time.
    """
    found: list[NDArray[np.float32] | None] = [None] * len(parts)
    failures: list[Exception] = []
    todo = deque(range(len(parts)))

    def train(number: int) -> None:
        told = Progress() if number else progress
        found[number] = fit_cooccurrence(parts[number], config.cooccurrence, config.seed, told)

    def help_out() -> None:
        try:
            while todo:
                train(todo.pop())
        except Exception as error:
            failures.append(error)

    # A daemon, so that Ctrl-C ends the process and not only this thread.
    helper = threading.Thread(target=help_out, daemon=True)
    first = todo.popleft()
    helper.start()
    try:
        train(first)
        while todo and not failures:
            train(todo.popleft())
    finally:
        todo.clear()
    helper.join()
    if failures:
        raise failures[0]
    return [vectors for vectors in found if vectors is not None]


def _fit_ranking(
    playlists: Playlists,
    folds: list[Fold],
    vectors: list[NDArray[np.float32]],
    metadata: Metadata,
    config: HybridConfig,
    rng: np.random.Generator,
    progress: Progress,
) -> Ranking | None:
    """The second stage; None if no case has a hit among its candidates."""

    def evidence_of(part: Playlists) -> Evidence:
        return Evidence.fit(
            part, metadata.artist_of, len(metadata.artists), config.ranking.evidence, config.seed
        )

    def scorer_of(number: int) -> Scorer:
        part = folds[number].train
        first = fit_stage_one(vectors[number], part, metadata, config, "Flat")
        return _scorer(first.index, evidence_of(part), first.sources, config)

    with progress.stage("ranking, folds", len(folds)) as advance:
        cases = fit_cases(folds, scorer_of, rng, advance)
    if not cases:
        return None
    return Ranking(evidence_of(playlists), Ranker.fit(cases, config.ranking, config.seed))


def _scorer(
    index: HybridIndex, evidence: Evidence, sources: NDArray[np.uint8], config: HybridConfig
) -> Scorer:
    weights = block_weights(index, config.weights)
    return Scorer(index, evidence, sources, weights, config.ranking.candidates)


def reindexed(model: Model, factory: str) -> Model:
    """The same model with another dense index.

    Raises:
        ConfigError: If the index factory does not suit the data.
    """
    index = model.config.index.model_copy(update={"factory": factory})
    config = model.config.model_copy(update={"index": index})
    dense = model.index.blocks(np.arange(len(model.catalog)))
    return replace(
        model, config=config, index=_build(dense, model.index.one_hot, factory, config.seed)
    )


def _build(
    dense: Mapping[str, NDArray[np.float32]],
    one_hot: Mapping[str, sparse.csr_array],
    factory: str,
    seed: int,
) -> HybridIndex:
    try:
        return HybridIndex.build(dense, one_hot, factory=factory, seed=seed)
    except VectorIndexError as error:
        raise ConfigError(f"The 'index.factory' parameter: {error}") from None


@contextmanager
def _timed(timings: dict[str, float], stage: str) -> Iterator[None]:
    started = time.perf_counter()
    yield
    timings[stage] = time.perf_counter() - started

"""Model: all that fitting leaves behind, and nothing that it does not need again."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from hybrid_rec.artists import Labels
from hybrid_rec.catalog import Catalog, RowArray
from hybrid_rec.cold_start import SOURCES, TextMap, artist_means, climb, shrink, trust_of
from hybrid_rec.config import HybridConfig
from hybrid_rec.cooccurrence import fit_cooccurrence
from hybrid_rec.errors import ConfigError, DataError
from hybrid_rec.playlists import Playlists
from hybrid_rec.progress import Progress
from hybrid_rec.queries import ARTIST_BLOCK, COOCCURRENCE, POPULARITY, TAG_BLOCK, TITLE
from hybrid_rec.titles import TitleEncoder, make_title_encoder
from indexes.base import VectorIndexError
from indexes.hybrid import HybridIndex


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
    timings: dict[str, float] = field(default_factory=dict)
    """Seconds of each stage of the fit; empty for a loaded model."""

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
    _check(playlists, catalog)
    timings: dict[str, float] = {}
    with _timed(timings, "co-occurrence"):
        own = fit_cooccurrence(playlists, config.cooccurrence, config.seed, progress)
    with _timed(timings, "titles"):
        encoder = make_title_encoder(config.titles, config.seed).fit(catalog.titles)
        titles = encoder.encode(catalog.titles, progress)
    with _timed(timings, "artists and tags"):
        artists, artist_of = artist_labels(catalog)
        tags, tag_block = tag_labels(catalog)
    with _timed(timings, "cold start"):
        plays = playlists.play_counts
        k = config.cold_start.shrinkage
        vectors = shrink(own, plays, artist_of, len(artists), k)
        held = vectors.any(axis=1)
        trust = np.where(held, trust_of(plays, k), np.float32(0))
        means, known = artist_means(vectors, trust, artist_of, len(artists))
        text_map = TextMap.fit(vectors, titles, tag_block, trust, config.cold_start)
        sources = np.zeros(len(catalog), np.uint8)
        cold = np.flatnonzero(~held)
        vectors[cold], sources[cold] = climb(
            titles[cold], tag_block[cold], artist_of[cold], means, known, text_map
        )
    with _timed(timings, "index"):
        one_hot = {ARTIST_BLOCK: artists.one_hot(artist_of)}
        if len(tags):
            one_hot[TAG_BLOCK] = tag_block
        dense = {
            COOCCURRENCE: vectors,
            TITLE: titles,
            POPULARITY: np.log1p(plays).astype(np.float32)[:, None],
        }
        index = _build(dense, one_hot, config)
    return Model(
        config, catalog, playlists, index, sources, artists, tags, text_map, encoder, timings
    )


def reindexed(model: Model, factory: str) -> Model:
    """The same model with another dense index.

    Raises:
        ConfigError: If the index factory does not suit the data.
    """
    index = model.config.index.model_copy(update={"factory": factory})
    config = model.config.model_copy(update={"index": index})
    dense = model.index.blocks(np.arange(len(model.catalog)))
    return replace(model, config=config, index=_build(dense, model.index.one_hot, config))


def _build(
    dense: Mapping[str, NDArray[np.float32]],
    one_hot: Mapping[str, sparse.csr_array],
    config: HybridConfig,
) -> HybridIndex:
    try:
        return HybridIndex.build(dense, one_hot, factory=config.index.factory, seed=config.seed)
    except VectorIndexError as error:
        raise ConfigError(f"The 'index.factory' parameter: {error}") from None


def _check(playlists: Playlists, catalog: Catalog) -> None:
    if not isinstance(playlists, Playlists) or not isinstance(catalog, Catalog):
        raise DataError(
            "a fit needs Playlists and then a Catalog, got "
            f"{type(playlists).__name__} and {type(catalog).__name__}."
        )
    if playlists.n_items != len(catalog):
        raise DataError(
            f"playlists must refer to the catalogue given, of {len(catalog)} items, "
            f"but refer to one of {playlists.n_items}."
        )
    if not playlists.n_plays:
        raise DataError("playlists must hold at least one play to fit on, got none.")


@contextmanager
def _timed(timings: dict[str, float], stage: str) -> Iterator[None]:
    started = time.perf_counter()
    yield
    timings[stage] = time.perf_counter() - started

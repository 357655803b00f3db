"""Metadata: what titles and artists say, without a look at who played what."""

from __future__ import annotations

import numpy as np

from evaluation.recommenders.parameters import check_seed
from evaluation.recommenders.registry import register_baseline
from evaluation.recommenders.vectors import VectorBaseline
from hybrid_rec.blocks.labels import Labels
from hybrid_rec.blocks.queries import ARTIST_BLOCK, TITLE
from hybrid_rec.blocks.text.encoders import make_title_encoder
from hybrid_rec.core.config import TitleConfig
from hybrid_rec.core.linalg import unit_rows, unit_sparse_rows
from hybrid_rec.data.catalog import Catalog
from hybrid_rec.data.playlists import Playlists
from indexes.hybrid import HybridIndex, HybridQueries


@register_baseline(default=True)
class MetadataOnly(VectorBaseline):
    """The notebook's fallback: what titles and artists say, without a look at who played what.

    The score is the cosine of titles plus that of artists: of an item and the mean of the seeds'
    title vectors, in [-1, 1], and of an item and the mean of the seeds' one-hot artists, in
    [0, 1]. Playlists serve only to fill up lists. An item with neither title nor artist cannot
    be scored.

    Args:
        titles: Encoder of the titles; None for the default sentence model.
        seed: Seed of the encoder "tfidf", in [0, 2^32).

    Raises:
        ConfigError: If the seed is out of range.
        ModelUnavailableError: When fitted, if the title model cannot be found.
    """

    name = "metadata"

    def __init__(self, titles: TitleConfig | None = None, seed: int = 0) -> None:
        super().__init__()
        check_seed(self, seed)
        self.titles = titles or TitleConfig()
        self.seed = seed

    def _fit(self, playlists: Playlists, catalog: Catalog) -> None:
        del playlists
        encoder = make_title_encoder(self.titles, self.seed).fit(catalog.titles)
        self._titles = encoder.encode(catalog.titles)
        labels = Labels.of(catalog.artists)
        self._artists = labels.one_hot(labels.codes(catalog.artists))
        self._index = HybridIndex.build({TITLE: self._titles}, {ARTIST_BLOCK: self._artists})
        said = self._titles.any(axis=1) | (np.diff(self._artists.indptr) > 0)
        self._known = np.flatnonzero(said)
        self._weights = {TITLE: 1.0, ARTIST_BLOCK: 1.0}

    def _queries(self, queries: Playlists) -> HybridQueries:
        counts = queries.counts()
        return HybridQueries(
            {TITLE: unit_rows(counts @ self._titles)},
            {ARTIST_BLOCK: unit_sparse_rows(counts @ self._artists)},
        )

"""The ladder that gives an item with little or no history a place in co-occurrence space."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.linear_model import Ridge

from hybrid_rec.core.config import ColdStartConfig
from hybrid_rec.core.linalg import unit_rows
from hybrid_rec.data.catalog import RowArray

Vectors = NDArray[np.float32]

SOURCES = ("hybrid", "artist", "text", "metadata")
"""Rungs of the ladder, best first; the code of a rung is its place here."""
HYBRID, ARTIST, TEXT, METADATA = range(4)

# With fewer items than this a map from text to vectors would be noise.
_FEWEST_TO_LEARN = 20
# Tags that the map looks at, the most frequent ones.
_MOST_TAGS = 512


@dataclass(frozen=True)
class TextMap:
    """A linear map from title vectors and tags to co-occurrence space."""

    coefficients: Vectors
    """`(title_dim + n_tags_used, dim)` float32; all zero if there was too little to learn from."""
    intercept: Vectors
    """`(dim,)` float32."""
    tag_columns: RowArray
    """Columns of the tag block that the map looks at, `(n_tags_used,)` int64."""

    def predict(self, titles: Vectors, tags: sparse.csr_array) -> tuple[Vectors, NDArray[np.bool_]]:
        """Unit vectors, and for which rows there is any text to go by; others are zero.

        Args:
            titles: `(n, title_dim)`; zero rows where a title is missing.
            tags: `(n, n_tags)`.
        """
        features = self._features(titles, tags)
        known = (features != 0).any(axis=1) & bool(self.coefficients.any())
        vectors = np.zeros((len(features), len(self.intercept)), np.float32)
        # Row by row, so that a row's bytes do not depend on how many others there are.
        for row in np.flatnonzero(known):
            vectors[row] = features[row] @ self.coefficients + self.intercept
        return unit_rows(vectors), known

    def _features(self, titles: Vectors, tags: sparse.csr_array) -> Vectors:
        features: Vectors = np.concatenate([titles, tags[:, self.tag_columns].toarray()], axis=1)
        return features

    @classmethod
    def fit(
        cls,
        vectors: Vectors,
        titles: Vectors,
        tags: sparse.csr_array,
        trust: Vectors,
        config: ColdStartConfig,
    ) -> TextMap:
        """The map that predicts `vectors` best, learned where `trust` is positive.

        Args:
            vectors: Co-occurrence vectors, `(n, dim)`.
            titles: Title vectors, `(n, title_dim)`.
            tags: Tags, `(n, n_tags)`.
            trust: Sample weights, `(n,)`; 0 for items without history.
            config: Strength of the penalty and size of the sample.
        """
        frequency = np.bincount(tags.indices, minlength=tags.shape[1])
        columns = np.sort(np.argsort(-frequency, kind="stable")[:_MOST_TAGS]).astype(np.int64)
        empty = np.zeros((titles.shape[1] + len(columns), vectors.shape[1]), np.float32)
        unlearned = cls(empty, np.zeros(vectors.shape[1], np.float32), columns)
        by_trust = np.argsort(-trust, kind="stable")[: config.max_training_items]
        rows = np.sort(by_trust[trust[by_trust] > 0])
        features = unlearned._features(titles[rows], tags[rows])
        rows, features = rows[features.any(axis=1)], features[features.any(axis=1)]
        if len(rows) < _FEWEST_TO_LEARN or not config.ladder:
            return unlearned
        ridge = Ridge(alpha=config.ridge).fit(features, vectors[rows], sample_weight=trust[rows])
        coefficients = np.ascontiguousarray(ridge.coef_.T, dtype=np.float32)
        return cls(coefficients, np.asarray(ridge.intercept_, dtype=np.float32), columns)


def trust_of(play_counts: RowArray, shrinkage: float) -> Vectors:
    """How much an item's own vector is worth, `n / (n + k)`, `(n_items,)`; 0 without plays."""
    plays = play_counts.astype(np.float32)
    trust: Vectors = np.divide(plays, plays + shrinkage, out=np.zeros_like(plays), where=plays > 0)
    return trust


def artist_means(
    vectors: Vectors, trust: Vectors, artists: RowArray, n_artists: int
) -> tuple[Vectors, NDArray[np.bool_]]:
    """The mean vector of each artist's items, weighted by trust, and which artists have one.

    Args:
        vectors: `(n, dim)`.
        trust: Weights, `(n,)`.
        artists: Code of each item's artist, `(n,)`; negative for none.
        n_artists: Number of codes.

    Returns:
        `(n_artists, dim)` float32, zero where an artist has no trusted item, and `(n_artists,)`.
    """
    rows = np.flatnonzero((artists >= 0) & (trust > 0))
    spread = sparse.csr_array((trust[rows], (artists[rows], rows)), shape=(n_artists, len(vectors)))
    total = np.bincount(artists[rows], weights=trust[rows], minlength=n_artists)
    sums = (spread @ vectors).astype(np.float32)
    known = total > 0
    sums[known] /= total[known, None].astype(np.float32)
    return sums, known


def shrink(
    vectors: Vectors, play_counts: RowArray, artists: RowArray, n_artists: int, k: float
) -> Vectors:
    """Unit vectors drawn towards the mean of their artist: `(n c + k a) / (n + k)`, `(n, dim)`.

    Items without a vector or an artist stay as they are.
    """
    held = vectors.any(axis=1)
    trust = np.where(held, trust_of(play_counts, k), np.float32(0))
    means, known = artist_means(vectors, trust, artists, n_artists)
    drawn = vectors.copy()
    rows = np.flatnonzero(held & (artists >= 0))
    rows = rows[known[artists[rows]]]
    own = trust[rows, None]
    drawn[rows] = own * vectors[rows] + (1 - own) * means[artists[rows]]
    return unit_rows(drawn)


def climb(
    titles: Vectors,
    tags: sparse.csr_array,
    artists: RowArray,
    means: Vectors,
    known: NDArray[np.bool_],
    text_map: TextMap,
    *,
    ladder: bool,
) -> tuple[Vectors, NDArray[np.uint8]]:
    """Places of items without history, `(n, dim)`, and the rung that each stands on, `(n,)`.

    Args:
        titles: Title vectors, `(n, title_dim)`.
        tags: Tags, `(n, n_tags)`.
        artists: Code of each item's artist, `(n,)`; negative for none or an unknown one.
        means: Mean vector of each artist, `(n_artists, dim)`.
        known: Which artists have a mean, `(n_artists,)`.
        text_map: The map from text; one that learned nothing is no rung.
        ladder: `ColdStartConfig.ladder`; False takes the artists' rung away.
    """
    vectors = np.zeros((len(artists), means.shape[1]), np.float32)
    sources = np.full(len(artists), METADATA, np.uint8)
    by_artist = np.zeros(len(artists), dtype=bool)
    named = np.flatnonzero(artists >= 0)
    by_artist[named] = known[artists[named]] & ladder
    vectors[by_artist] = unit_rows(means[artists[by_artist]])
    sources[by_artist] = ARTIST
    rest = np.flatnonzero(~by_artist)
    predicted, has_text = text_map.predict(titles[rest], tags[rest])
    vectors[rest] = predicted
    sources[rest[has_text]] = TEXT
    return vectors, sources

"""Factorisation of playlists by items and their artists, by the library LightFM."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import sparse

from evaluation.recommenders.parameters import check_real, check_seed, check_whole
from evaluation.recommenders.registry import register_baseline
from evaluation.recommenders.vectors import VectorBaseline
from hybrid_rec.blocks.labels import one_hot
from hybrid_rec.core.arrays import Floats
from hybrid_rec.core.errors import HybridRecError
from hybrid_rec.data.catalog import Catalog
from hybrid_rec.data.playlists import Playlists
from hybrid_rec.ranking.hashes import set_hashes
from indexes.hybrid import HybridIndex, HybridQueries

_FACTORS = "factors"


@register_baseline()
class LightFM(VectorBaseline):
    """Factorisation of playlists by items and their artists, trained with WARP.

    With `F(i)` the features of item i, itself and its artist, the score of item i for playlist p is

        <u_p, sum_{f in F(i)} e_f> + sum_{f in F(i)} b_f,

    so that an item without plays is placed by its artist. LightFM knows the playlists of its
    training alone: another one is taken as the mean of its items' vectors. To be asked at its best
    it must have learned from the queries, see `Baseline.learned`.

    Args:
        factors: Dimensions of the vectors.
        epochs: Passes over the plays.
        learning_rate: Of Adagrad, above 0.
        seed: Seed of the start and of the negatives, in [0, 2^32).

    Raises:
        ConfigError: If a parameter is out of range.
        HybridRecError: When fitted, if LightFM is not installed.

    References:
        Kula, "Metadata Embeddings for User and Item Cold-start Recommendations", 2015.
        https://github.com/lyst/lightfm.
    """

    name = "lightfm"

    def __init__(
        self, factors: int = 64, epochs: int = 30, learning_rate: float = 0.05, seed: int = 0
    ) -> None:
        super().__init__()
        check_whole(self, "factors", factors)
        check_whole(self, "epochs", epochs)
        check_real(self, "learning_rate", learning_rate, positive=True)
        check_seed(self, seed)
        self.factors, self.epochs = factors, epochs
        self.learning_rate, self.seed = learning_rate, seed

    def _fit(self, playlists: Playlists, catalog: Catalog) -> None:
        model = _load().LightFM(
            no_components=self.factors,
            loss="warp",
            learning_rate=self.learning_rate,
            random_state=self.seed,
        )
        features = _features(catalog)
        plays = _with_int32(playlists.matrix()).tocoo()
        model.fit(plays, item_features=features, epochs=self.epochs, num_threads=1)
        biases, vectors = model.get_item_representations(features)
        self._vectors: Floats = np.ascontiguousarray(vectors, dtype=np.float32)
        placed = np.concatenate([self._vectors, biases[:, None]], axis=1, dtype=np.float32)
        self._known = np.arange(len(catalog))
        self._index = HybridIndex.build({_FACTORS: placed})
        self._weights = {_FACTORS: 1.0}
        # The bias of a playlist moves none of its items before another.
        self._users: Floats = np.asarray(model.get_user_representations()[1], dtype=np.float32)
        hashes = set_hashes(playlists.matrix())
        self._order = np.argsort(hashes, kind="stable")
        self._hashes = hashes[self._order]

    def _queries(self, queries: Playlists) -> HybridQueries:
        held = queries.matrix()
        wanted = set_hashes(held)
        place = np.minimum(np.searchsorted(self._hashes, wanted), len(self._hashes) - 1)
        is_known = self._hashes[place] == wanted
        means = np.zeros((len(queries), self.factors), np.float32)
        for number in np.flatnonzero(np.diff(held.indptr)).tolist():
            items = held.indices[held.indptr[number] : held.indptr[number + 1]]
            means[number] = self._vectors[np.sort(items)].mean(axis=0)
        vectors = np.where(is_known[:, None], self._users[self._order[place]], means)
        ones = (np.diff(held.indptr) > 0).astype(np.float32)
        return HybridQueries({_FACTORS: np.concatenate([vectors, ones[:, None]], axis=1)})


def _features(catalog: Catalog) -> sparse.csr_matrix:
    """Each item itself, and its artist if it has one, `(n_items, n_items + n_artists)`."""
    artists = np.array([artist or "" for artist in catalog.artists], dtype=object)
    names, codes = np.unique(artists.astype(str), return_inverse=True)
    codes = np.where(artists == "", -1, codes)
    own = sparse.identity(len(catalog), dtype=np.float32, format="csr")
    hot = one_hot(codes, len(names))
    return _with_int32(sparse.hstack([own, hot], format="csr"))


def _with_int32(matrix: sparse.csr_array) -> sparse.csr_matrix:
    """The same with the types that LightFM can read."""
    parts = (
        matrix.data.astype(np.float32),
        matrix.indices.astype(np.int32),
        matrix.indptr.astype(np.int32),
    )
    return sparse.csr_matrix(parts, shape=matrix.shape)


def _load() -> Any:
    try:
        import lightfm
    except ImportError:
        raise HybridRecError(
            "the baseline 'lightfm' needs LightFM; install it with: pip install 'hybrid-rec[peers]'"
        ) from None
    return lightfm

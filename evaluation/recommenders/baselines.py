"""Baselines to stand beside every number, from popularity to EASE, and all of them by name."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial

import numpy as np
from numpy.typing import NDArray
from scipy import linalg, sparse

from evaluation.recommenders.base import (
    Baseline,
    Candidates,
    VectorBaseline,
    check_real,
    check_seed,
    check_whole,
)
from evaluation.recommenders.neighbours import ItemKNN, PlaylistKNN
from evaluation.recommenders.peers import ImplicitALS, ImplicitBM25
from hybrid_rec.blocks.cooccurrence import fit_cooccurrence
from hybrid_rec.blocks.labels import Labels
from hybrid_rec.blocks.queries import ARTIST_BLOCK, COOCCURRENCE, TITLE
from hybrid_rec.blocks.text.encoders import make_text_encoder
from hybrid_rec.core.config import CooccurrenceConfig, TitleConfig
from hybrid_rec.core.errors import ConfigError, DataError
from hybrid_rec.core.linalg import unit_rows, unit_sparse_rows
from hybrid_rec.data.catalog import Catalog
from hybrid_rec.data.playlists import Playlists
from indexes.hybrid import HybridIndex, HybridQueries

__all__ = [
    "BASELINES",
    "EASE",
    "Baseline",
    "ImplicitALS",
    "ImplicitBM25",
    "ItemKNN",
    "MetadataOnly",
    "NotebookWord2Vec",
    "PlaylistKNN",
    "Popularity",
    "Random",
    "make_baseline",
]


# Rows and columns of the matrices of EASE that are converted at once.
_BLOCK = 1024


class Popularity(Baseline):
    """The most played items, whatever was asked.

    The score is the number of training playlists that hold the item, 0 for a cold one.
    """

    name = "popularity"

    def _fit(self, playlists: Playlists, catalog: Catalog) -> None:
        del catalog
        self._scores = playlists.playlist_counts.astype(np.float64)

    def _candidates(self, queries: Playlists, k: int) -> Iterator[Candidates]:
        del k
        everything = np.arange(len(self._scores))
        return ((everything, self._scores) for _ in range(len(queries)))


class Random(Baseline):
    """All items in random order: what a score above it is worth.

    The order is drawn anew for every query, from the seed and the query's different items: the
    same query gets the same list whatever else is asked, and however often. Scores are evenly
    spaced in [0, 1).

    Args:
        seed: Seed of the orders, in [0, 2^32).

    Raises:
        ConfigError: If the seed is out of range.
    """

    name = "random"

    def __init__(self, seed: int = 0) -> None:
        super().__init__()
        check_seed(self, seed)
        self.seed = seed

    def _fit(self, playlists: Playlists, catalog: Catalog) -> None:
        del playlists
        self._n_items = len(catalog)

    def _candidates(self, queries: Playlists, k: int) -> Iterator[Candidates]:
        del k
        everything = np.arange(self._n_items)
        for seeds in queries:
            items = np.unique(seeds)
            # The length keeps apart [0] and [0, 0], which NumPy's seeding does not.
            rng = np.random.default_rng([self.seed, len(items), *items.tolist()])
            yield everything, rng.permutation(self._n_items) / self._n_items


class NotebookWord2Vec(VectorBaseline):
    """The radio notebook that this project grew from: Word2Vec over playlists, and nothing else.

    The score is the cosine of an item's vector and the mean of the seeds' unit vectors, in
    [-1, 1]; a seed that repeats counts as often. Settings are the preset "notebook" of
    `CooccurrenceConfig`: CBOW, 32 dimensions, window 20, 5 epochs.

    Args:
        seed: Seed of the training, in [0, 2^32).

    Raises:
        ConfigError: If the seed is out of range.

    References:
        Barkan and Koenigstein, "Item2Vec: Neural Item Embedding for Collaborative Filtering",
        2016, https://arxiv.org/abs/1603.04259.
    """

    name = "notebook"

    def __init__(self, seed: int = 0) -> None:
        super().__init__()
        check_seed(self, seed)
        self.seed = seed

    def _fit(self, playlists: Playlists, catalog: Catalog) -> None:
        del catalog
        config = CooccurrenceConfig(preset="notebook")
        self._vectors = fit_cooccurrence(playlists, config, self.seed)
        self._index = HybridIndex.build({COOCCURRENCE: self._vectors})
        self._known = np.flatnonzero(self._vectors.any(axis=1))
        self._weights = {COOCCURRENCE: 1.0}

    def _queries(self, queries: Playlists) -> HybridQueries:
        return HybridQueries({COOCCURRENCE: unit_rows(queries.counts() @ self._vectors)})


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
        encoder = make_text_encoder(self.titles, self.seed).fit(catalog.titles)
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


class EASE(Baseline):
    """A linear item-item model in closed form, for catalogues whose square fits into memory.

    With X the 0/1 matrix of training playlists and the items they hold, B is the minimum of

        ||X - X B||^2 + regularisation ||B||^2   subject to   diag(B) = 0,

    which with `P = (X'X + regularisation I)^-1` is `B[i, j] = -P[i, j] / P[j, j]` off the
    diagonal. The score of item j is the sum of `B[i, j]` over the different seeds i; it may be
    negative. Cold items take no part.

    Args:
        regularisation: Strength of the L2 penalty, above 0.
        max_items: Played items that are still tried, n: it takes `12 n^2` bytes and `n^3`
            multiplications, 4.8 GB and minutes for 20,000.

    Raises:
        ConfigError: If a parameter is out of range.
        DataError: When fitted, if more items are played than `max_items`.

    References:
        Steck, "Embarrassingly Shallow Autoencoders for Sparse Data", WWW 2019,
        https://arxiv.org/abs/1905.03375.
    """

    name = "ease"

    def __init__(self, regularisation: float = 500.0, max_items: int = 20_000) -> None:
        super().__init__()
        check_real(self, "regularisation", regularisation, positive=True)
        check_whole(self, "max_items", max_items)
        self.regularisation = regularisation
        self.max_items = max_items

    def _fit(self, playlists: Playlists, catalog: Catalog) -> None:
        del catalog
        played = np.flatnonzero(playlists.play_counts)
        if len(played) > self.max_items:
            raise DataError(
                f"EASE must have at most max_items = {self.max_items} played items, got "
                f"{len(played)}; leave it out for this catalogue, or raise max_items if "
                f"{12 * len(played) ** 2 / 1e9:.1f} GB of memory can be spared."
            )
        self._played = played
        self._place = np.full(playlists.n_items, -1, np.int64)
        self._place[played] = np.arange(len(played))
        self._coefficients = _ease(playlists.matrix()[:, played], self.regularisation)

    def _candidates(self, queries: Playlists, k: int) -> Iterator[Candidates]:
        del k
        for seeds in queries:
            places = self._place[np.unique(seeds)]
            places = places[places >= 0]
            if len(places):
                yield self._played, self._coefficients[places].sum(axis=0, dtype=np.float64)
            else:
                yield self._played[:0], np.empty(0)


def _ease(holds: sparse.csr_array, regularisation: float) -> NDArray[np.float32]:
    """The matrix B of `EASE` but for its diagonal, which concerns only seeds, float32."""
    matrix = holds.astype(np.float64)
    n_items = matrix.shape[1]
    columns = matrix.tocsc()
    gram = np.empty((n_items, n_items), order="F")
    # Block by block, because X'X can take more memory as a sparse matrix than as a dense one.
    for start in range(0, n_items, _BLOCK):
        part = slice(start, start + _BLOCK)
        gram[:, part] = (matrix.T @ columns[:, part]).toarray()
    gram[np.diag_indices(n_items)] += regularisation
    # Cholesky in place: half the time and memory of a general inverse, and half of the result.
    factor, _ = linalg.lapack.dpotrf(gram, lower=False, clean=False, overwrite_a=True)
    inverse, _ = linalg.lapack.dpotri(factor, lower=False, overwrite_c=True)
    diagonal = np.diag(inverse).astype(np.float32)
    coefficients = np.empty((n_items, n_items), np.float32)
    for start in range(0, n_items, _BLOCK):
        part = slice(start, start + _BLOCK)
        upper = inverse[part, start:]
        coefficients[start:, part] = upper.T
        coefficients[part, start:] = np.triu(upper) + np.tril(coefficients[part, start:], -1)
    coefficients /= -diagonal
    return coefficients


_MAKERS: Mapping[str, Callable[[int], Baseline]] = {
    Popularity.name: lambda _: Popularity(),
    Random.name: Random,
    ItemKNN.name: lambda _: ItemKNN(),
    PlaylistKNN.name: lambda _: PlaylistKNN(),
    NotebookWord2Vec.name: NotebookWord2Vec,
    MetadataOnly.name: lambda seed: MetadataOnly(seed=seed),
    EASE.name: lambda _: EASE(),
    ImplicitALS.name: lambda seed: ImplicitALS(seed=seed),
    ImplicitBM25.name: lambda _: ImplicitBM25(),
}


def make_baseline(name: str, seed: int = 0) -> Baseline:
    """A baseline with its default settings.

    Args:
        name: Its name on the command line, one of `BASELINES`.
        seed: Seed of those that draw anything at random.

    Raises:
        ConfigError: For another name, or a seed out of range.
    """
    if name not in _MAKERS:
        raise ConfigError(f"baseline must be one of {', '.join(_MAKERS)}, got {name!r}.")
    return _MAKERS[name](seed)


BASELINES: Mapping[str, Callable[[], Baseline]] = {
    name: partial(make_baseline, name) for name in _MAKERS
}
"""What makes each baseline, with its default settings and seed 0, by its command-line name."""

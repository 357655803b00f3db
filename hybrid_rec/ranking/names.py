"""NameNeighbours: training playlists that are called like a query vote for items."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from itertools import pairwise
from typing import Any, Protocol

import numpy as np
from scipy import sparse

from hybrid_rec.blocks.block_set import BlockSet
from hybrid_rec.blocks.pooling import playlist_queries
from hybrid_rec.core.arrays import Doubles, Floats, Objects, Rows
from hybrid_rec.core.linalg import one_blas_thread
from hybrid_rec.data.playlists import Playlists
from hybrid_rec.ranking.knn import strongest
from hybrid_rec.ranking.name_text import clean_name
from hybrid_rec.ranking.named_cases import names_of
from indexes.hybrid import HybridIndex, HybridQueries

# Playlists that vote, and items that stand for a name.
_VOTERS, _ITEMS = 300, 50
# How little a single name is trusted in `ridge`: more is smoother.
_RIDGE = 10.0
# As many items as a name counts for beside those of the query.
_COUNTS_AS = 1.0


class Meaning(Protocol):
    """What names mean."""

    def of(self, texts: Sequence[str]) -> Floats:
        """Vectors of cleaned names, `(n_texts, dim)`, of length 1."""


class NameNeighbours:
    """The names of the training playlists, and what the playlists of each name hold.

    Names are cleaned, see `clean_name`. The likeness of two is the mean cosine of their words and
    of their parts of words, both weighted by TF-IDF; where there is a sentence model, the mean of
    that and of the cosine of its vectors. Playlists of one name vote together.

    Args:
        playlists: Training playlists, some of which have names.
        meaning: Vectors of a sentence model; None for none.
    """

    def __init__(self, playlists: Playlists, meaning: Meaning | None = None) -> None:
        self._playlists, self.meaning = playlists, meaning
        self.texts = distinct_names(playlists)

    @cached_property
    def of_playlist(self) -> Rows:
        """The place of each playlist's name in `texts`, `(n_playlists,)`; -1 for none."""
        return self.places_of(names_of(self._playlists))

    def places_of(self, names: Sequence[str] | Objects) -> Rows:
        """The place of each name in `texts`, `(n,)`; -1 for one that no training playlist has."""
        places = {text: place for place, text in enumerate(self.texts)}
        return np.array([places.get(text, -1) for text in _cleaned(names)], np.int64)

    @cached_property
    def holds(self) -> sparse.csr_array:
        """How many playlists of each name hold an item, `(n_names, n_items)` float64."""
        named = np.flatnonzero(self.of_playlist >= 0)
        shape = (len(self.texts), len(self._playlists))
        members = sparse.csr_array(
            (np.ones(len(named)), (self.of_playlist[named], named)), shape=shape
        )
        return sparse.csr_array(members @ self._playlists.matrix())

    @cached_property
    def sizes(self) -> Rows:
        """How many playlists have each name, `(n_names,)`."""
        named = self.of_playlist[self.of_playlist >= 0]
        return np.bincount(named, minlength=len(self.texts))

    def likeness(self, names: Sequence[str] | Objects) -> Doubles:
        """How alike each name is to those of the playlists, `(n_queries, n_names)`, 0 to 1.

        A line does not depend on the other names.

        Raises:
            ModelUnavailableError: If a name must be encoded and the sentence model is missing.
        """
        texts = [clean_name(name) for name in names]
        found: Doubles = np.zeros((len(texts), len(self.texts)))
        asked = [number for number, text in enumerate(texts) if text]
        if not asked or not self.texts:
            return found
        spelled = self._spelling.transform([texts[number] for number in asked])
        found[asked] = (spelled @ self._spelled).toarray()
        if self.meaning is not None and self.vectors is not None:
            vectors = self.meaning.of([texts[number] for number in asked])
            with one_blas_thread():
                # One at a time, for larger products round otherwise.
                for number, vector in zip(asked, vectors, strict=True):
                    meant = np.maximum(self.vectors @ vector, 0)
                    found[number] = (found[number] + meant.astype(np.float64)) / 2
        # Digits that no two machines need share.
        return found.round(6)

    def near(self, names: Sequence[str] | Objects | None, n_queries: int) -> sparse.csr_array:
        """The names most like each query, with as many playlists as vote, `(n_queries, n_names)`.

        Args:
            names: One for each query, "" for none; or None for none at all.
            n_queries: How many queries there are.
        """
        if names is None:
            return sparse.csr_array((n_queries, len(self.texts)), dtype=np.float64)
        columns, values, ends = [], [], [0]
        for line in self.likeness(names):
            some = np.flatnonzero(line > 0)
            order = some[np.argsort(-line[some], kind="stable")]
            before = np.cumsum(self.sizes[order]) - self.sizes[order]
            order = order[before < _VOTERS]
            columns.append(order)
            values.append(line[order])
            ends.append(ends[-1] + len(order))
        return sparse.csr_array(
            (np.concatenate(values), np.concatenate(columns), ends),
            shape=(n_queries, len(self.texts)),
        )

    def votes(self, near: sparse.csr_array, power: float) -> sparse.csr_array:
        """The share of the like-named playlists that hold each item, `(n_queries, n_items)`.

        With `s` the likeness of a playlist's name, each has the weight `s^power`, and the weights
        of those that vote add up to 1.

        Args:
            near: What `near` gave.
            power: How much more the most alike count.
        """
        weights = near.copy()
        weights.data **= power
        totals = weights @ self.sizes.astype(np.float64)
        weights.data /= np.repeat(np.where(totals > 0, totals, 1), np.diff(weights.indptr))
        return sparse.csr_array(weights @ self.holds)

    def ridge(self, near: sparse.csr_array) -> sparse.csr_array:
        """The share of the playlists of a name that a ridge regression expects to hold each item.

        It learns from the names that are most like the query, with the likeness of two names as
        kernel. Unlike in `votes`, names that are alike do not say the same thing twice.

        Args:
            near: What `near` gave.
        """
        weights = near.copy()
        for start, end in pairwise(near.indptr.tolist()):
            names = near.indices[start:end]
            kernel = self._between(names) + np.diag(_RIDGE / self.sizes[names])
            with one_blas_thread():
                weights.data[start:end] = np.linalg.solve(kernel, near.data[start:end])
        weights.data = (weights.data / self.sizes[weights.indices]).round(9)
        return sparse.csr_array(weights @ self.holds)

    def _between(self, names: Rows) -> Doubles:
        """How alike some names are, `(n_names, n_names)`."""
        spelled = self._lines[names]
        found: Doubles = (spelled @ spelled.T).toarray()
        if self.vectors is None:
            return found
        vectors = self.vectors[names].astype(np.float64)
        return (found + np.maximum(vectors @ vectors.T, 0)) / 2

    def stand_ins(self, near: sparse.csr_array) -> sparse.csr_array:
        """Items that stand for a name in the place of given ones, with weights that add up to 1.

        Those of the most votes, less what everybody plays.

        Args:
            near: What `near` gave.
        """
        best = strongest(self.votes(near, 2.0), _ITEMS)
        best.data *= self._rarity[best.indices]
        totals = np.asarray(best.sum(axis=1)).ravel()
        best.data /= np.repeat(np.where(totals > 0, totals, 1), np.diff(best.indptr))
        return best

    @cached_property
    def held_by(self) -> sparse.csr_array:
        """The same as `holds` the other way round, `(n_items, n_names)`."""
        return self.holds.T.tocsr()

    @cached_property
    def spelled(self) -> list[str]:
        """Each name as its first playlist has it."""
        found = dict(
            zip(self.of_playlist[::-1].tolist(), names_of(self._playlists)[::-1], strict=True)
        )
        return [found[name].strip() for name in range(len(self.texts))]

    @cached_property
    def _rarity(self) -> Doubles:
        counts = np.maximum(self._playlists.playlist_counts, 1)
        rarity: Doubles = np.log1p(len(self._playlists) / counts)
        return rarity

    @cached_property
    def _spelling(self) -> Spelling:
        return Spelling(self.texts)

    @cached_property
    def _lines(self) -> sparse.csr_array:
        return self._spelling.transform(self.texts)

    @cached_property
    def _spelled(self) -> sparse.csr_array:
        return self._lines.T.tocsr()

    @cached_property
    def vectors(self) -> Floats | None:
        """What each name means, `(n_names, dim)`; None without a sentence model."""
        return None if self.meaning is None else self.meaning.of(self.texts)


class Spelling:
    """Cleaned names by their words and by parts of words, weighted by TF-IDF.

    Args:
        texts: Names that the weights are learned from, at least one.
    """

    def __init__(self, texts: Sequence[str]) -> None:
        # It takes a while to load, and most models are never asked for a name.
        from sklearn.feature_extraction.text import TfidfVectorizer

        usual = {"sublinear_tf": True, "lowercase": False, "dtype": np.float64}
        self._parts: list[Any] = [
            TfidfVectorizer(analyzer=str.split, **usual).fit(texts),
            TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), **usual).fit(texts),
        ]

    def transform(self, texts: Sequence[str]) -> sparse.csr_array:
        """Rows whose inner product is the mean cosine of both, `(n_texts, n_features)`."""
        found = [part.transform(texts) for part in self._parts]
        return sparse.csr_array(sparse.hstack(found, format="csr") / np.sqrt(len(found)))


def distinct_names(playlists: Playlists) -> list[str]:
    """The different names of playlists, cleaned, in alphabetical order."""
    return sorted({*_cleaned(names_of(playlists))} - {""})


def named_queries(
    index: HybridIndex, blocks: BlockSet, playlists: Playlists, names: NameNeighbours | None
) -> HybridQueries:
    """Playlists and their names as queries; see `playlist_queries`.

    A name counts as much as one item of the query: in its place stand items that like-named
    playlists hold.

    Args:
        index: Item vectors.
        blocks: What items are described by.
        playlists: What is asked; a query without items may have a name.
        names: Names of the training playlists; None where they have none.
    """
    if names is None or not playlists.n_named:
        return playlist_queries(index, blocks, playlists)
    more = names.stand_ins(names.near(playlists.names, len(playlists))) * _COUNTS_AS
    return playlist_queries(index, blocks, playlists, more.astype(np.float32))


def _cleaned(names: Sequence[str] | Objects) -> list[str]:
    of: dict[str, str] = {name: clean_name(name) for name in dict.fromkeys(names)}
    return [of[name] for name in names]

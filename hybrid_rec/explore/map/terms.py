"""Terms: what can describe a region of a map: artists, tags and the words of names."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from scipy import sparse
from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS, CountVectorizer

from hybrid_rec.blocks.categories import CategoriesBlock
from hybrid_rec.blocks.labels import Labels, fold
from hybrid_rec.core.arrays import Doubles, Objects
from hybrid_rec.data.arrow_types import TEXT
from hybrid_rec.data.folding import folded
from hybrid_rec.explore.map.points import Points
from hybrid_rec.model.fitted import Model

# What fewer items have says nothing of a region.
_FEWEST = 3
# Words tell less than artists and tags that are as frequent.
_WORD = 0.5
_LETTERS = r"[^\W\d_]{3,}"
# What stands in titles and names of any kind.
_NO_WORDS = ENGLISH_STOP_WORDS | {
    "dont", "im", "ive", "youre", "feat", "the", "and", "version", "remastered", "remaster",
    "album", "live", "edit", "mix", "remix", "playlist", "songs", "song", "music", "spotify",
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class Terms:
    """Texts, and how much of each point they describe."""

    texts: list[str]
    """What a label says, `(n_terms,)`."""
    weights: Doubles
    """How much each kind of term tells, `(n_terms,)`."""
    shares: sparse.csr_array
    """How much of each point a term describes, in [0, 1], `(n_points, n_terms)`."""

    @classmethod
    def of(cls, model: Model, points: Points) -> Terms:
        """The labels of the blocks of kind `categories`, words of titles and of playlists' names.

        Words of a playlist's name describe its items, each by the share of its playlists that are
        called so. A playlist is described by what its items are.
        """
        texts: list[str] = []
        weights: list[float] = []
        parts: list[sparse.csr_array] = []
        plays = model.playlists.matrix()
        for own_texts, weight, of_items in _kinds(model, plays):
            kept = np.flatnonzero(of_items.sum(axis=0) >= _FEWEST)
            texts += [own_texts[number] for number in kept.tolist()]
            weights += [weight] * len(kept)
            items = sparse.csr_array(of_items[:, kept])
            held = _mean(plays[points.playlists]) @ items
            parts.append(sparse.vstack([items[points.items], held], format="csr"))
        if not parts:
            return cls([], np.empty(0), sparse.csr_array((len(points), 0)))
        return cls(texts, np.array(weights), sparse.csr_array(sparse.hstack(parts, format="csr")))


def _kinds(
    model: Model, plays: sparse.csr_array
) -> Iterator[tuple[list[str], float, sparse.csr_array]]:
    """Texts of each kind of term, how much it tells, and what it describes, `(n_items, n)`."""
    table = model.catalog.table
    for block in model.blocks:
        if isinstance(block, CategoriesBlock):
            rows = model.index.one_hot[block.name].astype(bool).astype(np.float64)
            yield _spelled(block.names(table), block.labels, rows.shape[1]), 1.0, rows
    titles = _words(model.catalog.titles)
    if titles is not None:
        yield (*titles[:1], _WORD, titles[1])
    called = None if model.playlists.names is None else _words(model.playlists.names)
    if called is not None:
        yield (*called[:1], _WORD, sparse.csr_array(_mean(sparse.csr_array(plays.T)) @ called[1]))


def _spelled(names: Iterable[Sequence[str]], labels: Labels, width: int) -> list[str]:
    """Each label as it is written most often."""
    counts = Counter(label for labels_of_one in names for label in labels_of_one)
    spelled = [""] * width
    for label, _ in reversed(counts.most_common()):
        column = labels.columns.get(fold(label))
        if column is not None:
            spelled[column] = " ".join(label.split())
    return spelled


def _words(texts: Objects) -> tuple[list[str], sparse.csr_array] | None:
    """The words of texts, and which texts they stand in; None if there are none."""
    reader = CountVectorizer(
        preprocessor=None, lowercase=False, binary=True, stop_words=list(_NO_WORDS),
        token_pattern=_LETTERS, dtype=np.float64,
    )  # fmt: skip
    try:
        found = reader.fit_transform(folded(pa.array(texts, TEXT)))
    except ValueError:  # there are none
        return None
    return reader.get_feature_names_out().tolist(), sparse.csr_array(found)


def _mean(rows: sparse.csr_array) -> sparse.csr_array:
    """Rows whose entries add up to 1, or 0 where there are none."""
    sums = np.maximum(rows.sum(axis=1), 1)
    return sparse.csr_array(sparse.diags_array(1 / sums) @ rows)

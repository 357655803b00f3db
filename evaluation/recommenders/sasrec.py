"""SASRec: self-attention over the order of plays."""

from __future__ import annotations

from typing import Any

import numpy as np

from evaluation.recommenders.parameters import check_real, check_seed, check_whole
from evaluation.recommenders.registry import register_baseline
from evaluation.recommenders.vectors import VectorBaseline
from hybrid_rec.core.arrays import Floats, Rows
from hybrid_rec.core.linalg import reproducible
from hybrid_rec.data.catalog import Catalog
from hybrid_rec.data.playlists import Playlists
from indexes.hybrid import HybridIndex, HybridQueries

_HIDDEN = "hidden"


@register_baseline()
class SASRec(VectorBaseline):
    """Self-attention over the order of plays, trained to tell the next item.

    Two blocks of causal self-attention read the latest `longest` items of a playlist, and the score
    of item i is the inner product of the last hidden state with the item's embedding. It is trained
    by the cross-entropy of each next item against `negatives` items that are drawn for each batch.
    An item without plays has no embedding and cannot be scored.

    Args:
        size: Dimensions of the embeddings, a multiple of `heads`.
        heads: Heads of the attention.
        blocks: Blocks of attention.
        longest: Items of a playlist that are read, the latest.
        epochs: Passes over the playlists.
        negatives: Items that each batch is told apart from.
        dropout: Share of what is dropped in training, below 1.
        seed: Seed of all that is drawn, in [0, 2^32).

    Raises:
        ConfigError: If a parameter is out of range.

    References:
        Kang and McAuley, "Self-Attentive Sequential Recommendation", ICDM 2018. Klenitskiy and
        Vasilev, "Turning Dross Into Gold Loss: is BERT4Rec really better than SASRec?", RecSys
        2023, for the cross-entropy.
    """

    name = "sasrec"

    def __init__(
        self,
        size: int = 64,
        heads: int = 2,
        blocks: int = 2,
        longest: int = 50,
        epochs: int = 40,
        negatives: int = 512,
        dropout: float = 0.2,
        seed: int = 0,
    ) -> None:
        super().__init__()
        for name, value in (
            ("size", size), ("heads", heads), ("blocks", blocks), ("longest", longest),
            ("epochs", epochs), ("negatives", negatives),
        ):  # fmt: skip
            check_whole(self, name, value)
        check_real(self, "dropout", dropout)
        check_seed(self, seed)
        self.size, self.heads, self.blocks, self.longest = size, heads, blocks, longest
        self.epochs, self.negatives, self.dropout, self.seed = epochs, negatives, dropout, seed

    @reproducible()
    def _fit(self, playlists: Playlists, catalog: Catalog) -> None:
        # Only here, for torch takes seconds to load.
        from evaluation.recommenders.attention import Attention, trained

        distinct = playlists.distinct()
        self._known = np.flatnonzero(distinct.play_counts)
        self._place: Rows = np.zeros(len(catalog), np.int64)
        self._place[self._known] = np.arange(1, len(self._known) + 1)
        lists = [self._place[rows] for rows in distinct if len(rows) > 1]
        self._model: Any = Attention(
            len(self._known), self.size, self.heads, self.blocks, self.longest, self.dropout,
            self.seed,
        )  # fmt: skip
        trained(self._model, lists, self.epochs, self.negatives, self.seed)
        vectors: Floats = np.zeros((len(catalog), self.size), np.float32)
        vectors[self._known] = self._model.item_vectors()
        self._index = HybridIndex.build({_HIDDEN: vectors})
        self._weights = {_HIDDEN: 1.0}

    @reproducible()
    def _queries(self, queries: Playlists) -> HybridQueries:
        vectors = np.zeros((len(queries), self.size), np.float32)
        for number, rows in enumerate(queries.distinct()):
            places = self._place[rows]
            places = places[places > 0]
            if len(places):
                vectors[number] = self._model.state_of(places)
        return HybridQueries({_HIDDEN: vectors})

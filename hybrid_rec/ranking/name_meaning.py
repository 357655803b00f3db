"""What names of playlists mean: vectors of a sentence model, where items are described by one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hybrid_rec.blocks.block_set import BlockSet
from hybrid_rec.blocks.text.block import TextBlock
from hybrid_rec.blocks.text.sentences import SentenceEncoder
from hybrid_rec.core.arrays import Floats
from hybrid_rec.core.progress import Progress
from hybrid_rec.data.playlists import Playlists
from hybrid_rec.ranking.names import NameNeighbours, distinct_names

_SILENT = Progress()
# Vectors of names that were asked for, to be kept at most.
_MOST_KEPT = 10_000


class NameMeaning:
    """Vectors of cleaned names, of length 1: those known from the start, and any others.

    Args:
        encoder: Encodes other names.
        texts: Cleaned names.
        vectors: Theirs, `(n_texts, dim)`.
    """

    def __init__(self, encoder: SentenceEncoder, texts: Sequence[str], vectors: Floats) -> None:
        self._encoder = encoder
        self._known = dict(zip(texts, vectors, strict=True))
        self._asked: dict[str, Floats] = {}

    def of(self, texts: Sequence[str], progress: Progress = _SILENT) -> Floats:
        """Vectors of cleaned names, `(n_texts, dim)`.

        Raises:
            ModelUnavailableError: If another name must be encoded and there is no model.
        """
        new = [text for text in dict.fromkeys(texts) if self._find(text) is None]
        if new:
            if len(self._asked) > _MOST_KEPT:
                self._asked.clear()
                return self.of(texts, progress)
            self._asked.update(zip(new, self._encoder.encode(new, progress), strict=True))
        found = [self._find(text) for text in texts]
        return np.array(found, dtype=np.float32).reshape(len(found), -1)

    def knowing(self, texts: Sequence[str], progress: Progress) -> NameMeaning:
        """The same for other names from the start."""
        return NameMeaning(self._encoder, texts, self.of(texts, progress))

    def _find(self, text: str) -> Floats | None:
        found = self._known.get(text)
        return self._asked.get(text) if found is None else found


def name_encoder(blocks: BlockSet) -> SentenceEncoder | None:
    """The sentence model that describes items; None where none does."""
    for block in blocks:
        if isinstance(block, TextBlock) and isinstance(block.encoder, SentenceEncoder):
            return block.encoder
    return None


def meaning_of(playlists: Playlists, blocks: BlockSet, progress: Progress) -> NameMeaning | None:
    """What the names of playlists mean; None without names or a sentence model.

    Raises:
        ModelUnavailableError: If the sentence model cannot be found.
    """
    encoder = name_encoder(blocks)
    if encoder is None or not playlists.n_named:
        return None
    texts = distinct_names(playlists)
    return NameMeaning(encoder, texts, encoder.encode(texts, progress))


def name_neighbours(playlists: Playlists, meaning: NameMeaning | None) -> NameNeighbours | None:
    """What playlists are called, and what those of each name hold; None where none has a name."""
    return NameNeighbours(playlists, meaning) if playlists.n_named else None

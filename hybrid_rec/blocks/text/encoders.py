"""The encoders of texts: what all of them do, and which of them a configuration asks for."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol, Self, runtime_checkable

from hybrid_rec.blocks.text.cleaning import Clean, Texts, clean_title
from hybrid_rec.blocks.text.sentences import SentenceEncoder
from hybrid_rec.blocks.text.tfidf import TfidfEncoder
from hybrid_rec.blocks.text.word2vec import Word2VecEncoder
from hybrid_rec.core.arrays import Floats
from hybrid_rec.core.config import TextConfig
from hybrid_rec.core.progress import Progress

_SILENT = Progress()


@runtime_checkable
class TextEncoder(Protocol):
    """What turns texts into vectors. Texts are cleaned first, in the way it was made with."""

    @property
    def dim(self) -> int:
        """Length of a vector."""

    def fit(self, texts: Texts) -> Self:
        """Learn from texts what there is to learn; missing texts are skipped."""

    def encode(self, texts: Texts, progress: Progress = _SILENT) -> Floats:
        """Unit vectors, `(n, dim)`; the row of a missing or empty text is zero."""

    def fingerprint(self) -> str:
        """Hexadecimal SHA-256 of all that decides over the vectors, but for the cleaning."""

    def save(self, folder: Path) -> None:
        """Write the state into an existing folder of its own, for `load_text_encoder`."""


def make_text_encoder(config: TextConfig, seed: int, clean: Clean = clean_title) -> TextEncoder:
    """The encoder that `config` chooses.

    Args:
        config: Which encoder, and its settings.
        seed: Seed of what is learned from the texts; a sentence model learns nothing.
        clean: What is done to each text first, by `fit` and by `encode`: `clean_title` for titles,
            `clean_text` for lyrics and descriptions, which keep their brackets and years.
    """
    if config.encoder == "tfidf":
        return TfidfEncoder(config.tfidf_size, seed, clean)
    if config.encoder == "word2vec":
        return Word2VecEncoder(config.word2vec_size, seed, clean)
    return SentenceEncoder(config, clean)


def load_text_encoder(folder: Path, config: TextConfig, clean: Clean = clean_title) -> TextEncoder:
    """The encoder that was saved to `folder`, which may be that of a whole model of format 1.

    A sentence model is not part of it: `config` names it, and it is looked for when a text has
    to be encoded that is not in the cache. Nor is `clean`, which must be what it was made with.

    Raises:
        ArtifactError: If the state is missing, damaged or that of another encoder. Also raised
            by `encode`, later, if the sentence model is not the one that was saved.
    """
    if config.encoder == "tfidf":
        return TfidfEncoder.load(folder, config.tfidf_size, clean)
    if config.encoder == "word2vec":
        return Word2VecEncoder.load(folder, config.word2vec_size, clean)
    return SentenceEncoder.load(folder, config, clean)

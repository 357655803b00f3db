"""Texts to vectors by word vectors that are learned on the texts themselves."""

from __future__ import annotations

import hashlib
import json
import math
import re
import unicodedata
from collections import Counter
from functools import cache
from itertools import chain
from pathlib import Path
from typing import Literal, Self

import numpy as np
from scipy import sparse

from hybrid_rec.blocks.text.chunks import CHUNK, encode_in_chunks
from hybrid_rec.blocks.text.cleaning import Clean, Texts, clean_title, distinct_texts
from hybrid_rec.blocks.text.state import (
    VocabularyState,
    read_array,
    read_state,
    write_state,
)
from hybrid_rec.core.arrays import Floats
from hybrid_rec.core.errors import ArtifactError, NotFittedError
from hybrid_rec.core.linalg import unit_rows
from hybrid_rec.core.progress import Progress
from hybrid_rec.core.stored import write_array

DEFAULT_SIZE = 100

_SILENT = Progress()
_WORDS, _IDF, _MEAN = "words.npy", "idf.npy", "mean.npy"
_WINDOW = 5
_NEGATIVE = 5
_MIN_COUNT = 2
_FEW_TEXTS = 1000
"""In fewer texts than this a word that occurs once is still worth a vector."""
_MAX_WORDS = 100_000
_WORDS_TO_SEE = 500_000
_FEWEST_EPOCHS, _MOST_EPOCHS = 5, 100
# gensim ignores what follows in a longer sentence.
_LONGEST_SENTENCE = 10_000
_NOTHING = 1e-6
"""Length below which the difference of a text from the mean of all is rounding."""


class Word2VecEncoder:
    """Text vectors from the words in a text, by skip-gram word vectors learned on the texts.

    Words that stand near each other are alike, and so are texts of like words; it needs no model
    from elsewhere and suits long texts, such as lyrics, in any language that puts something between
    its words. The vector of a text is the mean of the unit vectors of its words, each occurrence
    weighted by inverse document frequency `ln((1 + n) / (1 + df)) + 1` over `n` distinct texts;
    then the mean over all texts of `fit` is taken off, which all texts share and which would hide
    how they differ, and the rest made length 1. Words that `fit` did not know are left out; a text
    without known words, and one that is just the mean, has a zero row.

    References:
        Mikolov et al., "Distributed Representations of Words and Phrases and their
        Compositionality", 2013, https://arxiv.org/abs/1310.4546. Arora, Liang and Ma, "A Simple but
        Tough-to-Beat Baseline for Sentence Embeddings", 2017, takes off a common component, too.
    """

    def __init__(self, size: int = DEFAULT_SIZE, seed: int = 0, clean: Clean = clean_title) -> None:
        self._clean = clean
        self._size = size
        self._seed = seed
        self._places: dict[str, int] | None = None
        self._words: Floats = np.empty((0, size), np.float32)
        self._idf: Floats = np.empty(0, np.float32)
        self._mean: Floats = np.zeros(size, np.float32)

    @classmethod
    def load(cls, folder: Path, size: int = DEFAULT_SIZE, clean: Clean = clean_title) -> Self:
        """The encoder that was saved to `folder`; `clean` must be what it was made with.

        Raises:
            ArtifactError: If a file is missing or damaged, or vectors have another size.
        """
        state = read_state(folder, _Word2VecState)
        if state.size != size:
            raise ArtifactError(
                f"the block's size must be {state.size}, the size of word vectors that was saved "
                f"to {folder}, got {size}; set it so, or fit again."
            )
        n_words = len(state.vocabulary)
        encoder = cls(state.size, state.seed, clean)
        encoder._places = {word: place for place, word in enumerate(state.vocabulary)}
        encoder._words = read_array(folder, _WORDS, (n_words, state.size))
        encoder._idf = read_array(folder, _IDF, (n_words,))
        encoder._mean = read_array(folder, _MEAN, (state.size,))
        return encoder

    @property
    def dim(self) -> int:
        """Length of a vector."""
        return self._size

    def fit(self, texts: Texts) -> Self:
        """Learn words, their weights and their vectors from the distinct texts.

        Their order and repetitions do not matter; the same texts and seed give the same bytes. No
        text or no word at all is no error: every row is zero.
        """
        distinct = sorted(distinct_texts(texts, self._clean)[0])
        split = [words_of(text) for text in distinct]
        counts = Counter(chain.from_iterable(split))
        least = _MIN_COUNT if len(split) >= _FEW_TEXTS else 1
        kept = [word for word in counts if counts[word] >= least]
        kept = sorted(kept, key=lambda word: (-counts[word], word))[:_MAX_WORDS]
        self._places = {word: place for place, word in enumerate(kept)}
        self._mean = np.zeros(self._size, np.float32)
        if not kept:
            self._words = np.empty((0, self._size), np.float32)
            self._idf = np.empty(0, np.float32)
            return self
        holders = Counter(chain.from_iterable(map(set, split)))
        df = np.array([holders[word] for word in kept], np.float64)
        self._idf = (np.log((1 + len(split)) / (1 + df)) + 1).astype(np.float32)
        self._words = self._learn(split, {word: counts[word] for word in kept})
        total = np.zeros(self._size, np.float64)
        n_known = 0
        for start in range(0, len(split), CHUNK):
            means = self._mean_words(split[start : start + CHUNK])
            total += means.sum(axis=0, dtype=np.float64)
            n_known += int(means.any(axis=1).sum())
        self._mean = (total / max(1, n_known)).astype(np.float32)
        return self

    def encode(self, texts: Texts, progress: Progress = _SILENT) -> Floats:
        """Unit vectors, `(n, dim)` float32; zero for a missing text and one of unknown words.

        Raises:
            NotFittedError: Before `fit`.
            DataError: If a text is neither a string nor None.
        """
        self._fitted()

        def vectors(part: list[str]) -> Floats:
            means = self._mean_words([words_of(text) for text in part])
            apart = np.where(means.any(axis=1, keepdims=True), means - self._mean, 0)
            apart[np.abs(apart).max(axis=1) < _NOTHING] = 0
            return apart

        return encode_in_chunks(texts, self._clean, self._size, vectors, progress)

    def fingerprint(self) -> str:
        """SHA-256 over vocabulary, weights, word vectors and mean, hexadecimal.

        Raises:
            NotFittedError: Before `fit`.
        """
        digest = hashlib.sha256(json.dumps([self._size, list(self._fitted())]).encode())
        for array in (self._idf, self._words, self._mean):
            digest.update(array.tobytes())
        return digest.hexdigest()

    def save(self, folder: Path) -> None:
        """Write vocabulary, weights, word vectors and mean.

        Raises:
            NotFittedError: Before `fit`.
        """
        vocabulary = list(self._fitted())
        write_state(folder, _Word2VecState(size=self._size, seed=self._seed, vocabulary=vocabulary))
        for name, array in ((_WORDS, self._words), (_IDF, self._idf), (_MEAN, self._mean)):
            write_array(folder / name, array)

    def _learn(self, split: list[list[str]], counts: dict[str, int]) -> Floats:
        """Unit vectors of the words in `counts`, `(n_words, size)`."""
        # gensim takes a second to load, and only fitting needs it.
        from gensim.models import Word2Vec

        rng = np.random.default_rng(self._seed)
        n_words = sum(counts.values())
        wanted = math.ceil(_WORDS_TO_SEE / n_words)
        epochs = min(max(wanted, _FEWEST_EPOCHS), _MOST_EPOCHS)
        model = Word2Vec(
            vector_size=self._size,
            window=_WINDOW,
            min_count=1,
            sg=1,
            hs=0,
            negative=_NEGATIVE,
            workers=1,
            epochs=epochs,
            seed=int(rng.integers(2**31)),
        )
        model.build_vocab_from_freq(counts, corpus_count=len(split))
        # In the order of the alphabet, texts that begin alike would be learned together.
        sentences = [
            split[place][first : first + _LONGEST_SENTENCE]
            for place in rng.permutation(len(split)).tolist()
            for first in range(0, len(split[place]), _LONGEST_SENTENCE)
        ]
        model.train(sentences, total_examples=len(sentences), total_words=n_words, epochs=epochs)
        rows = [model.wv.key_to_index[word] for word in counts]
        return unit_rows(np.ascontiguousarray(model.wv.vectors[rows], dtype=np.float32))

    def _mean_words(self, split: list[list[str]]) -> Floats:
        """Weighted mean of the word vectors of each text, `(n, size)`; zero without known words."""
        places = self._fitted()
        known = [[places[word] for word in words if word in places] for words in split]
        indptr = np.concatenate([[0], np.cumsum([len(row) for row in known])])
        columns = np.fromiter(chain.from_iterable(known), np.int64, int(indptr[-1]))
        weights = self._idf[columns]
        shape = (len(known), len(places))
        sums: Floats = sparse.csr_array((weights, columns, indptr), shape=shape) @ self._words
        rows = np.repeat(np.arange(len(known)), np.diff(indptr))
        totals = np.bincount(rows, weights=weights, minlength=len(known))[:, None]
        means: Floats = (sums / np.maximum(totals, _NOTHING)).astype(np.float32)
        return means

    def _fitted(self) -> dict[str, int]:
        if self._places is None:
            raise NotFittedError("the word2vec encoder must be fitted before it is used; call fit.")
        return self._places


class _Word2VecState(VocabularyState):
    encoder: Literal["word2vec"] = "word2vec"


def words_of(text: str) -> list[str]:
    """The words of a text in lower case; an apostrophe inside a word is part of it.

    Examples:
        >>> words_of("Don't STOP -- rock 'n' roll!")
        ["don't", 'stop', 'rock', 'n', 'roll']
    """
    found: list[str] = _word().findall(text.lower().replace("\u2019", "'"))
    return found


@cache
def _word() -> re.Pattern[str]:
    # To `re`, the vowel signs of Hindi and other marks are not part of a word.
    marks = (code for code in range(0x300, 0x10000) if unicodedata.category(chr(code))[0] == "M")
    letter = rf"[\w{''.join(map(chr, marks))}]"
    return re.compile(rf"{letter}+(?:'{letter}+)*")

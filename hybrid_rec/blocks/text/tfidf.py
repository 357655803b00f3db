"""Texts to vectors by character n-grams and truncated SVD: no torch, no model file."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any, Literal, Self

import numpy as np

from hybrid_rec.blocks.text.chunks import encode_in_chunks
from hybrid_rec.blocks.text.cleaning import Clean, Texts, clean_title, distinct_texts
from hybrid_rec.blocks.text.state import (
    VocabularyState,
    read_array,
    read_state,
    write_state,
)
from hybrid_rec.core.arrays import Floats
from hybrid_rec.core.errors import ArtifactError, NotFittedError
from hybrid_rec.core.progress import Progress
from hybrid_rec.core.stored import write_array

_SILENT = Progress()
_IDF = "idf.npy"
_PROJECTION = "projection.npy"
_MAX_NGRAMS = 32_768
_MAX_SVD_TEXTS = 50_000


class TfidfEncoder:
    """Text vectors from character n-grams, weighted by TF-IDF and reduced by truncated SVD.

    Texts that share spelling are near each other, whatever they mean. A text that shares no
    n-gram with those of `fit` has a zero row.
    """

    def __init__(self, size: int, seed: int, clean: Clean = clean_title) -> None:
        self._clean = clean
        self._size = size
        self._seed = seed
        self._vocabulary: list[str] | None = None
        self._idf: Floats = np.empty(0, np.float32)
        self._projection: Floats = np.empty((0, 0), np.float32)

    @classmethod
    def load(cls, folder: Path, size: int, clean: Clean = clean_title) -> Self:
        """The encoder that was saved to `folder`; `clean` must be what it was made with.

        Raises:
            ArtifactError: If a file is missing or damaged, or vectors have another size.
        """
        state = read_state(folder, _TfidfState)
        if state.size != size:
            raise ArtifactError(
                f"the block's `tfidf_size` must be {state.size}, the size that was saved to "
                f"{folder}, got {size}; set it so, or fit again."
            )
        encoder = cls(state.size, state.seed, clean)
        encoder._vocabulary = state.vocabulary
        encoder._idf = read_array(folder, _IDF, (len(state.vocabulary),))
        encoder._projection = read_array(folder, _PROJECTION, (len(state.vocabulary), state.size))
        return encoder

    @property
    def dim(self) -> int:
        """Length of a vector: `tfidf_size`, zero-padded when there are fewer texts than that."""
        return self._size

    def fit(self, texts: Texts) -> Self:
        """Learn n-grams, their weights and the projection from the distinct texts.

        Their order and repetitions do not matter. No text or no n-gram at all is no error:
        every row is zero.
        """
        from sklearn.utils.extmath import randomized_svd

        distinct = sorted(distinct_texts(texts, self._clean)[0])
        vectorizer = _vectorizer(max_features=_MAX_NGRAMS)
        # Accents alone are a text, but they are stripped.
        if not any(map(vectorizer.build_analyzer(), distinct)):
            self._vocabulary, self._idf = [], np.empty(0, np.float32)
            self._projection = np.empty((0, self._size), np.float32)
            return self
        matrix = vectorizer.fit_transform(distinct)
        rng = np.random.default_rng(self._seed)
        if len(distinct) > _MAX_SVD_TEXTS:
            matrix = matrix[np.sort(rng.choice(len(distinct), _MAX_SVD_TEXTS, replace=False))]
        rank = min(self._size, *matrix.shape)
        components = randomized_svd(matrix, n_components=rank, n_iter=4, random_state=self._seed)[2]
        self._vocabulary = vectorizer.get_feature_names_out().tolist()
        self._idf = vectorizer.idf_.astype(np.float32)
        self._projection = np.zeros((matrix.shape[1], self._size), np.float32)
        self._projection[:, :rank] = components.T
        return self

    def encode(self, texts: Texts, progress: Progress = _SILENT) -> Floats:
        """Unit vectors, `(n, dim)` float32; the row of a missing text is zero.

        Raises:
            NotFittedError: Before `fit`.
            DataError: If a text is neither a string nor None.
        """
        vocabulary = self._fitted()
        vectorizer = None
        if vocabulary:
            vectorizer = _vectorizer(vocabulary=vocabulary)
            vectorizer.idf_ = self._idf

        def vectors(part: list[str]) -> Floats:
            if vectorizer is None:
                return np.zeros((len(part), self._size), np.float32)
            found: Floats = vectorizer.transform(part) @ self._projection
            return found

        return encode_in_chunks(texts, self._clean, self._size, vectors, progress)

    def fingerprint(self) -> str:
        """SHA-256 over vocabulary, weights and projection, hexadecimal.

        Raises:
            NotFittedError: Before `fit`.
        """
        digest = hashlib.sha256(json.dumps([self._size, self._fitted()]).encode())
        digest.update(self._idf.tobytes())
        digest.update(self._projection.tobytes())
        return digest.hexdigest()

    def save(self, folder: Path) -> None:
        """Write vocabulary, weights and projection.

        Raises:
            NotFittedError: Before `fit`.
        """
        state = _TfidfState(size=self._size, seed=self._seed, vocabulary=self._fitted())
        write_state(folder, state)
        write_array(folder / _IDF, self._idf)
        write_array(folder / _PROJECTION, self._projection)

    def _fitted(self) -> list[str]:
        if self._vocabulary is None:
            raise NotFittedError("the tfidf encoder must be fitted before it is used; call fit.")
        return self._vocabulary


class _TfidfState(VocabularyState):
    encoder: Literal["tfidf"] = "tfidf"


def _vectorizer(**settings: Any) -> Any:
    from sklearn.feature_extraction.text import TfidfVectorizer

    return TfidfVectorizer(
        analyzer="char_wb",
        ngram_range=(2, 4),
        sublinear_tf=True,
        strip_accents="unicode",
        dtype=np.float32,
        **settings,
    )

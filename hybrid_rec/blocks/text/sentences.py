"""Texts to vectors by a sentence model: what they mean, in languages the model has read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, Self

import numpy as np
from pydantic import Field, PositiveInt

from hybrid_rec.blocks.text.cache import TextCache
from hybrid_rec.blocks.text.chunks import spread_rows
from hybrid_rec.blocks.text.cleaning import Clean, Texts, clean_title, distinct_texts
from hybrid_rec.blocks.text.models import LocatedModel, locate_model
from hybrid_rec.blocks.text.precision import Precision, resolve_precision
from hybrid_rec.blocks.text.state import EncoderState, read_state, write_state
from hybrid_rec.blocks.text.windows import split_texts
from hybrid_rec.core.arrays import Floats, Rows
from hybrid_rec.core.cache_folder import default_cache_dir
from hybrid_rec.core.config import TextConfig
from hybrid_rec.core.errors import ArtifactError, ModelUnavailableError
from hybrid_rec.core.linalg import unit_rows
from hybrid_rec.core.progress import Advance, Progress
from hybrid_rec.core.quoting import quoted, shortened

_SILENT = Progress()

_FLUSH = 8192
"""New texts are written to the cache in such lots, so that an interrupt loses no more."""
_SMALLEST_BATCH = 8
_TOKENS = 2048
"""Tokens of a batch of short texts: enough to keep the cores busy, few enough for their caches."""


class SentenceEncoder:
    """Text vectors of a sentence-transformers model, kept in a cache on disk.

    A batch holds texts of one length in tokens, so nothing is padded: on a CPU a text gets the
    same bytes in whatever company it is encoded. Elsewhere expect differences below 1e-6.

    A text that is longer than the model reads is encoded in windows that overlap by an eighth; its
    vector is their mean, weighted by their tokens, of length 1.
    """

    def __init__(self, config: TextConfig, clean: Clean = clean_title) -> None:
        self._config = config
        self._clean = clean
        self._precision = resolve_precision(config.precision)
        self._saved: _SentenceState | None = None
        self._located: LocatedModel | None = None
        self._model: Any = None
        self._cache: TextCache | None = None

    @classmethod
    def load(cls, folder: Path, config: TextConfig, clean: Clean = clean_title) -> Self:
        """See `load_text_encoder`."""
        encoder = cls(config, clean)
        encoder._saved = read_state(folder, _SentenceState)
        return encoder

    @property
    def dim(self) -> int:
        """Length of a vector, as the files of the model tell or, if they do not, the model.

        Raises:
            ModelUnavailableError: If the model cannot be found or loaded.
        """
        if self._saved is not None:
            return self._saved.dim
        declared = self._locate().dim
        return declared if declared is not None else int(self._load().get_embedding_dimension())

    def fit(self, texts: Texts) -> Self:
        """Nothing to learn."""
        del texts
        return self

    def encode(self, texts: Texts, progress: Progress = _SILENT) -> Floats:
        """Unit vectors, `(n, dim)` float32; the row of a missing text is zero.

        Each distinct text is encoded once. Where the cache has them all, no model is loaded, and
        an encoder that was itself loaded does not even look for one.

        Raises:
            ModelUnavailableError: If the model cannot be found or loaded.
            ArtifactError: If it is not the model that this encoder was saved with.
            DataError: If a text is neither a string nor None.
        """
        distinct, places = distinct_texts(texts, self._clean)
        if self._saved is None:
            self._locate(progress)
        cache = self._open_cache()
        if cache is None:
            found = np.zeros(len(distinct), bool)
            vectors = np.zeros((len(distinct), self.dim), np.float32)
        else:
            found, vectors = cache.get(distinct)
        new = np.flatnonzero(~found)
        if len(new):
            self._load(progress)
            with progress.stage("Encoding texts", len(distinct)) as advance:
                advance(len(distinct) - len(new))
                vectors[new] = self._encode_new([distinct[i] for i in new.tolist()], cache, advance)
        return spread_rows(vectors, places)

    def not_cached(self, texts: list[str]) -> tuple[list[str], int]:
        """The cleaned texts that would have to be encoded, and the size of the cache in bytes."""
        cache = self._open_cache()
        if cache is None:
            return texts, 0
        found, _ = cache.get(texts)
        return [texts[i] for i in np.flatnonzero(~found).tolist()], cache.size

    def fingerprint(self) -> str:
        """SHA-256 over the files of the model, hexadecimal.

        The precision has no part in it: a saved model can be loaded where there is another.

        Raises:
            ModelUnavailableError: If the model cannot be found.
        """
        return self._saved.fingerprint if self._saved else self._locate().fingerprint

    def save(self, folder: Path) -> None:
        """Write the model's name, size and fingerprint; the model itself is not copied."""
        name, dim, fingerprint = self._config.model, self.dim, self.fingerprint()
        write_state(folder, _SentenceState(model=name, dim=dim, fingerprint=fingerprint))

    def _locate(self, progress: Progress = _SILENT) -> LocatedModel:
        if self._located is None:
            located = locate_model(self._config.model, progress)
            if self._saved is not None and located.fingerprint != self._saved.fingerprint:
                raise ArtifactError(
                    f"the text model must be the one that was saved, {quoted(self._saved.model)} "
                    f"with the fingerprint {self._saved.fingerprint}, but {quoted(located.name)} "
                    f"in {located.folder} has {located.fingerprint}; set the block's `model` to a "
                    "folder that holds the saved one, or fit again."
                )
            self._located = located
        return self._located

    def _load(self, progress: Progress = _SILENT) -> Any:
        if self._model is None:
            self._model = _load_model(self._locate(progress).folder, self._precision)
        return self._model

    def _open_cache(self) -> TextCache | None:
        if self._cache is None and self._config.cache:
            base = self._config.cache_dir or default_cache_dir()
            rounded = "" if self._precision == "float32" else f"-{self._precision}"
            self._cache = TextCache(base / "titles" / (self.fingerprint() + rounded), self.dim)
        return self._cache

    def _encode_new(self, texts: list[str], cache: TextCache | None, advance: Advance) -> Floats:
        windows = split_texts(texts, self._model)
        to_come = np.bincount(windows.owners, minlength=len(texts))
        is_long = to_come > 1
        vectors = np.zeros((len(texts), self.dim), np.float32)
        pending: list[int] = []

        def flush() -> None:
            if cache is not None:
                cache.put([texts[i] for i in pending], vectors[pending])
            pending.clear()

        try:
            for batch in self._batches(windows.lengths):
                encoded = self._encode_batch([windows.pieces[i] for i in batch.tolist()])
                owners = windows.owners[batch]
                part = is_long[owners]
                vectors[owners[~part]] = encoded[~part]
                # One after the other, for a batch may hold several windows of a text.
                weights = windows.lengths[batch[part], None].astype(np.float32)
                np.add.at(vectors, owners[part], encoded[part] * weights)
                np.subtract.at(to_come, owners, 1)
                done = np.unique(owners[to_come[owners] == 0])
                vectors[done[is_long[done]]] = unit_rows(vectors[done[is_long[done]]])
                pending += done.tolist()
                advance(len(done))
                if len(pending) >= _FLUSH:
                    flush()
        finally:
            flush()
        return vectors

    def _batches(self, lengths: Rows) -> Iterator[Rows]:
        """Positions of pieces that have one length in tokens.

        There are at most `batch_size` in a batch, and no more than fill it with tokens.
        """
        order = np.argsort(lengths, kind="stable")
        for group in np.split(order, np.flatnonzero(np.diff(lengths[order])) + 1):
            filled = max(_SMALLEST_BATCH, _TOKENS // max(1, int(lengths[group[0]])))
            size = min(self._config.batch_size, filled)
            for start in range(0, len(group), size):
                yield group[start : start + size]

    def _encode_batch(self, texts: list[str]) -> Floats:
        # Matrix libraries have other code, which rounds otherwise, for a handful of rows.
        filled = texts + texts[-1:] * (_SMALLEST_BATCH - len(texts))
        raw = self._model.encode(
            filled, batch_size=len(filled), show_progress_bar=False, convert_to_numpy=True
        )
        vectors = np.asarray(raw, dtype=np.float32)[: len(texts)]
        if vectors.shape != (len(texts), self.dim) or not np.isfinite(vectors).all():
            raise ModelUnavailableError(
                f"the text model {quoted(self._config.model)} must give {self.dim} finite numbers "
                f"a text, got shape {vectors.shape} or NaN; choose another model."
            )
        return unit_rows(vectors)


class _SentenceState(EncoderState):
    encoder: Literal["sentence-transformers"] = "sentence-transformers"
    model: str
    dim: PositiveInt
    fingerprint: str = Field(pattern="^[0-9a-f]{64}$")  # it names a folder


def _load_model(folder: Path, precision: Precision) -> Any:
    try:
        import torch
        from sentence_transformers import SentenceTransformer
        from transformers.utils import logging
    except (ImportError, OSError) as error:
        raise ModelUnavailableError(
            "the encoder 'sentence-transformers' needs sentence-transformers and torch, but "
            f"importing them failed: {error}. Install them, or set the block's `encoder` to "
            "'tfidf', which needs neither."
        ) from error
    # The bar over 0.1 s of reading weights would tear the bar of the encoding.
    shown = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    try:
        model = SentenceTransformer(str(folder), local_files_only=True)
    except Exception as error:
        raise ModelUnavailableError(
            f"the text model in {folder} must load as a sentence-transformers model, "
            f"got {type(error).__name__}: {shortened(str(error))}; save it "
            "again, or choose another."
        ) from error
    finally:
        if shown:
            logging.enable_progress_bar()  # type: ignore[no-untyped-call]
    if precision == "bfloat16":
        # Under autocast weights are rounded anyway; doing it now saves doing it in every batch.
        for part in model.modules():
            if isinstance(part, torch.nn.Linear):
                part.to(torch.bfloat16)
        model.forward = torch.autocast(model.device.type, torch.bfloat16)(model.forward)
    return model

"""Playlists to item vectors by Word2Vec: items played together lie close together."""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from hybrid_rec.blocks.corpus_files import CorpusFiles, item_tokens, shuffled
from hybrid_rec.blocks.excerpts import Excerpts, most_plays
from hybrid_rec.blocks.training_length import epochs_of, rate_of, repeats_of, sample_of, window_of
from hybrid_rec.blocks.vocabulary import set_vocabulary
from hybrid_rec.core.arrays import Floats, Rows
from hybrid_rec.core.config import CooccurrenceConfig
from hybrid_rec.core.errors import DataError
from hybrid_rec.core.progress import Advance, Progress
from hybrid_rec.data.playlists import Playlists

# gensim ignores what follows in a longer sentence.
_LONGEST_SENTENCE = 10_000
# Trained vectors are about so long; only their directions are kept.
_USUAL_NORM = 3.0


@dataclass(frozen=True, eq=False)
class Start:
    """Vectors that are there already, from which training goes on."""

    vectors: Floats
    """Unit vectors, `(n_items, vector_size)`; items with a zero row start anywhere."""
    freedom: Floats
    """How far each item may move, `(n_items,)`: 0 holds it where it is, 1 is training as usual."""
    counts: Rows
    """Plays of each item in all playlists, those that are not trained on included, `(n_items,)`."""


def fit_cooccurrence(
    playlists: Playlists,
    config: CooccurrenceConfig,
    seed: int,
    progress: Progress | None = None,
    start: Start | None = None,
) -> Floats:
    """Unit co-occurrence vectors of all items, `(n_items, vector_size)` float32.

    Items with fewer than `min_count` plays have a zero vector, and so have those that stand only in
    a playlist so long that they had no turn, see `CooccurrenceConfig.longest_playlist`. In
    small catalogues fewer plays are skipped and playlists are read more often, unless `sample` and
    `repeats` say otherwise.

    With several `workers` the playlists are written to a temporary folder, about 8 bytes a play,
    from which gensim's threads read without holding up each other; with `shuffle` they are written
    anew before every epoch. The folder is removed afterwards, after an error or Ctrl-C, too.

    Args:
        playlists: What was played together.
        config: Settings of Word2Vec.
        seed: Seed of its start vectors, samples and shuffles.
        progress: Told after every epoch.
        start: Goes on from there for `update_epochs`. Word2Vec's output vectors are not kept, but
            they follow from the input vectors within an epoch, most of which are held.

    Raises:
        DataError: If no item has `min_count` plays.
        RunError: If the temporary folder has no room.

    References:
        Barkan and Koenigstein, "Item2Vec: Neural Item Embedding for Collaborative Filtering",
        2016, https://arxiv.org/abs/1603.04259. Mikolov et al., "Distributed Representations of
        Words and Phrases and their Compositionality", 2013, https://arxiv.org/abs/1310.4546.
    """
    counts = playlists.play_counts if start is None else start.counts
    epochs = epochs_of(config, counts)
    if start is not None:
        epochs = min(epochs, config.update_epochs)
    if counts.max(initial=0) < config.min_count:
        raise DataError(
            f"at least one item must have min_count = {config.min_count} plays, "
            f"but the most played one has {counts.max(initial=0)}."
        )
    n_kept = int((counts >= config.min_count).sum())
    rate = rate_of(config, counts)
    rng = np.random.default_rng(seed)
    model = _make_word2vec(
        vector_size=config.vector_size,
        window=window_of(config, playlists),
        sg=int(config.skip_gram),
        hs=0,
        negative=config.negative,
        ns_exponent=config.ns_exponent,
        sample=sample_of(config, n_kept),
        min_count=config.min_count,
        alpha=rate,
        min_alpha=rate * 1e-4,
        workers=config.workers,
        epochs=epochs,
        seed=int(rng.integers(2**31)),
    )
    played = np.flatnonzero(counts)
    tokens = item_tokens(playlists.n_items).astype(str)
    set_vocabulary(model, tokens[played], counts[played], len(playlists))
    rows = np.array([int(token) for token in model.wv.index_to_key], dtype=np.int64)
    if start is not None:
        held = start.vectors[rows].any(axis=1)
        model.wv.vectors[held] = start.vectors[rows[held]] * np.float32(_USUAL_NORM)
        model.wv.vectors_lockf = np.ascontiguousarray(start.freedom[rows], dtype=np.float32)
    order = rng if config.shuffle else None
    excerpts = Excerpts(
        playlists,
        most_plays(playlists.lengths, config.longest_playlist),
        repeats_of(config, playlists, n_kept, epochs),
    )
    with (progress or Progress()).stage("co-occurrence, epochs", epochs) as advance:
        if config.workers == 1:
            model.train(
                _Sentences(excerpts, tokens, order),
                total_examples=len(playlists),
                total_words=excerpts.n_plays,
                epochs=epochs,
                callbacks=[_epoch_callback(advance)],
            )
        else:
            with _corpus_files(excerpts, config.workers, order) as corpus:
                model.corpus = corpus
                model.train(
                    corpus_file=str(corpus.parts[0].path),
                    total_examples=len(playlists),
                    total_words=excerpts.n_plays,
                    epochs=epochs,
                    callbacks=[_epoch_callback(advance)],
                )
    vectors = np.zeros((playlists.n_items, config.vector_size), np.float32)
    vectors[rows] = model.wv.get_normed_vectors()
    # These are still where they began, anywhere.
    vectors[excerpts.unseen(epochs)] = 0
    return vectors


class _Sentences:
    """Playlists as lists of tokens, in a new random order on every pass if there is an `rng`."""

    def __init__(
        self, excerpts: Excerpts, tokens: NDArray[np.str_], rng: np.random.Generator | None
    ) -> None:
        self._excerpts = excerpts
        self._rng = rng
        self._tokens = tokens.astype(object)

    def __iter__(self) -> Iterator[list[str]]:
        playlists = self._excerpts.next()
        rows = playlists.rows
        if self._rng is not None:
            rows = shuffled(rows, playlists.owners, self._rng)
        tokens = self._tokens[rows]
        for start, end in itertools.pairwise(playlists.offsets.tolist()):
            for first in range(start, end, _LONGEST_SENTENCE):
                yield tokens[first : min(end, first + _LONGEST_SENTENCE)].tolist()


@contextmanager
def _corpus_files(
    excerpts: Excerpts, n_files: int, rng: np.random.Generator | None
) -> Iterator[CorpusFiles]:
    with tempfile.TemporaryDirectory(prefix="hybrid-rec-", ignore_cleanup_errors=True) as folder:
        corpus = CorpusFiles(excerpts, Path(folder), n_files, rng)
        corpus.clear()  # gensim wants to see a file before the first epoch writes it
        try:
            yield corpus
        finally:
            corpus.clear()


def _make_word2vec(**settings: Any) -> Any:
    # gensim takes a second to load, and only fitting needs it.
    from gensim.models import Word2Vec

    class CheckedWord2Vec(Word2Vec):  # type: ignore[misc]  # gensim has no types
        """Keeps the error that ends a thread; gensim would wait for that thread for ever."""

        failure: Exception | None = None
        corpus: CorpusFiles | None = None

        def _worker_loop(self, job_queue: Any, progress_queue: Any) -> None:
            try:
                super()._worker_loop(job_queue, progress_queue)
            except Exception as error:
                self.failure = error
                while job_queue.get() is not None:
                    pass
                progress_queue.put(None)

        def _worker_loop_corpusfile(
            self,
            _corpus_file: str,
            thread_id: int,
            _offset: float,
            cython_vocab: Any,
            progress_queue: Any,
            **known: Any,
        ) -> None:
            """Each thread reads a file of its own, whole.

            gensim would start it somewhere in one file, in the middle of an item perhaps, and let
            its learning rate fall in an epoch by no more than its share of the file.
            """
            try:
                part = cast(CorpusFiles, self.corpus).parts[thread_id]
                known |= {
                    "total_examples": part.lines,
                    # A thread stops after its share of all words; its own file ends before.
                    "total_words": (part.words + 1) * self.workers,
                }
                super()._worker_loop_corpusfile(
                    str(part.path), thread_id, 0, cython_vocab, progress_queue, **known
                )
            except Exception as error:
                self.failure = error
                progress_queue.put(None)

    return CheckedWord2Vec(**settings)


def _epoch_callback(advance: Advance) -> object:
    from gensim.models.callbacks import CallbackAny2Vec

    class EpochCallback(CallbackAny2Vec):  # type: ignore[misc]  # gensim has no types
        def on_epoch_begin(self, model: Any) -> None:
            if model.corpus is not None:
                model.corpus.write()

        def on_epoch_end(self, model: Any) -> None:
            if model.failure is not None:
                raise model.failure
            advance(1)

    return EpochCallback()

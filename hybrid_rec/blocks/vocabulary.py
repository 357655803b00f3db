"""The vocabulary of a Word2Vec model, made from arrays."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from hybrid_rec.core.arrays import Rows

_LARGEST_UINT32 = 2**32 - 1


def set_vocabulary(model: Any, tokens: NDArray[np.str_], counts: Rows, n_sentences: int) -> None:
    """Give a model its words, and the weights that they start from.

    The same as gensim's `build_vocab_from_freq`, which calls Python functions for every word and
    would take longer than the training of a large catalogue.

    Args:
        model: A `gensim.models.Word2Vec` with negative sampling, not trained yet.
        tokens: Different words, `(n,)`.
        counts: How often each stands in the sentences, `(n,)`, at least 1.
        n_sentences: Sentences of a pass.
    """
    kept = np.flatnonzero(counts >= model.min_count)
    # Of words that are as frequent gensim has the last one first.
    order = kept[np.lexsort((-kept, -counts[kept]))]
    sorted_counts = counts[order].astype(np.int64)
    words = tokens[order].tolist()
    model.wv.index_to_key = words
    model.wv.key_to_index = dict(zip(words, range(len(words)), strict=True))
    model.wv.expandos = {
        "count": sorted_counts,
        "sample_int": _kept_shares(sorted_counts, model.sample),
    }
    model.effective_min_count = model.min_count
    model.cum_table = _cumulative(sorted_counts, model.ns_exponent)
    model.corpus_count = n_sentences
    model.prepare_weights()


def _kept_shares(counts: Rows, sample: float) -> NDArray[np.uint32]:
    """How many of 2^32 - 1 draws keep a play of each word."""
    if not sample:
        return np.full(len(counts), _LARGEST_UINT32, np.uint32)
    threshold = sample * int(counts.sum())
    shares = (np.sqrt(counts / threshold) + 1) * (threshold / counts)
    return (np.minimum(shares, 1.0) * _LARGEST_UINT32).astype(np.uint32)


def _cumulative(counts: Rows, exponent: float) -> NDArray[np.uint32]:
    """The table that negative samples are drawn from, up to 2^31 - 1."""
    powers = np.cumsum(counts.astype(np.float64) ** exponent)
    table: NDArray[np.uint32] = np.round(powers / powers[-1] * (2**31 - 1)).astype(np.uint32)
    return table

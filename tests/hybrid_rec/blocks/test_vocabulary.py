"""The vocabulary that is made from arrays is gensim's own."""

from __future__ import annotations

import numpy as np
import pytest
from gensim.models import Word2Vec

from hybrid_rec.blocks.vocabulary import set_vocabulary


@pytest.mark.parametrize("sample", [0.0, 1e-3, 0.2])
@pytest.mark.parametrize("exponent", [-0.5, 0.0, 0.75])
@pytest.mark.parametrize("min_count", [1, 3])
def test_it_is_that_of_gensim(sample: float, exponent: float, min_count: int) -> None:
    rng = np.random.default_rng(0)
    counts = np.maximum(rng.zipf(1.5, 500) % 1000, 1)
    tokens = np.array([f"w{number}" for number in range(500)])
    settings = {
        "vector_size": 4, "negative": 2, "sample": sample, "ns_exponent": exponent,
        "min_count": min_count, "seed": 7,
    }  # fmt: skip
    theirs, ours = Word2Vec(**settings), Word2Vec(**settings)
    theirs.build_vocab_from_freq(dict(zip(tokens, counts.tolist(), strict=True)), corpus_count=90)
    set_vocabulary(ours, tokens, counts, 90)
    assert ours.wv.index_to_key == theirs.wv.index_to_key
    assert ours.wv.key_to_index == theirs.wv.key_to_index
    for name, values in theirs.wv.expandos.items():
        np.testing.assert_array_equal(ours.wv.expandos[name], values)
    np.testing.assert_array_equal(ours.cum_table, theirs.cum_table)
    assert ours.cum_table.dtype == theirs.cum_table.dtype
    np.testing.assert_array_equal(ours.wv.vectors, theirs.wv.vectors)
    np.testing.assert_array_equal(ours.syn1neg, theirs.syn1neg)
    assert (ours.corpus_count, ours.effective_min_count) == (90, min_count)

"""Word vectors learned on the texts: planted groups, weights, and what is saved of them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from hybrid_rec.blocks.text import word2vec as module
from hybrid_rec.blocks.text.cleaning import clean_text
from hybrid_rec.blocks.text.word2vec import Word2VecEncoder, words_of
from hybrid_rec.core.errors import ArtifactError, NotFittedError
from tests.damage import DAMAGES, Trap, damage_array

N_GROUPS, N_TEXTS = 10, 200
GROUPS = np.arange(N_TEXTS) % N_GROUPS


def lyrics(seed: int = 0) -> list[str]:
    """Texts of ten groups: 30 words of the group's own among 60 that all share, 4 in 10 its own."""
    rng = np.random.default_rng(seed)
    shared = [f"common{number}" for number in range(60)]
    texts = []
    for group in GROUPS:
        own = [f"group{group}word{number}" for number in range(30)]
        is_own = rng.random(80) < 0.4
        words = np.where(is_own, rng.choice(own, 80), rng.choice(shared, 80))
        texts.append(" ".join(words))
    return texts


def of_own_group(vectors: NDArray[np.float32]) -> float:
    """Share of the ten nearest that are of the own group."""
    scores = vectors @ vectors.T
    np.fill_diagonal(scores, -np.inf)
    nearest = np.argsort(-scores, axis=1)[:, :10]
    return float((GROUPS[nearest] == GROUPS[:, None]).mean())


def cosines(vectors: NDArray[np.float32]) -> tuple[float, float]:
    """Mean cosine within groups, and between groups."""
    scores = vectors @ vectors.T
    same = GROUPS[:, None] == GROUPS
    others = same & ~np.eye(N_TEXTS, dtype=bool)
    return float(scores[others].mean()), float(scores[~same].mean())


@pytest.fixture(scope="module")
def fitted() -> Word2VecEncoder:
    return Word2VecEncoder(100, 0, clean_text).fit(lyrics())


def test_the_nearest_texts_are_of_the_own_group(fitted: Word2VecEncoder) -> None:
    vectors = fitted.encode(lyrics())
    assert vectors.shape == (N_TEXTS, 100)
    assert of_own_group(vectors) > 0.8
    unseen = lyrics(seed=1)
    assert not set(unseen) & set(lyrics())
    assert of_own_group(fitted.encode(unseen)) > 0.8


def test_taking_off_the_mean_makes_groups_separable(
    fitted: Word2VecEncoder, tmp_path: Path
) -> None:
    fitted.save(tmp_path)
    np.save(tmp_path / "mean.npy", np.zeros(100, np.float32))
    kept = Word2VecEncoder.load(tmp_path, 100, clean_text).encode(lyrics())
    vectors = fitted.encode(lyrics())
    np.testing.assert_allclose(vectors.mean(axis=0), 0, atol=0.02)
    within, between = cosines(kept)
    assert between > 0.5  # all look alike, for they share most words
    assert cosines(vectors)[1] < 0
    assert np.subtract(*cosines(vectors)) > 2 * (within - between)


def test_a_vector_is_the_mean_of_its_words_by_idf(fitted: Word2VecEncoder, tmp_path: Path) -> None:
    fitted.save(tmp_path)
    vocabulary = json.loads((tmp_path / "encoder.json").read_text())["vocabulary"]
    words, mean = np.load(tmp_path / "words.npy"), np.load(tmp_path / "mean.npy")
    np.testing.assert_allclose(np.linalg.norm(words, axis=1), 1, rtol=1e-5)
    text = "Common1 never-seen group3word2, COMMON1 common7!"
    known = ["common1", "group3word2", "common1", "common7"]
    holders = [sum(word in text.split() for text in lyrics()) for word in known]
    idf = np.log((1 + N_TEXTS) / (1 + np.array(holders))) + 1
    expected = idf @ words[[vocabulary.index(word) for word in known]] / idf.sum() - mean
    expected /= np.linalg.norm(expected)
    np.testing.assert_allclose(fitted.encode([text])[0], expected, atol=1e-6)


def test_texts_without_known_words_have_a_zero_row(fitted: Word2VecEncoder) -> None:
    vectors = fitted.encode(["nothing of this", None, "", "!?", "common1"])
    assert not vectors[:4].any()
    assert np.linalg.norm(vectors[4]) == pytest.approx(1)


def test_a_text_that_is_the_mean_of_all_has_a_zero_row() -> None:
    encoder = Word2VecEncoder(8).fit(["one word", "word one"])
    assert not encoder.encode(["one word", "word one"]).any()
    assert encoder.encode(["one"]).any()


def test_the_same_seed_gives_the_same_bytes_in_any_order() -> None:
    texts = lyrics()[:60]
    one = Word2VecEncoder(16, 3).fit(texts)
    other = Word2VecEncoder(16, 3).fit([*texts[::-1], None, *texts])
    assert one.fingerprint() == other.fingerprint()
    np.testing.assert_array_equal(one.encode(texts), other.encode(texts))
    assert Word2VecEncoder(16, 4).fit(texts).fingerprint() != one.fingerprint()


def test_rare_words_have_a_vector_only_where_texts_are_few(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    texts = ["a rare a word", "a word again", "word"]
    assert Word2VecEncoder(4).fit(texts).encode(["rare"]).any()
    monkeypatch.setattr(module, "_FEW_TEXTS", 3)
    encoder = Word2VecEncoder(4).fit(texts)
    assert not encoder.encode(["rare again"]).any()
    encoder.save(tmp_path)
    assert json.loads((tmp_path / "encoder.json").read_text())["vocabulary"] == ["a", "word"]


@pytest.mark.parametrize(("n_words", "epochs"), [(100, 100), (50_000, 10), (1_000_000, 5)])
def test_small_corpora_are_seen_more_often(
    n_words: int, epochs: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: dict[str, Any] = {}

    class Model:
        class wv:  # noqa: N801
            key_to_index = {"word": 0}  # noqa: RUF012
            vectors = np.ones((1, 4), np.float32)

        def __init__(self, **settings: Any) -> None:
            seen.update(settings)

        def build_vocab_from_freq(self, counts: dict[str, int], corpus_count: int) -> None:
            assert counts == {"word": n_words}

        def train(self, sentences: list[list[str]], **settings: Any) -> None:
            assert max(map(len, sentences)) <= 10_000  # gensim ignores what follows
            assert sum(map(len, sentences)) == n_words

    monkeypatch.setattr("gensim.models.Word2Vec", Model)
    Word2VecEncoder(4).fit(["word " * n_words])
    assert seen["epochs"] == epochs


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Don't STOP, don\u2019t!", ["don't", "stop", "don't"]),
        ("'Cause rock 'n' roll's ''", ["cause", "rock", "n", "roll's"]),
        ("Caf\u00e9 cafe\u0301 99 luft_ballons", ["caf\u00e9", "cafe\u0301", "99", "luft_ballons"]),
        ("\u0926\u093f\u0932, \u0926\u0947", ["\u0926\u093f\u0932", "\u0926\u0947"]),
        ("-- !", []),
    ],
)
def test_words(text: str, words: list[str]) -> None:
    assert words_of(text) == words


def test_it_must_be_fitted_first(tmp_path: Path) -> None:
    encoder = Word2VecEncoder(8)
    uses: list[Callable[[], object]] = [
        lambda: encoder.encode(["Help!"]),
        encoder.fingerprint,
        lambda: encoder.save(tmp_path),
    ]
    for use in uses:
        with pytest.raises(NotFittedError, match="call fit"):
            use()


def test_another_size_than_saved_is_an_error(fitted: Word2VecEncoder, tmp_path: Path) -> None:
    fitted.save(tmp_path)
    with pytest.raises(ArtifactError, match=r"must be 100, .* got 9"):
        Word2VecEncoder.load(tmp_path, 9)


@pytest.mark.parametrize("name", ["words.npy", "idf.npy", "mean.npy"])
@pytest.mark.parametrize("damage", DAMAGES)
def test_damaged_arrays_are_an_error(
    fitted: Word2VecEncoder, name: str, damage: str, tmp_path: Path
) -> None:
    fitted.save(tmp_path)
    damage_array(tmp_path / name, damage, Trap(tmp_path / "ran"))
    with pytest.raises(ArtifactError, match=name):
        Word2VecEncoder.load(tmp_path, 100)
    assert not (tmp_path / "ran").exists()


def test_a_word_that_stands_twice_is_an_error(fitted: Word2VecEncoder, tmp_path: Path) -> None:
    fitted.save(tmp_path)
    state = json.loads((tmp_path / "encoder.json").read_text())
    state["vocabulary"][1] = state["vocabulary"][0]
    (tmp_path / "encoder.json").write_text(json.dumps(state))
    with pytest.raises(ArtifactError, match="a word must not stand in it twice"):
        Word2VecEncoder.load(tmp_path, 100)

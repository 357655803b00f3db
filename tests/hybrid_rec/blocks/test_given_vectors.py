"""Co-occurrence vectors that were made elsewhere."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from gensim.models import KeyedVectors

from hybrid_rec import DataError, HybridConfig, HybridRecommender, synthetic_radio
from hybrid_rec.blocks.given_vectors import given_vectors
from hybrid_rec.cli.app import run

SIZE = 8
PLAYLISTS, CATALOG, _ = synthetic_radio(seed=0, n_items=60, n_playlists=120)
VECTORS = np.random.default_rng(1).normal(size=(60, SIZE)).astype(np.float32)
UNIT = VECTORS / np.linalg.norm(VECTORS, axis=1, keepdims=True)
FRAME = pd.DataFrame({"item_id": CATALOG.item_ids, "vector": list(VECTORS)})
CONFIG = HybridConfig(titles={"encoder": "tfidf"}, cooccurrence={"epochs": 1, "vector_size": SIZE})


def keyed() -> KeyedVectors:
    found = KeyedVectors(SIZE)
    found.add_vectors(CATALOG.item_ids.tolist(), VECTORS)
    return found


def files(folder: Path) -> list[Path]:
    """The vectors in every form of file."""
    FRAME.to_parquet(folder / "vectors.parquet")
    parts = folder / "parts" / "vectors"
    parts.mkdir(parents=True)
    FRAME[:20].to_parquet(parts / "00000.parquet")
    FRAME[20:].to_parquet(parts / "00001.parquet")
    keyed().save_word2vec_format(str(folder / "vectors.txt"))
    keyed().save_word2vec_format(str(folder / "vectors.bin"), binary=True)
    return [folder / name for name in ("vectors.parquet", "parts", "vectors.txt", "vectors.bin")]


def test_vectors_are_taken_in_whatever_form_they_come(tmp_path: Path) -> None:
    shuffled = FRAME.sample(frac=1, random_state=0)
    exported = FRAME.rename(columns={"vector": "cooccurrence_vector"})
    for given in (VECTORS, VECTORS.tolist(), shuffled, exported, keyed(), *files(tmp_path)):
        np.testing.assert_allclose(given_vectors(given, CATALOG, SIZE), UNIT, atol=1e-5)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (VECTORS[:, :3], r"vector_size = 8 numbers .* shape \(60, 3\); set vector_size = 3"),
        (VECTORS[:5], "one row for each of 60 items, got 5"),
        (VECTORS[0], r"shape \(8,\)"),
        (5, "must be a matrix of numbers, 8 an item"),
        (np.where(np.arange(60)[:, None] == 7, np.nan, VECTORS), "row 7 holds NaN"),
        (np.zeros_like(VECTORS), "must not be zero for all"),
        (FRAME.drop(columns="vector"), "vector missing"),
        (FRAME.drop(columns="item_id"), "item_id missing"),
        (FRAME.assign(item_id=[None, *CATALOG.item_ids[1:]]), "must not be missing.* row 0"),
        (FRAME.assign(item_id="x"), "'x' stands there twice"),
        (FRAME.assign(item_id=[f"?{n}" for n in range(60)]), "none of 60 ids is in it"),
        (FRAME.assign(vector=[[1.0], *FRAME["vector"][1:]]), "all of one length, but row 1"),
        ("nothing.parquet", "must be a file that is there"),
        (__file__, "save_word2vec_format"),
    ],
)
def test_vectors_that_do_not_fit_are_refused(given: object, told: str) -> None:
    with pytest.raises(DataError, match=told):
        given_vectors(given, CATALOG, SIZE)


def test_a_file_that_is_damaged_is_named(tmp_path: Path) -> None:
    for name in ("a.parquet", "a.txt", "a.bin"):
        (tmp_path / name).write_bytes(b"\xff\x00 damaged")
        with pytest.raises(DataError, match=name):
            given_vectors(tmp_path / name, CATALOG, SIZE)


def test_a_fit_takes_given_vectors_and_places_the_rest_as_cold(tmp_path: Path) -> None:
    given = pd.concat(
        [FRAME[:50], pd.DataFrame({"item_id": ["elsewhere"], "vector": [VECTORS[0]]})]
    )
    with pytest.warns(UserWarning, match="left out 1 vector of items that the catalogue lacks"):
        model = HybridRecommender(CONFIG).fit(PLAYLISTS, CATALOG, cooccurrence_vectors=given)
    sources = model.recommend([[]], k=60).sources
    assert sources.shape == (1, 60)
    own = model.item_vectors(CATALOG.item_ids[:60].tolist(), block="cooccurrence")
    cold = model.model_.sources != 0
    assert cold.tolist() == [False] * 50 + [True] * 10
    plain = CONFIG.model_copy(
        update={"cold_start": CONFIG.cold_start.model_copy(update={"shrinkage": 0.0})}
    )
    exact = HybridRecommender(plain).fit(PLAYLISTS, CATALOG, cooccurrence_vectors=VECTORS)
    places = exact.model_.index.blocks(np.arange(60))["cooccurrence"]
    np.testing.assert_allclose(places, UNIT, atol=1e-5)
    assert len(own) == 60

    model.save(tmp_path / "model")
    loaded = HybridRecommender.load(tmp_path / "model")
    seeds = CATALOG.item_ids[:2].tolist()
    before = loaded.recommend(seeds, k=5)
    assert before.item_ids.tolist() == model.recommend(seeds, k=5).item_ids.tolist()
    loaded.update([CATALOG.item_ids[[1, 55]].tolist()] * 3)
    assert loaded.model_.sources[55] == 0


def test_the_command_line_takes_given_vectors(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files(tmp_path)
    plays = pd.DataFrame(
        {"playlist_id": PLAYLISTS.owners, "item_id": CATALOG.item_ids[PLAYLISTS.rows]}
    )
    plays.to_parquet(tmp_path / "plays.parquet")
    (tmp_path / "config.toml").write_text(
        '[titles]\nencoder = "tfidf"\n[cooccurrence]\nvector_size = 8\n[ranking]\nenabled = false\n'
    )
    command = [
        "fit", str(tmp_path / "plays.parquet"), "--out", str(tmp_path / "model"), "--quiet",
        "--config", str(tmp_path / "config.toml"), "--cooccurrence-vectors",
    ]  # fmt: skip
    with pytest.warns(UserWarning, match="left out 8 vectors"):
        assert run([*command, str(tmp_path / "vectors.parquet")]) == 0
    capsys.readouterr()
    assert run([*command, str(tmp_path / "none.parquet")]) == 2
    assert "none.parquet" in capsys.readouterr().err

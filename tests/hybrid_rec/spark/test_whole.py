"""Samples, statistics and vectors of the whole, on a real cluster."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pyspark.sql import SparkSession

from hybrid_rec import (
    ConfigError,
    DataError,
    HybridConfig,
    HybridRecommender,
    read_dataset,
    synthetic_radio,
)
from hybrid_rec.cli.app import run
from hybrid_rec.core.config import StatisticsConfig
from hybrid_rec.ranking.knn import SHRINKAGE, item_similarities
from hybrid_rec.ranking.statistics import counted_of
from hybrid_rec.spark import count_neighbours, learn_vectors, sample
from hybrid_rec.spark.vectors import iterations_of
from tests.prepared_data import write_prepared


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    dataset = synthetic_radio(seed=0, n_items=80, n_playlists=400)
    return write_prepared(dataset, tmp_path_factory.mktemp("whole") / "prepared")


def _table(folder: Path) -> pd.DataFrame:
    return pd.concat(map(pd.read_parquet, sorted(folder.glob("*.parquet"))))


def test_neighbours_and_counts_are_those_of_one_machine(
    spark: SparkSession, whole: Path, tmp_path: Path
) -> None:
    playlists, catalog, _ = read_dataset(f"prepared:{whole}")
    # Shorter than many playlists, so that of these some items are drawn.
    n, longest = 9, 5
    rows = count_neighbours(
        spark, whole, tmp_path / "out", n_neighbours=n, longest_playlist=longest
    )
    holds = playlists.matrix().astype(np.float64)
    counted = counted_of(holds, StatisticsConfig(longest_playlist=longest))
    assert counted.nnz < holds.nnz
    expected = item_similarities(counted, n, SHRINKAGE)
    found = _table(tmp_path / "out" / "neighbours").sort_values(["item_number", "rank"])
    assert rows["neighbours"] == len(found) == expected.nnz
    np.testing.assert_array_equal(found["weight"], expected.data)
    assert found["neighbour_id"].tolist() == catalog.item_ids[expected.indices].tolist()
    owners = np.repeat(np.arange(len(catalog)), np.diff(expected.indptr))
    assert found["item_id"].tolist() == catalog.item_ids[owners].tolist()

    counts = _table(tmp_path / "out" / "counts").sort_values("item_number")
    np.testing.assert_array_equal(counts["plays"], playlists.play_counts)
    np.testing.assert_array_equal(counts["playlists"], playlists.playlist_counts)
    artists = _table(tmp_path / "out" / "artists").set_index("artist")["plays"]
    plays = pd.Series(playlists.play_counts, dtype=np.int64).groupby(catalog.artists).sum()
    assert artists.to_dict() == plays[plays > 0].to_dict()


def test_a_sample_keeps_the_shares_of_items_and_the_counts_of_the_whole(
    spark: SparkSession, whole: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    playlists, catalog, _ = read_dataset(f"prepared:{whole}")
    out, again = tmp_path / "out", tmp_path / "again"
    assert run(["spark", "sample", str(whole), str(out), "--playlists", "100"]) == 0
    assert "kept 100 of 400 playlists" in capsys.readouterr().out
    drawn, items, _ = read_dataset(f"prepared:{out}")
    assert items == catalog
    np.testing.assert_array_equal(drawn.known_plays, playlists.play_counts)
    place = {name: at for at, name in enumerate(playlists.playlist_ids)}
    numbers = [place[name] for name in drawn.playlist_ids]
    assert numbers == sorted(numbers)
    for mine, number in zip(drawn, numbers, strict=True):
        np.testing.assert_array_equal(mine, playlists[number])

    # Nearer to a quarter of every item's plays than samples drawn without a plan.
    def apart(counts: np.ndarray) -> float:
        return float(np.abs(counts - playlists.playlist_counts / 4).sum())

    rng = np.random.default_rng(0)
    plain = [
        apart(playlists.select(rng.choice(400, 100, replace=False)).playlist_counts)
        for _ in range(20)
    ]
    assert apart(drawn.playlist_counts) < np.mean(plain)

    # A sample of a sample still knows the whole.
    sample(spark, out, again, 10)
    assert len(read_dataset(f"prepared:{again}").playlists) == 10
    np.testing.assert_array_equal(
        read_dataset(f"prepared:{again}").playlists.known_plays, playlists.play_counts
    )
    for name in ("pairs", "artists"):
        pd.testing.assert_frame_equal(_table(again / name), _table(out / name))
    artists = _table(out / "artists").set_index("artist")["plays"]
    plays = pd.Series(playlists.play_counts, dtype=np.int64).groupby(catalog.artists).sum()
    assert artists.to_dict() == plays[plays > 0].to_dict()
    pairs = _table(out / "pairs")
    shared = (playlists.matrix().T @ playlists.matrix()).toarray()
    np.testing.assert_array_equal(pairs["shared"], shared[pairs["item_number"], pairs["neighbour"]])
    for wrong in (0, 401, True):
        with pytest.raises(ConfigError, match="1 to 400 playlists"):
            sample(spark, whole, tmp_path / "no", wrong)
    with pytest.raises(DataError, match="must be a prepared data set"):
        sample(spark, tmp_path, tmp_path / "no", 5)


def test_vectors_of_the_whole_are_taken_by_a_fit(
    spark: SparkSession, whole: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    playlists, catalog, _ = read_dataset(f"prepared:{whole}")
    config = HybridConfig(titles={"encoder": "tfidf"}, cooccurrence={"vector_size": 16})
    command = ["spark", "vectors", str(whole)]
    options = ["--size", "16", "--iterations", "3"]
    assert run([*command, str(tmp_path / "als"), *options]) == 0
    played = int((playlists.play_counts > 0).sum())
    assert f"vectors of {played} items" in capsys.readouterr().out
    words = tmp_path / "words"
    assert learn_vectors(spark, whole, words, method="word2vec", size=16, partitions=2) == played
    assert run([*command, str(tmp_path / "no"), "--partitions", "2"]) == 2
    assert "partitions can only be given for word2vec" in capsys.readouterr().err
    for name in ("als", "words"):
        found = _table(tmp_path / name / "vectors")
        lengths = np.linalg.norm(np.stack(found["vector"].tolist()), axis=1)
        np.testing.assert_allclose(lengths, 1, atol=1e-5)
        model = HybridRecommender(config).fit(
            playlists, catalog, cooccurrence_vectors=tmp_path / name
        )
        assert model.recommend(catalog.item_ids[:1].tolist(), k=5).item_ids.shape == (1, 5)
    with pytest.raises(DataError, match="must be free, empty or hybrid-rec vectors"):
        learn_vectors(spark, whole, whole)
    assert iterations_of(1) == iterations_of(4) == 4
    assert iterations_of(50) == 50

"""The harness: one row a case, slices, and recommenders that break their contract."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from evaluation.evaluations import Evaluation
from evaluation.harness import evaluate
from evaluation.metrics.beyond import (
    artist_repetition,
    coverage,
    distinct_artists,
    diversity,
    novelty,
    popularity_bias,
    repetition,
    vector_distance,
)
from evaluation.metrics.measures import beyond_accuracy
from evaluation.splits.split import Split
from hybrid_rec import Catalog, ConfigError, DataError, Playlists
from hybrid_rec.core.progress import Progress

CATALOG = Catalog.from_columns(list("abcdefgh"), list("ABCDEFGH"), ["x", "x", "y", None] * 2)


@dataclass
class Scripted:
    """Says the same list to everybody, and nothing that it should not unless told to."""

    script: list[str | None]
    name: str = "scripted"
    sources: bool = True
    fitted_on: int = -1

    def fit(self, playlists: Playlists, catalog: Catalog) -> Scripted:
        self.fitted_on = playlists.n_plays
        return self

    def recommend(self, queries: Any, k: int = 10) -> Any:
        lines = np.array([(self.script + [None] * k)[:k] for _ in queries], dtype=object)

        class Answer:
            item_ids = lines.reshape(len(queries), k)

        if self.sources:
            Answer.sources = np.where(Answer.item_ids == None, "", "script")  # type: ignore[attr-defined]  # noqa: E711
        return Answer()


@pytest.fixture
def split() -> Split:
    """Training knows a to d; e to h are cold."""
    return Split(
        name="by hand",
        catalog=CATALOG,
        train=Playlists.from_lists([["a", "b"], ["a", "b", "c"], ["a", "d"]], CATALOG),
        seeds=Playlists.from_lists([["a"], ["b", "c"], ["a"]], CATALOG),
        targets=Playlists.from_lists([["b", "c"], ["a", "e"], ["f"]], CATALOG),
        left_out={},
    )


def measured(split: Split, script: list[str | None], **options: Any) -> Evaluation:
    return evaluate(Scripted(script), split, k=(1, 2, 5), **options)


def test_one_row_a_case_by_hand(split: Split) -> None:
    result = measured(split, ["d", "e", "b", "f", "g", "h", "c"])
    cases = result.cases
    assert cases["case"].tolist() == ["0", "1", "2"]
    assert cases["n_seeds"].tolist() == [1, 2, 1]
    assert cases["n_targets"].tolist() == [2, 2, 1]
    assert cases["n_cold_targets"].tolist() == [0, 1, 1]
    assert cases["median_target_plays"].tolist() == [1.5, 1.5, 0]
    assert cases["hit_rate@1"].tolist() == [0, 0, 0]
    assert cases["hit_rate@2"].tolist() == [0, 1, 0]
    assert cases["recall@5"].tolist() == [0.5, 0.5, 1]
    assert cases["mrr@5"].tolist() == [pytest.approx(1 / 3), 0.5, 0.25]
    assert result.means()["hit_rate@2"] == pytest.approx(1 / 3)
    assert set(result.seconds) == {"fit", "recommend"}


def test_fit_sees_training_plays_alone(split: Split) -> None:
    recommender = Scripted(["a"])
    evaluate(recommender, split, k=(1,), fit=False)
    assert recommender.fitted_on == -1
    evaluate(recommender, split, k=(1,))
    assert recommender.fitted_on == split.train.n_plays


def test_broken_contracts_are_counted_and_score_nothing(split: Split) -> None:
    fine = measured(split, ["d", "e", "f", "g", "h", "c", "b", "a"])
    assert fine.problems["lists that are too short"] == 0
    assert fine.problems["lists that repeat an item"] == 0
    # Everybody is told "c", "b" and "a" late, which are seeds of some.
    short = measured(split, ["d"])
    assert short.problems["lists that are too short"] == 3
    repeating = measured(split, ["f", "f", "b", "d", "e"])
    assert repeating.problems["lists that repeat an item"] == 3
    assert repeating.cases["precision@2"].tolist() == [0, 0, 0.5]
    seeding = measured(split, ["a", "b", "e", "f", "g"])
    assert seeding.problems["lists that hold a seed"] == 3
    # "a" is a target of the second case and a seed of the others.
    assert seeding.cases["hit_rate@1"].tolist() == [0, 1, 0]


def test_slices_by_hand(split: Split) -> None:
    table = measured(split, ["b", "e", "c", "d", "g"]).slices().set_index(["slice", "group"])
    assert table.loc[("all", "all"), "cases"] == 3
    assert table.loc[("all", "all"), "targets"] == 5
    assert table.loc[("targets of the case", "all warm"), "recall@5"] == 1
    assert table.loc[("targets of the case", "mixed"), "recall@5"] == 0.5
    assert table.loc[("targets of the case", "all cold"), "recall@5"] == 0
    assert table.loc[("target", "cold"), "cases"] == 2
    assert table.loc[("target", "cold"), "recall@5"] == 0.5
    # Warm targets: b and c in the first case, a in the second, which is never said.
    assert table.loc[("target", "warm"), "recall@5"] == 0.5
    assert table.loc[("plays of the target", "0"), "targets"] == 2
    assert table.loc[("plays of the target", "2 to 4"), "targets"] == 2
    assert table.loc[("seeds", "2 to 4"), "cases"] == 1
    assert ("plays of the target", "5 to 19") not in table.index


def test_by_source(split: Split) -> None:
    result = measured(split, ["b", "e"])
    table = result.by_source(2)
    assert table["source"].tolist() == ["script"]
    # "b" is a seed of the second case, so five entries are left, of which two hit.
    assert table["recommended"].tolist() == [5]
    assert table["hits"].tolist() == [2]
    with pytest.raises(ConfigError, match=r"k must be one of \(1, 2, 5\), got 3"):
        result.by_source(3)
    silent = evaluate(Scripted(["b"], sources=False), split, k=(1,))
    assert silent.by_source(1)["source"].tolist() == [""]


def test_chunks_change_nothing(split: Split, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = measured(split, ["d", "e", "b"])
    monkeypatch.setattr("evaluation.harness._CHUNK", 1)
    pieces = measured(split, ["d", "e", "b"])
    pd.testing.assert_frame_equal(whole.cases, pieces.cases)
    assert whole.rows.tobytes() == pieces.rows.tobytes()


def test_k_beyond_the_catalogue(split: Split) -> None:
    result = evaluate(Scripted(list("bcdefgh")), split, k=(5, 500))
    assert result.rows.shape == (3, 8)
    assert result.cases["recall@500"].tolist() == [1, 0.5, 1]


def test_progress_counts_cases(split: Split) -> None:
    told: list[int] = []

    class Recorder(Progress):
        def stage(self, name, total=None):  # type: ignore[no-untyped-def]
            from contextlib import nullcontext

            assert (name, total) == ("asking scripted", 3)
            return nullcontext(told.append)

    measured(split, ["b"], progress=Recorder())
    assert sum(told) == 3


@pytest.mark.parametrize(
    ("k", "message"),
    [((), "one or more integers"), ((0,), "at least 1, got 0"), ((1.5,), "one or more integers")],
)
def test_bad_k(split: Split, k: Any, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        evaluate(Scripted(["a"]), split, k=k)


def test_bad_splits_and_answers(split: Split) -> None:
    nobody = replace(
        split, seeds=split.seeds.select(np.array([], np.int64)),
        targets=split.targets.select(np.array([], np.int64)),
    )  # fmt: skip
    with pytest.raises(DataError, match="at least one case"):
        measured(nobody, ["a"])
    other = Playlists.from_rows([1, 1, 1], np.array([9, 9, 9]), 10)
    with pytest.raises(DataError, match="targets must refer to the split's catalogue of 8 items"):
        measured(replace(split, targets=other), ["a"])
    with pytest.raises(DataError, match="every case must have seeds and at least one target"):
        measured(replace(split, targets=split.targets.select(np.array([0]))), ["a"])
    with pytest.raises(DataError, match="unknown: 'nope'"):
        measured(split, ["nope"])

    class Deaf(Scripted):
        def recommend(self, queries: Any, k: int = 10) -> Any:
            return super().recommend([[]], k)

    with pytest.raises(DataError, match=r"must answer 3 queries .* got an array of shape \(1, 5\)"):
        evaluate(Deaf(["a"]), split, k=(5,))


def test_beyond_accuracy_by_hand(split: Split) -> None:
    rows = np.array([[0, 1], [1, -1], [4, 5]])
    assert coverage(rows, split) == 4 / 8
    # a stands in 3, b in 2 of 3 playlists; e and f in none.
    bits = -np.log2(np.array([4, 3, 3, 1, 1]) / 4)
    assert novelty(rows, split) == pytest.approx(bits.mean())
    # a and b share two of three and two playlists: cosine 2 / sqrt(6); e and f share none.
    assert diversity(rows, split) == pytest.approx(np.mean([1 - 2 / 6**0.5, 1]))
    logs = np.log1p([3, 2, 2, 0, 0]).mean() - np.log1p([3, 2, 1, 3]).mean()
    assert popularity_bias(rows, split) == pytest.approx(logs)
    # a and b are by x; e is by x and f by x too, in the catalogue's pattern.
    artists = np.array([0, 0, 1, -1, 0, 0, 1, -1])
    assert artist_repetition(rows, split) == pytest.approx(np.mean([0.5, 0, 0.5]))
    assert repetition(rows, artists) == artist_repetition(rows, split)
    assert repetition(np.array([[3, 7]]), artists) == 0
    assert distinct_artists(np.array([[0, 2, 3, 7], [0, 1, -1, -1]]), artists) == 1.5
    vectors = np.array([[1, 0], [0.6, 0.8], [0, 0], [-1, 0]], np.float32)
    # The pairs of 0, 1 and 2 have the cosines 0.6, 0 and 0; 0 and 3 point apart.
    lists = np.array([[0, 1, 2], [0, 3, -1], [1, -1, -1]])
    assert vector_distance(lists, vectors) == pytest.approx(np.mean([0.8, 2]))
    found = beyond_accuracy(measured(split, ["b", "e", "f", "d", "g"]).rows, split, k=2)
    assert found["coverage@2"] == 2 / 8


def test_beyond_accuracy_of_nothing_is_nan(split: Split) -> None:
    nothing = np.full((2, 3), -1)
    assert coverage(nothing, split) == 0
    for value in (
        novelty(nothing, split),
        diversity(nothing, split),
        popularity_bias(nothing, split),
        artist_repetition(nothing, split),
        vector_distance(nothing, np.ones((8, 2), np.float32)),
    ):
        assert np.isnan(value)


def test_a_recommender_may_learn_from_the_seeds(split: Split) -> None:
    asked: list[int] = []

    class Learner(Scripted):
        def learned(self, queries: Playlists) -> Scripted:
            asked.append(queries.n_plays)
            return Scripted(["e", "f"])

    learner = Learner(["d"])
    usual = evaluate(learner, split, k=(2,))
    found = evaluate(learner, split, k=(2,), learn=True)
    assert asked == [split.seeds.n_plays]
    assert usual.cases["hit_rate@2"].tolist() == [0, 0, 0]
    assert found.cases["hit_rate@2"].tolist() == [0, 1, 1]
    assert found.seconds["learn"] >= 0


def test_who_cannot_learn_from_queries_is_refused(split: Split) -> None:
    with pytest.raises(ConfigError, match="scripted must have a method learned"):
        measured(split, ["d"], learn=True)

"""The tasks of the challenge: what each gives, which are left out, and the metrics by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from evaluation.harness import evaluate
from evaluation.metrics.challenge import artist_r_precision, challenge_table
from evaluation.recommenders import make_baseline
from evaluation.splits.challenge import challenge
from evaluation.splits.continuation import continuation
from evaluation.splits.split import Split
from hybrid_rec import Catalog, ConfigError, DataError, Playlists

N_ITEMS = 160
CATALOG = Catalog.from_columns(
    [str(i) for i in range(N_ITEMS)], [None] * N_ITEMS, [f"artist {i % 40}" for i in range(N_ITEMS)]
)


def playlists(*, named: bool = True, longest: int = 30) -> Playlists:
    """300 playlists of two kinds, whose items and names are different."""
    rng = np.random.default_rng(0)
    lists, names = [], []
    for number in range(300):
        kind = number % 2
        pool = np.arange(N_ITEMS // 2) + kind * (N_ITEMS // 2)
        lists.append([str(i) for i in rng.permutation(pool)[: rng.integers(12, longest)]])
        names.append(("Chill Sunday", "GYM power")[kind] + (" mix" if number % 3 else ""))
    return Playlists.from_lists(lists, CATALOG, names=names if named else None)


def made(**options: Any) -> Split:
    return challenge(
        playlists(**options), CATALOG, np.random.default_rng(1), shares=(0.1, 0.2), min_length=10
    )


def test_each_task_gives_what_it_says() -> None:
    split = made()
    assert split.kinds is not None
    assert pd.unique(split.kinds).tolist() == [
        "name alone", "name and first 1", "name and first 5", "first 5", "name and first 10",
        "first 10",
    ]  # fmt: skip
    whole = playlists()
    places = {playlist: place for place, playlist in enumerate(whole.playlist_ids)}
    assert split.seeds.names is not None
    for case, kind in enumerate(split.kinds):
        place = places[split.playlists_of_cases[case]]
        n_seeds = {"name alone": 0}.get(kind) if kind == "name alone" else int(kind.split()[-1])
        assert split.seeds[case].tolist() == whole[place][:n_seeds].tolist()
        assert split.targets[case].tolist() == whole[place][n_seeds:].tolist()
        assert whole.names is not None
        assert split.seeds.names[case] == (whole.names[place] if "name" in kind else "")
    # A playlist is asked in several tasks, and counts as one.
    assert len(set(split.playlists_of_cases)) == 60
    assert len(set(split.targets.playlist_ids)) == len(split)


def test_held_out_playlists_are_those_of_continuation() -> None:
    other = continuation(
        playlists(), CATALOG, np.random.default_rng(1), shares=(0.1, 0.2), min_length=10
    )
    split = made()
    assert split.train.playlist_ids.tolist() == other.train.playlist_ids.tolist()
    assert set(split.playlists_of_cases) == set(other.targets.playlist_ids)
    assert split.train.names is not None


def test_random_items_and_long_playlists() -> None:
    split = challenge(playlists(longest=75), CATALOG, np.random.default_rng(1), shares=(0.1, 0.4))
    assert split.kinds is not None
    assert "name and random 25" in split.kinds
    given = split.seeds.select(split.kinds == "name and random 25")
    first = split.seeds.select(split.kinds == "name and first 25")
    assert given.playlist_ids.tolist() != first.playlist_ids.tolist()
    assert (given.lengths == 25).all()
    assert any(set(a) != set(b) for a, b in zip(given, first, strict=True))
    assert split.left_out["tasks (name and first 100) that too few playlists are long enough for"]


def test_without_names_two_tasks_are_left() -> None:
    split = made(named=False)
    assert split.kinds is not None
    assert pd.unique(split.kinds).tolist() == ["first 5", "first 10"]
    assert split.left_out["tasks that need names"] == 8
    assert split.seeds.names is None


def test_mistakes() -> None:
    with pytest.raises(DataError, match="some task must have at least 20 held-out playlists"):
        challenge(playlists(), CATALOG, np.random.default_rng(0), shares=(0.0, 0.01))
    with pytest.raises(ConfigError, match="n_cases must be at least 1"):
        challenge(playlists(), CATALOG, np.random.default_rng(0), n_cases=0)


def test_names_find_what_popularity_cannot() -> None:
    split = made()
    by_name, popular = (
        evaluate(make_baseline(name), split, (10, 100)) for name in ("name-knn", "popularity")
    )
    assert split.kinds is not None
    alone = split.kinds == "name alone"
    column = "recall@100"
    assert by_name.cases[column][alone].mean() > 1.5 * popular.cases[column][alone].mean()
    table = challenge_table([by_name, popular])
    assert table.columns.tolist() == [
        "task", "cases", "recommender", "R-precision", "with artists", "NDCG", "clicks",
    ]  # fmt: skip
    assert len(table) == 2 * 7
    assert table["task"].iloc[-1] == "all"
    first = table.iloc[0]
    values = by_name.cases["r_precision@100"][alone]
    assert first["R-precision"] == pytest.approx(values.mean())
    assert (table["with artists"] >= table["R-precision"]).all()
    tasks = by_name.slices().query("slice == 'task'")
    assert tasks["group"].tolist() == pd.unique(split.kinds).tolist()


def test_a_recommender_that_takes_no_names_is_asked_without() -> None:
    class Deaf:
        name = "deaf"

        def fit(self, playlists: Playlists, catalog: Catalog) -> None:
            self.ids = catalog.item_ids

        def recommend(self, queries: Any, k: int = 10) -> Any:
            class Answer:
                item_ids = np.array([self.ids[:k]] * len(queries), dtype=object)

            return Answer()

    assert len(evaluate(Deaf(), made(), (10,)).cases) == len(made())


def test_artists_by_hand() -> None:
    artists = np.array([0, 0, 1, 1, 2, -1, -1])
    targets = Playlists.from_rows([3, 2], np.array([0, 2, 5, 6, 4]), 7)
    rows = np.array([[0, 3, 6, 2], [5, 4, 6, 0]])
    # First: 0 is a target; artists 0 and 1 are right, and what has no artist matches nothing.
    # Second: 4 is a target, and so is its artist; 6 comes too late.
    found = artist_r_precision(rows, targets, artists)
    assert found.tolist() == [pytest.approx((1 + 0.5) / 3), pytest.approx((1 + 0.25) / 2)]
    assert artist_r_precision(rows[:, :0], targets, artists).tolist() == [0, 0]


def test_a_training_without_names() -> None:
    split = made()
    nameless = replace(split, train=replace(split.train, names=None))
    one, other = (evaluate(make_baseline("name-knn"), s, (10,)) for s in (nameless, split))
    assert one.means()["hit_rate@10"] < other.means()["hit_rate@10"]

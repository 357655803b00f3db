"""The stages of a fit and of an update: every long one has a bar, and each ends at its end."""

from __future__ import annotations

import numpy as np
import pytest

from hybrid_rec import HybridRecommender
from hybrid_rec.data.synthetic import synthetic_radio
from tests.hybrid_rec.conftest import RANKED
from tests.recorder import Recorder, Stage


@pytest.fixture(scope="module")
def told() -> tuple[list[Stage], list[Stage]]:
    """The stages of a fit with the ranking, and of an update."""
    world = synthetic_radio(seed=2, n_items=300, n_playlists=400)
    first = world.playlists.select(np.arange(390))
    recorders = Recorder(), Recorder()
    config = RANKED.model_copy(
        update={"ranking": RANKED.ranking.model_copy(update={"cases": 100, "trees": 5})}
    )
    model = HybridRecommender(config).fit(first, world.catalog, progress=recorders[0])
    later = world.playlists.select(np.arange(390, 400))
    model.update(later.to_lists(world.catalog), progress=recorders[1])
    return recorders[0].stages, recorders[1].stages


def test_every_bar_ends_at_its_end(told: tuple[list[Stage], list[Stage]]) -> None:
    for stage in (*told[0], *told[1]):
        assert stage.over, stage.name
        assert stage.total is None or stage.done == stage.total, stage.name


def test_a_fit_tells_of_its_long_stages(told: tuple[list[Stage], list[Stage]]) -> None:
    names = [stage.name for stage in told[0]]
    assert names == [
        "blocks",
        "Encoding texts",
        "co-occurrence, epochs",
        "ranking, statistics",
        "ranking, cases",
        "ranking, order",
        "cold start and index",
    ]


def test_vectors_of_folds_are_part_of_the_bar(told: tuple[list[Stage], list[Stage]]) -> None:
    (training,) = (stage for stage in told[0] if stage.name == "co-occurrence, epochs")
    # 100 cases of 390 playlists are held out in two folds of 78, beside all playlists.
    assert training.total == 3 * RANKED.cooccurrence.epochs
    assert training.told == [1] * training.total


def test_cases_and_statistics_move_their_bars_often(told: tuple[list[Stage], list[Stage]]) -> None:
    for stage in told[0]:
        if stage.name in ("ranking, statistics", "ranking, cases"):
            assert stage.total is not None
            assert max(stage.told) <= stage.total / 4


def test_an_update_tells_of_its_long_stages(told: tuple[list[Stage], list[Stage]]) -> None:
    names = [stage.name for stage in told[1]]
    assert names == [
        "blocks",
        "co-occurrence, epochs",
        "cold start and index",
        "statistics, steps",
    ]

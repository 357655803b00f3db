"""The radio: what it plays, in which order, and what it refuses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import pytest

from hybrid_rec import (
    Catalog,
    ConfigError,
    DataError,
    HybridRecommender,
    Playlists,
    UnknownItemError,
)
from hybrid_rec.core.arrays import Rows
from hybrid_rec.explore.broadcast import pool_of
from hybrid_rec.explore.paths import ARTIST_GAP
from hybrid_rec.explore.radio import Radio, Tuning
from hybrid_rec.explore.transitions import Transitions
from tests.hybrid_rec.conftest import QUICK


def played(model: HybridRecommender, seeds: Sequence[str], length: int, **options: Any) -> Rows:
    """The rows of a radio, in order."""
    found = model.radio(seeds, length, **options)
    assert found.item_ids.shape == (1, length)
    return model.model_.catalog.rows([item for item in found.item_ids[0] if item is not None])


@pytest.fixture(scope="module")
def seeds(fitted: HybridRecommender) -> list[str]:
    """Two items that are often played."""
    plays = fitted.model_.playlists.play_counts
    ids: list[str] = fitted.model_.catalog.item_ids[np.argsort(-plays)[:2]].tolist()
    return ids


def check_radio(model: HybridRecommender, seeds: Sequence[str], rows: Rows) -> None:
    """No song twice, and no artist again within five places."""
    keys, groups = model.model_.songs.keys, model.model_.group_of
    own = model.model_.catalog.rows(seeds)
    assert len(set(keys[rows])) == len(rows)
    assert not set(keys[rows]) & set(keys[own])
    for place, row in enumerate(rows):
        recent = groups[rows[max(place - ARTIST_GAP, 0) : place]]
        assert groups[row] < 0 or groups[row] not in recent


@pytest.mark.parametrize("drift", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("n_seeds", [0, 1, 2])
def test_no_song_twice_and_no_artist_soon(
    fitted: HybridRecommender, seeds: list[str], drift: float, n_seeds: int
) -> None:
    rows = played(fitted, seeds[:n_seeds], 30, drift=drift)
    assert len(rows) == 30
    check_radio(fitted, seeds[:n_seeds], rows)


def test_the_learned_ranking_plays_too(ranked: HybridRecommender, seeds: list[str]) -> None:
    check_radio(ranked, seeds, played(ranked, seeds, 25))


def test_the_same_seed_is_the_same_radio(fitted: HybridRecommender, seeds: list[str]) -> None:
    first = fitted.radio(seeds, 20, seed=3)
    again = fitted.radio(seeds, 20, seed=3)
    assert first.item_ids.tolist() == again.item_ids.tolist()
    assert first.scores.tobytes() == again.scores.tobytes()
    other = fitted.radio(seeds, 20, seed=4)
    assert first.item_ids.tolist() != other.item_ids.tolist()


def chain(n_scenes: int = 4, per_scene: int = 40) -> tuple[Playlists, Catalog]:
    """Scenes of items that are played in one order; playlists of neighbouring scenes overlap."""
    rng = np.random.default_rng(0)
    n = n_scenes * per_scene
    ids = [f"i{number:03d}" for number in range(n)]
    items = pd.DataFrame({"item_id": ids, "title": ids, "artist": [f"a{i}" for i in range(n)]})
    catalog = Catalog.from_frame(items)
    lists = []
    for _ in range(600):
        start = int(rng.integers(0, n - 8))
        lists.append(ids[start : start + 8])
    return Playlists.from_lists(lists, catalog), catalog


@pytest.fixture(scope="module")
def chained() -> HybridRecommender:
    """A world in which each item is followed by the next."""
    playlists, catalog = chain()
    return HybridRecommender(QUICK).fit(playlists, catalog)


def test_what_follows_was_played_in_a_row(chained: HybridRecommender) -> None:
    rows = played(chained, ["i050"], 10)
    steps = np.abs(np.diff(rows))
    by_rank = chained.recommend(["i050"], 10).item_ids[0]
    ranked_steps = np.abs(np.diff(chained.model_.catalog.rows(by_rank)))
    assert (steps <= 2).mean() >= 0.7
    assert (steps <= 2).mean() > (ranked_steps <= 2).mean()


def test_drift_leads_away_from_the_seed(chained: HybridRecommender) -> None:
    far = {
        drift: np.abs(played(chained, ["i050"], 25, drift=drift)[-5:] - 50).mean()
        for drift in (0.0, 1.0)
    }
    assert far[1.0] > far[0.0]


def test_it_moves_on_from_what_it_played_before(
    fitted: HybridRecommender, seeds: list[str]
) -> None:
    model = fitted.model_
    pool, transitions = pool_of(model, None, None), Transitions.of(model.playlists, model.index)
    asked = model.catalog.rows(seeds[:1])

    def alike(onward: float, drift: float) -> float:
        """The mean cosine of items that stand ten places apart."""
        tuning = Tuning(onward=onward)
        rows = Radio(model, pool, transitions, drift, tuning=tuning).play(asked, 25).rows
        vectors = transitions.vectors(np.array(rows))
        return float((vectors[:-10] * vectors[10:]).sum(axis=1).mean())

    assert alike(2.0, 0.5) < alike(0.0, 0.5) - 0.02
    assert alike(2.0, 0.0) == alike(0.0, 0.0)


def test_it_never_ends_early(chained: HybridRecommender) -> None:
    ids = chained.model_.catalog.item_ids.tolist()
    rows = played(chained, ["i050"], len(ids))
    assert sorted(rows) == [row for row in range(len(ids)) if row != 50]
    allowed = played(chained, ["i050"], 10, allow=ids[:4], block=ids[:1])
    assert sorted(allowed) == [1, 2, 3]


def test_one_artist_alone_is_played_on() -> None:
    ids = [f"i{number}" for number in range(12)]
    items = pd.DataFrame({"item_id": ids, "title": ids, "artist": ["one"] * 12})
    catalog = Catalog.from_frame(items)
    playlists = Playlists.from_lists([ids[i : i + 4] for i in range(9)] * 5, catalog)
    model = HybridRecommender(QUICK).fit(playlists, catalog)
    assert len(played(model, ids[:1], 11)) == 11


def test_items_without_plays_have_their_share(ranked: HybridRecommender) -> None:
    model = ranked.model_
    warm = np.flatnonzero(model.playlists.play_counts > 0)
    cold = np.flatnonzero(model.playlists.play_counts == 0)
    # Half of what may be played has no plays, and so has about half of what is played.
    allow = model.catalog.item_ids[np.concatenate([cold, warm[-len(cold) :]])]
    seed = model.catalog.item_ids[warm[0]]
    rows = played(ranked, [seed], 20, allow=allow)
    best = model.catalog.rows(ranked.recommend([seed], 80, allow=allow).item_ids[0])
    share = np.isin(best, cold).mean()
    assert share > 0.1
    assert np.isin(rows, cold).sum() >= int(share * 20)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"length": 0}, "'length' parameter must be an integer from 1 to 1,000"),
        ({"length": 1001}, "'length' parameter must be an integer from 1 to 1,000"),
        ({"length": True}, "'length' parameter"),
        ({"drift": 1.5}, "'drift' parameter must be a number from 0 to 1"),
        ({"drift": float("nan")}, "'drift' parameter"),
        ({"seed": -1}, "'seed' parameter must be an integer of at least 0"),
    ],
)
def test_numbers_out_of_range(
    fitted: HybridRecommender, seeds: list[str], options: dict[str, Any], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        fitted.radio(seeds, **options)


def test_an_expression_says_what_may_be_played(fitted: HybridRecommender, seeds: list[str]) -> None:
    few = {f"song-{number:03d}" for number in range(30)}
    found = fitted.radio(seeds, 20, where="item_id < 'song-030'").item_ids[0]
    assert len(set(found) & few) == 20
    with pytest.raises(ConfigError, match="columns of the catalogue"):
        fitted.radio(seeds, 20, where="yaer > 1990")
    with pytest.raises(DataError, match="let some item through"):
        fitted.radio(seeds, 20, where="artist == 'Nobody'")


def test_what_it_cannot_play(fitted: HybridRecommender, seeds: list[str]) -> None:
    with pytest.raises(UnknownItemError, match="nothing-like-it"):
        fitted.radio(["nothing-like-it"])
    assert fitted.radio(["nothing-like-it"], 3, on_unknown="skip").item_ids.shape == (1, 3)
    with pytest.raises(DataError, match="none is left of what is allowed"):
        fitted.radio(seeds, allow=seeds)
    with pytest.raises(DataError, match="one radio, got 2 lists"):
        fitted.radio([seeds, seeds])

"""What is disliked never comes back, and answers move away from what is like it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from hybrid_rec import Catalog, DataError, HybridConfig, HybridRecommender, Playlists
from hybrid_rec.cli.app import run
from hybrid_rec.core.arrays import Rows
from hybrid_rec.data.queries import parse_queries
from hybrid_rec.explore.broadcast import pool_of
from hybrid_rec.model.dislikes import parted
from tests.tastes import tastes

SIZES = [40, 40, 40, 40]


def ids(rows: Rows) -> list[str]:
    return [f"i{row}" for row in rows.tolist()]


def planted(*, ranked: bool, n_artists: int = 1) -> tuple[HybridRecommender, Rows]:
    """Four tastes that share no playlist and no artist, and the taste of each item."""
    rng = np.random.default_rng(0)
    playlists, taste = tastes(SIZES, 400, 8, rng)
    n_items = playlists.n_items
    titles = [f"song {number}" for number in range(n_items)]
    artists = [f"artist {kind} {row % n_artists}" for row, kind in enumerate(taste.tolist())]
    catalog = Catalog.from_columns(ids(np.arange(n_items)), titles, artists)
    config = HybridConfig(
        blocks={"title": {"enabled": False}},
        cooccurrence={"vector_size": 16, "epochs": 8},
        ranking={"enabled": ranked, "cases": 200, "trees": 20, "candidates": 100},
    )
    return HybridRecommender(config).fit(playlists, catalog), taste


@pytest.fixture(scope="module", params=[False, True], ids=["linear", "ranked"])
def world(request: pytest.FixtureRequest) -> tuple[HybridRecommender, Rows]:
    return planted(ranked=request.param)


def share_of(model: HybridRecommender, taste: Rows, kind: int, found: Any) -> float:
    rows = model.model_.catalog.rows(found)
    return float((taste[rows] == kind).mean())


def test_a_disliked_taste_goes_down(world: tuple[HybridRecommender, Rows]) -> None:
    model, taste = world
    first, second = np.flatnonzero(taste == 0), np.flatnonzero(taste == 1)
    query = ids(np.concatenate([first[:3], second[:3]]))
    both = model.recommend(query, 20).item_ids[0].tolist()
    less = model.recommend(query, 20, dislike=ids(second[10:13])).item_ids[0].tolist()
    assert share_of(model, taste, 1, both) > 0.3
    assert share_of(model, taste, 1, less) < share_of(model, taste, 1, both) - 0.15
    assert share_of(model, taste, 0, less) > share_of(model, taste, 0, both)
    assert not set(ids(second[10:13])) & set(less)
    assert None not in less


def test_what_is_disliked_never_comes_back(world: tuple[HybridRecommender, Rows]) -> None:
    model, taste = world
    own = np.flatnonzero(taste == 2)
    everything = model.recommend(ids(own[:3]), 157, dislike=ids(own[5:7])).item_ids[0].tolist()
    others = set(model.model_.catalog.item_ids) - set(ids(own[[0, 1, 2, 5, 6]]))
    assert set(everything) == others | {None}
    kept = model.recommend(ids(own[:3]), 60, exclude_seeds=False, dislike=ids(own[[0, 7]]))
    assert not set(ids(own[[0, 7]])) & set(kept.item_ids[0])
    assert ids(own[1:2])[0] in kept.item_ids[0]


def test_neighbours_move_away(world: tuple[HybridRecommender, Rows]) -> None:
    model, taste = world
    own = ids(np.flatnonzero(taste == 1))
    plain = model.similar_items(own[:2], 60).item_ids
    found = model.similar_items(own[:2], 60, dislike=own[10:13]).item_ids
    for line, less in zip(plain, found, strict=True):
        assert set(own[10:13]) <= set(line)
        assert not set(own[10:13]) & set(less)
        assert share_of(model, taste, 1, less) < share_of(model, taste, 1, line)
    each = model.similar_items(own[:2], 60, dislike=[[], own[10:13]]).item_ids
    assert each.tolist() == [plain[0].tolist(), found[1].tolist()]


def test_a_radio_moves_away() -> None:
    # An artist that stands for a taste would be kept apart from itself.
    model, taste = planted(ranked=False, n_artists=20)
    first, second = ids(np.flatnonzero(taste == 0)), ids(np.flatnonzero(taste == 1))
    seeds, disliked = [*first[:3], *second[:3]], second[10:13]
    asked, _ = parse_queries(seeds, model.model_.catalog, "raise")
    pool = pool_of(model.model_, None, None, parted(model.model_, asked, disliked, "raise"))
    expected = model.recommend(seeds, 40, dislike=disliked).item_ids[0]
    assert model.model_.catalog.item_ids[pool(asked.rows, 40)].tolist() == expected.tolist()
    everything = model.radio(seeds, 160, dislike=disliked).item_ids[0]
    assert set(everything) == {*model.model_.catalog.item_ids, None} - {*seeds, *disliked}
    plays = pd.DataFrame(
        {"playlist_id": "p", "item_id": seeds + disliked, "weight": [1.0] * 6 + [-1.0] * 3}
    )
    found = model.radio(plays, 20).item_ids[0]
    assert found.tolist() == model.radio(seeds, 20, dislike=disliked).item_ids[0].tolist()
    assert found.tolist() != model.radio(seeds, 20).item_ids[0].tolist()


def test_many_queries_dislike_each_for_itself(world: tuple[HybridRecommender, Rows]) -> None:
    model, taste = world
    lots = [np.flatnonzero(taste == kind) for kind in range(4)]
    queries = [ids(np.concatenate([lots[0][:2], lots[1][:2]]))] * 3
    dislikes = [ids(lots[0][5:7]), [], ids(lots[1][5:7])]
    many = model.recommend(queries, 10, dislike=dislikes)
    for number in range(3):
        one = model.recommend(queries[number], 10, dislike=dislikes[number])
        assert many.item_ids[number].tolist() == one.item_ids[0].tolist()
    assert many.item_ids[1].tolist() == model.recommend(queries[1], 10).item_ids[0].tolist()
    assert share_of(model, taste, 0, many.item_ids[0]) < share_of(model, taste, 0, many.item_ids[2])
    same = model.recommend(queries, 10, dislike=dislikes[0])
    assert (same.item_ids == many.item_ids[0]).all()


def test_dislikes_alone_give_what_is_played_elsewhere(
    world: tuple[HybridRecommender, Rows],
) -> None:
    model, taste = world
    plain = model.recommend([], 30).item_ids[0]
    found = model.recommend([], 30, dislike=ids(np.flatnonzero(taste == 3)[:4]))
    assert share_of(model, taste, 3, found.item_ids[0]) < share_of(model, taste, 3, plain) / 2
    assert set(found.sources[0]) == {"popularity"}


def test_negative_weights_are_dislikes(world: tuple[HybridRecommender, Rows]) -> None:
    model, taste = world
    lots = [np.flatnonzero(taste == kind) for kind in range(4)]
    liked, disliked = ids(np.concatenate([lots[0][:3], lots[1][:3]])), ids(lots[1][5:8])
    plays = pd.DataFrame(
        {"playlist_id": "p", "item_id": liked + disliked, "weight": [2.5] * 6 + [-1.0] * 3}
    )
    expected = model.recommend(liked, 10, dislike=disliked).item_ids.tolist()
    assert model.recommend(plays, 10).item_ids.tolist() == expected
    playlists = Playlists.from_frame(plays, model.model_.catalog)
    assert model.recommend(playlists, 10).item_ids.tolist() == expected
    both = model.recommend(playlists, 10, dislike=ids(lots[2][:1]))
    again = model.recommend(liked, 10, dislike=disliked + ids(lots[2][:1]))
    assert both.item_ids.tolist() == again.item_ids.tolist()


def test_explanations_add_up(world: tuple[HybridRecommender, Rows]) -> None:
    model, taste = world
    own = np.flatnonzero(taste == 1)
    found = model.recommend(ids(own[:3]), 5, dislike=ids(own[9:10]), explain=True)
    for explanation, score in zip(found.explanations[0], found.scores[0], strict=True):
        assert sum(part.value for part in explanation.parts) == pytest.approx(score, abs=1e-4)


def test_dislikes_that_are_none(world: tuple[HybridRecommender, Rows]) -> None:
    model, _ = world
    with pytest.raises(DataError, match="one list for each of the 3 queries, got 2 lists"):
        model.recommend([["i1"], ["i2"], ["i3"]], dislike=[["i4"], ["i5"]])
    with pytest.raises(DataError, match="unknown: 'zz'"):
        model.recommend(["i1"], dislike=["zz"])
    plain = model.recommend(["i1"])
    empty: list[Any] = [[], [[]], None]
    for nothing in empty:
        assert model.recommend(["i1"], dislike=nothing).item_ids.tolist() == plain.item_ids.tolist()
    skipped = model.recommend(["i1"], dislike=["zz"], on_unknown="skip")
    assert skipped.item_ids.tolist() == plain.item_ids.tolist()


def test_the_command_takes_dislikes(
    world: tuple[HybridRecommender, Rows], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model, taste = world
    own = np.flatnonzero(taste == 1)
    model.save(tmp_path / "model")
    for name, size in (("recommend", "-k"), ("similar", "-k"), ("radio", "--length")):
        command = [name, str(tmp_path / "model"), "--item", ids(own[:1])[0], size, "40", "--json"]
        assert run(command) == 0
        rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
        unwanted = {row["item_id"] for row in rows[:2]}
        dislikes = [word for name in unwanted for word in ("--dislike", name)]
        assert run([*command, *dislikes]) == 0
        rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
        assert not unwanted & {row["item_id"] for row in rows}
        assert run([*command, "--dislike", "zz"]) == 2
        assert "zz" in capsys.readouterr().err

"""Block agreement: what it says of worlds whose answer is known, and of pairs drawn by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy import stats

from evaluation.rank_correlation import chance_above, spearman
from evaluation.report.section import Section
from evaluation.splits.continuation import continuation
from evaluation.splits.split import Split
from evaluation.studies.block_agreement import TOGETHER, block_agreement
from evaluation.studies.pairs import draw_pairs
from hybrid_rec import Catalog, ConfigError, DataError, HybridConfig, HybridRecommender, Playlists
from tests.block_contract import KINDS, NAME, world_of

LYRICS = KINDS["tfidf"]


def split_of(*, shuffled: bool) -> Split:
    """A world whose lyrics tell the group that is played together, or those of other items."""
    world = world_of(LYRICS)
    frame = world.catalog.to_frame()
    if shuffled:
        column = LYRICS.columns[0]
        frame[column] = np.random.default_rng(3).permutation(frame[column].to_numpy())
    # A category that tells as much as the lyrics should, a number that tells nothing.
    frame["genre"] = [f"group {group}" for group in world.groups]
    frame["tempo"] = np.random.default_rng(4).normal(120, 20, len(frame))
    catalog = Catalog.from_frame(frame)
    lists = world.playlists.to_lists(world.catalog)
    playlists = Playlists.from_lists(lists, catalog)
    return continuation(playlists, catalog, np.random.default_rng(0))


def studied(split: Split, seed: int = 0) -> Section:
    described = LYRICS.config().model_dump()
    described["blocks"] |= {
        "genre": {"kind": "categories", "columns": ["genre"]},
        "tempo": {"kind": "numbers", "columns": ["tempo"]},
    }
    model = HybridRecommender(HybridConfig.model_validate(described))
    model.fit(split.train, split.catalog)
    return block_agreement(model, split, np.random.default_rng(seed), n_pairs=2000)


@pytest.fixture(scope="module")
def telling() -> Section:
    return studied(split_of(shuffled=False))


@pytest.fixture(scope="module")
def noise() -> Section:
    return studied(split_of(shuffled=True))


def row_of(section: Section, block: str, against: str = TOGETHER) -> Any:
    table = section.table
    chosen = table[(table["block"] == block) & (table["against"] == against)]
    return chosen.to_dict("records")[0]


def test_lyrics_that_tell_the_genre_are_said_to(telling: Section) -> None:
    found = row_of(telling, NAME)
    assert found["answer"] == "more alike"
    assert found["spearman"] > 0.5
    assert found["low"] > 0.4
    said = next(text for text in telling.sentences if f"alike by {NAME} than others" in text)
    assert said.startswith(f"Items that are played together are more alike by {NAME}")
    assert int(said.partition(" times in 100")[0].rpartition(" ")[2]) > 80
    assert row_of(telling, NAME, "genre")["answer"] == "agree"
    assert row_of(telling, NAME, "cooccurrence")["answer"] == "agree"


def test_lyrics_that_are_noise_are_said_to_be(noise: Section) -> None:
    found = row_of(noise, NAME)
    assert found["answer"] == "no more alike"
    assert found["low"] < 0 < found["high"]
    assert found["high"] - found["low"] < 0.2
    said = next(text for text in noise.sentences if f"alike by {NAME} than others" in text)
    assert "no more alike" in said
    assert "times in 100" not in said
    assert row_of(noise, NAME, "genre")["answer"] == "do not agree"
    assert row_of(noise, NAME, "cooccurrence")["answer"] == "do not agree"
    # The playlists themselves are as they were.
    assert row_of(noise, "genre")["answer"] == "more alike"


def test_a_number_that_says_nothing_agrees_with_nothing(telling: Section) -> None:
    answers = telling.table[(telling.table[["block", "against"]] == "tempo").any(axis=1)]
    assert set(answers["answer"]) == {"no more alike", "do not agree"}


def test_every_two_blocks_are_compared_and_drawn(telling: Section) -> None:
    names = [NAME, "genre", "tempo", "cooccurrence"]
    assert len(telling.table) == len(telling.sentences) == len(telling.charts) == 4 + 6
    assert telling.table["against"].tolist()[:4] == [TOGETHER] * 4
    assert telling.table["block"].tolist()[:4] == names
    for chart in telling.charts.values():
        assert chart.startswith('<svg class="chart"')
        assert "<use" in chart


def test_the_same_seed_gives_the_same_bytes(telling: Section) -> None:
    again = studied(split_of(shuffled=False))
    assert again.table.equals(telling.table)
    assert again.sentences == telling.sentences
    assert dict(again.charts) == dict(telling.charts)
    assert not studied(split_of(shuffled=False), seed=1).table.equals(telling.table)


def test_pairs_are_counted_by_hand() -> None:
    catalog = Catalog.from_columns(list("abcd"), list("ABCD"), [None] * 4)
    playlists = Playlists.from_lists([list("abab"), list("abc"), ["d"], []], catalog)
    pairs = draw_pairs(playlists, 200, np.random.default_rng(0))
    together = {tuple(ends) for ends in pairs.ends[pairs.drawn_together].tolist()}
    assert together == {(0, 1), (0, 2), (1, 2)}
    counts = dict(zip(map(tuple, pairs.ends.tolist()), pairs.playlists.tolist(), strict=True))
    assert counts == {(0, 1): 2, (0, 2): 1, (1, 2): 1}
    nothing = playlists.select(np.array([2, 3]))
    with pytest.raises(DataError, match="none has two"):
        draw_pairs(nothing, 5, np.random.default_rng(0))


def test_random_pairs_are_of_the_same_items(world) -> None:  # type: ignore[no-untyped-def]
    pairs = draw_pairs(world.playlists, 4000, np.random.default_rng(0))
    plays = world.playlists.play_counts
    kinds = [plays[pairs.ends[mask]] for mask in (pairs.drawn_together, ~pairs.drawn_together)]
    assert all((kind > 0).all() for kind in kinds)
    assert np.log(kinds[0]).mean() == pytest.approx(np.log(kinds[1]).mean(), abs=0.2)
    shares = [
        pairs.playlists[mask].mean() for mask in (pairs.drawn_together, ~pairs.drawn_together)
    ]
    assert (pairs.playlists[pairs.drawn_together] >= 1).all()
    assert shares[0] > shares[1]


@pytest.mark.parametrize("ties", [False, True])
def test_spearman_is_that_of_scipy_and_covers_as_it_says(ties: bool) -> None:
    rng = np.random.default_rng(7)
    n, slope = 400, 0.5
    truth = []
    found = []
    for _ in range(300):
        x = rng.normal(size=n)
        y = slope * x + rng.normal(size=n)
        if ties:
            x, y = np.round(x), (y > 0).astype(float)
        # Pairs that share no item are independent.
        found.append(spearman(x, y, np.arange(2 * n).reshape(n, 2)))
        truth.append(stats.spearmanr(x, y).statistic)
    assert [one.rho for one in found] == pytest.approx(truth)
    middle = np.mean(truth)
    covered = np.mean([one.low <= middle <= one.high for one in found])
    assert 0.92 <= covered <= 0.98


def test_pairs_that_share_items_are_not_taken_for_independent() -> None:
    """Values of pairs that are sums of values of items that have nothing to do with each other."""
    rng = np.random.default_rng(8)
    covered = {"items": 0, "pairs": 0}
    n_worlds, n_items, n_pairs = 200, 40, 600
    for _ in range(n_worlds):
        ends = np.stack([rng.permutation(n_items)[:2] for _ in range(n_pairs)])
        x, y = (rng.normal(size=n_items)[ends].sum(axis=1) for _ in range(2))
        known = spearman(x, y, ends)
        naive = spearman(x, y, np.arange(2 * n_pairs).reshape(n_pairs, 2))
        covered["items"] += known.low <= 0 <= known.high
        covered["pairs"] += naive.low <= 0 <= naive.high
    assert covered["items"] >= 0.88 * n_worlds
    assert covered["pairs"] < 0.7 * n_worlds


def test_what_never_changes_has_no_correlation() -> None:
    ends = np.arange(20).reshape(10, 2)
    assert np.isnan(spearman(np.full(10, 0.3), np.arange(10.0), ends).rho)
    same = spearman(np.arange(10.0), np.arange(10.0), ends)
    assert (same.rho, same.low, same.high) == pytest.approx((1, 1, 1))
    assert chance_above(np.array([3.0, 1, 2, 2]), np.array([1.0, 0, 1, 0])) == 0.875


def test_mistakes() -> None:
    split = split_of(shuffled=False)
    model = HybridRecommender(LYRICS.config()).fit(split.train, split.catalog)
    with pytest.raises(ConfigError, match="n_pairs must be at least 1"):
        block_agreement(model, split, np.random.default_rng(0), n_pairs=0)
    few = replace(split, train=split.train.select(np.array([0])))
    with pytest.raises(DataError, match="must have 30 pairs"):
        block_agreement(model, few, np.random.default_rng(0), n_pairs=5)

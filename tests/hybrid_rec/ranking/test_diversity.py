"""Diversity: the order of MMR and of the artist cap, and the contracts that they keep."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pytest

from hybrid_rec import ConfigError, DiversityConfig, HybridConfig, HybridRecommender, Playlists
from hybrid_rec.data.synthetic import SyntheticDataset
from hybrid_rec.ranking.diversity import Diversifier
from tests import recommender_contract as contract

# So many candidates the ranked model has of each kind; beyond, there are more for larger k.
DEPTH = 100
SOME = [
    {"mmr": 0.3}, {"mmr": 1.0, "pool": 30}, {"artist_cap": 1}, {"mmr": 0.5, "artist_cap": 2},
]  # fmt: skip


class Diverse:
    """A model that is asked for diversity, as the contract asks."""

    def __init__(self, model: HybridRecommender, diversity: Any, **arguments: Any) -> None:
        self._model, self._diversity, self._arguments = model, diversity, arguments

    def fit(self, playlists: Any, catalog: Any) -> None: ...

    def recommend(self, queries: Any, k: int = 10) -> Any:
        return self._model.recommend(queries, k, diversity=self._diversity, **self._arguments)


@pytest.fixture
def queries(world: SyntheticDataset) -> list[list[str]]:
    return contract.seeds_of(world.playlists, world.catalog)


@pytest.fixture(params=["fitted", "ranked"])
def model(request: pytest.FixtureRequest) -> HybridRecommender:
    found = request.getfixturevalue(request.param)
    assert isinstance(found, HybridRecommender)
    return found


def slow(model: HybridRecommender, ids: list[str], scores: Any, k: int, config: Any) -> list[str]:
    """MMR and the cap, item by item, over whole matrices."""
    catalog, index = model.model_.catalog, model.model_.index
    weights = {name: w for name, w in model.model_.weights.items() if name != "popularity"}
    rows = catalog.rows(ids)
    blocks = {name: b.astype(np.float64) for name, b in index.blocks(rows).items()}
    blocks |= {name: hot[rows].toarray() for name, hot in index.one_hot.items()}
    likeness = np.zeros((len(ids), len(ids)))
    for name, weight in weights.items():
        likeness += weight / sum(weights.values()) * (blocks[name] @ blocks[name].T)
    pool = min(config.pool, len(ids))
    values = scores.astype(np.float64)
    relevance = (values - values[:pool].min()) / (values[:pool].max() - values[:pool].min())
    artists = catalog.artists[rows]
    taken: list[int] = []

    def fits(at: int) -> bool:
        same = sum(artists[other] == artists[at] for other in taken)
        return config.artist_cap is None or artists[at] is None or same < config.artist_cap

    def gain(at: int) -> tuple[float, int]:
        near = max(likeness[at, other] for other in taken) if taken else 0.0
        return (1 - config.mmr) * relevance[at] - config.mmr * near, -at

    while left := [at for at in range(pool) if at not in taken and fits(at)]:
        taken.append(max(left, key=gain))
    for at in range(pool, len(ids)):
        taken += [at] if fits(at) else []
    taken += [at for at in range(len(ids)) if at not in taken]
    return [ids[at] for at in taken[:k]]


@pytest.mark.parametrize("diversity", SOME)
def test_the_order_is_that_of_the_slow_way(
    model: HybridRecommender, queries: list[list[str]], diversity: dict[str, Any]
) -> None:
    config = DiversityConfig(**diversity)
    found = model.recommend(queries, 12, diversity=diversity)
    plain = model.recommend(queries, DEPTH)
    for number in range(len(queries)):
        ids = plain.item_ids[number].tolist()
        truth = slow(model, ids, plain.scores[number], 12, config)
        assert found.item_ids[number].tolist() == truth


@pytest.mark.parametrize("diversity", SOME)
def test_every_item_keeps_its_score(
    model: HybridRecommender, queries: list[list[str]], diversity: dict[str, Any]
) -> None:
    found = model.recommend(queries, 12, diversity=diversity)
    plain = model.recommend(queries, DEPTH)
    assert found.item_ids.tolist() != plain.item_ids[:, :12].tolist()
    for number in range(len(queries)):
        scores = dict(zip(plain.item_ids[number], plain.scores[number], strict=True))
        own = [scores[item_id] for item_id in found.item_ids[number]]
        assert own == found.scores[number].tolist()


@pytest.mark.parametrize("diversity", SOME)
def test_explanations_follow_the_items(
    model: HybridRecommender, queries: list[list[str]], diversity: dict[str, Any]
) -> None:
    found = model.recommend(queries, 12, diversity=diversity, explain=True)
    plain = model.recommend(queries, DEPTH, explain=True)
    assert found.explanations is not None
    assert plain.explanations is not None
    for line, whole in zip(found.explanations, plain.explanations, strict=True):
        by_item = {entry.item_id: entry for entry in whole}
        assert line.tolist() == [by_item[entry.item_id] for entry in line]


@pytest.mark.parametrize("diversity", SOME)
def test_contract(
    model: HybridRecommender,
    queries: list[list[str]],
    world: SyntheticDataset,
    diversity: dict[str, Any],
) -> None:
    diverse = Diverse(model, diversity)
    contract.check_shapes_and_types(diverse, queries)
    contract.check_batch_equals_single(diverse, queries)
    contract.check_order_of_requests_does_not_matter(diverse, queries)
    contract.check_everything_can_be_asked_for(diverse, queries[0], world.catalog)
    contract.check_empty_query(diverse)
    linear = Diverse(model, diversity, weights={})
    contract.check_shorter_lists_are_prefixes(linear, queries)
    found = diverse.recommend(queries, 50)
    for seeds, ids in zip(queries, found.item_ids, strict=True):
        assert len(set(ids)) == 50
        assert not set(ids) & set(seeds)


def test_off_is_what_it_always_was(model: HybridRecommender, queries: list[list[str]]) -> None:
    plain = model.recommend(queries, 30)
    for off in (None, {}, DiversityConfig(), {"mmr": 0, "artist_cap": None}, {"pool": 7}):
        found = model.recommend(queries, 30, diversity=off)
        assert found.item_ids.tolist() == plain.item_ids.tolist()
        assert found.scores.tobytes() == plain.scores.tobytes()


@pytest.mark.parametrize("cap", [1, 2])
def test_the_cap_holds_wherever_there_are_other_artists(
    model: HybridRecommender, queries: list[list[str]], world: SyntheticDataset, cap: int
) -> None:
    artists = dict(zip(world.catalog.item_ids, world.catalog.artists, strict=True))
    plain = model.recommend([*queries, []], 30)
    found = model.recommend([*queries, []], 30, diversity={"artist_cap": cap})
    before, after = (
        [max(Counter(artists[i] for i in ids if artists[i]).values()) for ids in lists.item_ids]
        for lists in (plain, found)
    )
    assert max(before) > cap
    assert max(after) == cap


def test_the_cap_looks_beyond_the_pool_and_gives_way_only_then(
    model: HybridRecommender, world: SyntheticDataset
) -> None:
    catalog = world.catalog
    artists, n = Counter(a for a in catalog.artists if a is not None), 12
    prolific = [artist for artist, _ in artists.most_common(2)]
    theirs = catalog.item_ids[np.isin(catalog.artists.astype(str), prolific)].tolist()
    others = catalog.item_ids[~np.isin(catalog.artists.astype(str), prolific)].tolist()
    others = list(dict(zip(catalog.artists[catalog.rows(others)], others, strict=True)).values())[
        :4
    ]
    seeds = theirs[:2]
    capped = {"artist_cap": 1, "pool": 2}
    found = model.recommend(seeds, n, allow=theirs + others, diversity=capped)
    assert set(others) <= set(found.item_ids[0, :6])
    assert len(set(catalog.artists[catalog.rows(found.item_ids[0, :6])])) >= 5
    # Behind those within the cap the rest stands by score.
    assert (np.diff(found.scores[0, 6:]) <= 0).all()
    assert len(set(found.item_ids[0])) == n
    few = model.recommend(seeds, n, allow=theirs[:5], diversity=capped)
    assert [item is None for item in few.item_ids[0]] == [False] * 3 + [True] * 9


def test_items_without_an_artist_are_not_counted(quick_config: HybridConfig) -> None:
    from hybrid_rec import Catalog

    ids = list("abcdefg")
    catalog = Catalog.from_columns(ids, [None] * 7, [None] * 4 + ["x"] * 3)
    playlists = Playlists.from_lists([ids] * 5, catalog)
    model = HybridRecommender(quick_config).fit(playlists, catalog)
    found = model.recommend(["a"], 6, diversity={"artist_cap": 1})
    assert [item in "efg" for item in found.item_ids[0]].count(True) == 3
    assert [item in "efg" for item in found.item_ids[0, -2:]] == [True, True]


def test_mmr_makes_lists_less_alike(
    model: HybridRecommender, queries: list[list[str]], world: SyntheticDataset
) -> None:
    spread = []
    for mmr in (0.0, 0.3, 0.7, 1.0):
        found = model.recommend(queries, 10, diversity={"mmr": mmr})
        rows = [world.catalog.rows(line) for line in found.item_ids]
        vectors = [model.model_.index.blocks(line)["cooccurrence"] for line in rows]
        cosines = np.array([(v @ v.T)[np.triu_indices(10, 1)].mean() for v in vectors])
        spread.append(float(1 - cosines.mean()))
    assert spread == sorted(spread)
    assert spread[-1] > spread[0] + 0.1


def test_the_config_is_the_default_of_recommend_alone(
    fitted: HybridRecommender, queries: list[list[str]]
) -> None:
    other = HybridRecommender(
        fitted.config.model_copy(update={"diversity": DiversityConfig(mmr=0.5)})
    )
    other._set(fitted.model_)
    diverse = fitted.recommend(queries, diversity={"mmr": 0.5})
    assert other.recommend(queries).item_ids.tolist() == diverse.item_ids.tolist()
    plain = fitted.recommend(queries)
    assert (
        other.recommend(queries, diversity={"mmr": 0}).item_ids.tolist() == plain.item_ids.tolist()
    )
    both = fitted.recommend(queries, diversity={"mmr": 0.5, "artist_cap": 1})
    assert (
        other.recommend(queries, diversity={"artist_cap": 1}).item_ids.tolist()
        == both.item_ids.tolist()
    )
    asked = queries[0][:2]
    assert (
        other.similar_items(asked).item_ids.tolist()
        == fitted.similar_items(asked).item_ids.tolist()
    )


def test_config_survives_toml(tmp_path: Any) -> None:
    for diversity in ({}, {"mmr": 0.25, "artist_cap": 3}):
        config = HybridConfig(diversity=diversity)
        (tmp_path / "c.toml").write_text(config.to_toml())
        assert HybridConfig.from_toml(tmp_path / "c.toml") == config


@pytest.mark.parametrize(
    ("diversity", "message"),
    [
        ({"mmr": 1.5}, "'mmr' parameter of DiversityConfig must be less than or equal to 1"),
        ({"mmr": float("nan")}, "'mmr'"),
        ({"artist_cap": 0}, "'artist_cap' parameter"),
        ({"cap": 1}, "no parameter 'cap'"),
        (0.5, "diversity must be a mapping or a DiversityConfig, got 0.5"),
    ],
)
def test_bad_diversity(fitted: HybridRecommender, diversity: Any, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        fitted.recommend(["song-001"], diversity=diversity)


def test_equal_scores_keep_their_order(fitted: HybridRecommender) -> None:
    rows = np.arange(20)
    for weights in ({}, {"popularity": 1.0}):
        diversifier = Diversifier(
            fitted.model_.index, fitted.model_.group_of, weights, DiversityConfig(mmr=0.5)
        )
        new = diversifier.order(rows, np.zeros(20, np.float32), 7)
        assert (new.order.tolist(), new.n_within) == (list(range(7)), 7)
    nothing = diversifier.order(rows[:0], np.zeros(0, np.float32), 7)
    assert (nothing.order.tolist(), nothing.n_within) == ([], 0)

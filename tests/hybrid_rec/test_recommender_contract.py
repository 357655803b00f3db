"""HybridRecommender passes the contract of every recommender, in each of its configurations."""

from __future__ import annotations

import pytest

from hybrid_rec import HybridConfig, HybridRecommender
from hybrid_rec.data.synthetic import SyntheticDataset
from tests import recommender_contract as contract

CHANGES = {
    "default": {},
    "HNSW": {"index": {"factory": "HNSW16"}},
    "IVF": {"index": {"factory": "IVF16,SQ8"}},
    "title only": {
        "weights": {"cooccurrence": 0, "title": 1, "artist": 0, "tags": 0, "popularity": 0}
    },
    "notebook": {"cooccurrence": {"preset": "notebook", "epochs": 1}},
}


@pytest.fixture(scope="module", params=CHANGES, ids=list(CHANGES))
def model(
    request: pytest.FixtureRequest, world: SyntheticDataset, quick_config: HybridConfig
) -> HybridRecommender:
    config = HybridConfig(**{**quick_config.model_dump(), **CHANGES[request.param]})
    return HybridRecommender(config).fit(world.playlists, world.catalog)


@pytest.fixture(scope="module")
def queries(world: SyntheticDataset) -> list[list[str]]:
    return contract.seeds_of(world.playlists, world.catalog)


def test_shapes_and_types(model: HybridRecommender, queries: list[list[str]]) -> None:
    contract.check_shapes_and_types(model, queries)


def test_lists(model: HybridRecommender, queries: list[list[str]], world: SyntheticDataset) -> None:
    contract.check_lists_are_ordered_distinct_and_without_seeds(model, queries, world.catalog)


def test_batch_equals_single(model: HybridRecommender, queries: list[list[str]]) -> None:
    contract.check_batch_equals_single(model, queries)


def test_order_of_requests(model: HybridRecommender, queries: list[list[str]]) -> None:
    contract.check_order_of_requests_does_not_matter(model, queries)


def test_shorter_lists(
    model: HybridRecommender, queries: list[list[str]], request: pytest.FixtureRequest
) -> None:
    if model.model_.index.index.exact:
        contract.check_shorter_lists_are_prefixes(model, queries)
    else:
        # An approximate index looks further for longer lists, and may find better.
        short, long = model.recommend(queries, k=3), model.recommend(queries, k=30)
        assert (long.scores[:, :3] >= short.scores).all()


def test_everything(
    model: HybridRecommender, queries: list[list[str]], world: SyntheticDataset
) -> None:
    contract.check_everything_can_be_asked_for(model, queries[0], world.catalog)


def test_empty_query(model: HybridRecommender) -> None:
    contract.check_empty_query(model)

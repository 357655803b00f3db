"""The files of a ranking: its orders, their features, and the block weights learned beside it."""

from __future__ import annotations

import re
from collections.abc import Collection
from pathlib import Path
from typing import Any

import numpy as np

from hybrid_rec.blocks.block_set import BlockSet
from hybrid_rec.core.arrays import Rows
from hybrid_rec.core.config import HybridConfig, NetworkConfig, WeightsConfig
from hybrid_rec.core.errors import ArtifactError
from hybrid_rec.core.stored import (
    read_array,
    read_json,
    read_sparse,
    read_text,
    refused,
    write_array,
    write_json,
    write_sparse,
)
from hybrid_rec.data.playlists import Playlists
from hybrid_rec.model.fitted import Ranking
from hybrid_rec.ranking.feature_set import features_of
from hybrid_rec.ranking.network import LARGEST_NUMBER, Network, n_numbers
from hybrid_rec.ranking.order import Order, Scorer
from hybrid_rec.ranking.query_orders import AnyTime
from hybrid_rec.ranking.ranker import Ranker
from hybrid_rec.ranking.statistics import Statistics

_STATISTICS = "statistics"
_WEIGHTS, _ANY_TIME = "weights.json", "any_time.json"
# What the files of the orders begin with: the usual one, and those of some kinds of queries.
_USUAL, _NEW, _OF_NAMES, _OF_ANY_TIME, _LEARNED = "", "new_", "name_", "any_time_", "learned_"
_TREES, _NETWORK = "trees.txt", "network.npy"


def write_ranking(ranking: Ranking, folder: Path) -> None:
    """Write a ranking into a folder that is made for it."""
    (folder / _STATISTICS).mkdir(parents=True)
    ranker, any_time = ranking.ranker, ranking.ranker.any_time
    orders = {
        _USUAL: ranker.usual,
        _NEW: ranker.new,
        _OF_NAMES: ranker.of_names,
        _OF_ANY_TIME: None if any_time is None else any_time.order,
        _LEARNED: ranking.learned,
    }
    for kind, order in orders.items():
        if order is not None:
            (folder / f"{kind}{_TREES}").write_text(order.trees, encoding="utf-8")
            if order.network is not None:
                write_array(folder / f"{kind}{_NETWORK}", order.network.numbers)
    if any_time is not None:
        write_json(folder / _ANY_TIME, {"seed_age": any_time.seed_age})
    write_json(folder / _WEIGHTS, dict(ranking.weights))
    matrices, arrays = ranking.statistics.state()
    for name, matrix in matrices.items():
        write_sparse(folder / _STATISTICS / f"{name}.npz", matrix)
    for name, array in arrays.items():
        write_array(folder / _STATISTICS / f"{name}.npy", array)


def read_ranking(
    home: Path,
    name: str,
    files: Collection[str],
    playlists: Playlists,
    blocks: BlockSet,
    group_of: Rows,
    config: HybridConfig,
) -> Ranking | None:
    """The ranking that `write_ranking` wrote, or None if there is none.

    Args:
        home: The folder of the model.
        name: That of the ranking in it.
        files: The files of the model, relative to its folder.
        playlists: The training playlists.
        blocks: What items are described by.
        group_of: Code of each item's group, `(n_items,)`.
        config: What the model was fitted with.

    Raises:
        ArtifactError: If a file is missing or damaged, or does not fit the others.
    """
    folder = home / name
    if f"{name}/{_TREES}" not in files:
        return None
    text = read_text(folder / _TREES)
    with refused(folder / _TREES):
        names = known_features(text, blocks)
    settings = config.ranking.statistics
    shapes = Statistics.state_shapes(playlists, blocks.n_groups, settings, names)
    statistics = Statistics.from_state(
        playlists,
        group_of,
        blocks.n_groups,
        settings,
        {
            name: read_sparse(folder / _STATISTICS / f"{name}.npz", shape)
            for name, shape in shapes[0].items()
        },
        {
            name: read_array(folder / _STATISTICS / f"{name}.npy", np.float32, shape)
            for name, shape in shapes[1].items()
        },
    )

    def with_network(kind: str, trees: str) -> Order:
        file = f"{kind}{_NETWORK}"
        if f"{name}/{file}" not in files:
            return Order(trees)
        return Order(trees, read_network(folder / file, len(names), config.ranking.network))

    def order_of(kind: str) -> Order | None:
        file = f"{kind}{_TREES}"
        if f"{name}/{file}" not in files:
            return None
        return with_network(kind, read_text(folder / file))

    of_any_time, any_time = order_of(_OF_ANY_TIME), None
    if of_any_time is not None:
        any_time = AnyTime(of_any_time, read_seed_age(read_json(folder / _ANY_TIME)))
    usual, new, of_names = with_network(_USUAL, text), order_of(_NEW), order_of(_OF_NAMES)
    with refused(folder / _TREES):
        ranker = Ranker(names, usual, new, config.ranking.new_share, of_names, any_time)
    learned = order_of(_LEARNED)
    if learned is not None:
        with refused(folder / f"{_LEARNED}{_TREES}"):
            Scorer(learned, ranker.names)
    weights = read_weights(read_json(folder / _WEIGHTS), blocks)
    return Ranking(statistics, ranker, weights, learned)


def read_network(path: Path, n_features: int, config: NetworkConfig) -> Network:
    """A network of so many features.

    Raises:
        ArtifactError: If the file is missing or damaged, or does not fit them.
    """
    size = n_numbers(n_features, config.units)
    numbers = read_array(path, np.float32, (size,), largest=LARGEST_NUMBER)
    return Network.of_numbers(numbers, n_features, config.units)


def known_features(text: str, blocks: BlockSet) -> list[str]:
    """The names of the features that trees look at.

    Raises:
        ArtifactError: If there are others than this version can compute.
    """
    found = re.search(r"^feature_names=(.*)$", text, re.MULTILINE)
    names = [] if found is None else found[1].split()
    known = features_of(blocks, with_names=True, with_times=True)
    unknown = [name for name in names if name not in known]
    if unknown or not names:
        raise ArtifactError(
            f"the trees of the ranking must look at features that this version knows, got "
            f"{', '.join(unknown) or 'none'}; fit again."
        )
    return names


def read_seed_age(given: Any) -> float | None:
    """From what age of its items on a query is of any time, checked.

    Raises:
        ArtifactError: If it is neither a number nor null.
    """
    age = given.get("seed_age", "") if isinstance(given, dict) else ""
    if age is not None and (isinstance(age, bool) or not isinstance(age, int | float)):
        raise ArtifactError("seed_age must be a number or null; save the model again.")
    return age


def read_weights(given: Any, blocks: BlockSet) -> dict[str, float]:
    """Learned block weights, checked.

    Raises:
        ArtifactError: If they are no mapping.
        ConfigError: If one of them is out of range.
    """
    if not isinstance(given, dict):
        raise ArtifactError("the learned weights must be a mapping; save the model again.")
    checked = WeightsConfig(**given)
    usual = blocks.weights(checked)
    return {name: usual[name] for name in given if name in usual}

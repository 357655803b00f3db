"""An order of candidates: trees, and a network beside them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from hybrid_rec.core.arrays import Doubles, Floats
from hybrid_rec.core.config import RankingConfig
from hybrid_rec.core.progress import Advance
from hybrid_rec.core.threads import in_turn, two_at_a_time
from hybrid_rec.ranking.cases import Case
from hybrid_rec.ranking.network import Network
from hybrid_rec.ranking.network_training import train_network
from hybrid_rec.ranking.trees import ONE_THREAD, Trees, load_lightgbm


@dataclass(frozen=True, eq=False)
class Order:
    """What some cases taught."""

    trees: str
    """The trees in LightGBM's own text format."""
    network: Network | None = None
    """What is added to their scores; None for nothing."""


def fit_orders(
    names: Sequence[str],
    kinds: Sequence[Sequence[Case]],
    config: RankingConfig,
    seed: int,
    advance: Advance,
) -> list[Order]:
    """An order for each kind of case, which puts their hits on top.

    Trees and networks are learned two at a time, each on one thread.

    Args:
        names: Names of the features, in the order of the columns.
        kinds: What to learn from.
        config: Sizes of trees and networks, and what they do not look at.
        seed: Seed of their samples.
        advance: Told of every tree and of every round of a network; `order_steps` for each order.
    """
    ignored = [names.index(name) for name in config.without if name in names]
    told = in_turn(advance)
    jobs: list[Callable[[], str | Network]] = []
    for cases in kinds:
        jobs.append(partial(_trees, names, cases, config, seed, ignored, told))
        if config.network.weight:
            jobs.append(partial(train_network, cases, config.network, seed, ignored, told))
    found = two_at_a_time(jobs)
    trees = [one for one in found if isinstance(one, str)]
    networks: list[Network | None] = [one for one in found if isinstance(one, Network)]
    parts = zip(trees, networks or [None] * len(trees), strict=True)
    return [Order(*each) for each in parts]


def order_steps(config: RankingConfig) -> int:
    """How often `fit_orders` tells for each order that it got on."""
    return config.trees + (config.network.epochs if config.network.weight else 0)


class Scorer:
    """An order, ready to score.

    Args:
        order: What was learned.
        features: Names that its features must have.

    Raises:
        ArtifactError: If its trees are no model of these features.
        HybridRecError: If LightGBM's shared library is needed and cannot be loaded.
    """

    def __init__(self, order: Order, features: Sequence[str]) -> None:
        self._trees, self._network = Trees(order.trees, features), order.network

    def predict(self, rows: Floats) -> Doubles:
        """Scores of finite rows, `(n,)`; the same to the last bit however many there are.

        Args:
            rows: `(n, n_features)`.
        """
        scores = self._trees.predict(rows)
        return scores if self._network is None else scores + self._network.predict(rows)

    def contributions(self, rows: Floats) -> Doubles:
        """What each feature adds to the scores, `(n, n_features + 1)`, the base value last."""
        added = self._trees.contributions(rows)
        return added if self._network is None else added + self._network.contributions(rows)

    def gains(self) -> Doubles:
        """The gain of all splits of each feature by the trees, `(n_features,)`."""
        return self._trees.gains()


def _trees(
    names: Sequence[str],
    cases: Sequence[Case],
    config: RankingConfig,
    seed: int,
    ignored: Sequence[int],
    advance: Advance,
) -> str:
    """The trees as text."""
    lightgbm = load_lightgbm()
    features = np.concatenate([case.features for case in cases])
    # A column that says nothing is split by no tree, whatever stands there later.
    features[:, ignored] = 0
    data = lightgbm.Dataset(
        features,
        np.concatenate([case.hits for case in cases]).astype(np.float32),
        group=[len(case.hits) for case in cases],
        feature_name=list(names),
        params={"max_bin": 127, "verbose": -1, **ONE_THREAD},
    )
    parameters = {
        "objective": "rank_xendcg",
        "learning_rate": config.learning_rate,
        "num_leaves": config.leaves,
        "min_data_in_leaf": config.min_leaf,
        "lambda_l2": 1.0,
        "feature_fraction": 0.7,
        "max_bin": 127,
        "deterministic": True,
        "force_row_wise": True,
        "seed": seed % 2**31,
        "verbose": -1,
        **ONE_THREAD,
    }
    text: str = lightgbm.train(
        parameters, data, config.trees, callbacks=[lambda _tree: advance(1)]
    ).model_to_string()
    return text

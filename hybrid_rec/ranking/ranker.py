"""Ranker: the learned second stage, a gradient-boosted order of candidates."""

from __future__ import annotations

import difflib
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from hybrid_rec.core.config import RankingConfig
from hybrid_rec.core.errors import ConfigError
from hybrid_rec.data.catalog import RowArray
from hybrid_rec.data.playlists import Playlists
from hybrid_rec.ranking.features import FEATURES, Matrix, Scorer
from hybrid_rec.ranking.reserved_slots import are_new, interleaved, is_known
from hybrid_rec.ranking.trees import Trees, load_lightgbm
from indexes.base import NO_ROW, NO_SCORE
from indexes.hybrid import HybridQueries

Case = tuple[Matrix, NDArray[np.bool_]]

# Rows that are scored at once.
_ROWS = 1 << 17
# Cases of known playlists; from fewer no order is learned.
_FEWEST_KNOWN = 50


class Ranker:
    """Gradient-boosted trees over the features of candidates, trained for NDCG.

    Args:
        text: The trees in LightGBM's own text format.
        new_text: Trees that order items without history for playlists of the training, see
            `newcomers`; None for none.
        new_share: Share of the places that they have there.

    Raises:
        ArtifactError: If a text is no model of these features.
        HybridRecError: If LightGBM's shared library cannot be loaded.

    References:
        Ke et al., "LightGBM: A Highly Efficient Gradient Boosting Decision Tree", NeurIPS 2017.
        Bruch et al., "An Analysis of the Softmax Cost Function for Learning to Rank", ICTIR 2019,
        and Bruch, "An Alternative Cross Entropy Loss for Learning-to-Rank", WWW 2021, for XE-NDCG.
    """

    def __init__(self, text: str, new_text: str | None = None, new_share: float = 0.0) -> None:
        self.text, self.new_text, self.new_share = text, new_text, new_share
        self._trees = Trees(text, FEATURES)
        self._new_trees = self._trees if new_text is None else Trees(new_text, FEATURES)

    @classmethod
    def fit(cls, cases: Sequence[Case], config: RankingConfig, seed: int) -> Self:
        """Trees that put the positives of each case on top.

        Args:
            cases: For each its features `(n_candidates, n_features)` and which are positive.
            config: Size and speed of the trees, and what they do not look at.
            seed: Seed of their samples.

        Raises:
            ConfigError: If `config.without` names no feature.
        """
        others = of_new_playlists(cases)
        text = _trained(others, config, seed)
        if len(cases) - len(others) < _FEWEST_KNOWN:
            return cls(text)
        # Whoever asks, there is seldom enough to learn the order of new items from.
        new = [(matrix[rows], hits[rows]) for matrix, hits in cases for rows in [are_new(matrix)]]
        new_text = _trained([case for case in new if case[1].any()], config, seed)
        return cls(text, new_text, config.new_share)

    def scores(self, groups: Iterable[Matrix]) -> Iterator[NDArray[np.float32]]:
        """Scores of the rows of each group, higher is better; none depends on other rows.

        A group holds the candidates of one query.
        """
        waiting: list[Matrix] = []
        for group in groups:
            waiting.append(group)
            if sum(map(len, waiting)) >= _ROWS:
                yield from self._score(waiting)
                waiting = []
        yield from self._score(waiting)

    def _score(self, groups: list[Matrix]) -> list[NDArray[np.float32]]:
        found = _predicted(self._trees, groups)
        placed = [self.placed(group) for group in groups]
        numbers = [number for number, new in enumerate(placed) if new.any()]
        orders = _predicted(self._new_trees, [groups[n][placed[n]] for n in numbers])
        for number, values in zip(numbers, orders, strict=True):
            order = np.zeros(len(groups[number]), np.float32)
            order[placed[number]] = values
            found[number] = interleaved(found[number], order, placed[number], self.new_share)
        return found

    def placed(self, group: Matrix) -> NDArray[np.bool_]:
        """Which candidates of one query have places of their own, `(n_candidates,)`."""
        if self.new_text is None or not self.new_share or not is_known(group):
            return np.zeros(len(group), dtype=bool)
        return are_new(group)

    def lifted(self, features: Matrix, scores: NDArray[np.float32]) -> NDArray[np.bool_]:
        """Which candidates of one query owe their scores to the places that are kept, `(n_rows,)`.

        Args:
            features: `(n_rows, n_features)`.
            scores: What `scores` gave them, `(n_rows,)`.
        """
        placed = self.placed(features)
        if placed.any():
            placed &= scores > _predicted(self._trees, [features])[0]
        return placed

    def contributions(self, features: Matrix, lifted: NDArray[np.bool_]) -> NDArray[np.float64]:
        """What each feature adds to the scores of some rows, and the base value in the last column.

        They add up to the scores, `(n_rows, n_features + 1)`, but for rows that were lifted: there
        they say why a row stands where it does among the new items. No row depends on others.

        References:
            Lundberg et al., "From Local Explanations to Global Understanding with Explainable AI
            for Trees", Nature Machine Intelligence 2020.
        """
        values = np.empty((len(features), len(FEATURES) + 1))
        for rows, trees in ((~lifted, self._trees), (lifted, self._new_trees)):
            if rows.any():
                values[rows] = trees.contributions(features[rows])
        return values

    def importance(self) -> dict[str, float]:
        """Share of the gain of all splits that each feature brought; without those of new items."""
        gains = self._trees.gains()
        return dict(zip(FEATURES, (gains / max(gains.sum(), 1e-12)).tolist(), strict=True))


def of_new_playlists(cases: Sequence[Case]) -> Sequence[Case]:
    """The cases whose query is no playlist of the training; all of them if there are none."""
    return [case for case in cases if not is_known(case[0])] or cases


@dataclass(frozen=True, eq=False)
class Ranked:
    """The best rows of each query, best first; equal scores stand in catalogue order."""

    rows: RowArray
    """Rows, `(n_queries, k)`; -1 where there is none."""
    scores: NDArray[np.float32]
    """Their scores, `(n_queries, k)`; -inf there."""
    features: list[Matrix]
    """The features of the rows of each query, `(n_found, n_features)`; empty if not kept."""


def rank_candidates(
    scorer: Scorer,
    ranker: Ranker,
    playlists: Playlists,
    queries: HybridQueries,
    k: int,
    *,
    exclude_seeds: bool,
    allow: RowArray | None,
    block: RowArray | None,
    keep_features: bool = False,
) -> Ranked:
    """The k best rows of each query; see `Scorer.describe` for the arguments."""
    rows = np.full((len(playlists), k), NO_ROW, np.int64)
    scores = np.full((len(playlists), k), NO_SCORE, np.float32)
    described: deque[tuple[RowArray, Matrix | None]] = deque()
    kept: list[Matrix] = []

    def features() -> Iterator[Matrix]:
        for candidates, values in scorer.describe(
            playlists, queries, k, exclude_seeds=exclude_seeds, allow=allow, block=block
        ):
            described.append((candidates, values if keep_features else None))
            yield values

    for number, values in enumerate(ranker.scores(features())):
        candidates, matrix = described.popleft()
        # Candidates ascend, so a stable order settles ties by row.
        order = np.argsort(-values, kind="stable")[:k]
        rows[number, : len(order)] = candidates[order]
        scores[number, : len(order)] = values[order]
        if matrix is not None:
            kept.append(matrix[order])
    return Ranked(rows, scores, kept)


def _trained(cases: Sequence[Case], config: RankingConfig, seed: int) -> str:
    """The trees as text."""
    lightgbm = load_lightgbm()
    features = np.concatenate([matrix for matrix, _ in cases])
    # A column that says nothing is split by no tree, whatever stands there later.
    features[:, [_column(name) for name in config.without]] = 0
    positive = np.concatenate([labels for _, labels in cases])
    data = lightgbm.Dataset(
        features,
        positive.astype(np.float32),
        group=[len(labels) for _, labels in cases],
        feature_name=list(FEATURES),
        params={"max_bin": 127, "verbose": -1},
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
    }
    text: str = lightgbm.train(parameters, data, config.trees).model_to_string()
    return text


def _predicted(trees: Trees, groups: Sequence[Matrix]) -> list[NDArray[np.float32]]:
    """What the trees say of each group, all at once."""
    if not sum(map(len, groups)):
        return [np.empty(0, np.float32) for _ in groups]
    ends = np.cumsum([len(group) for group in groups])[:-1]
    values = trees.predict(np.concatenate(groups)).astype(np.float32)
    return list(np.split(values, ends))


def _column(feature: str) -> int:
    if feature not in FEATURES:
        near = difflib.get_close_matches(feature, FEATURES, n=1, cutoff=0.0)[0]
        raise ConfigError(
            f"The 'ranking.without' parameter must name features, got {feature!r}; "
            f"did you mean {near!r}?"
        )
    return FEATURES.index(feature)

"""Ranker: the learned second stage, a gradient-boosted order of candidates."""

from __future__ import annotations

import difflib
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from hybrid_rec.catalog import RowArray
from hybrid_rec.config import RankingConfig
from hybrid_rec.errors import ArtifactError, ConfigError, HybridRecError
from hybrid_rec.features import FEATURES, Matrix, Scorer
from hybrid_rec.playlists import Playlists
from indexes.base import NO_ROW, NO_SCORE
from indexes.hybrid import HybridQueries

Case = tuple[Matrix, NDArray[np.bool_]]

# Rows that are scored at once.
_ROWS = 1 << 17
# A known playlist is the nearest to itself, and has seeds enough to be told by.
_NEAREST, _N_SEEDS = FEATURES.index("nearest_playlist"), FEATURES.index("n_seeds")
_THE_SAME, _FEWEST_SEEDS = np.float32(1 - 1e-5), 4
_FEWEST_KNOWN = 50


class Ranker:
    """Gradient-boosted trees over the features of candidates, trained for NDCG.

    A playlist that stage one was trained on is another question than a new one: what an old
    playlist left out when it could have held it is seldom what it lacks now, so it is asked above
    all for what is new. Where there is enough to learn from, such queries have trees of their own.

    Args:
        text: The trees in LightGBM's own text format.
        known_text: Those for known playlists; None for the same.

    Raises:
        ArtifactError: If a text is no model of these features.
        HybridRecError: If LightGBM's shared library cannot be loaded.

    References:
        Ke et al., "LightGBM: A Highly Efficient Gradient Boosting Decision Tree", NeurIPS 2017.
        Bruch et al., "An Analysis of the Softmax Cost Function for Learning to Rank", ICTIR 2019,
        and Bruch, "An Alternative Cross Entropy Loss for Learning-to-Rank", WWW 2021, for XE-NDCG.
    """

    def __init__(self, text: str, known_text: str | None = None) -> None:
        self.text, self.known_text = text, known_text
        self._booster = _booster(text)
        self._known_booster = None if known_text is None else _booster(known_text)

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
        known = [case for case in cases if is_known(case[0])]
        new = [case for case in cases if not is_known(case[0])]
        if len(known) < _FEWEST_KNOWN or not new:
            return cls(_trained(cases, config, seed))
        return cls(_trained(new, config, seed), _trained(known, config, seed))

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
        found = [np.empty(0, np.float32)] * len(groups)
        boosters = [self._booster_for(group) for group in groups]
        for booster in {id(booster): booster for booster in boosters}.values():
            numbers = [n for n, g in enumerate(groups) if len(g) and boosters[n] is booster]
            if numbers:
                values = booster.predict(np.concatenate([groups[n] for n in numbers]))
                ends = np.cumsum([len(groups[n]) for n in numbers])[:-1]
                parts = np.split(np.asarray(values, dtype=np.float32), ends)
                for number, part in zip(numbers, parts, strict=True):
                    found[number] = part
        return found

    def contributions(self, features: Matrix) -> NDArray[np.float64]:
        """What each feature adds to the scores of some rows, and the base value in the last column.

        The rows are candidates of one query. They add up to the scores, `(n_rows, n_features + 1)`;
        no row depends on others.

        References:
            Lundberg et al., "From Local Explanations to Global Understanding with Explainable AI
            for Trees", Nature Machine Intelligence 2020.
        """
        if not len(features):
            return np.empty((0, len(FEATURES) + 1))
        booster = self._booster_for(features)
        values: NDArray[np.float64] = booster.predict(features, pred_contrib=True)
        return values

    def _booster_for(self, features: Matrix) -> Any:
        """The trees for the query of these candidates."""
        known = self._known_booster is not None and is_known(features)
        return self._known_booster if known else self._booster

    def importance(self) -> dict[str, float]:
        """Share of the gain of all splits that each feature brought, for new playlists."""
        gains = self._booster.feature_importance("gain")
        return dict(zip(FEATURES, (gains / max(gains.sum(), 1e-12)).tolist(), strict=True))


def is_known(features: Matrix) -> bool:
    """Whether the query of these candidates is a playlist that stage one was trained on.

    With few seeds there is no telling one from a new playlist that begins alike.

    Args:
        features: `(n_candidates, n_features)`.
    """
    if not len(features):
        return False
    nearest, n_seeds = features[0, [_NEAREST, _N_SEEDS]]
    return bool(nearest >= _THE_SAME and n_seeds >= _FEWEST_SEEDS)


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
    lightgbm = _lightgbm()
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


def _booster(text: str) -> Any:
    """The trees, ready to score.

    Raises:
        ArtifactError: If the text is no model of these features.
        HybridRecError: If LightGBM's shared library cannot be loaded.
    """
    lightgbm = _lightgbm()
    try:
        booster = lightgbm.Booster(model_str=text)
    except lightgbm.basic.LightGBMError as error:
        raise ArtifactError(f"ranking model must be a LightGBM text, but: {error}.") from None
    if tuple(booster.feature_name()) != FEATURES:
        raise ArtifactError(
            f"ranking model must have the {len(FEATURES)} features of this version, "
            f"but has {len(booster.feature_name())}: fit it again."
        )
    return booster


def _column(feature: str) -> int:
    if feature not in FEATURES:
        near = difflib.get_close_matches(feature, FEATURES, n=1, cutoff=0.0)[0]
        raise ConfigError(
            f"The 'ranking.without' parameter must name features, got {feature!r}; "
            f"did you mean {near!r}?"
        )
    return FEATURES.index(feature)


def _lightgbm() -> Any:
    """The library, loaded.

    Raises:
        HybridRecError: If it, or the OpenMP runtime that it needs, is missing.
    """
    try:
        import lightgbm
    except (ImportError, OSError) as error:
        raise HybridRecError(
            f"the learned ranking needs LightGBM, which cannot be loaded: {error}. Install the "
            "OpenMP runtime (Debian and Ubuntu: apt-get install libgomp1; macOS: brew install "
            "libomp), or switch it off with ranking.enabled = false."
        ) from error
    return lightgbm

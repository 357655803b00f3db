"""Ranker: the learned second stage, a gradient-boosted order of candidates."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Self

import numpy as np

from hybrid_rec.core.arrays import Doubles, Floats, Mask, Rows
from hybrid_rec.core.config import RankingConfig
from hybrid_rec.core.progress import Advance, Progress
from hybrid_rec.ranking.feature import CandidateList
from hybrid_rec.ranking.query_trees import AnyTime, QueryTrees, by_query, usual_age
from hybrid_rec.ranking.reserved_slots import interleaved
from hybrid_rec.ranking.trees import ONE_THREAD, load_lightgbm

_SILENT = Progress()
# Rows that are scored at once.
_ROWS = 1 << 17
# Cases of known playlists; from fewer no order is learned.
_FEWEST_KNOWN = 50


@dataclass(frozen=True, eq=False)
class Case:
    """What the trees learn from: one query, its candidates, and which of them it was to find."""

    features: Floats
    """`(n_candidates, n_features)`."""
    hits: Mask
    """Which were to be found, `(n_candidates,)`."""
    is_cold: Mask
    """Which have no history, `(n_candidates,)`."""
    is_known: bool
    """Whether the query is a training playlist."""
    at_any_time: bool = False
    """Whether it is of any time, where other cases are of the latest."""

    def take(self, rows: Rows | Mask) -> Case:
        """The same case with some of its candidates."""
        features, hits, is_cold = self.features[rows], self.hits[rows], self.is_cold[rows]
        return replace(self, features=features, hits=hits, is_cold=is_cold)


class Ranker:
    """Gradient-boosted trees over the features of candidates, trained for NDCG.

    Args:
        names: Names of the features, in the order of the columns.
        text: The trees in LightGBM's own text format.
        new_text: Those of items without history for training playlists, see `reserved_slots`.
        new_share: Share of the places that are reserved for them there.
        name_text: Those of queries that are a name alone; None for none, as for `new_text`.
        any_time: Those of queries of any time, where the usual ones say what comes next.

    Raises:
        ArtifactError: If a text is no model of these features.
        HybridRecError: If LightGBM's shared library cannot be loaded.

    References:
        Ke et al., "LightGBM: A Highly Efficient Gradient Boosting Decision Tree", NeurIPS 2017.
        Bruch et al., "An Analysis of the Softmax Cost Function for Learning to Rank", ICTIR 2019,
        and Bruch, "An Alternative Cross Entropy Loss for Learning-to-Rank", WWW 2021, for XE-NDCG.
    """

    def __init__(
        self,
        names: Sequence[str],
        text: str,
        new_text: str | None = None,
        new_share: float = 0.0,
        name_text: str | None = None,
        any_time: AnyTime | None = None,
    ) -> None:
        self.names = tuple(names)
        self.text, self.new_text, self.name_text = text, new_text, name_text
        self.new_share, self.any_time = new_share, any_time
        self._trees = QueryTrees(self.names, text, name_text, any_time)
        self._new_trees = self._trees if new_text is None else QueryTrees(self.names, new_text)

    @classmethod
    def fit(
        cls,
        names: Sequence[str],
        cases: Sequence[Case],
        config: RankingConfig,
        seed: int,
        progress: Progress = _SILENT,
    ) -> Self:
        """Trees that put the hits of each case on top.

        Args:
            names: Names of the features, in the order of the columns.
            cases: What to learn from.
            config: Size and speed of the trees, and what they do not look at.
            seed: Seed of their samples.
            progress: Told of every tree.
        """
        settled, _ = by_query(names, [case for case in cases if case.at_any_time])
        cases = of_next(cases)
        others = of_new_playlists(cases)
        usual, called = by_query(names, others)
        both = len(cases) - len(others) >= _FEWEST_KNOWN
        n_kinds = 1 + both + bool(called) + bool(settled)
        with progress.stage("ranking, trees", config.trees * n_kinds) as advance:
            text = _trained(names, usual, config, seed, advance)
            name_text = _trained(names, called, config, seed, advance) if called else None
            any_time = None
            if settled:
                settled_text = _trained(names, settled, config, seed, advance)
                any_time = AnyTime(settled_text, usual_age(names, usual))
            if not both:
                return cls(names, text, name_text=name_text, any_time=any_time)
            # Whoever asks, there is seldom enough to learn the order of new items from.
            new = [case for case in (one.take(one.is_cold) for one in cases) if case.hits.any()]
            new_text = _trained(names, new, config, seed, advance)
        return cls(names, text, new_text, config.new_share, name_text, any_time)

    @cached_property
    def near_items(self) -> Ranker:
        """The order of what stands near an item, which is asked of any time."""
        if self.any_time is None:
            return self
        return Ranker(self.names, self.any_time.text, self.new_text, self.new_share)

    @staticmethod
    def fit_text(
        names: Sequence[str],
        cases: Sequence[Case],
        config: RankingConfig,
        seed: int,
        progress: Progress = _SILENT,
    ) -> str:
        """Trees of some cases as text; see `fit` for the arguments."""
        with progress.stage("ranking, trees for learned queries", config.trees) as advance:
            return _trained(names, cases, config, seed, advance)

    def scores(self, lists: Iterable[CandidateList]) -> Iterator[Floats]:
        """Scores of the candidates of each list, higher is better; none depends on other lists."""
        waiting: list[CandidateList] = []
        for one in lists:
            waiting.append(one)
            if sum(len(each.rows) for each in waiting) >= _ROWS:
                yield from self._score(waiting)
                waiting = []
        yield from self._score(waiting)

    def _score(self, lists: list[CandidateList]) -> list[Floats]:
        found = _predicted(self._trees, [one.features for one in lists])
        reserved = [self.reserved(one.is_cold, one.is_known) for one in lists]
        numbers = [number for number, new in enumerate(reserved) if new.any()]
        orders = _predicted(self._new_trees, [lists[n].features[reserved[n]] for n in numbers])
        for number, values in zip(numbers, orders, strict=True):
            order = np.zeros(len(lists[number].rows), np.float32)
            order[reserved[number]] = values
            found[number] = interleaved(found[number], order, reserved[number], self.new_share)
        return found

    def predict(self, features: Floats) -> Floats:
        """What the trees alone say of some candidates, `(n_candidates,)`."""
        return _predicted(self._trees, [features])[0]

    def reserved(self, is_cold: Mask, is_known: bool) -> Mask:
        """Which candidates of one query have places of their own, `(n_candidates,)`."""
        if self.new_text is None or not self.new_share or not is_known:
            return np.zeros(len(is_cold), dtype=bool)
        return is_cold

    def lifted(self, features: Floats, scores: Floats, reserved: Mask) -> Mask:
        """Which candidates of one query owe their scores to a reserved place, `(n_rows,)`.

        Args:
            features: `(n_rows, n_features)`.
            scores: What `scores` gave them, `(n_rows,)`.
            reserved: Which of them may have one, `(n_rows,)`.
        """
        if not reserved.any():
            return reserved
        return reserved & (scores > self.predict(features))

    def contributions(self, features: Floats, lifted: Mask) -> Doubles:
        """What each feature adds to the scores of some rows, and the base value in the last column.

        They add up to the scores, `(n_rows, n_features + 1)`, but for rows that were lifted: there
        they say why a row stands where it does among the new items. No row depends on others.

        References:
            Lundberg et al., "From Local Explanations to Global Understanding with Explainable AI
            for Trees", Nature Machine Intelligence 2020.
        """
        values = np.empty((len(features), len(self.names) + 1))
        for rows, trees in ((~lifted, self._trees), (lifted, self._new_trees)):
            if rows.any():
                values[rows] = trees.contributions(features[rows])
        return values

    def importance(self) -> dict[str, float]:
        """Share of the gain of all splits that each feature brought; without those of new items."""
        gains = self._trees.gains()
        return dict(zip(self.names, (gains / max(gains.sum(), 1e-12)).tolist(), strict=True))


def of_next(cases: Sequence[Case]) -> Sequence[Case]:
    """The cases that ask for what comes next; all of them if there are no such."""
    return [case for case in cases if not case.at_any_time] or cases


def of_new_playlists(cases: Sequence[Case]) -> Sequence[Case]:
    """The cases whose query is no training playlist; all of them if there are none."""
    return [case for case in cases if not case.is_known] or cases


def _trained(
    names: Sequence[str], cases: Sequence[Case], config: RankingConfig, seed: int, advance: Advance
) -> str:
    """The trees as text."""
    lightgbm = load_lightgbm()
    features = np.concatenate([case.features for case in cases])
    # A column that says nothing is split by no tree, whatever stands there later.
    features[:, [names.index(name) for name in config.without if name in names]] = 0
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


def _predicted(trees: QueryTrees, groups: Sequence[Floats]) -> list[Floats]:
    """What the trees say of each group, all at once."""
    if not sum(map(len, groups)):
        return [np.empty(0, np.float32) for _ in groups]
    values = trees.predict(np.concatenate(groups)).astype(np.float32)
    return list(np.split(values, np.cumsum([len(group) for group in groups])[:-1]))

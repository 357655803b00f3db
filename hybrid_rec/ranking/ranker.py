"""Ranker: the learned second stage, an order of candidates for each kind of query."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from typing import Self

import numpy as np

from hybrid_rec.core.arrays import Doubles, Floats, Mask
from hybrid_rec.core.config import RankingConfig
from hybrid_rec.core.progress import Progress
from hybrid_rec.ranking.cases import Case, of_new_playlists, of_next
from hybrid_rec.ranking.feature import CandidateList
from hybrid_rec.ranking.order import Order, fit_orders, order_steps
from hybrid_rec.ranking.query_orders import AnyTime, QueryScorer, by_query, usual_age
from hybrid_rec.ranking.reserved_slots import interleaved

_SILENT = Progress()
# Rows that are scored at once.
_ROWS = 1 << 17
# Cases of known playlists; from fewer no order is learned.
_FEWEST_KNOWN = 50


class Ranker:
    """The order of candidates by their features, trained for NDCG.

    Args:
        names: Names of the features, in the order of the columns.
        usual: The order of what is asked for, unless one of the others is.
        new: That of items without history for training playlists, see `reserved_slots`.
        new_share: Share of the places that are reserved for them there.
        of_names: That of queries that are a name alone; None for none, as for `new`.
        any_time: That of queries of any time, where the usual one says what comes next.

    Raises:
        ArtifactError: If the trees of one are no model of these features.
        HybridRecError: If LightGBM's shared library cannot be loaded.

    References:
        Ke et al., "LightGBM: A Highly Efficient Gradient Boosting Decision Tree", NeurIPS 2017.
        Bruch et al., "An Analysis of the Softmax Cost Function for Learning to Rank", ICTIR 2019,
        and Bruch, "An Alternative Cross Entropy Loss for Learning-to-Rank", WWW 2021, for XE-NDCG.
    """

    def __init__(
        self,
        names: Sequence[str],
        usual: Order,
        new: Order | None = None,
        new_share: float = 0.0,
        of_names: Order | None = None,
        any_time: AnyTime | None = None,
    ) -> None:
        self.names = tuple(names)
        self.usual, self.new, self.of_names = usual, new, of_names
        self.new_share, self.any_time = new_share, any_time
        self._scorer = QueryScorer(self.names, usual, of_names, any_time)
        self._new_scorer = self._scorer if new is None else QueryScorer(self.names, new)

    @classmethod
    def fit(
        cls,
        names: Sequence[str],
        cases: Sequence[Case],
        config: RankingConfig,
        seed: int,
        progress: Progress = _SILENT,
    ) -> Self:
        """The order that puts the hits of each case on top.

        Args:
            names: Names of the features, in the order of the columns.
            cases: What to learn from.
            config: Sizes of trees and networks, and what they do not look at.
            seed: Seed of their samples.
            progress: Told of every tree, and of every round of a network.
        """
        settled, _ = by_query(names, [case for case in cases if case.at_any_time])
        cases = of_next(cases)
        others = of_new_playlists(cases)
        usual, called = by_query(names, others)
        both = len(cases) - len(others) >= _FEWEST_KNOWN
        new: list[Case] = []
        if both:
            # Whoever asks, there is seldom enough to learn the order of new items from.
            new = [case for case in (one.take(one.is_cold) for one in cases) if case.hits.any()]
        kinds = {"usual": usual, "of_names": called, "any_time": settled, "new": new}
        asked = {kind: given for kind, given in kinds.items() if given}
        with progress.stage("ranking, order", order_steps(config) * len(asked)) as advance:
            found = fit_orders(names, list(asked.values()), config, seed, advance)
        orders = dict(zip(asked, found, strict=True))
        any_time = None
        if settled:
            any_time = AnyTime(orders["any_time"], usual_age(names, usual))
        return cls(
            names,
            orders["usual"],
            orders.get("new"),
            config.new_share,
            orders.get("of_names"),
            any_time,
        )

    @cached_property
    def near_items(self) -> Ranker:
        """The order of what stands near an item, which is asked of any time."""
        if self.any_time is None:
            return self
        return Ranker(self.names, self.any_time.order, self.new, self.new_share)

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
        found = _predicted(self._scorer, [one.features for one in lists])
        reserved = [self.reserved(one.is_cold, one.is_known) for one in lists]
        numbers = [number for number, new in enumerate(reserved) if new.any()]
        orders = _predicted(self._new_scorer, [lists[n].features[reserved[n]] for n in numbers])
        for number, values in zip(numbers, orders, strict=True):
            order = np.zeros(len(lists[number].rows), np.float32)
            order[reserved[number]] = values
            found[number] = interleaved(found[number], order, reserved[number], self.new_share)
        return found

    def predict(self, features: Floats) -> Floats:
        """The scores of some candidates without reserved places, `(n_candidates,)`."""
        return _predicted(self._scorer, [features])[0]

    def reserved(self, is_cold: Mask, is_known: bool) -> Mask:
        """Which candidates of one query have places of their own, `(n_candidates,)`."""
        if self.new is None or not self.new_share or not is_known:
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
        for rows, scorer in ((~lifted, self._scorer), (lifted, self._new_scorer)):
            if rows.any():
                values[rows] = scorer.contributions(features[rows])
        return values

    def importance(self) -> dict[str, float]:
        """Share of the gain of all splits that each feature brought in the usual trees."""
        gains = self._scorer.gains()
        return dict(zip(self.names, (gains / max(gains.sum(), 1e-12)).tolist(), strict=True))


def _predicted(scorer: QueryScorer, groups: Sequence[Floats]) -> list[Floats]:
    """The scores of each group, all at once."""
    if not sum(map(len, groups)):
        return [np.empty(0, np.float32) for _ in groups]
    values = scorer.predict(np.concatenate(groups)).astype(np.float32)
    return list(np.split(values, np.cumsum([len(group) for group in groups])[:-1]))

"""Orders for queries that are a name alone, or of long ago, beside that for all others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

import numpy as np

from hybrid_rec.core.arrays import Doubles, Floats, Mask
from hybrid_rec.ranking.order import Order, Scorer

_NAMED, _N_SEEDS, _SEED_AGE = "has_name", "n_seeds", "seed_age"
# Cases of names alone; from fewer they are learned with all others.
_FEWEST_NAMES = 50


@dataclass(frozen=True)
class AnyTime:
    """The order for playlists of any time, where the usual one is of what comes next."""

    order: Order
    """What their cases taught."""
    seed_age: float | None
    """Queries whose feature `seed_age` is this or more are ordered by it; None for none."""


class QueryScorer:
    """The order of all queries, or of some kinds of them and of all others, ready to score.

    Args:
        names: Names of the features, in the order of the columns.
        usual: The order for all others.
        of_names: That for names alone; None where the usual one is theirs, too.
        any_time: That for items of long ago; None where the usual one is theirs, too.

    Raises:
        ArtifactError: If the trees of one are no model of these features.
        HybridRecError: If LightGBM's shared library cannot be loaded.
    """

    def __init__(
        self,
        names: Sequence[str],
        usual: Order,
        of_names: Order | None = None,
        any_time: AnyTime | None = None,
    ) -> None:
        self._names = tuple(names)
        self._usual = Scorer(usual, self._names)
        self._of_names = None if of_names is None else Scorer(of_names, self._names)
        self._oldest, self._of_any_time = np.inf, None
        if any_time is not None and any_time.seed_age is not None and _SEED_AGE in self._names:
            self._oldest = any_time.seed_age
            self._of_any_time = Scorer(any_time.order, self._names)

    def predict(self, features: Floats) -> Doubles:
        """Scores of some rows, `(n_rows,)`."""
        values = np.empty(len(features))
        for scorer, rows in self._parts(features):
            values[rows] = scorer.predict(features[rows])
        return values

    def contributions(self, features: Floats) -> Doubles:
        """What each feature adds, and the base value behind, `(n_rows, n_features + 1)`."""
        values = np.empty((len(features), len(self._names) + 1))
        for scorer, rows in self._parts(features):
            values[rows] = scorer.contributions(features[rows])
        return values

    def gains(self) -> Doubles:
        """The gain of all splits of each feature by the trees of usual queries."""
        return self._usual.gains()

    def _parts(self, features: Floats) -> list[tuple[Scorer, Mask]]:
        usual = np.ones(len(features), dtype=bool)
        parts = []
        if self._of_names is not None:
            parts.append((self._of_names, is_name_alone(self._names, features)))
        if self._of_any_time is not None:
            ages = features[:, self._names.index(_SEED_AGE)]
            parts.append((self._of_any_time, ages >= self._oldest))
        for _, rows in parts:
            usual &= ~rows
        return [(scorer, rows) for scorer, rows in [(self._usual, usual), *parts] if rows.any()]


class Described(Protocol):
    """What has the features of the candidates of one query."""

    @property
    def features(self) -> Floats:
        """`(n_candidates, n_features)`."""


Asked = TypeVar("Asked", bound=Described)


def by_query(
    names: Sequence[str], cases: Sequence[Asked]
) -> tuple[Sequence[Asked], Sequence[Asked]]:
    """The cases of all queries but names alone, and of these; none of these if they are few.

    Args:
        names: Names of the features, in the order of the columns.
        cases: Queries with at least one candidate.
    """
    alone = [bool(is_name_alone(names, case.features[:1]).any()) for case in cases]
    if not _FEWEST_NAMES <= sum(alone) < len(cases):
        return cases, []
    usual = [case for case, is_alone in zip(cases, alone, strict=True) if not is_alone]
    return usual, [case for case, is_alone in zip(cases, alone, strict=True) if is_alone]


def usual_age(names: Sequence[str], cases: Sequence[Described]) -> float | None:
    """The age of the items of a usual query, which half of them are above.

    A query of items that are older still is hardly of what comes next. None where no item has an
    age, and of queries of a single item, which tells too little.

    Args:
        names: Names of the features, in the order of the columns.
        cases: Queries with at least one candidate.
    """
    if _SEED_AGE not in names:
        return None
    told = [case.features[0, [names.index(_N_SEEDS), names.index(_SEED_AGE)]] for case in cases]
    ages = [float(age) for n_seeds, age in told if n_seeds > 1 and age >= 0]
    return float(np.median(ages)) if ages else None


def is_name_alone(names: Sequence[str], features: Floats) -> Mask:
    """Which rows are of queries that have a name and no items, `(n_rows,)`.

    Args:
        names: Names of the features, in the order of the columns.
        features: `(n_rows, n_features)`.
    """
    if _NAMED not in names or _N_SEEDS not in names:
        return np.zeros(len(features), dtype=bool)
    is_named = features[:, names.index(_NAMED)] > 0
    alone: Mask = is_named & (features[:, names.index(_N_SEEDS)] == 0)
    return alone
